package engine

// Folding new results onto stored ones, cell by cell, so that only new granules are read.

import (
	"bytes"
	"context"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zarr"
)

// Onto is what the store has of a shard, from granules that a task does not read. The task's results are joined with
// it cell by cell.
type Onto struct {
	Exactly bool // only where the values are those that all granules together would give
	// Read gives the shard's values of an array, which are the object of a key and a block: a row for each slot, of an array of Type
	// Bytes the rows of each cell.
	Read func(ctx context.Context, a *zarr.Array, key string, block []int64) (core.Column, error)
	// Begin is called before the first object is written, when all is computed.
	Begin func(context.Context) error
}

// A NotJoinedError says why results could not be joined with what the store has. Nothing was written; computing all
// granules together may succeed.
type NotJoinedError struct{ Err error }

func (e *NotJoinedError) Error() string { return e.Err.Error() }

func (e *NotJoinedError) Unwrap() error { return e.Err }

// A joining joins one shard's results with what the store has.
type joining struct {
	p     *Pipeline
	onto  *Onto
	block []int64
	slots int64
	has   map[*Variable][]bool // of those that count: slots that count something
	some  []bool               // slots with a value of some variable
}

func (p *Pipeline) newJoining(t *Task) *joining {
	n := p.slots()
	return &joining{p: p, onto: t.Onto, block: t.Block, slots: n, has: map[*Variable][]bool{}, some: make([]bool, n)}
}

// cells is how many cells have observations, in the store or in the given slots.
func (j *joining) cells(slots []int32) int64 {
	for _, s := range slots {
		j.some[s] = true
	}
	n := int64(0)
	for _, has := range j.some {
		if has {
			n++
		}
	}
	return n
}

// join gives the outputs of a variable on all granules; out are the outputs on those that were read. Its errors are
// NotJoinedErrors.
func (j *joining) join(ctx context.Context, v *Variable, out []result) ([]result, error) {
	joined, err := j.joined(ctx, v, out)
	if err != nil {
		return nil, &NotJoinedError{core.Wrap(err, "fold", v.Name)}
	}
	return joined, nil
}

// joined reads what the store has, sorts cells into those of the store, new ones and both, and folds the latter.
func (j *joining) joined(ctx context.Context, v *Variable, out []result) ([]result, error) {
	old, has, err := j.stored(ctx, v)
	if err != nil {
		return nil, err
	}
	m := &merge{at: make([]int32, j.slots)}
	var slots []int32
	if len(out) > 0 {
		slots = out[0].slots
	}
	for i, s := range slots {
		m.at[s] = int32(i) + 1
	}
	for s := range has {
		j.some[s] = j.some[s] || has[s]
		m.add(int32(s), has[s])
	}
	now, err := columnsOf(v, out)
	if err != nil {
		return nil, err
	}
	folded, err := j.fold(ctx, v, m, old, now, out)
	if err != nil {
		return nil, err
	}
	joined := make([]result, len(v.Arrays))
	for k := range joined {
		joined[k] = result{m.slots, m.column(&old[k], &now[k], &folded[k])}
	}
	return joined, nil
}

// fold folds the cells that have results on both sides, old and now being in the types in which they are stored; out
// is the new ones as they were computed, whose types Fold knows.
func (j *joining) fold(ctx context.Context, v *Variable, m *merge, old, now []core.Column, out []result) ([]core.Column, error) {
	if len(m.both) == 0 {
		return now, nil
	}
	g := &core.Groups{Slots: m.both, Offsets: []int64{0}}
	pairs := &merge{} // of old and new rows in turn
	for i, s := range m.both {
		pairs.rows = append(pairs.rows, row{fromOld, s}, row{fromNew, m.at[s] - 1})
		g.Offsets = append(g.Offsets, int64(2*i+2))
	}
	for k := range old {
		c, to := pairs.column(&old[k], &now[k], nil), out[k].column.Type // which Fold knows
		data, err := castCells(to, &c)
		if err != nil {
			return nil, core.Wrapf(err, "fold", v.Name, "%w, as the statistic gives them", err)
		}
		c.Type, c.Data = to, data
		g.Rows = append(g.Rows, c)
	}
	if j.onto.Exactly {
		if err := sameEitherWay(g); err != nil {
			return nil, err
		}
	}
	folder, ok := v.Stat.(core.Folder)
	if !ok {
		return nil, core.Errorf(core.Internal, "fold", v.Name, "it is not a core.Folder")
	}
	cols, err := folder.Fold(ctx, g)
	if err != nil {
		return nil, err
	}
	if len(cols) != len(v.Arrays) {
		return nil, core.Errorf(core.Internal, "fold", v.Name, "the statistic gave %d outputs and promised %d", len(cols), len(v.Arrays))
	}
	outs := make([]result, len(cols))
	for k := range cols {
		outs[k] = result{m.both, cols[k]}
	}
	return columnsOf(v, outs)
}

// sameEitherWay refuses pairs of floats for which the outcome depends on their order, or on what was NaN before.
func sameEitherWay(g *core.Groups) error {
	for k := range g.Rows {
		c := &g.Rows[k]
		if !c.Type.IsFloat() || c.Offsets != nil {
			continue
		}
		size := c.Type.Size()
		row := max(c.Width, 1) * size
		for at := 0; at < len(c.Data); at += 2 * row {
			for e := at; e < at+row; e += size {
				x, _ := floatOf(c.Type, c.Data[e:e+size])
				y, _ := floatOf(c.Type, c.Data[e+row:e+row+size])
				if math.IsNaN(x) || math.IsNaN(y) || x == 0 && y == 0 && math.Signbit(x) != math.Signbit(y) {
					return core.Errorf(core.Unsupported, "fold", "", "a cell has NaN, or zeros of both signs, which only all observations together tell apart")
				}
			}
		}
	}
	return nil
}

// stored is what the store has of a variable: one row for each slot of each of its arrays, and which slots have
// values.
func (j *joining) stored(ctx context.Context, v *Variable) (cols []core.Column, has []bool, err error) {
	for _, a := range v.Arrays {
		c, err := j.onto.Read(ctx, a, j.p.key(a, j.block), blockOf(a, j.block))
		if err != nil {
			return nil, nil, err
		}
		if int64(c.Rows()) != j.slots {
			return nil, nil, core.Errorf(core.Corrupt, "fold", a.Name, "the store has %d cells of a shard, not %d", c.Rows(), j.slots)
		}
		cols = append(cols, c)
	}
	if w := j.p.counter(v); w >= 0 && !v.Counts && v.Arrays[0].Type != core.Bytes {
		has, err = j.counted(ctx, &j.p.Vars[w])
		return cols, has, err
	}
	fill := []byte(nil)
	if v.Arrays[0].Type != core.Bytes {
		if fill, err = v.Arrays[0].FillValue(); err != nil {
			return nil, nil, err
		}
	}
	return cols, valued(&cols[0], fill), nil
}

// counted are the slots in which a counting variable counts something.
func (j *joining) counted(ctx context.Context, v *Variable) ([]bool, error) {
	if has, ok := j.has[v]; ok {
		return has, nil
	}
	cols, has, err := j.stored(ctx, v)
	if err != nil {
		return nil, err
	}
	for i, some := range valued(&cols[0], make([]byte, cols[0].Type.Size())) {
		has[i] = has[i] && some
	}
	j.has[v] = has
	return has, nil
}

// valued are the rows that have something other than the fill value and NaN.
func valued(c *core.Column, fill []byte) []bool {
	out := make([]bool, c.Rows())
	if c.Offsets != nil {
		for i := range out {
			out[i] = c.Offsets[i+1] > c.Offsets[i]
		}
		return out
	}
	size := c.Type.Size()
	row := max(c.Width, 1) * size
	for i := range out {
		for at := i * row; at < (i+1)*row && !out[i]; at += size {
			e := c.Data[at : at+size]
			out[i] = !bytes.Equal(e, fill) && !isNaN(c.Type, e)
		}
	}
	return out
}

// columnsOf are the outputs of a variable in the types in which they are stored. Results that do not fit in them are
// an error, as they would be when written.
func columnsOf(v *Variable, out []result) ([]core.Column, error) {
	cols := make([]core.Column, len(v.Arrays))
	for k, a := range v.Arrays {
		to := a.Type
		if to == core.Bytes {
			to = a.Element
		}
		if k >= len(out) || len(out[k].slots) == 0 {
			cols[k] = core.Column{Type: to, Width: 1}
			continue
		}
		c := out[k].column
		if v.Stat.Info().Folds == core.FoldsIntegers && !a.Type.IsFloat() && c.Type.IsFloat() {
			return nil, core.Errorf(core.Unsupported, "fold", v.Name, "its results are not integers")
		}
		data, err := castCells(to, &c)
		if err != nil {
			return nil, core.Wrapf(err, "fold", a.Name, "%w as its dtype %s", err, to)
		}
		c.Type, c.Data = to, data
		cols[k] = c
	}
	return cols, nil
}

// A merge lists, in the order of slots, from where each cell's row comes: from the store, the new results, or both
// folded.
type merge struct {
	at    []int32 // by slot, its row of the new ones and 1 more; 0: it has none
	slots []int32
	rows  []row
	both  []int32 // slots with rows of both
}

// A row is a row of one of the three columns.
type row struct{ from, at int32 }

// The columns of which a row may be.
const (
	fromOld int32 = iota
	fromNew
	fromFolded
)

// add adds the next slot, if it has a value. Slots must ascend.
func (m *merge) add(slot int32, stored bool) {
	r := row{fromOld, slot}
	switch fresh := m.at[slot] > 0; {
	case fresh && stored:
		r = row{fromFolded, int32(len(m.both))}
		m.both = append(m.both, slot)
	case fresh:
		r = row{fromNew, m.at[slot] - 1}
	case !stored:
		return
	}
	m.slots, m.rows = append(m.slots, slot), append(m.rows, r)
}

// column puts together the rows of three columns of one type; folded may be nil if no row is of it.
func (m *merge) column(old, now, folded *core.Column) core.Column {
	of := [3]*core.Column{old, now, folded}
	out := core.Column{Name: old.Name, Type: old.Type, Width: max(old.Width, 1), Data: core.NewData(0)}
	size := int64(out.Width * old.Type.Size())
	if old.Offsets == nil {
		out.Data = core.NewData(len(m.rows) * int(size))
		for i, r := range m.rows {
			copy(out.Data[int64(i)*size:], of[r.from].Data[int64(r.at)*size:int64(r.at+1)*size])
		}
		return out
	}
	out.Offsets = make([]int64, 1, len(m.rows)+1)
	for _, r := range m.rows {
		o := of[r.from].Offsets
		out.Offsets = append(out.Offsets, out.Offsets[len(out.Offsets)-1]+o[r.at+1]-o[r.at])
	}
	out.Data = core.NewData(int(out.Offsets[len(m.rows)] * size))
	at := 0
	for _, r := range m.rows {
		c := of[r.from]
		at += copy(out.Data[at:], c.Data[c.Offsets[r.at]*size:c.Offsets[r.at+1]*size])
	}
	return out
}
