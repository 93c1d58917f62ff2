package places

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

// locateRows is how many rows are looked up at once.
const locateRows = 1 << 14

// Locate reads rows of latitude and longitude, as CSV with or without a header, and writes the names of the cell of each, as CSV or a JSON
// array. name is what errors call in.
func Locate(ctx context.Context, namer core.CellNamer, in io.Reader, name string, out io.Writer, asJSON bool) error {
	l := &locator{namer: namer, name: name, json: asJSON, out: bufio.NewWriter(out)}
	if err := l.run(ctx, in); err != nil {
		return err
	}
	return l.out.Flush()
}

// A locator streams rows through a grid.
type locator struct {
	namer    core.CellNamer
	name     string
	json     bool
	out      *bufio.Writer
	csv      *csv.Writer
	lat, lon int // columns
	written  int
}

func (l *locator) run(ctx context.Context, in io.Reader) error {
	r := csv.NewReader(bufio.NewReader(in))
	r.FieldsPerRecord = -1
	r.TrimLeadingSpace = true
	r.Comment = '#'
	l.lat, l.lon = 0, 1
	l.csv = csv.NewWriter(l.out)
	var rows [][2]string
	for n := 0; ; n++ {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return core.Errorf(core.Invalid, "grid locate", l.name, "%w", err)
		}
		if n == 0 && l.header(record) {
			continue
		}
		if max(l.lat, l.lon) >= len(record) {
			line, _ := r.FieldPos(0)
			return core.Errorf(core.Invalid, "grid locate", fmt.Sprintf("%s:%d", l.name, line), "want latitude and longitude, have %q", strings.Join(record, ","))
		}
		rows = append(rows, [2]string{record[l.lat], record[l.lon]})
		if len(rows) == locateRows {
			if err := l.flush(ctx, rows); err != nil {
				return err
			}
			rows = rows[:0]
		}
	}
	if err := l.flush(ctx, rows); err != nil {
		return err
	}
	if l.json {
		if l.written == 0 {
			l.out.WriteString("[")
		}
		_, err := l.out.WriteString("]\n")
		return err
	}
	l.csv.Flush()
	return l.csv.Error()
}

// header reports a first line of names and takes the columns' places from it.
func (l *locator) header(record []string) bool {
	find := func(names ...string) int {
		return slices.IndexFunc(record, func(s string) bool { return slices.Contains(names, strings.ToLower(strings.TrimSpace(s))) })
	}
	lat, lon := find("lat", "latitude"), find("lon", "longitude", "lng")
	if lat < 0 || lon < 0 {
		return false
	}
	l.lat, l.lon = lat, lon
	return true
}

func (l *locator) flush(ctx context.Context, rows [][2]string) error {
	lat, lon := make([]float64, len(rows)), make([]float64, len(rows))
	for i, r := range rows {
		var err1, err2 error
		lat[i], err1 = strconv.ParseFloat(strings.TrimSpace(r[0]), 64)
		lon[i], err2 = strconv.ParseFloat(strings.TrimSpace(r[1]), 64)
		if err := errors.Join(err1, err2); err != nil {
			return core.Errorf(core.Invalid, "grid locate", l.name, "row %d (%s,%s): %w", l.written+i+1, r[0], r[1], err)
		}
		if lat[i] < -90 || lat[i] > 90 {
			return core.Errorf(core.Invalid, "grid locate", l.name, "row %d (%s,%s): latitude must be within ±90; columns are lat,lon", l.written+i+1, r[0], r[1])
		}
	}
	cols, err := l.namer.Names(ctx, lon, lat)
	if err != nil {
		return err
	}
	cols = slices.DeleteFunc(cols, func(c core.Column) bool { return c.Name == core.PointColumn }) // of points, not of cells
	if l.written == 0 && !l.json {
		head := []string{"lat", "lon"}
		for _, c := range cols {
			head = append(head, c.Name)
		}
		if err := l.csv.Write(head); err != nil {
			return err
		}
	}
	for i, r := range rows {
		if err := l.row(r, cols, i, lat[i]-lat[i] == 0 && lon[i]-lon[i] == 0); err != nil {
			return err
		}
		l.written++
	}
	return nil
}

// row prints one row; what is no place (NaN, infinite) has no cell, and its fields are empty or null.
func (l *locator) row(r [2]string, cols []core.Column, i int, place bool) error {
	if !l.json {
		fields := []string{r[0], r[1]}
		for k := range cols {
			value := ""
			if place {
				value = text(&cols[k], i)
			}
			fields = append(fields, value)
		}
		return l.csv.Write(fields)
	}
	open := ",\n "
	if l.written == 0 {
		open = "["
	}
	fmt.Fprintf(l.out, `%s{"lat": %s, "lon": %s`, open, number(r[0]), number(r[1]))
	for k := range cols {
		value := "null"
		if place {
			value = text(&cols[k], i)
		}
		if place && cols[k].Type == core.Bytes {
			value = strconv.Quote(value)
		}
		fmt.Fprintf(l.out, `, %q: %s`, cols[k].Name, value)
	}
	_, err := l.out.WriteString("}")
	return err
}

// number is a number as JSON spells it.
func number(s string) string {
	v, _ := strconv.ParseFloat(strings.TrimSpace(s), 64) // checked before
	if v-v != 0 {
		return "null"
	}
	return strconv.FormatFloat(v, 'g', -1, 64)
}

// text is one value of a column in full.
func text(c *core.Column, i int) string {
	switch c.Type {
	case core.Bytes:
		return string(c.Data[c.Offsets[i]:c.Offsets[i+1]])
	case core.Uint64:
		return strconv.FormatUint(core.View[uint64](c.Data)[i], 10)
	case core.Int64:
		return strconv.FormatInt(core.View[int64](c.Data)[i], 10)
	case core.Int32:
		return strconv.FormatInt(int64(core.View[int32](c.Data)[i]), 10)
	case core.Float64:
		return strconv.FormatFloat(core.View[float64](c.Data)[i], 'f', -1, 64)
	}
	return "?"
}
