package cli

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

// A box across the antimeridian, as rings are written: counter-clockwise, and clockwise with a vertex on each side, which
// leaves no doubt.
var acrossBox = map[string][][2]float64{
	"counter-clockwise": {{162, -78.95}, {-156.5, -78.95}, {-156.5, -75.7}, {162, -75.7}, {162, -78.95}},
	"clockwise":         {{162, -78.95}, {162, -75.7}, {-179, -75.7}, {-156.5, -75.7}, {-156.5, -78.95}, {179, -78.95}, {162, -78.95}},
}

const acrossFlag = "--bbox=162,-78.95,-156.5,-75.7"

// spelled writes a ring as GeoJSON, WKT or WKB in a file, and gives the flag that reads it.
func spelled(t *testing.T, kind string, ring [][2]float64) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "area."+kind)
	var data []byte
	flag := map[string]string{"geojson": "--polygon", "wkt": "--aoi-wkt", "wkb": "--aoi-wkb"}[kind]
	switch kind {
	case "geojson":
		data, _ = json.Marshal(map[string]any{"type": "Polygon", "coordinates": [][][2]float64{ring}})
	case "wkt":
		var points []string
		for _, v := range ring {
			points = append(points, fmt.Sprintf("%v %v", v[0], v[1]))
		}
		data = []byte("POLYGON((" + strings.Join(points, ",") + "))")
	case "wkb":
		data = binary.LittleEndian.AppendUint32([]byte{1}, 3)
		data = binary.LittleEndian.AppendUint32(data, 1)
		data = binary.LittleEndian.AppendUint32(data, uint32(len(ring)))
		for _, v := range ring {
			for _, x := range v {
				data = binary.LittleEndian.AppendUint64(data, math.Float64bits(x))
			}
		}
	}
	require.NoError(t, os.WriteFile(path, data, 0o600))
	return []string{flag, path}
}

// stacFootprint is a file with one STAC item with a footprint.
func stacFootprint(t *testing.T, geometry string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "items.json")
	text := `{"type":"FeatureCollection","features":[{"type":"Feature","stac_version":"1.0.0","id":"ATL06_20190101000001_01230111_007_01.h5",` + geometry +
		`,"properties":{"datetime":"2019-01-01T00:00:00Z"},"links":[],"assets":{"data":{"href":"s3://b/ATL06_20190101000001_01230111_007_01.h5","roles":["data"]}}}]}`
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

// shardsOf makes a map and gives its shards and what was said on standard error.
func shardsOf(t *testing.T, args ...string) ([]string, string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "map.json")
	code, _, errs := execute(t, "", append([]string{"catalog", "--config", "atl06", "--output", out}, args...)...)
	require.Zero(t, code, "%v: %s", args, errs)
	var keys []string
	for _, k := range loadMap(t, out).Keys {
		keys = append(keys, string(k))
	}
	return keys, errs
}

// Whatever says it, and wound either way, a box across the antimeridian is that box.
func TestBoxAcrossTheAntimeridianFromEverySource(t *testing.T) {
	sharedtest.NotShort(t)
	world := stacFootprint(t, `"geometry":null,"bbox":[-180,-90,180,90]`)
	want, _ := shardsOf(t, acrossFlag, world)
	for winding, ring := range acrossBox {
		for _, kind := range []string{"geojson", "wkt", "wkb"} {
			got, errs := shardsOf(t, append(spelled(t, kind, ring), world)...)
			require.Equal(t, want, got, "area as %s, %s", kind, winding)
			require.Contains(t, errs, "Warning: ring 0 was read so", "two readings differ much")
		}
		text, _ := json.Marshal([][][2]float64{ring})
		item := stacFootprint(t, `"geometry":{"type":"Polygon","coordinates":`+string(text)+`},"bbox":[162,-78.95,-156.5,-75.7]`)
		parquet := filepath.Join(t.TempDir(), "catalog.parquet")
		got, _ := shardsOf(t, "--bbox=-180,-90,180,-60", "--footprint-margin", "0", "--catalog-out", parquet, item)
		require.Equal(t, want, got, "footprint of a STAC item, %s", winding)
		got, _ = shardsOf(t, "--bbox=-180,-90,180,-60", "--footprint-margin", "0", parquet)
		require.Equal(t, want, got, "footprint of a row of geoparquet, %s", winding)
	}
	// Four corners wound clockwise may also mean the wide box: as an area it is refused, as a footprint nothing is lost.
	doubtful := slices.Clone(acrossBox["counter-clockwise"])
	slices.Reverse(doubtful)
	for _, kind := range []string{"geojson", "wkt", "wkb"} {
		code, _, errs := execute(t, "", append([]string{"catalog", "--config", "atl06", "--output", "x.json", world}, spelled(t, kind, doubtful)...)...)
		require.Equal(t, 1, code)
		require.Contains(t, errs, acrossFlag)
		require.Contains(t, errs, "ring 0")
	}
	text, _ := json.Marshal([][][2]float64{doubtful})
	got, _ := shardsOf(t, acrossFlag, "--footprint-margin", "0", stacFootprint(t, `"geometry":{"type":"Polygon","coordinates":`+string(text)+`}`))
	require.Equal(t, want, got)
}

func TestShardmapInfoSaysHowTheAreaWasRead(t *testing.T) {
	world := stacFootprint(t, `"geometry":null,"bbox":[-180,-90,180,90]`)
	var coast [][2]float64
	for lon := -180.0; lon <= 180; lon += 10 {
		coast = append(coast, [2]float64{lon, -70 + 2*math.Sin(lon*math.Pi/60)})
	}
	out := filepath.Join(t.TempDir(), "map.json")
	code, _, errs := execute(t, "", append([]string{"catalog", "--config", "atl06", "-q", "--output", out, world}, spelled(t, "geojson", coast)...)...)
	require.Zero(t, code, errs)
	require.Contains(t, errs, "the south pole inside")
	text := ok(t, "shardmap", "info", out)
	require.Regexp(t, `Area +ring 0: edges are great circles, the south pole inside, 15,\d{3},\d{3} km²`, text)
	require.Regexp(t, `as drawn on a flat map it would be [\d,]+ km²`, text)

	code, _, errs = execute(t, "", "catalog", "--config", "atl06", "--output", out, "--bbox=-180,-90,180,-60", stacFootprint(t, `"geometry":null,"bbox":[null,-90,180,90]`))
	require.Equal(t, 1, code)
	require.Contains(t, errs, "null")
}
