package engine

// Values of inner chunks: statistics over all rows of a chunk, for use by the statistics of its cells (a common
// origin or scale, for example) or as arrays of their own.

import (
	"context"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
)

// A ChunkValue is one number for each inner chunk, computed from the rows of all its cells. Statistics may take it as
// an input that all cells of a chunk share.
type ChunkValue struct {
	Name   string
	Stat   core.Statistic
	Inputs []Input
	Type   core.Type // a float, in which it is kept; NaN where a chunk has no row with all inputs
}

// chunkValues are the values of the chunks that have rows, by the number of the chunk.
type chunkValues map[int32]float64

// chunkValues computes one value of the chunks of the groups.
func (in *inputs) chunkValues(ctx context.Context, c *ChunkValue) (chunkValues, error) {
	v := &Variable{Name: c.Name, Inputs: c.Inputs}
	g := in.pooled(in.of(v).groups(v, in))
	out := chunkValues{}
	if len(g.Slots) == 0 {
		return out, nil
	}
	columns, err := c.Stat.Compute(ctx, g)
	if err != nil {
		return nil, core.Wrap(err, "chunk value", c.Name)
	}
	if len(columns) != 1 || columns[0].Rows() != len(g.Slots) || max(columns[0].Width, 1) != 1 || columns[0].Offsets != nil {
		return nil, core.Errorf(core.Invalid, "chunk value", c.Name, "it must be one number for each chunk")
	}
	all := make([]int32, len(g.Slots))
	for i := range all {
		all[i] = int32(i)
	}
	numbers := make([]float64, len(all))
	if _, err := castFrom(numbers, all, 1, &columns[0]); err != nil {
		return nil, core.Wrap(err, "chunk value", c.Name)
	}
	// Rounded to the type in which statistics get it, so that it is the same whether it was stored or not.
	for i, chunk := range g.Slots {
		if c.Type == core.Float32 {
			numbers[i] = float64(float32(numbers[i]))
		}
		out[chunk] = numbers[i]
	}
	return out, nil
}

// column is the value of the chunk of each of some cells, or of each of some chunks; NaN for a chunk that has none.
func (v chunkValues) column(name string, typ core.Type, chunks []int32) core.Column {
	values := make([]float64, len(chunks))
	for i, c := range chunks {
		var ok bool
		if values[i], ok = v[c]; !ok {
			values[i] = math.NaN()
		}
	}
	if typ != core.Float32 {
		return core.ColumnOf(name, values)
	}
	single := make([]float32, len(values))
	for i, x := range values {
		single[i] = float32(x)
	}
	return core.ColumnOf(name, single)
}

// chunksOf are the numbers of the chunks that hold some slots.
func (in *inputs) chunksOf(slots []int32) []int32 {
	out := make([]int32, len(slots))
	for i, s := range slots {
		out[i] = in.layout.place(s) / int32(in.layout.chunk)
	}
	return out
}

// pooled merges the groups of cells by chunk: the slots of the result are numbers of chunks. Within a chunk the rows
// are in the order of its cells, so that results do not depend on how the shard was cut.
func (in *inputs) pooled(g *core.Groups) *core.Groups {
	chunks := in.chunksOf(g.Slots)
	order := make([]int, len(chunks))
	for i := range order {
		order[i] = i
	}
	out := &core.Groups{Offsets: []int64{0}, Rows: slices.Clone(g.Rows)}
	if !slices.IsSorted(chunks) {
		slices.SortStableFunc(order, func(a, b int) int { return int(chunks[a]) - int(chunks[b]) })
		for i := range out.Rows {
			c := &out.Rows[i]
			size := int64(max(c.Width, 1) * c.Type.Size())
			data, at := core.NewData(len(c.Data)), 0
			for _, k := range order {
				at += copy(data[at:], c.Data[g.Offsets[k]*size:g.Offsets[k+1]*size])
			}
			c.Data = data
		}
	}
	rows := int64(0)
	for _, k := range order {
		rows += g.Offsets[k+1] - g.Offsets[k]
		if n := len(out.Slots); n > 0 && out.Slots[n-1] == chunks[k] {
			out.Offsets[n] = rows
		} else {
			out.Slots, out.Offsets = append(out.Slots, chunks[k]), append(out.Offsets, rows)
		}
	}
	return out
}

// perChunk merges the groups of a variable by chunk, with the chunk values that it takes.
func (in *inputs) perChunk(v *Variable, g *core.Groups) *core.Groups {
	out := in.pooled(g)
	for _, i := range v.Inputs {
		if i.Chunk > 0 {
			out.Cells = append(out.Cells, in.chunks[i.Chunk-1].column(i.Name, in.p.Chunks[i.Chunk-1].Type, out.Slots))
		}
	}
	return out
}

// wholeChunks reports whether something is computed of whole chunks, which must then not be cut.
func (p *Pipeline) wholeChunks() bool {
	return len(p.Chunks) > 0 || slices.ContainsFunc(p.Vars, func(v Variable) bool { return v.Chunk })
}

// chunks is the number of inner chunks of a shard.
func (l *layout) chunks() int64 { return l.slots / l.chunk }

// scatterPerChunk puts values of chunks into the block of an array that has one value for each chunk of a shard.
func (b *block) scatterPerChunk(l *layout, chunks []int32, c *core.Column) error {
	if b.array.Type == core.Bytes {
		return b.addCells(l.chunks(), chunks, c, nil)
	}
	if err := checkScatter(b.array, l.chunks(), chunks, c); err != nil || len(chunks) == 0 {
		return err
	}
	if b.data == nil {
		fill, err := b.array.FillValue()
		if err != nil {
			return err
		}
		b.data = filled(int(l.chunks())*max(c.Width, 1)*b.array.Type.Size(), fill)
	}
	if at, err := castRows(b.data, b.array.Type, chunks, max(c.Width, 1), c); err != nil {
		return misfit(b.array, chunks[at], err)
	}
	return nil
}
