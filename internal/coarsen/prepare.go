package coarsen

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// settings are a grid's orders.
type settings struct{ parent, child int }

// prepare finds out what can be folded and lays out the levels.
func (m *making) prepare(ctx context.Context) error {
	if axis := m.Store.Made.Windows; axis != nil {
		if err := axis.Check(); err != nil {
			return core.Wrap(err, "coarsen", m.Store.URL)
		}
	}
	cfg, err := m.config(ctx)
	if err != nil {
		return err
	}
	recipe, err := m.Compile(ctx, cfg)
	if err != nil {
		return err
	}
	if differ := job.PluginsDiffer(m.Store.Made.Plugins, recipe.Plugins()); differ != "" {
		return core.Errorf(core.Invalid, "coarsen", m.Store.URL, "the store was made with other plugins: %s", differ)
	}
	if !bytes.Equal(recipe.Info().Signature, m.Store.Made.GridSignature) {
		return core.Errorf(core.Invalid, "coarsen", m.Store.URL, "the store's grid is %s, that of the configuration %s", m.Store.Made.GridSignature, recipe.Info().Signature)
	}
	m.grid, m.frame = recipe.Grid, recipe.Info().Frame
	old, ok := recipe.Grid.(core.LegacyGrid)
	if !ok || len(m.frame.Dims) != 1 {
		return core.Errorf(core.Unsupported, "coarsen", m.Store.URL, "grid %s has no orders: only cells that lie within those of another order can be joined", m.Store.Made.Grid)
	}
	m.shards.parent, m.shards.child = old.Orders()
	if err := m.checkOrders(); err != nil {
		return err
	}
	names := m.choose(recipe)
	if len(names) == 0 {
		return core.Errorf(core.Unsupported, "coarsen", m.Store.URL, "none of the variables can be folded: %v", m.res.Left)
	}
	for _, o := range m.Orders {
		l, err := m.level(ctx, cfg, names, o)
		if err != nil {
			return err
		}
		m.levels, m.coarser = append(m.levels, l), m.coarser || o < m.shards.parent
	}
	for _, s := range m.levels[0].recipe.Statistics() {
		m.folders = append(m.folders, s.(core.Folder)) // choose has looked
	}
	return nil
}

// config is the configuration that the store was made from: the one given, or the one kept beside the store.
func (m *making) config(ctx context.Context) (*config.Config, error) {
	cfg := m.Config
	if cfg == nil {
		text, err := store.SavedConfig(ctx, m.Store.Objects, m.Store.URL)
		if err != nil {
			return nil, core.Wrapf(err, "coarsen", m.Store.URL, "the configuration that the store was made from is not kept beside it, give it by --config: %w", err)
		}
		if cfg, _, err = config.Parse(store.At(m.Store.URL).Config(), text); err != nil {
			return nil, err
		}
	}
	if job.WithPlugins(cfg.SemanticHash(), m.Store.Made.Plugins) != m.Store.Made.ConfigHash {
		return nil, core.Errorf(core.Invalid, "coarsen", m.Store.URL, "the store was made from another configuration than %s", cfg.File)
	}
	return cfg.Coarser(m.Store.Made.GridConfig, nil)
}

// checkOrders refuses orders that are not coarser, and puts them in order, the finest first.
func (m *making) checkOrders() error {
	slices.Sort(m.Orders)
	m.Orders = slices.Compact(m.Orders)
	slices.Reverse(m.Orders)
	m.Orders = slices.DeleteFunc(m.Orders, func(o int) bool { return o == m.shards.child })
	if len(m.Orders) == 0 {
		return core.Errorf(core.Invalid, "coarsen", m.Store.URL, "no order is given that is coarser than the store's, %d", m.shards.child)
	}
	for _, o := range m.Orders {
		if o < 0 || o > m.shards.child {
			return core.Errorf(core.Invalid, "coarsen", m.Store.URL, "order %d is not coarser than the store's; expected 0 to %d", o, m.shards.child-1)
		}
	}
	return nil
}

// choose names the variables that can be folded, in order, and notes why the others cannot.
func (m *making) choose(recipe *host.Recipe) []string {
	var names []string
	stats := recipe.Statistics()
	for i, a := range recipe.Arrays() {
		_, folds := stats[i].(core.Folder)
		why := ""
		switch {
		case a.Chunk:
			why = "it is one value for each chunk"
		case a.Expression != "":
			why = "an expression of observations cannot be computed of its own results"
		case !folds:
			why = a.Function + " cannot be computed of its own results"
		}
		if why != "" {
			m.res.Left = append(m.res.Left, Left{a.Name, why})
			continue
		}
		names = append(names, a.Name)
		m.vars = append(m.vars, variable{array: a, fields: stats[i].Info().Outputs, count: -1})
		if stats[i].Info().Folds == core.FoldsApproximately {
			m.res.Approximate = append(m.res.Approximate, a.Name)
		} else {
			m.res.Exact = append(m.res.Exact, a.Name)
		}
	}
	for i := range m.vars {
		v := &m.vars[i]
		v.count = slices.IndexFunc(m.vars, func(w variable) bool { return w.array.Counts() && w.array.Source == v.array.Source })
		if v.count < 0 && !v.array.Type.IsFloat() && !v.array.Ragged {
			m.res.Notes = append(m.res.Notes, fmt.Sprintf("%s: no variable counts its observations, so cells with %s are taken for empty ones", v.array.Name, v.array.Fill))
		}
	}
	return names
}

// level compiles the configuration for cells of an order.
func (m *making) level(ctx context.Context, cfg *config.Config, names []string, order int) (*level, error) {
	const side = 6 // orders between a shard and its cells, where shards of the store would be tiny
	parent := m.shards.parent
	if order-parent < 3 {
		parent = min(parent, max(order-side, 0))
	}
	var grid map[string]json.RawMessage
	if err := json.Unmarshal(m.Store.Made.GridConfig, &grid); err != nil {
		return nil, core.Errorf(core.Corrupt, "coarsen", m.Store.URL, "the grid's settings: %w", err)
	}
	for _, k := range []string{"chunk_inner", "sharded"} {
		delete(grid, k)
	}
	for k, v := range map[string]int{"parent_order": parent, "child_order": order, "chunk_inner": max(parent, order-side)} {
		grid[k], _ = json.Marshal(v)
	}
	text, err := json.Marshal(grid)
	if err != nil {
		return nil, err
	}
	coarse, err := cfg.Coarser(text, names)
	if err != nil {
		return nil, err
	}
	recipe, err := m.Compile(ctx, coarse)
	if err != nil {
		return nil, err
	}
	return &level{order: order, recipe: recipe, direct: parent == m.shards.parent && order >= parent}, nil
}
