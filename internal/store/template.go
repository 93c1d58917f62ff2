package store

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/windows"
	"github.com/englacial/zagg/internal/zarr"
)

// A Spec is what a store is laid out for.
type Spec struct {
	Config  *config.Config
	Grid    core.Grid
	Outputs []Output
	Plan    string // job.PlanHash of the planned shards
	Shards  int64  // planned; in a compact store the arrays have one block for each
	// ConfigHash is what the values mean; "": the configuration's semantic hash. Plugins are part of it.
	ConfigHash string
	Plugins    []job.Plugin  // that do not come with zagg
	Product    string        // what the reader reads; "" where it does not say
	Windows    *windows.Axis // of the leading dimension "time" of all variables; nil: there is none
}

// An Output is one variable of the configuration with what its statistic gives: an array for each field.
type Output struct {
	Array  config.Array
	Fields []core.Field
}

// A Template is a store laid out: its arrays and the metadata that set-up writes.
type Template struct {
	Plan    string          // as the Spec's
	Compact bool            // the arrays have planned shards only, in the plan's order
	Vars    [][]*zarr.Array // by output and field: written shard by shard
	Cells   []*zarr.Array   // coordinates of cells that are written shard by shard, too

	spec   Spec
	info   core.GridInfo
	coords []*zarr.Array     // coordinates of cells that set-up writes
	axes   []axis            // coordinates along one dimension alone
	docs   map[string][]byte // metadata by key relative to the store, without the group's and the root's
	group  []byte
	root   []byte
}

type axis struct {
	array *zarr.Array
	data  []byte
}

// New lays a store out.
func New(spec Spec) (*Template, error) {
	t := &Template{Plan: spec.Plan, Compact: spec.Config.Output.Grid.Layout == "compact", spec: spec, info: spec.Grid.Info(), docs: map[string][]byte{}}
	b := newBuilder(t)
	for _, o := range spec.Outputs {
		var arrays []*zarr.Array
		for j, f := range o.Fields {
			a, err := b.variable(f, o, j == 0)
			if err != nil {
				return nil, err
			}
			arrays = append(arrays, a)
		}
		t.Vars = append(t.Vars, arrays)
	}
	for _, f := range t.info.Frame.Coords {
		a := b.coordinate(f)
		if t.setUpWritesCells() {
			t.coords = append(t.coords, a)
		} else {
			t.Cells = append(t.Cells, a)
		}
		if err := b.add(a); err != nil {
			return nil, err
		}
	}
	if err := b.axes(); err != nil {
		return nil, err
	}
	if err := b.windows(); err != nil {
		return nil, err
	}
	if err := b.scalars(); err != nil {
		return nil, err
	}
	return t, b.metadata()
}

// Group is the path of the group of the arrays.
func (t *Template) Group() string { return t.info.Frame.Group }

// A builder makes arrays of a template.
type builder struct {
	t       *Template
	vectors map[string]vector // the dimensions beyond the grid's, by name
	names   map[string]bool   // what else in the group has a name
}

func (b *builder) add(a *zarr.Array) error {
	if a.Type != core.Bytes { // netCDF has no cells of any number of rows, and those who read them want objects
		attrs, err := plainAttributes(a.Attrs)
		if err != nil {
			return core.Errorf(core.Invalid, "template", a.Name, "attributes: %w", err)
		}
		a.Attrs = attrs
	}
	doc, err := a.Metadata()
	if err != nil {
		return err
	}
	key := zarr.Join(b.t.Group(), a.Name, document)
	if _, twice := b.t.docs[key]; twice {
		return core.Errorf(core.Invalid, "", a.Name, "two arrays of the group have this name: a variable must not be called like a coordinate of the grid or like another variable")
	}
	b.t.docs[key] = doc
	return nil
}

func (b *builder) compression() zarr.Compression {
	c := b.t.spec.Config.Output.Compression
	if c.Codec == "none" {
		return zarr.None()
	}
	return zarr.Zstd(c.Level)
}

// spatial is an array over the frame's dimensions.
func (b *builder) spatial(f core.Field) *zarr.Array {
	a := &zarr.Array{Name: f.Name, Type: f.Type, Fill: f.Fill, Attrs: f.Attrs, Compression: b.compression()}
	for _, d := range b.t.info.Frame.Dims {
		size := d.Size
		if b.t.Compact {
			size = b.t.spec.Shards * d.Shard
		}
		a.Shape = append(a.Shape, size)
		a.Shard = append(a.Shard, d.Shard)
		a.Chunk = append(a.Chunk, d.Chunk)
		a.Dims = append(a.Dims, d.Name)
	}
	return a
}

// coordsPerObject is how many cells of a coordinate go into one object of a compact store: such arrays are read whole
// when a store is opened, and a megacell is one request of a few hundred kilobytes.
const coordsPerObject = 1 << 20

// coordinate is a coordinate array. In a compact store set-up writes it, and few objects serve its readers best.
func (b *builder) coordinate(f core.Field) *zarr.Array {
	a := b.spatial(f)
	if b.t.Compact {
		shards := max(1, min(b.t.spec.Shards, coordsPerObject/a.Shard[0]))
		a.Shard = []int64{shards * a.Shard[0]}
		a.Chunk = a.Shard
	}
	return a
}

// variable is the array of one output; vectors have dimensions after the spatial ones.
func (b *builder) variable(f core.Field, o Output, first bool) (*zarr.Array, error) {
	if f.Ragged {
		return b.ragged(f, o, first)
	}
	a := b.spatial(f)
	if o.Array.Chunk {
		perChunk(a)
	}
	var shape []int
	if first {
		shape = o.Array.Shape
	} else if f.Width > 1 {
		shape = []int{f.Width}
	}
	if err := b.extend(a, shape, f.Dim); err != nil {
		return nil, err
	}
	attrs, err := b.attributes(f, o, first)
	if err != nil {
		return nil, err
	}
	if o.Array.Times == "per-cell" {
		if attrs, err = withMembers(attrs, json.RawMessage(`{"temporal":{"spec":"zagg-toc/1","shape":"per-cell","grammar":"mortie-toc/1"}}`)); err != nil {
			return nil, err
		}
	}
	a.Attrs = attrs
	b.alongTime(a)
	return a, b.add(a)
}

// perChunk makes the array of cells one of their inner chunks.
func perChunk(a *zarr.Array) {
	for i, n := range a.Chunk {
		a.Shape[i] /= n
		a.Shard[i] /= n
		if a.Dims[i] = "chunk_" + a.Dims[i]; len(a.Chunk) == 1 {
			a.Dims[i] = "chunks"
		}
	}
	a.Chunk = slices.Clone(a.Shard)
}

// ragged is the array of an output whose cells have any number of rows: the rows' bytes, little endian.
func (b *builder) ragged(f core.Field, o Output, first bool) (*zarr.Array, error) {
	width := max(f.Width, 1)
	var row []int // of words beside the rows nothing: they are single numbers
	if width > 1 {
		row = []int{width}
	}
	if first && len(o.Array.Inner) > 0 {
		row = o.Array.Inner
	}
	element := f.Type
	f.Type, f.Fill, f.Units = core.Bytes, nil, "" // no unit is that of all of a row's numbers
	a := b.spatial(f)
	a.Element, a.Width = element, width
	if o.Array.Chunk {
		perChunk(a)
	}
	attrs, err := b.attributes(f, o, first)
	if err != nil {
		return nil, err
	}
	own := raggedAttributes(o, first, map[string]any{"dtype": element.String(), "shape": append([]int{-1}, row...)})
	more, err := json.Marshal(own)
	if err != nil {
		return nil, err
	}
	if a.Attrs, err = withMembers(attrs, more); err != nil {
		return nil, err
	}
	b.alongTime(a)
	return a, b.add(a)
}

// raggedAttributes say how the rows are stored, and of the variable's own array where what stands beside them is and what weights mean.
func raggedAttributes(o Output, first bool, element map[string]any) map[string]any {
	ragged := map[string]any{"spec": "zagg-ragged/1", "element": element}
	own := map[string]any{"ragged": ragged}
	if !first {
		return own
	}
	if o.Array.Expression != "" { // rows of two numbers are else taken for a digest's
		own["expression"] = o.Array.Expression
	}
	if o.Array.Location != "" {
		ragged["locations"] = o.Array.Name + "_locations"
	}
	if o.Array.Times == "per-centroid" {
		own["times"] = o.Array.Name + "_times"
	}
	if o.Array.Flux {
		own["weights"] = "flux"
	}
	return own
}

// withMembers is a JSON object with the members of another.
func withMembers(attrs, more json.RawMessage) (json.RawMessage, error) {
	all := map[string]json.RawMessage{}
	for _, raw := range []json.RawMessage{attrs, more} {
		if err := json.Unmarshal(raw, &all); err != nil {
			return nil, err
		}
	}
	return json.Marshal(all)
}

// attributes are the grid's, over them those that the statistic knows, and over those the user's, which are of the variable's own array.
func (b *builder) attributes(f core.Field, o Output, first bool) (json.RawMessage, error) {
	attrs := map[string]json.RawMessage{}
	if raw := b.t.info.Frame.VarAttrs; len(raw) > 0 {
		if err := json.Unmarshal(raw, &attrs); err != nil {
			return nil, core.Errorf(core.Internal, "template", "the grid's attributes of variables", "%w", err)
		}
	}
	if len(f.Attrs) > 0 {
		if err := json.Unmarshal(f.Attrs, &attrs); err != nil {
			return nil, core.Errorf(core.Invalid, "template", f.Name, "the statistic's attributes: %w", err)
		}
	}
	if f.Units != "" {
		units, err := json.Marshal(f.Units)
		if err != nil {
			return nil, err
		}
		attrs["units"] = units
	}
	b.missing(f, attrs)
	if first && len(o.Array.Attrs) > 0 {
		if err := json.Unmarshal(o.Array.Attrs, &attrs); err != nil {
			return nil, core.Errorf(core.Invalid, "template", f.Name, "attrs: %w", err)
		}
	}
	return json.Marshal(attrs)
}

// missing says by which number a cell without observations is known, where a reader needs to be told. xarray needs it of
// float arrays whose fill value is a number. Tools for rasters also ask for NaN, and for the fill value of integers, which
// must not have the name _FillValue: for that xarray would turn integers into floats.
func (b *builder) missing(f core.Field, attrs map[string]json.RawMessage) {
	raster := !slices.ContainsFunc(b.t.info.Frame.Dims, func(d core.Dim) bool { return d.Axis == nil })
	fill := zarr.FillAttribute(f.Type, f.Fill)
	switch {
	case fill != nil && (raster || string(f.Fill) != `"NaN"`):
		attrs["_FillValue"] = fill
	case fill == nil && raster && len(f.Fill) > 0 && f.Type != core.Bytes:
		attrs["nodata"] = f.Fill
	}
}

// axes are the coordinates along one dimension alone.
func (b *builder) axes() error {
	for _, d := range b.t.info.Frame.Dims {
		if d.Axis == nil {
			continue
		}
		values := make([]float64, d.Size)
		for i := range values {
			values[i] = d.Axis.Start + float64(i)*d.Axis.Step
		}
		if err := b.axis(&zarr.Array{Name: d.Axis.Name, Shape: []int64{d.Size}, Dims: []string{d.Name}, Attrs: d.Axis.Attrs}, values); err != nil {
			return err
		}
	}
	return nil
}

// scalars are the variables of no dimension. Their one value is the fill value, so they have no object.
func (b *builder) scalars() error {
	for _, f := range b.t.info.Frame.Scalars {
		if err := b.add(&zarr.Array{Name: f.Name, Type: f.Type, Fill: f.Fill, Attrs: f.Attrs}); err != nil {
			return err
		}
	}
	return nil
}

// metadata makes the group's and the root's documents. The group says what it was made from, so that a later run with
// another meaning is refused.
func (b *builder) metadata() error {
	t := b.t
	attrs := map[string]json.RawMessage{}
	if raw := t.info.Frame.Attrs; len(raw) > 0 {
		if err := json.Unmarshal(raw, &attrs); err != nil {
			return core.Errorf(core.Internal, "template", "group attributes", "%w", err)
		}
	}
	cfg := t.spec.Config
	made, err := json.Marshal(Origin{
		Grid: cfg.Output.Grid.Type, GridConfig: cfg.Output.Grid.Config, GridSignature: t.info.Signature,
		Layout: cfg.Output.Grid.Layout, ConfigHash: cmp.Or(t.spec.ConfigHash, cfg.SemanticHash()), Plan: t.Plan, Plugins: t.spec.Plugins,
		Windows: t.spec.Windows,
	})
	if err != nil {
		return err
	}
	attrs["zagg"] = made
	for name, text := range b.provenance() {
		if _, has := attrs[name]; has {
			continue // the grid knows better
		}
		if attrs[name], err = json.Marshal(text); err != nil {
			return err
		}
	}
	raw, err := json.Marshal(attrs)
	if err != nil {
		return err
	}
	if raw, err = plainAttributes(raw); err != nil {
		return err
	}
	children := b.children()
	if t.group, err = zarr.GroupMetadata(raw, children); err != nil {
		return err
	}
	rootAttrs, err := rootAttributes(t.Group())
	if err != nil {
		return err
	}
	t.root, err = zarr.GroupMetadata(rootAttrs, b.below(children))
	return err
}

// provenance is what a reader wants to know of where the values come from.
func (b *builder) provenance() map[string]string {
	s := &b.t.spec
	what := cmp.Or(s.Product, "observations read by "+s.Config.DataSource.Reader)
	all := map[string]string{
		"Conventions":   "CF-1.11",
		"title":         fmt.Sprintf("%s on cells of grid %s", what, s.Config.Output.Grid.Type),
		"source":        what,
		"configuration": s.Config.Meaning(),
	}
	if s.Product != "" {
		all["product"] = s.Product
	}
	return all
}

// children is the group's consolidated metadata; nil if there shall be none.
func (b *builder) children() map[string]json.RawMessage {
	if !b.t.spec.Config.Output.Consolidate {
		return nil
	}
	children := map[string]json.RawMessage{}
	for key, doc := range b.t.docs {
		children[strings.TrimSuffix(strings.TrimPrefix(key, b.t.Group()+"/"), "/"+document)] = doc
	}
	return children
}

// below is the consolidated metadata of the root: xarray looks there when it is given a group.
func (b *builder) below(children map[string]json.RawMessage) map[string]json.RawMessage {
	if children == nil {
		return nil
	}
	all := map[string]json.RawMessage{b.t.Group(): b.t.group}
	for path, doc := range children {
		all[b.t.Group()+"/"+path] = doc
	}
	return all
}

// Clashes are pairs of arrays whose names are one on disks that do not tell capital letters from small ones.
func (t *Template) Clashes() [][2]string {
	var pairs [][2]string
	seen := map[string]string{}
	for _, key := range t.Arrays() {
		name := strings.TrimSuffix(strings.TrimPrefix(key, t.Group()+"/"), "/"+document)
		if other, ok := seen[strings.ToLower(name)]; ok {
			pairs = append(pairs, [2]string{other, name})
		}
		seen[strings.ToLower(name)] = name
	}
	return pairs
}

// Arrays lists the keys of every array's metadata, sorted: what a dry run shows.
func (t *Template) Arrays() []string { return slices.Sorted(maps.Keys(t.docs)) }
