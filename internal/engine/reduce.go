package engine

// Running statistics over the cells of a shard.

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zarr"
)

// A block is the values of one array in one shard or one of its inner chunks, in C order of slots; without data, no
// cell has a value. For arrays whose cells vary in length it is the cells that have values, in the order of places.
type block struct {
	array   *zarr.Array
	data    []byte
	places  []int32
	offsets []int64 // of bytes, len(places)+1
}

// reduce runs every statistic over all cells and scatters the outputs into blocks of fill values: coordinates first,
// then the variables in their order.
func (p *Pipeline) reduce(ctx context.Context, t *Task, g *core.Groups, res *Result) ([]block, error) {
	var blocks []block
	res.LeftOut = make([]int64, len(p.Vars))
	if len(g.Slots) == 0 {
		for _, a := range p.Coords {
			blocks = append(blocks, block{array: a})
		}
		for i := range p.Vars {
			for _, a := range p.Vars[i].Arrays {
				blocks = append(blocks, block{array: a})
			}
		}
		return blocks, nil
	}
	coords, err := p.coordBlocks(ctx, t)
	if err != nil {
		return nil, err
	}
	blocks = append(blocks, coords...)
	in, err := p.inputs(ctx, t, g)
	if err != nil {
		return nil, err
	}
	if t.Onto != nil {
		in.onto = p.newJoining(t)
	}
	for i := range p.Vars {
		out, left, err := p.compute(ctx, &p.Vars[i], in)
		if err != nil {
			return nil, core.Wrap(err, "compute", t.Shard.Label+" "+p.Vars[i].Name)
		}
		res.LeftOut[i] = left
		blocks = append(blocks, out...)
	}
	if in.onto != nil {
		res.Cells = in.onto.cells(g.Slots)
	}
	return blocks, nil
}

// coordBlocks are the blocks of the coordinate arrays that each shard writes itself.
func (p *Pipeline) coordBlocks(ctx context.Context, t *Task) ([]block, error) {
	if len(p.Coords) == 0 {
		return nil, nil
	}
	cols, err := p.Grid.Cells(ctx, t.Shard.Key)
	if err != nil {
		return nil, err
	}
	var blocks []block
	for _, a := range p.Coords {
		c := columnNamed(cols, a.Name)
		if c == nil || c.Type != a.Type {
			return nil, core.Errorf(core.Internal, "engine", a.Name, "the grid declares this coordinate as %s and does not return it", a.Type)
		}
		blocks = append(blocks, block{array: a, data: c.Data})
	}
	return blocks, nil
}

func columnNamed(cols []core.Column, name string) *core.Column {
	for i := range cols {
		if cols[i].Name == name {
			return &cols[i]
		}
	}
	return nil
}

// compute runs one statistic over a shard, folds the result onto stored ones if that is asked for, and says how many
// rows it left out.
func (p *Pipeline) compute(ctx context.Context, v *Variable, in *inputs) (blocks []block, left int64, err error) {
	out, left, err := in.outputs(ctx, v)
	if err == nil && in.onto != nil {
		out, err = in.onto.join(ctx, v, out)
	}
	if err != nil {
		return nil, 0, err
	}
	for i := range out {
		b := block{array: v.Arrays[i]}
		switch {
		case len(out[i].slots) == 0:
		case v.Chunk:
			if err := b.scatterPerChunk(&in.layout, out[i].slots, &out[i].column); err != nil {
				return nil, 0, err
			}
		case b.array.Type == core.Bytes:
			if err := b.addCells(in.layout.slots, out[i].slots, &out[i].column, in.layout.place); err != nil {
				return nil, 0, err
			}
		default:
			if b.data, err = scatter(b.array, p.slots(), out[i].slots, &out[i].column); err != nil {
				return nil, 0, err
			}
		}
		blocks = append(blocks, b)
	}
	return blocks, left, nil
}

// A result is one output of a statistic, with the slots of its rows.
type result struct {
	slots  []int32
	column core.Column
}

// outputs runs one statistic over the rows that have all its inputs, and says how many rows it left out.
func (in *inputs) outputs(ctx context.Context, v *Variable) (out []result, left int64, err error) {
	w := in.of(v)
	out = make([]result, len(v.Arrays))
	if len(w.slots) > 0 {
		g := w.groups(v, in)
		if v.Chunk {
			g = in.perChunk(v, g)
		}
		columns, err := v.Stat.Compute(ctx, g)
		if err != nil {
			return nil, 0, err
		}
		if len(columns) != len(v.Arrays) {
			return nil, 0, core.Errorf(core.Internal, "engine", v.Name, "the statistic gave %d outputs and promised %d", len(columns), len(v.Arrays))
		}
		for i, c := range columns {
			out[i] = result{g.Slots, c}
		}
	}
	if v.Counts && !v.Chunk {
		for i := range out {
			out[i] = out[i].withZeros(in.groups.Slots)
		}
	}
	return out, w.left, nil
}

// withZeros puts in a row of zeros for each slot of all that has none. Both lists of slots are in the order of the
// groups.
func (r result) withZeros(all []int32) result {
	c := r.column
	if len(r.slots) == 0 {
		c = core.Column{Type: core.Int64, Width: 1}
	}
	if len(all) == len(r.slots) || c.Offsets != nil || c.Rows() != len(r.slots) {
		return r
	}
	size := max(c.Width, 1) * c.Type.Size()
	data, at := core.NewData(len(all)*size), 0
	for i, s := range all {
		if at < len(r.slots) && r.slots[at] == s {
			copy(data[i*size:], c.Data[at*size:(at+1)*size])
			at++
		}
	}
	c.Data = data
	return result{all, c}
}
