package host

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/engine"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/zarr"
)

// A Template is a recipe laid out in a store: its arrays and the metadata that set-up writes.
type Template struct {
	Recipe *Recipe
	Plan   string // job.PlanHash of the planned shards

	compact  bool
	blocks   int64 // planned shards
	pipeline engine.Pipeline
	coords   []*zarr.Array // written by set-up
	axes     []axis
	docs     map[string][]byte // metadata by key relative to the store, without the group's and the root's
	group    []byte
	root     []byte
}

type axis struct {
	array *zarr.Array
	axis  core.Axis
}

// Template lays the recipe out for a plan. In a compact store the arrays have one block per planned shard.
func (r *Recipe) Template(p *plan.Plan) (*Template, error) {
	return r.layOut(job.PlanHash(r.Config.Output.Grid.Layout, p.Keys()), int64(len(p.Shards)))
}

// layOut makes the template of a plan of which the hash and the number of shards are known.
func (r *Recipe) layOut(hash string, shards int64) (*Template, error) {
	t := &Template{Recipe: r, Plan: hash, blocks: shards, pipeline: r.pipeline, docs: map[string][]byte{}}
	t.compact = r.Config.Output.Grid.Layout == "compact"
	b := builder{t: t, vectors: map[string]int{}}
	t.pipeline.Vars = slices.Clone(r.pipeline.Vars)
	for i, o := range r.outputs {
		var arrays []*zarr.Array
		for j, f := range o.fields {
			a, err := b.variable(f, o, j == 0)
			if err != nil {
				return nil, err
			}
			arrays = append(arrays, a)
		}
		t.pipeline.Vars[i].Arrays = arrays
	}
	for _, f := range r.info.Frame.Coords {
		a := b.coordinate(f)
		if t.compact {
			t.coords = append(t.coords, a)
		} else {
			t.pipeline.Coords = append(t.pipeline.Coords, a)
		}
		if err := b.add(a); err != nil {
			return nil, err
		}
	}
	if err := b.axes(); err != nil {
		return nil, err
	}
	if err := b.scalars(); err != nil {
		return nil, err
	}
	return t, b.metadata()
}

// A builder makes arrays of a template.
type builder struct {
	t       *Template
	vectors map[string]int // lengths of the dimensions beyond the grid's, by name
}

func (b *builder) add(a *zarr.Array) error {
	doc, err := a.Metadata()
	if err != nil {
		return err
	}
	key := engine.Join(b.t.pipeline.Group, a.Name, "zarr.json")
	if _, twice := b.t.docs[key]; twice {
		return core.Errorf(core.Invalid, "template", a.Name, "two arrays have this name: rename the variable")
	}
	b.t.docs[key] = doc
	return nil
}

func (b *builder) compression() zarr.Compression {
	c := b.t.Recipe.Config.Output.Compression
	if c.Codec == "none" {
		return zarr.None()
	}
	return zarr.Zstd(c.Level)
}

// spatial is an array over the frame's dimensions.
func (b *builder) spatial(f core.Field) *zarr.Array {
	a := &zarr.Array{Name: f.Name, Type: f.Type, Fill: f.Fill, Attrs: f.Attrs, Compression: b.compression()}
	for _, d := range b.t.Recipe.info.Frame.Dims {
		size := d.Size
		if b.t.compact {
			size = b.t.blocks * d.Shard
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
	if b.t.compact {
		shards := max(1, min(b.t.blocks, coordsPerObject/a.Shard[0]))
		a.Shard = []int64{shards * a.Shard[0]}
		a.Chunk = a.Shard
	}
	return a
}

// variable is the array of one output; vectors have dimensions after the spatial ones.
func (b *builder) variable(f core.Field, o output, first bool) (*zarr.Array, error) {
	a := b.spatial(f)
	var shape []int
	if first {
		shape = o.array.Shape
	} else if f.Width > 1 {
		shape = []int{f.Width}
	}
	for i, n := range shape {
		a.Shape = append(a.Shape, int64(n))
		a.Shard = append(a.Shard, int64(n))
		a.Chunk = append(a.Chunk, int64(n))
		suffix := ""
		if len(shape) > 1 {
			suffix = fmt.Sprintf("_%d", i)
		}
		a.Dims = append(a.Dims, b.dimension(a.Name, suffix, n))
	}
	attrs, err := b.attributes(f, o)
	if err != nil {
		return nil, err
	}
	a.Attrs = attrs
	return a, b.add(a)
}

// dimension names a dimension of a vector: "vector", or after the variable where a vector of another length has that name,
// because in one group a name stands for one length.
func (b *builder) dimension(variable, suffix string, n int) string {
	name := "vector" + suffix
	if length, taken := b.vectors[name]; taken && length != n {
		name = variable + "_" + name
	}
	b.vectors[name] = n
	return name
}

// attributes are the grid's, over them units where the statistic knows them, and over those the user's.
func (b *builder) attributes(f core.Field, o output) (json.RawMessage, error) {
	attrs := map[string]json.RawMessage{}
	if raw := b.t.Recipe.info.Frame.VarAttrs; len(raw) > 0 {
		if err := json.Unmarshal(raw, &attrs); err != nil {
			return nil, core.Errorf(core.Internal, "template", "the grid's attributes of variables", "%w", err)
		}
	}
	if f.Units != "" {
		units, err := json.Marshal(f.Units)
		if err != nil {
			return nil, err
		}
		attrs["units"] = units
	}
	if missing := zarr.FillAttribute(f.Type, f.Fill); missing != nil {
		attrs["_FillValue"] = missing
	}
	if len(o.array.Attrs) > 0 {
		if err := json.Unmarshal(o.array.Attrs, &attrs); err != nil {
			return nil, core.Errorf(core.Invalid, "template", f.Name, "attrs: %w", err)
		}
	}
	return json.Marshal(attrs)
}

// axes are the coordinates along one dimension alone.
func (b *builder) axes() error {
	for _, d := range b.t.Recipe.info.Frame.Dims {
		if d.Axis == nil {
			continue
		}
		a := &zarr.Array{Name: d.Axis.Name, Type: core.Float64, Shape: []int64{d.Size}, Shard: []int64{d.Size}, Chunk: []int64{d.Size},
			Dims: []string{d.Name}, Attrs: d.Axis.Attrs, Fill: json.RawMessage(`"NaN"`), Compression: b.compression()}
		b.t.axes = append(b.t.axes, axis{a, *d.Axis})
		if err := b.add(a); err != nil {
			return err
		}
	}
	return nil
}

// scalars are the variables of no dimension. Their one value is the fill value, so they have no object.
func (b *builder) scalars() error {
	for _, f := range b.t.Recipe.info.Frame.Scalars {
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
	if raw := t.Recipe.info.Frame.Attrs; len(raw) > 0 {
		if err := json.Unmarshal(raw, &attrs); err != nil {
			return core.Errorf(core.Internal, "template", "group attributes", "%w", err)
		}
	}
	cfg := t.Recipe.Config
	made, err := json.Marshal(Origin{
		Grid: cfg.Output.Grid.Type, GridConfig: cfg.Output.Grid.Config, GridSignature: t.Recipe.info.Signature,
		Layout: cfg.Output.Grid.Layout, ConfigHash: cfg.SemanticHash(), Plan: t.Plan,
	})
	if err != nil {
		return err
	}
	attrs["zagg"] = made
	raw, err := json.Marshal(attrs)
	if err != nil {
		return err
	}
	children := b.children()
	if t.group, err = zarr.GroupMetadata(raw, children); err != nil {
		return err
	}
	rootAttrs, err := json.Marshal(map[string]any{"zagg": map[string]string{"group": t.pipeline.Group}})
	if err != nil {
		return err
	}
	t.root, err = zarr.GroupMetadata(rootAttrs, b.below(children))
	return err
}

// children is the group's consolidated metadata; nil if there shall be none.
func (b *builder) children() map[string]json.RawMessage {
	if !b.t.Recipe.Config.Output.Consolidate {
		return nil
	}
	children := map[string]json.RawMessage{}
	for key, doc := range b.t.docs {
		children[strings.TrimSuffix(strings.TrimPrefix(key, b.t.pipeline.Group+"/"), "/zarr.json")] = doc
	}
	return children
}

// below is the consolidated metadata of the root: xarray looks there when it is given a group.
func (b *builder) below(children map[string]json.RawMessage) map[string]json.RawMessage {
	if children == nil {
		return nil
	}
	all := map[string]json.RawMessage{b.t.pipeline.Group: b.t.group}
	for path, doc := range children {
		all[b.t.pipeline.Group+"/"+path] = doc
	}
	return all
}

// An Origin is what a group was made from (its attribute "zagg").
type Origin struct {
	Grid          string          `json:"grid"`
	GridConfig    json.RawMessage `json:"grid_config"`
	GridSignature json.RawMessage `json:"grid_signature"`
	Layout        string          `json:"layout"`
	ConfigHash    string          `json:"config_hash"`
	Plan          string          `json:"plan"`
}

// Arrays lists the keys of every array's metadata, sorted: what a dry run shows.
func (t *Template) Arrays() []string { return slices.Sorted(maps.Keys(t.docs)) }

// writesAtOnce bounds the objects of set-up under way.
const writesAtOnce = 16

// coordsAtOnce bounds the objects of coordinates under way: each is held whole, several times, in tens of megabytes.
const coordsAtOnce = 2

// write puts axes, coordinates and metadata, the group's document last but one and the root's last: a store without
// them is no store, and set-up starts again.
func (t *Template) write(ctx context.Context, store core.ObjectStore, url string, p *plan.Plan) error {
	if err := t.writeAxes(ctx, store, url); err != nil {
		return err
	}
	if err := t.writeCoords(ctx, store, url, p); err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(writesAtOnce)
	for _, key := range t.Arrays() {
		g.Go(func() error { return putJSON(gctx, store, engine.Join(url, key), t.docs[key]) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := putJSON(ctx, store, engine.Join(url, t.pipeline.Group, "zarr.json"), t.group); err != nil {
		return err
	}
	return putJSON(ctx, store, engine.Join(url, "zarr.json"), t.root)
}

func putJSON(ctx context.Context, store core.ObjectStore, url string, doc []byte) error {
	return objstore.PutBytes(ctx, store, url, doc, core.PutOptions{ContentType: "application/json"})
}

func (t *Template) writeAxes(ctx context.Context, store core.ObjectStore, url string) error {
	var enc zarr.Encoder
	for _, a := range t.axes {
		values := make([]float64, a.array.Shape[0])
		for i := range values {
			values[i] = a.axis.Start + float64(i)*a.axis.Step
		}
		err := enc.EncodeAll(a.array, core.Raw(values), func(key string, object []byte) error {
			return store.Put(ctx, engine.Join(url, t.pipeline.Group, a.array.Name, key), bytes.NewReader(object), core.PutOptions{Size: int64(len(object))})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// writeCoords writes the coordinates of every planned shard, so that no cell of a compact store is left at id 0.
func (t *Template) writeCoords(ctx context.Context, store core.ObjectStore, url string, p *plan.Plan) error {
	if len(t.coords) == 0 || len(p.Shards) == 0 {
		return nil
	}
	slots := t.Recipe.info.Frame.Slots()
	perObject := int(t.coords[0].Shard[0] / slots)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(coordsAtOnce)
	for at := 0; at < len(p.Shards); at += perObject {
		g.Go(func() error {
			return t.writeCoordObjects(gctx, store, url, p.Shards[at:min(at+perObject, len(p.Shards))], at/perObject)
		})
	}
	return g.Wait()
}

func (t *Template) writeCoordObjects(ctx context.Context, store core.ObjectStore, url string, shards []plan.Shard, index int) error {
	blocks := make([][]byte, len(t.coords))
	slots := t.Recipe.info.Frame.Slots()
	for i, s := range shards {
		cols, err := t.Recipe.Grid.Cells(ctx, s.Key)
		if err != nil {
			return err
		}
		for k, a := range t.coords {
			c := slices.IndexFunc(cols, func(c core.Column) bool { return c.Name == a.Name })
			if c < 0 {
				return core.Errorf(core.Internal, "template", a.Name, "the grid promised this coordinate and does not give it")
			}
			size := int64(a.Type.Size()) * slots
			if blocks[k] == nil {
				blocks[k] = core.NewData(int(a.Shard[0]) * a.Type.Size())
			}
			copy(blocks[k][int64(i)*size:], cols[c].Data)
		}
	}
	var enc zarr.Encoder
	for k, a := range t.coords {
		var body bytes.Buffer
		if _, err := enc.Encode(&body, a, blocks[k]); err != nil {
			return err
		}
		key := engine.Join(url, t.pipeline.Group, a.Name, a.Key([]int64{int64(index)}))
		if err := store.Put(ctx, key, bytes.NewReader(body.Bytes()), core.PutOptions{Size: int64(body.Len())}); err != nil {
			return err
		}
	}
	return nil
}
