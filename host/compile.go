package host

// Compiling a configuration: names become a grid, a reader and statistics, texts become programs, and inputs become
// columns.

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/engine"
	"github.com/englacial/zagg/internal/expr"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/windows"
)

// A Recipe is a compiled configuration: its grid, reader and statistics. It is independent of stores, shards and granules,
// immutable, and safe for concurrent use.
type Recipe struct {
	Config *config.Config
	Grid   core.Grid
	Reader core.ProductReader
	Notes  []string // what may go wrong with the store

	plugins  []job.Plugin // whose code it is
	sources  []Source     // the same, with what they offer
	info     core.GridInfo
	clock    *config.Clock   // of pipeline.Time
	pipeline engine.Pipeline // without arrays
	outputs  []store.Output
}

// Compile resolves all names and compiles all expressions of a configuration. Errors (mostly Invalid) give file and line.
func (h *Host) Compile(ctx context.Context, cfg *config.Config) (*Recipe, error) {
	h, err := h.forConfig(cfg)
	if err != nil {
		return nil, err
	}
	r := &Recipe{Config: cfg, plugins: h.used(cfg), sources: h.usedSources(cfg)}
	if r.Grid, err = h.Grid(ctx, cfg.Output.Grid.Type, cfg.Output.Grid.Config); err != nil {
		return nil, at(cfg, "output.grid", err)
	}
	if r.Reader, err = h.Reader(ctx, cfg.DataSource.Reader, cfg.DataSource.ReaderConfig()); err != nil {
		return nil, at(cfg, "data_source.reader", err)
	}
	r.info = r.Grid.Info()
	if cfg.Output.Grid.Layout == "compact" && len(r.info.Frame.Dims) != 1 {
		return nil, cfg.Errorf("output.grid.layout", "compact needs a grid of one dimension; %s has %d: use fullsphere", cfg.Output.Grid.Type, len(r.info.Frame.Dims))
	}
	c := &compiler{host: h, recipe: r, columns: map[string]int{}}
	if err := c.read(); err != nil {
		return nil, err
	}
	for i := range cfg.Aggregation.ChunkValues {
		if err := c.chunkValue(ctx, &cfg.Aggregation.ChunkValues[i]); err != nil {
			return nil, err
		}
	}
	for i := range cfg.Aggregation.Arrays {
		if err := c.variable(ctx, &cfg.Aggregation.Arrays[i]); err != nil {
			return nil, err
		}
	}
	if err := r.checkSize(); err != nil {
		return nil, err
	}
	r.locate(h)
	return r, r.checkNames()
}

// checkNames refuses variables that are called like other arrays of the store, and notes names that some disks cannot
// tell apart.
func (r *Recipe) checkNames() error {
	var axis *windows.Axis
	if w := r.Config.Output.Windowing; w != nil {
		first, _ := w.Number(time.Unix(0, 0))
		axis = windows.NewAxis(&w.Schedule, first, first+1)
	}
	t, err := r.layOut("", 1, axis)
	if err != nil {
		return at(r.Config, "aggregation.variables", err)
	}
	for _, pair := range t.Store.Clashes() {
		r.Notes = append(r.Notes, fmt.Sprintf("%s and %s differ in capital letters only: on disks that do not tell them apart (macOS, Windows) the store is spoilt", pair[0], pair[1]))
	}
	return nil
}

// maxShardBytes is the most memory that the cells of one shard may take, observations left aside. Shards are computed
// whole: 4 GiB are 4¹² cells with some 60 variables.
const maxShardBytes = 4 << 30

// checkSize refuses shards whose cells do not fit in memory, before a run is killed for it.
func (r *Recipe) checkSize() error {
	const gridBytes = 40 // of a slot: centre, coordinates, count
	cell := int64(gridBytes)
	for _, o := range r.outputs {
		for i, f := range o.Fields {
			width := int64(max(f.Width, 1))
			if i == 0 {
				width = int64(o.Array.Width())
			}
			cell += width * int64(f.Type.Size())
		}
	}
	if slots := r.info.Frame.Slots(); slots > maxShardBytes/cell {
		return core.Errorf(core.Unsupported, "", r.Config.File, "output.grid: a shard has %d cells of %d bytes, more than the %d bytes that a shard may take in memory: make shards smaller (for healpix, raise parent_order)",
			slots, cell, int64(maxShardBytes))
	}
	return nil
}

// Statistics returns the statistics of the variables, in the configuration's order.
func (r *Recipe) Statistics() []core.Statistic {
	out := make([]core.Statistic, len(r.pipeline.Vars))
	for i := range out {
		out[i] = r.pipeline.Vars[i].Stat
	}
	return out
}

// Inputs returns the names of the inputs of each statistic, by its name in the configuration. Params of these names may be columns.
func (r *Recipe) Inputs() map[string][]string {
	out := map[string][]string{}
	for i := range r.pipeline.Vars {
		if function := r.outputs[i].Array.Function; function != "" {
			for _, in := range r.pipeline.Vars[i].Stat.Info().Inputs {
				out[function] = append(out[function], in.Name)
			}
			slices.Sort(out[function])
			out[function] = slices.Compact(out[function])
		}
	}
	return out
}

// Arrays returns the variables with the types and shapes of their cells, in the configuration's order.
func (r *Recipe) Arrays() []config.Array {
	out := make([]config.Array, len(r.outputs))
	for i := range out {
		out[i] = r.outputs[i].Array
	}
	return out
}

// Info returns the grid's signature and frame.
func (r *Recipe) Info() core.GridInfo { return r.info }

// at adds to an error the file and line of a key; its code stays.
func at(cfg *config.Config, key string, err error) error {
	line := cfg.Errorf(key, "%w", err)
	if e, ok := line.(*core.Error); ok {
		e.Code = core.CodeOf(err)
	}
	return line
}

// A compiler fills a recipe, variable by variable. It belongs to one goroutine and ends with the recipe.
type compiler struct {
	host    *Host
	recipe  *Recipe
	columns map[string]int // of pipeline.Columns, by name
	fields  []core.Field   // of pipeline.Columns
	derived map[string]int // of pipeline.Derived, by text
	chunks  []expr.Var     // of pipeline.Chunks
}

// read decides which columns are read and compiles the filters. Every declared variable is read, because with
// mask_fill: row each may drop an observation.
func (c *compiler) read() error {
	r, cfg := c.recipe, c.recipe.Config
	p := &r.pipeline
	p.Grid, p.Reader = r.Grid, r.Reader
	info := r.Reader.Info()
	p.Group = r.info.Frame.Group
	p.Dims = r.info.Frame.Dims
	p.Mask = map[config.Mask]engine.Mask{config.MaskInputs: engine.MaskInputs, config.MaskRow: engine.MaskRows}[cfg.DataSource.MaskFill]
	p.Filters = cfg.DataSource.CoreFilters()
	names := cfg.DataSource.VariableNames()
	if len(names) == 0 { // a product with a layout of its own: only what is used
		used := identifiers(cfg)
		for _, f := range info.Columns {
			if used[f.Name] {
				names = append(names, f.Name)
			}
		}
	}
	chosen, err := c.selected(info.Columns)
	if err != nil {
		return err
	}
	for _, name := range chosen.Columns() {
		if !slices.Contains(names, name) {
			names = append(slices.Clip(names), name)
		}
	}
	for _, name := range names {
		i := slices.IndexFunc(info.Columns, func(f core.Field) bool { return f.Name == name })
		if i < 0 {
			return cfg.Errorf("data_source.variables", "reader %s has no column %q; have %s", cfg.DataSource.Reader, name, columnNames(info.Columns))
		}
		c.columns[name] = len(p.Columns)
		p.Columns = append(p.Columns, name)
		c.fields = append(c.fields, info.Columns[i])
	}
	c.timed(info.Columns)
	for _, f := range cfg.DataSource.ExpressionFilters() {
		program, err := expr.Compile(f.Expression, c.vars(), expr.Options{Mode: expr.Filter})
		if err != nil {
			return at(cfg, f.Key, err)
		}
		p.Rows = append(p.Rows, engine.RowFilter{Text: f.Expression, Program: program})
	}
	return nil
}

// vars are the columns as expressions see them.
func (c *compiler) vars() []expr.Var {
	vars := make([]expr.Var, len(c.fields))
	for i, f := range c.fields {
		vars[i] = expr.Var{Name: f.Name, Type: f.Type}
	}
	return vars
}

// identifiers is the set of all names that the configuration computes with.
func identifiers(cfg *config.Config) map[string]bool {
	used := map[string]bool{}
	use := func(names ...string) {
		for _, n := range names {
			used[n] = true
		}
	}
	for _, f := range cfg.DataSource.ExpressionFilters() {
		use(expr.Names(f.Expression)...)
	}
	if cfg.Output.Clock != nil {
		use(cfg.Output.Clock.Field)
	}
	for _, a := range slices.Concat(cfg.Aggregation.ChunkValues, cfg.Aggregation.Arrays) {
		use(a.Source, a.Location)
		use(expr.Names(a.Expression)...)
		for _, p := range a.Params {
			use(p.Column)
			use(expr.Names(p.Expression)...)
		}
	}
	return used
}

func columnNames(fields []core.Field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = f.Name
	}
	return strings.Join(names, ", ")
}

// variable makes one variable's statistic and finds out where its inputs come from. The order matters: shape and type
// of the array follow from the statistic, and the type may follow from the inputs.
func (c *compiler) variable(ctx context.Context, a *config.Array) error {
	v := engine.Variable{Name: a.Name, Counts: a.Counts(), Chunk: a.Chunk}
	var err error
	if v.Stat, err = c.reduction(ctx, a, c.chunks); err != nil {
		return err
	}
	if a, err = c.shaped(a, v.Stat.Info()); err != nil {
		return err
	}
	if v.Inputs, err = c.inputs(ctx, a, v.Stat.Info()); err != nil {
		return err
	}
	if a, err = c.typed(a, v.Stat.Info(), v.Inputs); err != nil {
		return err
	}
	r := c.recipe
	r.pipeline.Vars = append(r.pipeline.Vars, v)
	r.outputs = append(r.outputs, store.Output{Array: *a, Fields: c.outputs(a, v.Stat.Info())})
	return nil
}

// chunkValue makes what computes one number for each chunk. It may take columns, but no other chunk values.
func (c *compiler) chunkValue(ctx context.Context, a *config.Array) error {
	v := engine.ChunkValue{Name: a.Name}
	var err error
	if v.Stat, err = c.reduction(ctx, a, nil); err != nil {
		return err
	}
	if b, err := c.shaped(a, v.Stat.Info()); err != nil || b.Ragged || b.Width() != 1 {
		return cmp.Or(err, c.recipe.Config.Errorf(a.Key, "%s gives %s; a chunk has one number", a.Function, shapeText(v.Stat.Info().Outputs[0])))
	}
	if v.Inputs, err = c.inputs(ctx, a, v.Stat.Info()); err != nil {
		return err
	}
	if v.Type, err = c.chunkType(a, v.Stat.Info(), v.Inputs); err != nil {
		return err
	}
	if _, taken := c.columns[a.Name]; taken {
		return c.recipe.Config.Errorf(a.Key, "the reader has a column of this name")
	}
	c.recipe.pipeline.Chunks = append(c.recipe.pipeline.Chunks, v)
	c.chunks = append(c.chunks, expr.Var{Name: a.Name, Type: v.Type, PerCell: true})
	return nil
}

// reduction is the statistic of a variable, or its expression, which may name chunk values.
func (c *compiler) reduction(ctx context.Context, a *config.Array, chunks []expr.Var) (core.Statistic, error) {
	if a.Expression != "" {
		return c.expression(a, chunks)
	}
	return c.statistic(ctx, a)
}

// compile compiles a variable's expression, which may name chunk values.
func (c *compiler) compile(a *config.Array, chunks []expr.Var) (*expr.Program, error) {
	options := expr.Options{Mode: expr.PerCell, Width: a.Width(), Scalar: a.Shape == nil}
	if a.Ragged {
		options = expr.Options{Mode: expr.PerCell, Ragged: true, Inner: a.Inner}
	}
	return expr.Compile(a.Expression, append(c.vars(), chunks...), options)
}

func (c *compiler) expression(a *config.Array, chunks []expr.Var) (core.Statistic, error) {
	program, err := c.compile(a, chunks)
	if err != nil {
		return nil, at(c.recipe.Config, a.Key+".expression", err)
	}
	return expr.NewStatistic(program), nil
}

// inputs finds out for each input of a statistic which column or derived column it is. The inputs of an expression
// are the columns that it names; those of a statistic are source and the params that are no constants. A param that
// is not an input is an error: it would have no effect.
func (c *compiler) inputs(ctx context.Context, a *config.Array, info core.StatisticInfo) ([]engine.Input, error) {
	cfg := c.recipe.Config
	given := map[string]config.Param{}
	params, _ := c.resolve(a)
	for _, p := range params {
		if p.Const == nil {
			given[p.Name] = p
		}
	}
	var ins []engine.Input
	for _, in := range info.Inputs {
		if k := slices.IndexFunc(c.chunks, func(v expr.Var) bool { return v.Name == in.Name }); in.PerCell && a.Expression != "" && k >= 0 {
			ins = append(ins, engine.Input{Name: in.Name, Column: -1, Derived: -1, Chunk: k + 1})
			continue
		}
		if in.PerCell {
			i, err := c.cellInput(a, in.Name)
			if err != nil && in.Optional {
				continue
			}
			if err != nil {
				return nil, err
			}
			ins = append(ins, i)
			continue
		}
		i := engine.Input{Name: in.Name, Column: -1, Derived: -1}
		var err error
		p, isParam := given[in.Name]
		delete(given, in.Name)
		switch {
		case a.Expression != "":
			i.Column = c.columns[in.Name]
		case in.Name == "locations" && a.Location == config.LocationColumn:
			i.Place, err = true, c.needPlaces(ctx, a)
		case in.Name == "locations" && a.Location != "":
			i.Column, err = c.column(a.Key+".location", a.Location)
		case in.Name == "temporal" && a.Times != "" || in.Name == "source" && a.Source == config.TimeColumn || isParam && p.Column == config.TimeColumn:
			i.Derived, err = c.deriveTimes()
		case isParam && p.Expression != "":
			i.Derived, err = c.derive(p)
		case isParam:
			i.Column, err = c.column(p.Key, p.Column)
		case in.Name == inputLon || in.Name == inputLat:
			i.Position, c.recipe.pipeline.Positions = in.Name, true
		case in.Name == inputTime && cfg.Output.Clock != nil:
			i.Derived, err = c.deriveSeconds()
		case in.Name == inputTime && !in.Optional:
			err = cfg.Errorf(a.Key, "%s takes the time of each observation: say by output.time_source which variable it is, or give it as params.time", a.Function)
		case in.Name == "source" && a.Source != "":
			i.Column, err = c.column(a.Key+".source", a.Source)
		case in.Optional:
			continue
		case in.Name != "source": // len and count need none: they get no column
			err = cfg.Errorf(a.Key, "%s needs params.%s", a.Function, in.Name)
		}
		if err != nil {
			return nil, err
		}
		ins = append(ins, i)
	}
	for _, p := range params {
		if _, left := given[p.Name]; left {
			return nil, cfg.Errorf(p.Key, "%s has no input %q; have %s", a.Function, p.Name, inputNames(info.Inputs))
		}
	}
	return ins, nil
}

// column is the index of the column that a key of the configuration names.
func (c *compiler) column(key, name string) (int, error) {
	i, ok := c.columns[name]
	if !ok {
		return 0, c.recipe.Config.Errorf(key, "no variable %q; have %s", name, c.columnsThereAre())
	}
	return i, nil
}

// columnsThereAre lists what variables can be made of: for a reader with a layout of its own all columns, not only
// those in use.
func (c *compiler) columnsThereAre() string {
	if len(c.recipe.Config.DataSource.VariableNames()) == 0 {
		return columnNames(c.recipe.Reader.Info().Columns)
	}
	return columnNames(c.fields)
}

func inputNames(inputs []core.Input) string {
	names := make([]string, len(inputs))
	for i, in := range inputs {
		names[i] = in.Name
	}
	return strings.Join(names, ", ")
}

// derive compiles a row expression, once for each distinct text, and returns its index.
func (c *compiler) derive(p config.Param) (int, error) {
	if i, ok := c.derived[p.Expression]; ok {
		return i, nil
	}
	program, err := expr.Compile(p.Expression, c.vars(), expr.Options{Mode: expr.PerRow})
	if err != nil {
		return 0, at(c.recipe.Config, p.Key, err)
	}
	return c.addDerived(p.Expression, program), nil
}

// outputs gives what is stored its names and types. The first output of a statistic is the configuration's array;
// others without a type have the type of the first.
func (c *compiler) outputs(a *config.Array, info core.StatisticInfo) []core.Field {
	fields := slices.Clone(info.Outputs)
	for i := range fields {
		f := &fields[i]
		f.Units = c.units(a, f.Units)
		f.Attrs = c.described(a, f.Attrs, i)
		f.Name = a.Name + f.Name
		if i == 0 || f.Type == 0 {
			f.Type, f.Fill = a.Type, a.Fill
		}
		if len(f.Fill) == 0 && !f.Ragged {
			f.Fill = config.DefaultFill(f.Type)
		}
		if config.TimeUnits(f.Units) && a.DefaultType && info.AnyType && f.Type == core.Float32 {
			f.Type = core.Float64 // a float32 tells minutes apart, years after the epoch
		}
	}
	return fields
}
