package export

import (
	"context"
	"encoding/csv"
	"io"
	"strconv"
	"time"

	"github.com/englacial/zagg/core"
)

// CSV writes a table of text: a header, then a row for each cell: lon, lat, the start of the window of a store with windows of time, the
// coordinates of cells, and the variables. What is missing is empty. Numbers are written so that the same ones are read.
func (s *Store) CSV(ctx context.Context, w io.Writer, variables []string) error {
	src, err := s.open(ctx, variables)
	if err != nil {
		return err
	}
	columns, err := src.tableColumns()
	if err != nil {
		return err
	}
	out := csv.NewWriter(w)
	row := src.places()
	first := len(row)
	for _, f := range columns {
		row = append(row, f.Name)
	}
	if err := out.Write(row); err != nil {
		return err
	}
	err = src.each(ctx, false, func(c *cells) error {
		texts := make([]func(i int) string, len(c.Columns))
		for k := range c.Columns {
			texts[k] = text(&c.Columns[k])
		}
		if c.Window != nil {
			row[2] = c.Window.Start.Format(time.RFC3339)
		}
		for i := range c.Lon {
			row[0], row[1] = float(c.Lon[i], 64), float(c.Lat[i], 64)
			for k := range c.Columns {
				row[first+k] = ""
				if null := c.Columns[k].Null; null == nil || !null[i] {
					row[first+k] = texts[k](i)
				}
			}
			if err := out.Write(row); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

func float(v float64, bits int) string { return strconv.FormatFloat(v, 'g', -1, bits) }

// text is how a column's values are written.
func text(c *cellColumn) func(i int) string {
	switch c.Type {
	case core.Float32:
		v := core.View[float32](c.Data)
		return func(i int) string { return float(float64(v[i]), 32) }
	case core.Float64:
		v := core.View[float64](c.Data)
		return func(i int) string { return float(v[i], 64) }
	case core.Bool:
		return func(i int) string { return strconv.FormatBool(c.Data[i] != 0) }
	}
	if c.Type.IsUnsigned() {
		return func(i int) string { return strconv.FormatUint(unsigned(c, i), 10) }
	}
	return func(i int) string { return strconv.FormatInt(signed(c, i), 10) }
}

func unsigned(c *cellColumn, i int) uint64 {
	switch c.Type {
	case core.Uint8:
		return uint64(c.Data[i])
	case core.Uint16:
		return uint64(core.View[uint16](c.Data)[i])
	case core.Uint32:
		return uint64(core.View[uint32](c.Data)[i])
	}
	return core.View[uint64](c.Data)[i]
}

func signed(c *cellColumn, i int) int64 {
	switch c.Type {
	case core.Int8:
		return int64(core.View[int8](c.Data)[i])
	case core.Int16:
		return int64(core.View[int16](c.Data)[i])
	case core.Int32:
		return int64(core.View[int32](c.Data)[i])
	}
	return core.View[int64](c.Data)[i]
}
