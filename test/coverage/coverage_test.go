//go:build suites

package coverage_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/catalog/geoparquet"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/internal/shardmap/build"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/plugins/all"
)

// newGrid makes a grid of the standard bundle.
func newGrid(t testing.TB, config string) core.Grid {
	t.Helper()
	var head struct{ Type string }
	require.NoError(t, json.Unmarshal([]byte(config), &head))
	for _, p := range all.Plugins() {
		for _, m := range p.Grids {
			if m.Name == head.Type {
				g, err := m.New(t.Context(), core.Config(config))
				require.NoError(t, err)
				return g
			}
		}
	}
	t.Skipf("no grid %q in this build", head.Type)
	return nil
}

func healpix(t testing.TB, parent int) core.Grid {
	return newGrid(t, fmt.Sprintf(`{"type":"healpix","parent_order":%d,"child_order":%d}`, parent, parent+6))
}

func openCatalog(t testing.TB, elem ...string) catalog.Source {
	t.Helper()
	f, closer, err := geoparquet.Open(sharedtest.Dir(t, elem...), geoparquet.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, closer.Close()) })
	return f
}

func loadMap(t testing.TB, elem ...string) *shardmap.Map {
	t.Helper()
	m, err := shardmap.Load(sharedtest.Dir(t, elem...))
	require.NoError(t, err)
	return m
}

func mapOf(t testing.TB, g core.Grid, s catalog.Source, o build.Options) *shardmap.Map {
	t.Helper()
	m, err := build.Map(t.Context(), g, s, catalog.Query{}, o)
	require.NoError(t, err)
	return m
}

// pairs are the (shard, granule) pairs of a map, with the addresses and times of the granule.
func pairs(m *shardmap.Map) map[string]catalog.Entry {
	out := map[string]catalog.Entry{}
	for i, key := range m.Keys {
		for _, r := range m.Granules[i] {
			out[string(key)+" "+r.ID] = *r
		}
	}
	return out
}

// TestGoldenMaps: the maps that the Python zagg made of a catalog and a region come out again.
func TestGoldenMaps(t *testing.T) {
	for _, name := range []string{"small", "edge", "bench"} {
		var area core.Region
		raw, err := os.ReadFile(sharedtest.Dir(t, "golden", name, "region_lats_lons.json"))
		require.NoError(t, err)
		var rings [][2][]float64
		require.NoError(t, json.Unmarshal(raw, &rings))
		for _, r := range rings {
			var ring []core.LonLat
			for i := range r[0] {
				ring = append(ring, core.LonLat{Lon: r[1][i], Lat: r[0][i]})
			}
			area.Polygons = append(area.Polygons, core.Polygon{ring})
		}
		want := loadMap(t, "golden", name, "shardmap.json")
		grid, source := healpix(t, 6), openCatalog(t, "golden", name, "catalog.parquet")
		got := mapOf(t, grid, source, build.Options{Area: area, Allowance: &build.Allowance{}})
		require.Equal(t, want.Keys, got.Keys, name)
		require.Equal(t, pairs(want), pairs(got), name)
		same, difference := shardmap.SameSignature(want.GridSignature, got.GridSignature)
		require.True(t, same, difference)

		var a, b bytes.Buffer
		require.NoError(t, got.Write(&a))
		require.NoError(t, mapOf(t, grid, source, build.Options{Area: area, Allowance: &build.Allowance{}}).Write(&b))
		require.Equal(t, a.String(), b.String(), "a map is the same byte for byte")
		wide := pairs(mapOf(t, grid, source, build.Options{Area: area}))
		for pair := range pairs(want) {
			require.Contains(t, wide, pair)
		}
	}
}

// TestNEON: every pair of a published map is found again, and for every further one the footprint meets the shard: some
// point of it is of the shard.
func TestNEON(t *testing.T) {
	grid := healpix(t, 9)
	text, err := os.ReadFile(sharedtest.Dir(t, "data", "zagg", "AOP_NEON.geojson"))
	require.NoError(t, err)
	shapes, err := geometry.ParseGeoJSON(text)
	require.NoError(t, err)
	area, _, err := geometry.Reader{}.Region(shapes)
	require.NoError(t, err)
	source := openCatalog(t, "data", "cmr", "cat_neon.parquet")
	want := pairs(loadMap(t, "data", "zagg", "sm_healpix_o9.json"))
	exact := mapOf(t, grid, source, build.Options{Area: area, Allowance: &build.Allowance{}})
	got, wide := pairs(exact), pairs(mapOf(t, grid, source, build.Options{Area: area}))
	footprints := map[string]core.Region{}
	_, err = source.Granules(t.Context(), catalog.Query{}, func(g *catalog.Entry) error {
		footprints[g.ID] = g.Footprint
		return nil
	})
	require.NoError(t, err)
	missing := 0
	for pair := range want {
		require.Contains(t, wide, pair)
		if _, ok := got[pair]; !ok {
			missing++
		}
	}
	extra := 0
	for i, key := range exact.Keys {
		for _, r := range exact.Granules[i] {
			if _, ok := want[string(key)+" "+r.ID]; !ok {
				extra++
				require.True(t, meets(t, grid, key, footprints[r.ID]), "%s in %s", r.ID, key)
			}
		}
	}
	t.Logf("%d pairs published, %d exact (%d of the published are not among them, %d are new), %d with margins", len(want), len(got), missing, extra, len(wide))
}

// meets looks for a point of a region in a shard: cell centres that the region contains, and points along its edges that
// are located there.
func meets(t testing.TB, grid core.Grid, key core.ShardKey, region core.Region) bool {
	shards, err := grid.Shards(t.Context(), []core.ShardKey{key})
	require.NoError(t, err)
	corner := shards[0].Outline.Polygons[0][0][0]
	for _, steps := range []int{1000, 50_000} {
		lon, lat := alongEdges(region, corner, steps)
		slots := make([]int32, len(lon))
		require.NoError(t, grid.Locate(t.Context(), key, lon, lat, slots))
		if slices.ContainsFunc(slots, func(s int32) bool { return s >= 0 }) {
			return true
		}
	}
	cells, err := grid.Cells(t.Context(), key)
	require.NoError(t, err)
	compiled, err := sphere.NewRegion(region, sphere.AuthalicWGS84)
	require.NoError(t, err)
	lon, lat := core.View[float64](cells[0].Data), core.View[float64](cells[1].Data)
	for i := range lon {
		if compiled.Contains(sphere.AuthalicWGS84.Point(lon[i], lat[i])) {
			return true
		}
	}
	return false
}

// alongEdges are points of those edges of a region that come within 60 km of a place: great circles of the authalic sphere.
func alongEdges(region core.Region, place core.LonLat, each int) (lon, lat []float64) {
	for _, polygon := range region.Polygons {
		for _, ring := range polygon {
			for i, b := range ring {
				a := ring[(i+len(ring)-1)%len(ring)]
				p, q := sphere.AuthalicWGS84.Point(a.Lon, a.Lat), sphere.AuthalicWGS84.Point(b.Lon, b.Lat)
				if arc, ok := sphere.NewArc(p, q); ok && arc.Distance(sphere.AuthalicWGS84.Point(place.Lon, place.Lat)) > 0.01 {
					continue
				}
				for k := range each {
					f := float64(k) / float64(each)
					x, y := p.Mul(1 - f).Add(q.Mul(f)).LonLat()
					lon, lat = append(lon, x), append(lat, sphere.Geodetic(y))
				}
			}
		}
	}
	return lon, lat
}

// TestFootprintCells: cells that a catalog lists give the shards of the footprints, and few more.
func TestFootprintCells(t *testing.T) {
	fine, grid := healpix(t, 10), healpix(t, 6)
	var source granules
	_, err := openCatalog(t, "golden", "bench", "catalog.parquet").Granules(t.Context(), catalog.Query{}, func(g *catalog.Entry) error {
		covers, err := fine.Cover(t.Context(), []core.Region{g.Footprint})
		require.NoError(t, err)
		for _, key := range covers[0] {
			w, err := strconv.ParseUint(string(key), 10, 64)
			require.NoError(t, err)
			g.Cells = append(g.Cells, w)
		}
		g.CellsOrder = 10
		source = append(source, g)
		return nil
	})
	require.NoError(t, err)
	for _, allowance := range []build.Allowance{{}, {Metres: 10_000}} {
		cells := mapOf(t, grid, source, build.Options{Allowance: &allowance})
		outlines := mapOf(t, grid, source, build.Options{Allowance: &allowance, IgnoreCells: true})
		require.Contains(t, string(cells.Metadata), `"footprint_cells":true`)
		listed := pairs(cells)
		for pair := range pairs(outlines) {
			_, ok := listed[pair]
			require.True(t, ok, pair)
		}
		require.Less(t, cells.Pairs(), outlines.Pairs()*6/5)
	}
}
