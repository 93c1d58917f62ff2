package engine

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zarr"
)

// A block is the values of one array in one shard, in C order of slots; nil data: no cell has a value.
type block struct {
	array *zarr.Array
	data  []byte
}

// reduce runs every statistic over all cells and scatters the outputs into blocks of fill values.
func (p *Pipeline) reduce(ctx context.Context, t *Task, g *core.Groups) ([]block, error) {
	var blocks []block
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
	derived, err := p.derive(g)
	if err != nil {
		return nil, err
	}
	for i := range p.Vars {
		out, err := p.compute(ctx, &p.Vars[i], g, derived)
		if err != nil {
			return nil, core.Errorf(core.CodeOf(err), "compute", t.Shard.Label+" "+p.Vars[i].Name, "%w", err)
		}
		blocks = append(blocks, out...)
	}
	return blocks, nil
}

// coordBlocks are the coordinate arrays that belong to the shard itself.
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
			return nil, core.Errorf(core.Internal, "engine", a.Name, "the grid promised this coordinate as %s and does not give it", a.Type)
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

// derive computes the derived columns of some groups.
func (p *Pipeline) derive(g *core.Groups) ([]core.Column, error) {
	derived := make([]core.Column, len(p.Derived))
	for i, d := range p.Derived {
		var err error
		if derived[i], err = d.Rows(g.Rows, int(g.Offsets[len(g.Offsets)-1])); err != nil {
			return nil, err
		}
	}
	return derived, nil
}

func (p *Pipeline) compute(ctx context.Context, v *Variable, g *core.Groups, derived []core.Column) ([]block, error) {
	out, err := p.outputs(ctx, v, g, derived)
	if err != nil {
		return nil, err
	}
	var blocks []block
	for i := range out {
		data, err := Scatter(v.Arrays[i], p.slots(), out[i].slots, &out[i].column)
		if err != nil {
			return nil, err
		}
		blocks = append(blocks, block{array: v.Arrays[i], data: data})
	}
	return blocks, nil
}

// A result of a statistic is one of its outputs, with the slots of its rows.
type result struct {
	slots  []int32
	column core.Column
}

// outputs runs one statistic over groups.
func (p *Pipeline) outputs(ctx context.Context, v *Variable, g *core.Groups, derived []core.Column) ([]result, error) {
	in := core.Groups{Slots: g.Slots, Offsets: g.Offsets}
	for _, i := range v.Inputs {
		var c core.Column
		switch {
		case i.Column >= 0:
			c = g.Rows[i.Column]
		case i.Derived >= 0:
			c = derived[i.Derived]
		default:
			c = core.Column{Type: core.Uint8, Width: 1, Data: core.NewData(int(g.Offsets[len(g.Offsets)-1]))}
		}
		c.Name = i.Name
		in.Rows = append(in.Rows, c)
	}
	columns, err := v.Stat.Compute(ctx, &in)
	if err != nil {
		return nil, err
	}
	if len(columns) != len(v.Arrays) {
		return nil, core.Errorf(core.Internal, "engine", v.Name, "the statistic gave %d outputs and promised %d", len(columns), len(v.Arrays))
	}
	out := make([]result, len(columns))
	for i, c := range columns {
		out[i] = result{g.Slots, c}
	}
	return out, nil
}
