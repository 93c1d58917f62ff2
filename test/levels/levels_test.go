//go:build suites

package levels_test

import (
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/levels"
	"github.com/englacial/zagg/core/objstore"
)

// A testCase is one file with what reading it gives; make_cases.py writes them.
type testCase struct {
	Name, File string
	Layout     levels.Layout
	Query      struct {
		Columns []string
		Filters []core.Filter
		Region  struct {
			Polygons [][][][2]float64
			Margin   float64
			Planar   bool
		}
		Rows int
	}
	Rows  [][]any // group, longitude, latitude, values; nil for NaN
	Error string
	Code  string
	Stats *core.ReadStats
	Fills []any
}

func (c *testCase) query() core.Query {
	q := core.Query{Columns: c.Query.Columns, Filters: c.Query.Filters, Rows: c.Query.Rows}
	q.Region.Margin, q.Region.Planar = c.Query.Region.Margin, c.Query.Region.Planar
	for _, p := range c.Query.Region.Polygons {
		var polygon core.Polygon
		for _, r := range p {
			var ring []core.LonLat
			for _, v := range r {
				ring = append(ring, core.LonLat{Lon: v[0], Lat: v[1]})
			}
			polygon = append(polygon, ring)
		}
		q.Region.Polygons = append(q.Region.Polygons, polygon)
	}
	return q
}

func TestFilesOfH5py(t *testing.T) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON is not set: no interpreter with h5py to make the files")
	}
	folder := t.TempDir()
	out, err := exec.CommandContext(t.Context(), python, "make_cases.py", folder).CombinedOutput()
	require.NoError(t, err, "%s", out)
	text, err := os.ReadFile(filepath.Join(folder, "cases.json"))
	require.NoError(t, err)
	var cases []testCase
	require.NoError(t, json.Unmarshal(text, &cases))
	require.NotEmpty(t, cases)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) { c.run(t, folder) })
	}
}

func (c *testCase) run(t *testing.T, folder string) {
	reader, err := levels.New(c.Layout)
	require.NoError(t, err)
	g := core.Granule{ID: c.File, Assets: map[string]string{"data": filepath.Join(folder, c.File)}}
	rows := [][]any{}
	fills := c.Fills
	stats, err := reader.Read(t.Context(), &objstore.File{}, g, c.query(), func(b *core.Batch) error {
		rows = append(rows, rowsOf(b)...)
		fills = nil
		for _, col := range b.Columns {
			fill := core.Column{Type: col.Type, Width: 1, Data: col.Fill}
			fills = append(fills, first(&fill))
		}
		return nil
	})
	if c.Error != "" {
		require.ErrorContains(t, err, c.Error)
		if c.Code != "" {
			require.Equal(t, c.Code, core.CodeOf(err).String(), err)
		}
		require.Empty(t, rows)
		return
	}
	require.NoError(t, err)
	require.Equal(t, c.Rows, rows)
	require.Equal(t, int64(len(rows)), stats.Emitted)
	if c.Fills != nil {
		require.Equal(t, c.Fills, fills)
	}
	if c.Stats != nil {
		stats.Emitted = 0
		require.Equal(t, *c.Stats, stats)
	}
}

func rowsOf(b *core.Batch) [][]any {
	rows := make([][]any, len(b.Lon))
	for i := range rows {
		rows[i] = []any{b.Group, b.Lon[i], b.Lat[i]}
		for _, c := range b.Columns {
			size := c.Type.Size()
			value := core.Column{Type: c.Type, Width: 1, Data: c.Data[i*size : (i+1)*size]}
			v := first(&value)
			if v == "NaN" {
				v = nil
			}
			rows[i] = append(rows[i], v)
		}
	}
	return rows
}

// first is a column's first value as JSON has numbers; nil if it has none.
func first(c *core.Column) any {
	if len(c.Data) == 0 {
		return nil
	}
	data := append(core.NewData(8)[:0], c.Data...)
	var v float64
	switch c.Type {
	case core.Int8:
		v = float64(core.View[int8](data)[0])
	case core.Int16:
		v = float64(core.View[int16](data)[0])
	case core.Int32:
		v = float64(core.View[int32](data)[0])
	case core.Int64:
		v = float64(core.View[int64](data)[0])
	case core.Uint8, core.Bool:
		v = float64(core.View[uint8](data)[0])
	case core.Uint16:
		v = float64(core.View[uint16](data)[0])
	case core.Uint32:
		v = float64(core.View[uint32](data)[0])
	case core.Uint64:
		v = float64(core.View[uint64](data)[0])
	case core.Float32:
		v = float64(core.View[float32](data)[0])
	case core.Float64:
		v = core.View[float64](data)[0]
	}
	if math.IsNaN(v) {
		return "NaN"
	}
	return v
}
