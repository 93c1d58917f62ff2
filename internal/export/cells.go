package export

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/internal/zarr"
)

const op = "export"

// A Store is what is exported.
type Store struct {
	Group   *zarr.Group
	Grid    core.Grid
	Windows []Window // of time, in order; none: the store has no windows
	Shards  []Shard  // those that are done and hold something, window by window
}

// A Window is a window of time, from Start to before End.
type Window struct {
	Label      string
	Start, End time.Time
	Group      *zarr.Group // the store's, narrowed to this window
}

// A Shard is a key with the place of its block in the arrays of its window.
type Shard struct {
	Key    core.ShardKey
	Block  []int64
	Window int // index of Store.Windows
}

// A cellColumn is one value for each of some cells. Null is nil where every cell has a value.
type cellColumn struct {
	core.Column
	Null []bool
}

// cells are the cells of one shard that hold something: by any of the exported variables.
type cells struct {
	Window   *Window      // nil: the store has no windows
	Lon, Lat []float64    // centres
	Columns  []cellColumn // coordinates of cells as the grid has them, then variables: one column a component
	Outlines [][]core.LonLat
	slots    []int32
}

// A source is an opened store with the arrays that are exported, at its first window.
type source struct {
	*Store
	frame  core.Frame
	arrays []*zarr.Dataset
}

// group is where the arrays of a window are.
func (s *Store) group(window int) *zarr.Group {
	if len(s.Windows) == 0 {
		return s.Group
	}
	return s.Windows[window].Group
}

// arraysIn are the arrays at a window.
func (s *source) arraysIn(ctx context.Context, window int) ([]*zarr.Dataset, error) {
	if window == 0 {
		return s.arrays, nil
	}
	out := make([]*zarr.Dataset, len(s.arrays))
	for i, a := range s.arrays {
		var err error
		if out[i], err = s.group(window).Array(ctx, a.Name); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// open finds the variables by name; without names, all that have a value for each cell.
func (s *Store) open(ctx context.Context, names []string) (*source, error) {
	src := &source{Store: s, frame: s.Grid.Info().Frame}
	all := map[string]*zarr.Dataset{}
	var ragged []string // cells of any number of rows
	for _, path := range s.candidates(names) {
		if slices.ContainsFunc(src.frame.Coords, func(f core.Field) bool { return f.Name == path }) {
			continue
		}
		a, err := s.group(0).Array(ctx, path)
		if core.Is(err, core.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		switch {
		case src.perCell(a) && a.Type == core.Bytes:
			ragged = append(ragged, path)
		case src.perCell(a):
			all[path] = a
		}
	}
	have := slices.Sorted(maps.Keys(all))
	if len(names) == 0 {
		names = append(have, ragged...)
	}
	for i, name := range names {
		if slices.Contains(names[:i], name) {
			return nil, core.Errorf(core.Invalid, op, name, "this variable is named twice")
		}
		if slices.Contains(ragged, name) {
			return nil, core.Errorf(core.Unsupported, op, name, "its cells have any number of rows, which is not a column; name the variables to write: --variables %s", strings.Join(have, ","))
		}
		if all[name] == nil {
			return nil, core.Errorf(core.NotFound, op, name, "the store has no such variable; have %s", strings.Join(have, ", "))
		}
		src.arrays = append(src.arrays, all[name])
	}
	if len(src.arrays) == 0 {
		return nil, core.Errorf(core.NotFound, op, s.Group.URL, "the store does not list its variables: name some with --variables")
	}
	return src, nil
}

// candidates are the arrays of a group that knows its members, and in one without consolidated metadata those asked for.
func (s *Store) candidates(names []string) []string {
	if !s.Group.Consolidated() {
		return names
	}
	var out []string
	for _, m := range s.Group.Members() {
		if m.Array {
			out = append(out, m.Path)
		}
	}
	return out
}

// perCell reports an array over the grid's dimensions, in blocks of a shard.
func (s *source) perCell(a *zarr.Dataset) bool {
	if len(a.Shape) < len(s.frame.Dims) {
		return false
	}
	for i, d := range s.frame.Dims {
		if i >= len(a.Dims) || a.Dims[i] != d.Name || a.Shard[i] != d.Shard {
			return false
		}
	}
	return true
}

// width is the number of values that a cell has of an array.
func (s *source) width(a *zarr.Dataset) int {
	n := 1
	for _, k := range a.Shape[len(s.frame.Dims):] {
		n *= int(k)
	}
	return n
}

// read reads the cells of a shard that hold something, from the arrays at its window.
func (s *source) read(ctx context.Context, arrays []*zarr.Dataset, shard Shard, outlines bool) (*cells, error) {
	grid, err := s.Grid.Cells(ctx, shard.Key)
	if err != nil {
		return nil, err
	}
	values := make([]core.Column, len(arrays))
	for i, a := range arrays {
		block := append(slices.Clone(shard.Block), make([]int64, len(a.Shape)-len(shard.Block))...)
		if values[i], err = a.ReadBlock(ctx, block); err != nil {
			return nil, err
		}
	}
	c := &cells{slots: s.filled(grid[0], values)}
	if len(s.Windows) > 0 {
		c.Window = &s.Windows[shard.Window]
	}
	lon, lat := core.View[float64](grid[0].Data), core.View[float64](grid[1].Data)
	for _, slot := range c.slots {
		c.Lon, c.Lat = append(c.Lon, lon[slot]), append(c.Lat, lat[slot])
	}
	for _, column := range grid[2:] {
		c.Columns = append(c.Columns, cellColumn{Column: pick(column.Name, column, c.slots, 1, 0)})
	}
	for i, a := range s.arrays {
		for k := range s.width(a) {
			column := pick(component(a, len(s.frame.Dims), k), values[i], c.slots, s.width(a), k)
			c.Columns = append(c.Columns, cellColumn{column, missing(&column, a.Fill)})
		}
	}
	if outlines {
		c.Outlines, err = s.Grid.(core.Outliner).Outlines(ctx, shard.Key, c.slots)
	}
	return c, err
}

// filled are the slots in which a variable has another value than its fill value, which NaN never is.
func (s *source) filled(lon core.Column, values []core.Column) []int32 {
	var slots []int32
	for slot, x := range core.View[float64](lon.Data) {
		if math.IsNaN(x) {
			continue
		}
		for i, a := range s.arrays {
			size := len(a.Fill) * s.width(a)
			if holds(values[i].Data[slot*size:(slot+1)*size], a) {
				slots = append(slots, int32(slot))
				break
			}
		}
	}
	return slots
}

func holds(row []byte, a *zarr.Dataset) bool {
	for at := 0; at < len(row); at += len(a.Fill) {
		if v := row[at : at+len(a.Fill)]; !bytes.Equal(v, a.Fill) && !isNaN(a.Type, v) {
			return true
		}
	}
	return false
}

// isNaN reports a float that is none.
func isNaN(typ core.Type, v []byte) bool {
	switch typ {
	case core.Float32:
		return v[3]&0x7f == 0x7f && v[2]&0x80 != 0 && (v[2]&0x7f|v[1]|v[0]) != 0
	case core.Float64:
		return v[7]&0x7f == 0x7f && v[6]&0xf0 == 0xf0 && (v[6]&0xf|v[5]|v[4]|v[3]|v[2]|v[1]|v[0]) != 0
	}
	return false
}

// pick takes component k of width of some rows.
func pick(name string, from core.Column, rows []int32, width, k int) core.Column {
	size := from.Type.Size()
	data := core.NewData(len(rows) * size)
	for i, row := range rows {
		at := (int(row)*width + k) * size
		copy(data[i*size:(i+1)*size], from.Data[at:at+size])
	}
	return core.Column{Name: name, Type: from.Type, Width: 1, Data: data}
}

// component names a column: the variable, and for one with several values the place among them: h_q_2, or matrix_0_1.
func component(a *zarr.Dataset, dims, k int) string {
	name := ""
	for i := len(a.Shape) - 1; i >= dims; i-- {
		name = fmt.Sprintf("_%d", k%int(a.Shape[i])) + name
		k /= int(a.Shape[i])
	}
	return a.Name + name
}

// missing marks floats without a value. The fill value of integers is a number like others: a cell can hold it.
func missing(c *core.Column, fill []byte) []bool {
	if !c.Type.IsFloat() {
		return nil
	}
	none := reduce.Float64s(&core.Column{Type: c.Type, Width: 1, Data: append(core.NewData(8)[:0], fill...)})[0]
	null := make([]bool, c.Rows())
	for i, v := range reduce.Float64s(c) {
		null[i] = math.IsNaN(v) || v == none
	}
	return null
}

// each reads shard after shard and hands on those that hold something.
func (s *source) each(ctx context.Context, outlines bool, do func(*cells) error) error {
	var arrays []*zarr.Dataset
	for i, shard := range s.Shards {
		var err error
		if i == 0 || shard.Window != s.Shards[i-1].Window {
			if arrays, err = s.arraysIn(ctx, shard.Window); err != nil {
				return err
			}
		}
		c, err := s.read(ctx, arrays, shard, outlines)
		if err != nil {
			return err
		}
		if len(c.slots) == 0 {
			continue
		}
		if err := do(c); err != nil {
			return err
		}
	}
	return nil
}

// timeName is the column with the start of a row's window.
const timeName = "time"

// places are the columns of a table that say where and when a row is.
func (s *source) places() []string {
	if len(s.Windows) > 0 {
		return []string{"lon", "lat", timeName}
	}
	return []string{"lon", "lat"}
}

// tableColumns are the columns of a table beyond its places, without rows. Two columns of one name are refused, and those that are named taken.
func (s *source) tableColumns(taken ...string) ([]core.Field, error) {
	out := s.columns()
	taken = append(taken, s.places()...)
	for _, f := range out {
		if slices.Contains(taken, f.Name) {
			return nil, core.Errorf(core.Invalid, op, f.Name, "two columns of the table have this name: choose others with --variables")
		}
		taken = append(taken, f.Name)
	}
	return out, nil
}

// columns are those that all cells have, without rows.
func (s *source) columns() []core.Field {
	var out []core.Field
	for _, f := range s.frame.Coords {
		out = append(out, core.Field{Name: f.Name, Type: f.Type})
	}
	for _, a := range s.arrays {
		for k := range s.width(a) {
			out = append(out, core.Field{Name: component(a, len(s.frame.Dims), k), Type: a.Type})
		}
	}
	return out
}
