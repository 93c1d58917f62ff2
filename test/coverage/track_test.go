//go:build suites

package coverage_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/shardmap/build"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/plugins/atl06"
)

const radian = math.Pi / 180

// granules is a catalog in memory.
type granules []*catalog.Entry

func (s granules) Granules(_ context.Context, _ catalog.Query, visit func(*catalog.Entry) error) (catalog.Meta, error) {
	for _, g := range s {
		if err := visit(g); err != nil {
			return catalog.Meta{}, err
		}
	}
	return catalog.Meta{TotalGranules: len(s)}, nil
}

// orbit is a point of ICESat-2's repeat ground track (92°, 1387 revolutions in 91 days), at an argument of latitude u,
// metres to the right of it.
func orbit(u, node, right float64) core.LonLat {
	const inclination, turns = 92 * radian, 91.0 / 1387
	s, c := math.Sincos(u)
	si, ci := math.Sincos(inclination)
	x, y, z := c, ci*s, si*s
	a := right / sphere.EarthRadius
	x, y, z = x*math.Cos(a), y*math.Cos(a)+si*math.Sin(a), z*math.Cos(a)-ci*math.Sin(a)
	const flattening = 1 / sphere.InverseFlattening
	lat := math.Atan(math.Tan(math.Asin(z)) / ((1 - flattening) * (1 - flattening)))
	return core.LonLat{Lon: math.Remainder(math.Atan2(y, x)/radian-turns*u/radian+node, 360), Lat: lat / radian}
}

// beams are the beams' places across the track, metres.
func beams() []float64 { return []float64{-3345, -3255, -45, 45, 3255, 3345} }

// outline is a strip around a track, of so many vertices to a side.
func outline(at func(f, right float64) core.LonLat, half float64, vertices int) core.Region {
	var ring []core.LonLat
	for i := range vertices {
		ring = append(ring, at(float64(i)/float64(vertices-1), -half))
	}
	for i := range vertices {
		ring = append(ring, at(1-float64(i)/float64(vertices-1), half))
	}
	return core.Region{Polygons: []core.Polygon{{ring}}}
}

func grids() []string {
	return []string{
		`{"type":"healpix","parent_order":6,"child_order":12}`,
		`{"type":"healpix","parent_order":10,"child_order":14}`,
		`{"type":"healpix","parent_order":8,"child_order":12,"latitude":"geodetic-spherical"}`,
		`{"type":"h3","parent_resolution":2,"child_resolution":6}`,
		`{"type":"h3","parent_resolution":5,"child_resolution":8}`,
		`{"type":"rectilinear","crs":"EPSG:3031","resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[16,16]}`,
		`{"type":"rectilinear","crs":"EPSG:32618","resolution":100,"bounds":[300000,4000000,700000,5000000],"chunk_shape":[100,100]}`,
	}
}

// TestTracks: for random granules and grids, the shard of every observation is in the map. The outlines have few vertices,
// so that the track bows out of them.
func TestTracks(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	for _, config := range grids() {
		t.Run(config, func(t *testing.T) {
			grid := newGrid(t, config)
			var source granules
			var lon, lat [][]float64
			for i := range 24 {
				length := math.Exp(r.Float64()*5.3) * 10e3 // 10 to 2000 km between vertices
				vertices := 2 + r.IntN(3)
				from, node := 2*math.Pi*r.Float64(), 360*r.Float64()
				if i%3 == 0 { // along the turning point, or where the bounded grids are
					from, node = []float64{1.5, 4.6, 2.4}[r.IntN(3)]+0.2*r.Float64(), []float64{10, 100, 230}[r.IntN(3)]+10*r.Float64()
				}
				span := length * float64(vertices-1) / sphere.EarthRadius
				at := func(f, right float64) core.LonLat { return orbit(from+f*span, node, right) }
				source = append(source, &catalog.Entry{
					Granule: core.Granule{ID: fmt.Sprintf("granule %d", i)}, Product: "ATL06", Data: catalog.Address{S3: "/x"},
					Footprint: outline(at, 3700, vertices),
				})
				x, y := observe(at, 2000)
				lon, lat = append(lon, x), append(lat, y)
			}
			requireCovered(t, grid, mapOf(t, grid, source, build.Options{}), source, lon, lat)
		})
	}
}

func observe(at func(f, right float64) core.LonLat, n int) (lon, lat []float64) {
	for _, right := range beams() {
		for i := range n {
			p := at(float64(i)/float64(n-1), right)
			lon, lat = append(lon, p.Lon), append(lat, p.Lat)
		}
	}
	return lon, lat
}

// requireCovered checks that the shard of every observation of a granule lists the granule.
func requireCovered(t testing.TB, grid core.Grid, m *shardmap.Map, source granules, lon, lat [][]float64) {
	t.Helper()
	listed := pairs(m)
	namer := grid.(core.CellNamer)
	for i, g := range source {
		names, err := namer.Names(t.Context(), lon[i], lat[i])
		require.NoError(t, err)
		at := slices.IndexFunc(names, func(c core.Column) bool { return c.Name == "shard_key" })
		require.GreaterOrEqual(t, at, 0)
		shards := names[at]
		seen := ""
		for k := range lon[i] {
			key := fmt.Sprint(core.View[uint64](shards.Data)[k])
			if shards.Type == core.Int64 {
				key = fmt.Sprint(core.View[int64](shards.Data)[k])
			}
			if key == seen || key == "-1" {
				continue
			}
			seen = key
			_, ok := listed[key+" "+g.ID]
			require.True(t, ok, "shard %s of the observation at %v, %v is not that of %s", key, lon[i][k], lat[i][k], g.ID)
		}
	}
}

// TestRealGranules: the outlines are made of the granules' own tracks, by one beam of three pairs and few vertices, as
// archives do.
func TestRealGranules(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(sharedtest.Dir(t, "data", "atl06"), "*.h5"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	var lon, lat [][]float64
	var middles [][]core.LonLat
	for _, file := range files {
		x, y, middle := readTracks(t, file)
		lon, lat, middles = append(lon, x), append(lat, y), append(middles, middle)
	}
	for n, config := range grids() {
		var source granules
		for i, file := range files {
			source = append(source, &catalog.Entry{
				Granule: core.Granule{ID: filepath.Base(file)}, Product: "ATL06", Data: catalog.Address{S3: file},
				Footprint: strip(lon[i], lat[i], middles[i], 2+2*((i+n)%3)),
			})
		}
		grid := newGrid(t, config)
		requireCovered(t, grid, mapOf(t, grid, source, build.Options{}), source, lon, lat)
	}
}

// strip is an outline as archives make them: from the ends of what was observed, beside one beam, 7 km to either side.
func strip(lon, lat []float64, middle []core.LonLat, vertices int) core.Region {
	vec := func(p core.LonLat) sphere.Vec { return sphere.FromLonLat(p.Lon, p.Lat) }
	first, last := vec(middle[0]), vec(middle[len(middle)-1])
	ahead := last.Sub(first).Unit()
	before, after := 0.0, 0.0
	for i := range lon {
		p := vec(core.LonLat{Lon: lon[i], Lat: lat[i]})
		before, after = max(before, -p.Sub(first).Dot(ahead)), max(after, p.Sub(last).Dot(ahead))
	}
	return outline(func(f, right float64) core.LonLat {
		at := vec(middle[int(math.Round(f*float64(len(middle)-1)))])
		switch f {
		case 0:
			at = at.Sub(ahead.Mul(1.01*before + 1e-6)).Unit()
		case 1:
			at = at.Add(ahead.Mul(1.01*after + 1e-6)).Unit()
		}
		lon, lat := at.Add(ahead.Cross(at).Unit().Mul(right / sphere.EarthRadius)).Unit().LonLat()
		return core.LonLat{Lon: lon, Lat: lat}
	}, 7000, vertices)
}

// readTracks reads all coordinates of a granule, and those of one beam that has any.
func readTracks(t testing.TB, file string) (lon, lat []float64, middle []core.LonLat) {
	t.Helper()
	reader, err := atl06.Plugin().Readers[0].New(t.Context(), core.Config(`{}`))
	require.NoError(t, err)
	query := core.Query{Rows: 1 << 16, Columns: []string{"h_li"}}
	group := ""
	_, err = reader.Read(t.Context(), &objstore.File{}, core.Granule{ID: file, Assets: map[string]string{"data": file}}, query, func(b *core.Batch) error {
		if group == "" || b.Group == "gt2l" && group != "gt2l" {
			group, middle = b.Group, nil
		}
		for i := range b.Lon {
			lon, lat = append(lon, b.Lon[i]), append(lat, b.Lat[i])
			if b.Group == group {
				middle = append(middle, core.LonLat{Lon: b.Lon[i], Lat: b.Lat[i]})
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.NotEmpty(t, middle)
	return lon, lat, middle
}
