package engine

// What statistics get: grouped rows, values derived from them, and views without the rows that lack a value.

import (
	"context"
	"fmt"
	"slices"

	"github.com/englacial/zagg/core"
)

// inputs is what the statistics of a shard take: the grouped rows, and for statistics with columns that lack values in
// some rows, views without those rows. Statistics whose inputs are all there share the groups as they are; one after
// another that lack values in the same columns share a view.
type inputs struct {
	p       *Pipeline
	groups  *core.Groups // columns as Pipeline.Columns, and after them the marks, if any
	derived []core.Column
	layout  layout
	chunks  []chunkValues // as Pipeline.Chunks
	cells   []core.Column // of Grid.Cells
	areas   []float64     // of groups.Slots
	marked  []bool        // by column: some row has no valid value
	key     string        // of last: the columns that lack values
	onto    *joining      // nil: results are those of the rows alone
	last    *view         // one at a time, so that what statistics take is never in memory more than twice
}

// A view is the rows of groups in which all of some columns have values.
type view struct {
	slots   []int32
	offsets []int64
	left    int64            // rows left out
	runs    [][2]int64       // rows kept, as [start, end); nil: all
	columns map[*byte][]byte // columns without the rows left out, by where their data lie
}

// inputs computes what all variables of a task share.
func (p *Pipeline) inputs(ctx context.Context, t *Task, g *core.Groups) (*inputs, error) {
	in := &inputs{p: p, groups: g, derived: make([]core.Column, len(p.Derived)), layout: newLayout(p.Dims)}
	var err error
	for i, d := range p.Derived {
		if in.derived[i], err = d.Rows(g.Rows, int(g.Offsets[len(g.Offsets)-1])); err != nil {
			return nil, err
		}
	}
	if p.Cells {
		if in.cells, err = p.Grid.Cells(ctx, t.Shard.Key); err != nil {
			return nil, err
		}
	}
	if in.areas, err = p.areas(ctx, t, g.Slots); err != nil {
		return nil, err
	}
	in.marked = make([]bool, len(p.Columns))
	if m := p.marks(g.Rows); m != nil {
		union := make([]byte, m.Width)
		for at := 0; at < len(m.Data); at += m.Width {
			for k := range union {
				union[k] |= m.Data[at+k]
			}
		}
		for i := range in.marked {
			in.marked[i] = union[i/8]>>(i%8)&1 != 0
		}
	}
	for i := range p.Chunks {
		values, err := in.chunkValues(ctx, &p.Chunks[i])
		if err != nil {
			return nil, err
		}
		in.chunks = append(in.chunks, values)
	}
	return in, nil
}

// marks is the column of marks (see mark); nil if there is none.
func (p *Pipeline) marks(columns []core.Column) *core.Column {
	if n := len(p.Columns); len(columns) > n && columns[n].Name == marksName {
		return &columns[n]
	}
	return nil
}

// columnsOf are the columns that an expression or clock takes, as indexes into Pipeline.Columns.
func (p *Pipeline) columnsOf(program Derived) []int {
	var out []int
	for _, v := range program.Inputs() {
		if i := slices.Index(p.Columns, v.Name); i >= 0 {
			out = append(out, i)
		}
	}
	return out
}

// lacks returns a function that reports whether one of some columns has no valid value in a row.
func (p *Pipeline) lacks(columns []core.Column, some []int) func(row int64) bool {
	m := p.marks(columns)
	if m == nil || len(some) == 0 {
		return func(int64) bool { return false }
	}
	bits := make([]byte, m.Width)
	for _, i := range some {
		bits[i/8] |= 1 << (i % 8)
	}
	return func(row int64) bool {
		for k, b := range bits {
			if m.Data[int(row)*m.Width+k]&b != 0 {
				return true
			}
		}
		return false
	}
}

// lacking are the columns that a variable takes, itself or within expressions, and that lack a value in some row;
// ascending.
func (in *inputs) lacking(v *Variable) []int {
	return slices.DeleteFunc(in.p.takes(v), func(i int) bool { return !in.marked[i] })
}

// of is the view for a variable. Only the last one is kept.
func (in *inputs) of(v *Variable) *view {
	lacking := in.lacking(v)
	key := fmt.Sprint(lacking)
	if in.last != nil && in.key == key {
		return in.last
	}
	in.key, in.last = key, &view{slots: in.groups.Slots, offsets: in.groups.Offsets}
	if len(lacking) > 0 {
		in.last = in.narrow(in.p.lacks(in.groups.Rows, lacking))
	}
	return in.last
}

// narrow makes the view without the rows for which lacks holds. A cell that has no other row is not in it.
func (in *inputs) narrow(lacks func(row int64) bool) *view {
	w := &view{offsets: []int64{0}, runs: [][2]int64{}, columns: map[*byte][]byte{}}
	kept := int64(0)
	for i, slot := range in.groups.Slots {
		before := kept
		for r := in.groups.Offsets[i]; r < in.groups.Offsets[i+1]; r++ {
			if lacks(r) {
				continue
			}
			kept++
			if n := len(w.runs); n > 0 && w.runs[n-1][1] == r {
				w.runs[n-1][1]++
			} else {
				w.runs = append(w.runs, [2]int64{r, r + 1})
			}
		}
		if kept > before {
			w.slots, w.offsets = append(w.slots, slot), append(w.offsets, kept)
		}
	}
	w.left = in.groups.Offsets[len(in.groups.Slots)] - kept
	return w
}

// groups are the groups of a variable's inputs. Its columns share memory with the pipeline's and with each other:
// statistics must not change them.
func (w *view) groups(v *Variable, in *inputs) *core.Groups {
	g := &core.Groups{Slots: w.slots, Offsets: w.offsets}
	for _, i := range v.Inputs {
		var c core.Column
		switch {
		case i.Chunk > 0:
			g.Cells = append(g.Cells, in.chunks[i.Chunk-1].column(i.Name, in.p.Chunks[i.Chunk-1].Type, in.chunksOf(w.slots)))
			continue
		case i.Cell > 0:
			g.Cells = append(g.Cells, cellsOf(&in.cells[i.Cell-1], i.Name, w.slots))
			continue
		case i.Area:
			g.Cells = append(g.Cells, core.ColumnOf(i.Name, areasOf(in.areas, in.groups.Slots, w.slots)))
			continue
		case i.Position != "":
			c = w.column(*columnNamed(in.groups.Rows, positionName(i.Position)))
		case i.Place:
			c = w.column(*columnNamed(in.groups.Rows, placeName))
		case i.Column >= 0:
			c = w.column(in.groups.Rows[i.Column])
		case i.Derived >= 0:
			c = w.column(in.derived[i.Derived])
		default:
			c = core.Column{Type: core.Uint8, Width: 1, Data: core.NewData(int(w.offsets[len(w.offsets)-1]))}
		}
		c.Name = i.Name
		g.Rows = append(g.Rows, c)
	}
	return g
}

// column is a column without the rows that are left out. It is made once for all inputs that have the same data.
func (w *view) column(c core.Column) core.Column {
	if w.runs == nil || len(c.Data) == 0 {
		return c
	}
	if known, ok := w.columns[&c.Data[0]]; ok {
		c.Data = known
		return c
	}
	size := int64(max(c.Width, 1) * c.Type.Size())
	data, at := core.NewData(int(w.offsets[len(w.offsets)-1]*size)), 0
	for _, r := range w.runs {
		at += copy(data[at:], c.Data[r[0]*size:r[1]*size])
	}
	w.columns[&c.Data[0]] = data
	c.Data = data
	return c
}
