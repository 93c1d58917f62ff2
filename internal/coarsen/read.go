package coarsen

import (
	"bytes"
	"context"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/zarr"
)

// read is the cells of one shard of the store that have values.
func (m *making) read(ctx context.Context, r *store.Record) (*cells, error) {
	shards, err := m.grid.Shards(ctx, []core.ShardKey{r.ShardKey})
	if err != nil {
		return nil, err
	}
	block := shards[0].Block
	if r.Block != nil {
		block = []int64{*r.Block}
	}
	all := make([]held, len(m.vars))
	for i := range m.vars {
		if all[i], err = m.readVariable(ctx, &m.vars[i], block); err != nil {
			return nil, err
		}
	}
	for i := range m.vars {
		if k := m.vars[i].count; k >= 0 && !m.vars[i].array.Ragged {
			all[i].has = counted(&all[k].cols[0])
		}
	}
	return m.occupied(ctx, r.ShardKey, all)
}

// held is what a shard has of a variable: a row for each slot.
type held struct {
	cols []core.Column
	has  []bool // slots with a value
}

// readVariable reads all arrays of a variable.
func (m *making) readVariable(ctx context.Context, v *variable, block []int64) (held, error) {
	var out held
	slots := m.frame.Slots()
	for k, f := range v.fields {
		d, err := m.now.group.Array(ctx, v.array.Name+f.Name)
		if err != nil {
			return out, err
		}
		if v.array.Ragged {
			c, err := d.ReadCells(ctx, []int64{block[0] * slots}, []int64{slots})
			if err != nil {
				return out, err
			}
			typ := f.Type
			if k == 0 {
				typ = v.array.Type
			}
			col, err := zarr.RowsOfCells(d.URL, c, typ, max(f.Width, 1))
			if err != nil {
				return out, err
			}
			out.cols = append(out.cols, col)
			continue
		}
		at := append([]int64{}, block...)
		for len(at) < len(d.Shape) {
			at = append(at, 0)
		}
		col, err := d.ReadBlock(ctx, at)
		if err != nil {
			return out, err
		}
		col.Width = len(col.Data) / int(slots) / col.Type.Size()
		out.cols = append(out.cols, col)
	}
	if v.array.Ragged {
		out.has = make([]bool, slots)
		for i := range out.has {
			out.has[i] = out.cols[0].Offsets[i+1] > out.cols[0].Offsets[i]
		}
		return out, nil
	}
	out.has = filled(&out.cols[0], &v.array)
	return out, nil
}

// filled reports the rows that are not all fill value; NaN is none either.
func filled(c *core.Column, a *config.Array) []bool {
	out := make([]bool, c.Rows())
	size := c.Width * c.Type.Size()
	none := fillOf(c, a)
	for i := range out {
		row := c.Data[i*size : (i+1)*size]
		for at := 0; at < size; at += c.Type.Size() {
			e := row[at : at+c.Type.Size()]
			if !bytes.Equal(e, none) && !isNaN(c.Type, e) {
				out[i] = true
			}
		}
	}
	return out
}

// fillOf is the fill value's bytes.
func fillOf(c *core.Column, a *config.Array) []byte {
	if len(c.Fill) == c.Type.Size() {
		return c.Fill
	}
	return make([]byte, c.Type.Size())
}

func isNaN(t core.Type, e []byte) bool {
	switch t {
	case core.Float32:
		v := core.View[float32](append(core.NewData(4)[:0], e...))[0]
		return v != v
	case core.Float64:
		return math.IsNaN(core.View[float64](append(core.NewData(8)[:0], e...))[0])
	}
	return false
}

// counted reports the rows of an array of counts that count something.
func counted(c *core.Column) []bool {
	out := make([]bool, c.Rows())
	size := c.Type.Size()
	zero := make([]byte, size)
	for i := range out {
		out[i] = !bytes.Equal(c.Data[i*size:(i+1)*size], zero)
	}
	return out
}

// occupied is the slots that have some value, with their places.
func (m *making) occupied(ctx context.Context, key core.ShardKey, all []held) (*cells, error) {
	centres, err := m.grid.Cells(ctx, key)
	if err != nil {
		return nil, err
	}
	lon, lat := core.View[float64](centres[0].Data), core.View[float64](centres[1].Data)
	out := &cells{vars: make([]values, len(all))}
	rows := make([][]int32, len(all))
	for slot := range lon {
		some := false
		for i := range all {
			if all[i].has[slot] {
				some = true
				out.vars[i].at = append(out.vars[i].at, int32(len(out.lon)))
				rows[i] = append(rows[i], int32(slot))
			}
		}
		if some {
			out.lon, out.lat = append(out.lon, lon[slot]), append(out.lat, lat[slot])
		}
	}
	for i := range all {
		for k := range all[i].cols {
			out.vars[i].cols = append(out.vars[i].cols, pick(&all[i].cols[k], rows[i]))
		}
	}
	return out, nil
}
