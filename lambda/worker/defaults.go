package worker

import (
	"context"
	"encoding/json"
	"maps"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
)

// configOf is the job's configuration. An event without one is of the time when there was one grid only, and means what that grid
// makes of the orders and the key that it states.
func configOf(ctx context.Context, plugins *host.Host, j *job.Job) (*config.Config, error) {
	if j.Config != nil {
		cfg, _, err := config.Parse("config", j.Config)
		return cfg, err
	}
	cfg, _, err := config.Default("atl06")
	if err != nil {
		return nil, err
	}
	out := &cfg.Output.Grid
	grid, err := plugins.Grid(ctx, out.Type, out.Config)
	if err != nil {
		return nil, err
	}
	old, ok := grid.(core.LegacyGrid)
	if !ok {
		return nil, core.Errorf(core.Invalid, "event", "config", "it is missing, and grid %s does not know events of earlier releases", out.Type)
	}
	meant, err := old.Restore(ctx, core.Legacy{Keys: []core.ShardKey{j.ShardKey}, Settings: out.Config, ShardOrder: j.ParentOrder, CellOrder: j.ChildOrder})
	if err != nil {
		return nil, err
	}
	var settings map[string]json.RawMessage
	if err := json.Unmarshal(meant.Settings, &settings); err != nil {
		return nil, core.Errorf(core.Internal, "config", "output.grid", "%w", err)
	}
	text, err := edit(cfg.JSON(), []string{"output", "grid"}, func(grid map[string]json.RawMessage) {
		grid["layout"] = json.RawMessage(`"fullsphere"`)
		maps.Copy(grid, settings)
	})
	if err != nil {
		return nil, err
	}
	cfg, _, err = config.Parse("atl06", text)
	return cfg, err
}

// edit changes the object at a path of a JSON document.
func edit(doc json.RawMessage, path []string, change func(map[string]json.RawMessage)) (json.RawMessage, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(doc, &members); err != nil {
		return nil, core.Errorf(core.Internal, "config", strings.Join(path, "."), "%w", err)
	}
	if len(path) == 0 {
		change(members)
	} else {
		inner, err := edit(members[path[0]], path[1:], change)
		if err != nil {
			return nil, err
		}
		members[path[0]] = inner
	}
	return json.Marshal(members)
}

// checkOrders holds the orders that an event states against the grid that its configuration makes. Grids without orders
// have nothing to compare.
func checkOrders(shardOrder, cellOrder *int, grid core.Grid) error {
	old, ok := grid.(core.LegacyGrid)
	if !ok {
		return nil
	}
	shard, cell := old.Orders()
	for _, o := range []struct {
		name  string
		event *int
		grid  int
	}{{"parent_order", shardOrder, shard}, {"child_order", cellOrder, cell}} {
		if o.event != nil && *o.event != o.grid {
			return core.Errorf(core.Invalid, "event", o.name, "is %d, and the configuration's grid has %d", *o.event, o.grid)
		}
	}
	return nil
}
