package wire

import (
	"encoding/json"
	"math"

	"github.com/englacial/zagg/core"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// PluginToProto is what a plugin offers.
func PluginToProto(p *core.Plugin) *zaggv1.PluginInfo {
	info := &zaggv1.PluginInfo{Name: p.Name, Version: p.Version}
	for _, m := range p.Grids {
		info.Makers = append(info.Makers, &zaggv1.Maker{Kind: zaggv1.Kind_KIND_GRID, Name: m.Name, Doc: m.Doc, Schema: m.Schema})
	}
	for _, m := range p.Readers {
		info.Makers = append(info.Makers, &zaggv1.Maker{Kind: zaggv1.Kind_KIND_READER, Name: m.Name, Doc: m.Doc, Schema: m.Schema})
	}
	for _, m := range p.Statistics {
		info.Makers = append(info.Makers, &zaggv1.Maker{Kind: zaggv1.Kind_KIND_STATISTIC, Name: m.Name, Doc: m.Doc, Schema: m.Schema})
	}
	return info
}

// fieldToProto is the metadata of an array.
func fieldToProto(f *core.Field) *zaggv1.Field {
	out := &zaggv1.Field{Name: f.Name, Type: zaggv1.Type(f.Type), Width: uint32(f.Width), Ragged: f.Ragged, Fill: f.Fill, Units: f.Units, Attrs: f.Attrs}
	if d := f.Dim; d != nil {
		out.Dim = &zaggv1.VectorDim{Name: d.Name, Units: d.Units, Centers: core.Raw(d.Centers), Edges: core.Raw(d.Edges), Attrs: d.Attrs}
	}
	return out
}

// fieldFromProto is the inverse of FieldToProto. The zero type is allowed.
func fieldFromProto(f *zaggv1.Field) (core.Field, error) {
	out := core.Field{Name: f.GetName(), Type: core.Type(f.GetType()), Width: int(f.GetWidth()), Ragged: f.GetRagged(), Units: f.GetUnits()}
	if f.GetType() < 0 || f.GetType() > zaggv1.Type(core.Bytes) {
		return out, broken("array %q is of type %d, which there is not", f.GetName(), f.GetType())
	}
	if f.GetWidth() > math.MaxInt32 {
		return out, broken("array %q has a width of %d", f.GetName(), f.GetWidth())
	}
	var err error
	if out.Fill, err = jsonFrom("fill value", f.GetFill()); err != nil {
		return out, err
	}
	if out.Attrs, err = jsonFrom("attributes", f.GetAttrs()); err != nil || f.Dim == nil {
		return out, err
	}
	if out.Dim, err = vectorDimFromProto(f.Dim); err == nil {
		err = out.Dim.Check(max(out.Width, 1))
	}
	if err != nil {
		return out, broken("output %q: %v", f.GetName(), err)
	}
	return out, nil
}

// vectorDimFromProto is the dimension of a vector's elements.
func vectorDimFromProto(d *zaggv1.VectorDim) (*core.VectorDim, error) {
	centers, err := floatsFromProto("centres", d.GetCenters())
	if err != nil {
		return nil, err
	}
	edges, err := floatsFromProto("edges", d.GetEdges())
	if err != nil {
		return nil, err
	}
	return &core.VectorDim{Name: d.GetName(), Units: d.GetUnits(), Centers: centers, Edges: edges, Attrs: d.GetAttrs()}, nil
}

func floatsFromProto(what string, b []byte) ([]float64, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if len(b)%8 != 0 {
		return nil, broken("%s have %d bytes; want eight for each", what, len(b))
	}
	out := make([]float64, len(b)/8)
	copy(core.Raw(out), b)
	return out, nil
}

func jsonFrom(what string, b []byte) (json.RawMessage, error) {
	if len(b) == 0 {
		return nil, nil
	}
	if !json.Valid(b) {
		return nil, broken("%s is not JSON: %.100q", what, b)
	}
	return b, nil
}

func fieldsToProto(fields []core.Field) []*zaggv1.Field {
	out := make([]*zaggv1.Field, len(fields))
	for i := range fields {
		out[i] = fieldToProto(&fields[i])
	}
	return out
}

func fieldsFromProto(fields []*zaggv1.Field) ([]core.Field, error) {
	var out []core.Field
	for _, f := range fields {
		field, err := fieldFromProto(f)
		if err != nil {
			return nil, err
		}
		out = append(out, field)
	}
	return out, nil
}

// GridInfoToProto is a grid's signature and frame.
func GridInfoToProto(g *core.GridInfo) *zaggv1.GridInfo {
	f := &zaggv1.Frame{
		Group: g.Frame.Group, Coords: fieldsToProto(g.Frame.Coords), Attrs: g.Frame.Attrs,
		Scalars: fieldsToProto(g.Frame.Scalars), VarAttrs: g.Frame.VarAttrs,
	}
	for i := range g.Frame.Dims {
		d := &g.Frame.Dims[i]
		dim := &zaggv1.Dim{Name: d.Name, Size: d.Size, Shard: d.Shard, Chunk: d.Chunk}
		if d.Axis != nil {
			dim.Axis = &zaggv1.Axis{Field: fieldToProto(&d.Axis.Field), Start: d.Axis.Start, Step: d.Axis.Step}
		}
		f.Dims = append(f.Dims, dim)
	}
	return &zaggv1.GridInfo{Signature: g.Signature, Frame: f}
}

// GridInfoFromProto is the inverse of GridInfoToProto. It refuses frames that cannot be.
func GridInfoFromProto(g *zaggv1.GridInfo) (core.GridInfo, error) {
	var out core.GridInfo
	var err error
	if out.Signature, err = jsonFrom("signature", g.GetSignature()); err != nil {
		return out, err
	}
	if len(out.Signature) == 0 || out.Signature[0] != '{' {
		return out, broken("the grid's signature is not a JSON object")
	}
	f := g.GetFrame()
	out.Frame.Group = f.GetGroup()
	if out.Frame.Coords, err = fieldsFromProto(f.GetCoords()); err != nil {
		return out, err
	}
	if out.Frame.Attrs, err = jsonFrom("attributes", f.GetAttrs()); err != nil {
		return out, err
	}
	if out.Frame.Scalars, err = fieldsFromProto(f.GetScalars()); err != nil {
		return out, err
	}
	if out.Frame.VarAttrs, err = jsonFrom("attributes of variables", f.GetVarAttrs()); err != nil {
		return out, err
	}
	slots := int64(1)
	for _, d := range f.GetDims() {
		dim, err := dimFromProto(d)
		if err != nil {
			return out, err
		}
		if slots > math.MaxInt32/dim.Shard {
			return out, broken("a shard of the grid has more than 2³¹ slots")
		}
		slots *= dim.Shard
		out.Frame.Dims = append(out.Frame.Dims, dim)
	}
	if len(out.Frame.Dims) == 0 {
		return out, broken("the grid has no dimension")
	}
	return out, nil
}

func dimFromProto(d *zaggv1.Dim) (core.Dim, error) {
	out := core.Dim{Name: d.GetName(), Size: d.GetSize(), Shard: d.GetShard(), Chunk: d.GetChunk()}
	if out.Chunk < 1 || out.Shard < out.Chunk || out.Size < out.Shard || out.Shard%out.Chunk != 0 || out.Size%out.Shard != 0 {
		return out, broken("dimension %q: chunk %d must divide shard %d, and that size %d", out.Name, out.Chunk, out.Shard, out.Size)
	}
	if a := d.GetAxis(); a != nil {
		field, err := fieldFromProto(a.GetField())
		if err != nil {
			return out, err
		}
		out.Axis = &core.Axis{Field: field, Start: a.GetStart(), Step: a.GetStep()}
	}
	return out, nil
}

// ProductInfoToProto is what a reader can read.
func ProductInfoToProto(p *core.ProductInfo) *zaggv1.ProductInfo {
	return &zaggv1.ProductInfo{Product: p.Product, Version: p.Version, Groups: p.Groups, Columns: fieldsToProto(p.Columns)}
}

// ProductInfoFromProto is the inverse of ProductInfoToProto.
func ProductInfoFromProto(p *zaggv1.ProductInfo) (core.ProductInfo, error) {
	cols, err := fieldsFromProto(p.GetColumns())
	return core.ProductInfo{Product: p.GetProduct(), Version: p.GetVersion(), Groups: p.GetGroups(), Columns: cols}, err
}

// StatisticInfoToProto is what a statistic takes and gives.
func StatisticInfoToProto(s *core.StatisticInfo) *zaggv1.StatisticInfo {
	out := &zaggv1.StatisticInfo{Outputs: fieldsToProto(s.Outputs), Folds: uint32(s.Folds), AnyType: s.AnyType}
	for _, in := range s.Inputs {
		out.Inputs = append(out.Inputs, &zaggv1.Input{Name: in.Name, PerCell: in.PerCell, Optional: in.Optional})
	}
	return out
}

// StatisticInfoFromProto is the inverse of StatisticInfoToProto.
func StatisticInfoFromProto(s *zaggv1.StatisticInfo) (core.StatisticInfo, error) {
	outputs, err := fieldsFromProto(s.GetOutputs())
	out := core.StatisticInfo{Outputs: outputs, Folds: core.FoldsApproximately, AnyType: s.GetAnyType()}
	if f := s.GetFolds(); f < uint32(core.FoldsApproximately) {
		out.Folds = core.Folding(f)
	}
	for _, in := range s.GetInputs() {
		out.Inputs = append(out.Inputs, core.Input{Name: in.GetName(), PerCell: in.GetPerCell(), Optional: in.GetOptional()})
	}
	return out, err
}
