package store

import (
	"encoding/json"
	"fmt"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zarr"
)

// A vector is a dimension beyond the grid's. In one group a name stands for one length and one coordinate.
type vector struct {
	length int
	made   string // JSON of the coordinate; "": it has none
}

// bounds is the dimension of the two ends of a bin, as CF's bounds variables have it.
const bounds = "bnds"

func newBuilder(t *Template) *builder {
	b := &builder{t: t, vectors: map[string]vector{bounds: {length: 2}}, names: map[string]bool{}}
	for _, o := range t.spec.Outputs {
		for _, f := range o.Fields {
			b.names[f.Name] = true
		}
	}
	frame := &t.info.Frame
	for _, d := range frame.Dims {
		b.names[d.Name] = true
		if d.Axis != nil {
			b.names[d.Axis.Name] = true
		}
	}
	for _, f := range slices.Concat(frame.Coords, frame.Scalars) {
		b.names[f.Name] = true
	}
	if t.spec.Windows != nil {
		b.names[TimeName] = true
	}
	return b
}

// extend gives an array the dimensions of its vectors after the spatial ones. A statistic may name the one dimension of its vectors and
// say where their elements lie.
func (b *builder) extend(a *zarr.Array, shape []int, dim *core.VectorDim) error {
	if dim != nil && len(shape) > 1 {
		return core.Errorf(core.Invalid, "", a.Name, "its statistic gives vectors along one dimension, %s: set trailing_shape to one number", dim.Name)
	}
	for i, n := range shape {
		a.Shape = append(a.Shape, int64(n))
		a.Shard = append(a.Shard, int64(n))
		a.Chunk = append(a.Chunk, int64(n))
		if dim != nil {
			name, err := b.named(a.Name, dim, n)
			if err != nil {
				return err
			}
			a.Dims = append(a.Dims, name)
			continue
		}
		suffix := ""
		if len(shape) > 1 {
			suffix = fmt.Sprintf("_%d", i)
		}
		name, _ := b.dimension(a.Name, "vector"+suffix, vector{length: n})
		a.Dims = append(a.Dims, name)
	}
	return nil
}

// dimension names a dimension of a vector, after the variable where something else has that name. It tells whether it is new.
func (b *builder) dimension(variable, name string, v vector) (string, bool) {
	if is, taken := b.vectors[name]; taken && is != v || v.made != "" && (b.names[name] || b.names[name+"_"+bounds]) {
		name = variable + "_" + name
	}
	_, taken := b.vectors[name]
	b.vectors[name] = v
	return name, !taken
}

// named is the dimension that a statistic names; its coordinate is added where it is new.
func (b *builder) named(variable string, dim *core.VectorDim, n int) (string, error) {
	if err := dim.Check(n); err != nil {
		return "", core.Errorf(core.Invalid, "", variable, "%w", err)
	}
	values := dim.Values()
	if values == nil {
		name, _ := b.dimension(variable, dim.Name, vector{length: n})
		return name, nil
	}
	made, err := json.Marshal(dim)
	if err != nil {
		return "", err
	}
	name, fresh := b.dimension(variable, dim.Name, vector{length: n, made: string(made)})
	if !fresh {
		return name, nil
	}
	return name, b.coordinates(name, dim, values)
}

// coordinates adds the arrays of where the elements of a vector lie: one of their own name, and one of their ends.
func (b *builder) coordinates(name string, dim *core.VectorDim, values []float64) error {
	attrs := map[string]json.RawMessage{}
	if len(dim.Attrs) > 0 {
		if err := json.Unmarshal(dim.Attrs, &attrs); err != nil {
			return core.Errorf(core.Invalid, "template", name, "the statistic's attributes: %w", err)
		}
	}
	if dim.Units != "" {
		attrs["units"], _ = json.Marshal(dim.Units) // a text always marshals
	}
	if dim.Edges != nil {
		attrs["bounds"], _ = json.Marshal(name + "_" + bounds)
	}
	raw, err := json.Marshal(attrs)
	if err != nil {
		return err
	}
	if err := b.axis(&zarr.Array{Name: name, Shape: []int64{int64(len(values))}, Dims: []string{name}, Attrs: raw}, values); err != nil || dim.Edges == nil {
		return err
	}
	var ends []float64
	for i := range values {
		ends = append(ends, dim.Edges[i], dim.Edges[i+1])
	}
	return b.axis(&zarr.Array{Name: name + "_" + bounds, Shape: []int64{int64(len(values)), 2}, Dims: []string{name, bounds}}, ends)
}

// axis adds an array whose values are known when a store is set up, in one object.
func (b *builder) axis(a *zarr.Array, values []float64) error {
	a.Type, a.Fill, a.Compression = core.Float64, json.RawMessage(`"NaN"`), b.compression()
	a.Shard, a.Chunk = a.Shape, a.Shape
	b.t.axes = append(b.t.axes, axis{a, core.Raw(values)})
	return b.add(a)
}
