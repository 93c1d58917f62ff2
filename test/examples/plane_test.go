//go:build suites

package examples

import (
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/plugins/atl06"
	"github.com/englacial/zagg/plugins/healpix"
)

// A plane is what is expected of one cell.
type plane struct {
	count          int
	scatter, slope float64
}

// A track is observations.
type track struct{ h, lon, lat []float64 }

// planes reads the sample granules, groups their observations by cell and fits planes: not by the engine, and by another way than the
// plugins (orthogonal columns where they solve the normal equations).
func planes(t *testing.T, minPoints int) map[uint64]plane {
	t.Helper()
	grid, err := healpix.Plugin().Grids[0].New(t.Context(), core.Config(`{"parent_order":7,"child_order":12}`))
	require.NoError(t, err)
	all := sample(t)
	world := core.Region{Polygons: []core.Polygon{{{{Lon: 140, Lat: -83}, {Lon: 180, Lat: -83}, {Lon: 180, Lat: -79}, {Lon: 140, Lat: -79}}}}, Planar: true}
	covers, err := grid.Cover(t.Context(), []core.Region{world})
	require.NoError(t, err)
	found, placed := map[uint64]plane{}, 0
	for _, key := range covers[0] {
		slots := make([]int32, len(all.h))
		require.NoError(t, grid.Locate(t.Context(), key, all.lon, all.lat, slots))
		cells := map[int32]*track{}
		for i, s := range slots {
			if s >= 0 {
				if cells[s] == nil {
					cells[s] = &track{}
				}
				c := cells[s]
				c.h, c.lon, c.lat = append(c.h, all.h[i]), append(c.lon, all.lon[i]), append(c.lat, all.lat[i])
				placed++
			}
		}
		if len(cells) == 0 {
			continue
		}
		columns, err := grid.Cells(t.Context(), key)
		require.NoError(t, err)
		column := slices.IndexFunc(columns, func(c core.Column) bool { return c.Name == "cell_ids" })
		require.GreaterOrEqual(t, column, 0)
		ids := core.View[uint64](columns[column].Data)
		for s, c := range cells {
			found[ids[s]] = c.fit(minPoints)
		}
	}
	require.Equal(t, len(all.h), placed)
	return found
}

// sample is all good observations of the sample granules.
func sample(t *testing.T) track {
	t.Helper()
	files, err := filepath.Glob("cmd/zagg/cli/sample/*.h5")
	require.NoError(t, err)
	reader, err := atl06.Plugin().Readers[0].New(t.Context(), nil)
	require.NoError(t, err)
	var all track
	query := core.Query{Columns: []string{"h_li", "atl06_quality_summary"}}
	for _, f := range files {
		_, err := reader.Read(t.Context(), &objstore.File{}, core.Granule{ID: f, Assets: map[string]string{"data": f}}, query, func(b *core.Batch) error {
			h, quality := reduce.Float64s(&b.Columns[0]), reduce.Float64s(&b.Columns[1])
			for i := range h {
				if quality[i] == 0 && h[i] < 1e30 {
					all.h, all.lon, all.lat = append(all.h, h[i]), append(all.lon, b.Lon[i]), append(all.lat, b.Lat[i])
				}
			}
			return nil
		})
		require.NoError(t, err)
	}
	return all
}

// fit is ten rounds of Tukey's biweight.
func (c *track) fit(minPoints int) plane {
	n := len(c.h)
	p := plane{n, math.NaN(), math.NaN()}
	if n < minPoints {
		return p
	}
	const metres = 6371008.8 * math.Pi / 180
	h, x, y := c.h, make([]float64, n), make([]float64, n)
	for i := range h {
		x[i] = (c.lon[i] - c.lon[0]) * metres * math.Cos(c.lat[0]*math.Pi/180)
		y[i] = (c.lat[i] - c.lat[0]) * metres
	}
	w, r, sizes := slices.Repeat([]float64{1}, n), make([]float64, n), make([]float64, n)
	for range 10 {
		var ok bool
		if p.slope, ok = residuals(h, x, y, w, r); !ok {
			return plane{n, math.NaN(), math.NaN()}
		}
		for i := range r {
			sizes[i] = math.Abs(r[i])
		}
		slices.Sort(sizes)
		p.scatter = 1.4826 * (sizes[(n-1)/2] + sizes[n/2]) / 2
		if p.scatter == 0 {
			break
		}
		for i := range w {
			u := r[i] / (4.685 * p.scatter)
			w[i] = math.Pow(math.Max(0, 1-u*u), 2)
		}
	}
	return p
}

// residuals writes how far h is from its weighted plane, and gives the plane's slope: Gram-Schmidt, twice, on the columns 1, x and y.
func residuals(h, x, y, w, r []float64) (slope float64, ok bool) {
	n := len(h)
	dot := func(a, b []float64) (sum float64) {
		for i := range a {
			sum += w[i] * a[i] * b[i]
		}
		return sum
	}
	take := func(a, b []float64) float64 { // from a its part along b
		k := dot(a, b) / dot(b, b)
		for i := range a {
			a[i] -= k * b[i]
		}
		return k
	}
	one, u, v := slices.Repeat([]float64{1}, n), slices.Clone(x), slices.Clone(y)
	take(u, one)
	take(u, one)
	take(v, one)
	spread := dot(v, v)
	along := 0.0
	for range 2 {
		take(v, one)
		along += take(v, u)
	}
	if !(dot(u, u) > 0) || dot(v, v) < 1e-12*spread {
		return 0, false
	}
	copy(r, h)
	a, b := 0.0, 0.0
	for range 2 {
		take(r, one)
		a += take(r, u)
		b += take(r, v)
	}
	return math.Hypot(a-b*along, b), true
}

// drifters are the rows of the sample with a temperature, the sum of these, and the highest speed.
func drifters(t *testing.T) (rows, fastest, temperature float64) {
	t.Helper()
	f, err := os.Open("examples/data/drifters-1.csv")
	require.NoError(t, err)
	defer f.Close()
	lines, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	for _, line := range lines[1:] {
		speed, err := strconv.ParseFloat(line[4], 64)
		require.NoError(t, err)
		fastest = math.Max(fastest, speed)
		if line[3] != "" {
			sst, err := strconv.ParseFloat(line[3], 64)
			require.NoError(t, err)
			rows++
			temperature += sst
		}
	}
	return rows, fastest, temperature
}
