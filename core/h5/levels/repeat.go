package levels

// Values of records as columns of their rows.

import (
	"bytes"
	"context"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/h5/cf"
)

// A joint pairs the rows of a table with the records of a level that own them.
type joint struct {
	records []h5.Span // that own rows, ascending
	runs    []jointRun
}

// A jointRun is consecutive rows of one record, or of none.
type jointRun struct {
	at    int32 // of the records, counted through their spans; -1: none
	first int64 // its number among the rows of the record
	of    int64 // rows of the record
	n     int64
}

// joined finds the records of a level that own rows of a table's spans. It visits runs and not rows, so it costs
// little.
func (t *table) joined(level int) joint {
	links := t.links[level]
	var j joint
	var owners []int32
	links.walk(t.spans, func(k int, at, n int64) {
		run := jointRun{-1, at, 0, n}
		if k >= 0 {
			run.at, run.of = links.record[k], links.end[k]-links.begin[k]
			owners = append(owners, run.at)
		}
		j.runs = append(j.runs, run)
	})
	// Records need not be in the order of their rows.
	if !slices.IsSorted(owners) {
		slices.Sort(owners)
	}
	owners = slices.Compact(owners)
	j.records = []h5.Span{}
	for _, o := range owners {
		j.records = join(j.records, int64(o), 1)
	}
	last := 0 // where the record before was found: mostly the next one follows
	for i := range j.runs {
		if o := j.runs[i].at; o >= 0 {
			if last >= len(owners) || owners[last] != o {
				if last++; last >= len(owners) || owners[last] != o {
					last, _ = slices.BinarySearch(owners, o)
				}
			}
			j.runs[i].at = int32(last)
		}
	}
	return j
}

// repeat is a column of records repeated to their rows. In rows of no record it has no value: NaN, or an element that
// the column declares to be none. The memory is the scratch's buffer i.
func (r *reading) repeat(t *table, level int, c *core.Column, i int) (core.Column, error) {
	size := c.Type.Size()
	out := *c
	out.Data = r.scratch.repeated(i, t.kept*size)
	runs := t.joined(level).runs
	var none []byte
	if slices.ContainsFunc(runs, func(j jointRun) bool { return j.at < 0 }) {
		var err error
		if none, err = r.noValue(&out); err != nil {
			return out, err
		}
	}
	at := 0
	for _, j := range runs {
		value := none
		if j.at >= 0 {
			value = c.Data[int(j.at)*size : (int(j.at)+1)*size]
		}
		end := at + int(j.n)*size
		// The first element is copied, then twice as much each time.
		for n := copy(out.Data[at:end], value); n > 0 && at+n < end; n *= 2 {
			copy(out.Data[at+n:end], out.Data[at:at+n])
		}
		at = end
	}
	return out, nil
}

// line is a column that goes from one value to another along the rows of each record, in equal steps: the first row
// has the first value and the last one the second, as numpy.linspace has them.
func (r *reading) line(t *table, c columnWant, start, stop *core.Column, i int) core.Column {
	from, to := numbers(&t.means[2+c.item], start), numbers(&t.means[2+c.stop], stop)
	out := core.Column{Name: start.Name, Type: core.Float64, Width: 1, Data: r.scratch.repeated(i, 8*t.kept)}
	values, at := core.View[float64](out.Data), 0
	for _, j := range t.joined(r.want.items[c.item].level).runs {
		for k := range j.n {
			values[at] = math.NaN()
			if j.at >= 0 {
				a, b := from[j.at], to[j.at]
				values[at] = a + (b-a)*float64(j.first+k)/float64(max(j.of-1, 1))
			}
			at++
		}
	}
	return out
}

// numbers are the elements of a column as float64, NaN where there is no value.
func numbers(m *cf.Meaning, c *core.Column) []float64 {
	if m.Packed != nil { // they are already
		return core.View[float64](c.Data)
	}
	out := make([]float64, c.Rows())
	m.Floats(out, c.Data)
	return out
}

// emitRefused tells of the rows that filters of their records refused, at the places of the records.
func (r *reading) emitRefused(ctx context.Context, t *table, emit func(*core.Batch) error) error {
	b := &core.Batch{Group: t.group}
	for _, f := range t.refused {
		for range f.rows {
			b.RefusedLon, b.RefusedLat = append(b.RefusedLon, f.lon), append(b.RefusedLat, f.lat)
		}
	}
	if len(b.RefusedLon) == 0 {
		return nil
	}
	// Batches of one granule have the same columns, also those without rows.
	for _, c := range r.want.columns {
		var none core.Column
		switch {
		case c.join > 0:
			none = t.siblings[c.join-1][c.item]
			none.Data = nil
		case c.stop < 0:
			none = t.means[2+c.item].Column(c.name, nil)
		default:
			none = core.Column{Name: c.name, Type: core.Float64, Width: 1}
		}
		b.Columns = append(b.Columns, none)
	}
	return r.emit(ctx, b, emit)
}

// noValue makes an element of a column stand for no value and returns it: NaN, or for integers one that no row has
// and that is no fill value of the file. It looks from the greatest down. Unsupported if the column has every value
// of its type.
func (r *reading) noValue(c *core.Column) ([]byte, error) {
	size := c.Type.Size()
	switch {
	case c.Type == core.Float32:
		return core.Raw([]float32{float32(math.NaN())}), nil
	case c.Type == core.Float64:
		return core.Raw([]float64{math.NaN()}), nil
	}
	none := bytes.Repeat([]byte{0xff}, size)
	if c.Type.IsSigned() {
		none[size-1] = 0x7f // the greatest
	}
	for range 1 << 16 {
		if !has(c.Data, none) && !has(c.Fill, none) {
			c.Fill, c.Absent = append(bytes.Clone(c.Fill), none...), none
			return none, nil
		}
		for i := range none { // the next lower
			if none[i]--; none[i] != 0xff {
				break
			}
		}
	}
	return nil, core.Errorf(core.Unsupported, "levels.Read", r.file.URL(), "column %s has every value that its type %s can hold, and rows that no record owns, which have none", c.Name, c.Type)
}

// has reports whether one of the elements is e.
func has(data, e []byte) bool {
	for at := 0; at < len(data); at += len(e) {
		if bytes.Equal(data[at:at+len(e)], e) {
			return true
		}
	}
	return false
}
