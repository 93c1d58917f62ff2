package engine

// What rows get besides their columns: positions, the grid's words for their places, and times.

import (
	"context"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/core/toc"
	"github.com/englacial/zagg/internal/expr"
)

// placeName is the name of the column of words of places in a sink and in groups. No column of a reader has it.
const placeName = "\x00place"

// positionName is the name of the columns of longitudes ("lon") and latitudes ("lat") of rows in a sink and in
// groups.
func positionName(position string) string { return "\x00" + position }

// withPositions adds the longitudes and latitudes of a batch to its columns.
func (p *Pipeline) withPositions(cols []core.Column, b *core.Batch) []core.Column {
	if !p.Positions {
		return cols
	}
	return append(slices.Clip(cols), core.ColumnOf(positionName("lon"), b.Lon), core.ColumnOf(positionName("lat"), b.Lat))
}

// cellsOf picks some slots of a column of Grid.Cells, under another name.
func cellsOf(all *core.Column, name string, slots []int32) core.Column {
	c := *all
	size := max(c.Width, 1) * c.Type.Size()
	data := core.NewData(len(slots) * size)
	for i, s := range slots {
		copy(data[i*size:], all.Data[int(s)*size:(int(s)+1)*size])
	}
	c.Name, c.Data = name, data
	return c
}

// withPlaces adds the words for the places of some rows of a batch to its columns; the word of other rows is 0.
func (p *Pipeline) withPlaces(ctx context.Context, cols []core.Column, b *core.Batch, rows []int32) ([]core.Column, error) {
	if !p.Places {
		return cols, nil
	}
	lon, lat := make([]float64, len(rows)), make([]float64, len(rows))
	for i, r := range rows {
		lon[i], lat[i] = b.Lon[r], b.Lat[r]
	}
	words, err := Places(ctx, p.Grid, lon, lat)
	if err != nil {
		return nil, err
	}
	all := make([]uint64, len(b.Lon))
	for i, r := range rows {
		all[r] = words[i]
	}
	return append(slices.Clip(cols), core.ColumnOf(placeName, all)), nil
}

// Places are the grid's words for points. A grid that has none is Unsupported.
func Places(ctx context.Context, grid core.Grid, lon, lat []float64) ([]uint64, error) {
	none := core.Errorf(core.Unsupported, "engine", "location", "the grid has no words for places; healpix has")
	namer, ok := grid.(core.CellNamer)
	if !ok {
		return nil, none
	}
	names, err := namer.Names(ctx, lon, lat)
	if err != nil {
		return nil, err
	}
	c := columnNamed(names, core.PointColumn)
	if c == nil || c.Type != core.Uint64 || c.Rows() != len(lon) {
		return nil, none
	}
	return core.View[uint64](c.Data), nil
}

// A Clock derives words of time (package toc) from a column of times.
type Clock struct {
	Column string
	At     int // of the column in Pipeline.Columns
	Clock  toc.Clock
}

// Inputs implements Derived.
func (c *Clock) Inputs() []expr.Var { return []expr.Var{{Name: c.Column}} }

// times are the column's values, in its own units.
func (c *Clock) times(columns []core.Column, n int) ([]float64, error) {
	times := &columns[c.At]
	if max(times.Width, 1) != 1 || times.Rows() != n {
		return nil, core.Errorf(core.Unsupported, "engine", c.Column, "times must be single numbers")
	}
	return reduce.Float64s(times), nil
}

// Rows implements Derived. A row without a time has the word 0.
func (c *Clock) Rows(columns []core.Column, n int) (core.Column, error) {
	times, err := c.times(columns, n)
	if err != nil {
		return core.Column{}, err
	}
	words := make([]uint64, n)
	for i, v := range times {
		words[i] = c.Clock.Word(v)
	}
	return core.ColumnOf(c.Column, words), nil
}

// Seconds derives seconds since 1970-01-01T00:00:00 UTC, leap seconds not counted, from a column of times.
type Seconds struct{ Clock }

// Rows implements Derived. A row without a time has NaN.
func (s *Seconds) Rows(columns []core.Column, n int) (core.Column, error) {
	times, err := s.times(columns, n)
	if err != nil {
		return core.Column{}, err
	}
	out := make([]float64, n)
	for i, v := range times {
		out[i] = s.Clock.Clock.Unix(v)
	}
	return core.ColumnOf(s.Column, out), nil
}
