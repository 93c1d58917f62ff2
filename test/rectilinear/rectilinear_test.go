//go:build suites

package rectilinear

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/plugins/all"
	"github.com/englacial/zagg/plugins/atl06"
	"github.com/englacial/zagg/plugins/hdf5"
	"github.com/englacial/zagg/plugins/rectilinear"
	"github.com/englacial/zagg/plugins/stats"
	"github.com/englacial/zagg/test/remote/loop"
)

// python runs check.py.
func python(t *testing.T, args ...string) {
	t.Helper()
	exe := os.Getenv("ZAGG_PYTHON")
	if exe == "" {
		t.Skip("ZAGG_PYTHON names no Python with the packages of test/requirements.txt: skipped")
	}
	out, err := exec.Command(exe, append([]string{"check.py"}, args...)...).CombinedOutput()
	require.NoError(t, err, string(out))
	t.Log(strings.TrimSpace(string(out)))
}

// zagg runs a command line that must succeed.
func zagg(t *testing.T, plugins []core.Plugin, args ...string) string {
	t.Helper()
	var out, errs bytes.Buffer
	require.Zero(t, cli.Run(context.Background(), args, strings.NewReader("-80,10\n"), &out, &errs, plugins...), errs.String())
	return out.String()
}

// granules are the four over Antarctica, and a pattern for them.
func granules(t *testing.T) (paths []string, pattern string) {
	pattern = filepath.Join(sharedtest.Dir(t, "data", "atl06"), "processed_ATL06_2018*.h5")
	paths, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.Len(t, paths, 4)
	return paths, pattern
}

// The shipped configuration on real granules and on generated ones, against pyproj, numpy, xarray and rioxarray.
func TestShippedConfig(t *testing.T) {
	real, pattern := granules(t)
	made := filepath.Join(sharedtest.Dir(t, "golden", "granules_small"), "*.h5")
	generated, err := filepath.Glob(made)
	require.NoError(t, err)
	for name, c := range map[string]struct {
		pattern string
		paths   []string
	}{"antarctica": {pattern, real}, "generated": {made, generated}} {
		t.Run(name, func(t *testing.T) {
			store := filepath.Join(t.TempDir(), "polar.zarr")
			zagg(t, all.Plugins(), "run", "--config", "atl06_polar", "--granules", c.pattern, "--store", store, "-q")
			info := zagg(t, all.Plugins(), "info", store)
			require.Contains(t, info, `grid          rectilinear {"crs":"EPSG:3031","resolution":5000`)
			require.Contains(t, info, "y,x   1,280 × 1,280  256 × 256")
			picture := filepath.Join(t.TempDir(), "map.svg")
			zagg(t, all.Plugins(), "plot", store, "h_mean", "-o", picture)
			svg, err := os.ReadFile(picture)
			require.NoError(t, err)
			require.Contains(t, string(svg), "polar stereographic")
			python(t, append([]string{"store", store}, c.paths...)...)
		})
	}
}

// long is atl06_polar as configurations of the Python zagg spell it, by groups and coordinates.
const long = `data_source:
  reader: h5coro
  driver: s3
  groups: [gt1l, gt1r, gt2l, gt2r, gt3l, gt3r]
  coordinates: {latitude: "/{group}/land_ice_segments/latitude", longitude: "/{group}/land_ice_segments/longitude"}
  variables: {h_li: "/{group}/land_ice_segments/h_li", s_li: "/{group}/land_ice_segments/h_li_sigma"}
  quality_filter: {dataset: "/{group}/land_ice_segments/atl06_quality_summary", value: 0}
aggregation:
  variables:
    count: {function: len, source: h_li, dtype: int32, fill_value: 0}
    h_min: {function: min, source: h_li, dtype: float32}
    h_max: {function: max, source: h_li, dtype: float32}
    h_mean: {function: average, source: h_li, params: {weights: "1.0 / s_li**2"}, dtype: float32}
    h_sigma: {expression: "1.0 / np.sqrt(np.sum(1.0 / s_li**2))", dtype: float32}
    h_variance: {function: var, source: h_li, dtype: float32}
output:
  grid: {type: rectilinear, crs: EPSG:3031, resolution: 5000, bounds: [-3200000, -3200000, 3200000, 3200000], chunk_shape: [256, 256]}
`

// The long spelling, and the grid over the plugin protocol, give the same objects as the shipped configuration.
func TestSameObjects(t *testing.T) {
	_, pattern := granules(t)
	folder := t.TempDir()
	config := filepath.Join(folder, "long.yaml")
	require.NoError(t, os.WriteFile(config, []byte(long), 0o644))
	remote := []core.Plugin{atl06.Plugin(), hdf5.Plugin(), stats.Plugin(), loop.Plugin(t, rectilinear.Plugin())}
	run := func(name, config string, plugins []core.Plugin) map[string]string {
		store := filepath.Join(folder, name+".zarr")
		zagg(t, plugins, "run", "--config", config, "--granules", pattern, "--store", store, "-q")
		return objects(t, store)
	}
	shipped := run("shipped", "atl06_polar", all.Plugins())
	require.Equal(t, shipped, run("remote", "atl06_polar", remote))
	spelled := run("long", config, all.Plugins())
	data := func(all map[string]string) map[string]string {
		out := map[string]string{}
		for key, body := range all {
			if !strings.HasSuffix(key, "zarr.json") {
				out[key] = body
			}
		}
		return out
	}
	require.Len(t, data(shipped), 2*6+2)
	require.Equal(t, data(shipped), data(spelled))
}

// objects is everything below a store's folder.
func objects(t *testing.T, store string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.Walk(store, func(path string, info os.FileInfo, err error) error {
		if err != nil || info.IsDir() {
			return err
		}
		body, err := os.ReadFile(path)
		key, _ := filepath.Rel(store, path)
		found[filepath.ToSlash(key)] = string(body)
		return err
	}))
	return found
}

// The promises of a grid, over the plugin protocol.
func TestPromisesOverProtocol(t *testing.T) {
	p := loop.Plugin(t, rectilinear.Plugin())
	coretest.Grid(t, coretest.Make(p.Grids[0], `{"crs":"EPSG:3031","resolution":50000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[16,32],"chunk_inner":[8,8]}`),
		coretest.GridOptions{Options: coretest.Options{Short: true}, Points: []core.LonLat{{Lon: 10, Lat: -80}, {Lon: 0, Lat: -90}}})
}

// Stores of each kind of system, in one chunk to an object and in several.
func TestOtherSystems(t *testing.T) {
	_, pattern := granules(t)
	check := []string{"open"}
	for code, grid := range map[string]string{
		"3031":  "resolution: 5000, bounds: [-3200000, -3200000, 3200000, 3200000]",
		"4326":  "resolution: 0.05, bounds: [-180, -90, 180, 90], chunk_shape: [300, 300], chunk_inner: [100, 50]",
		"32733": "resolution: [5000, 2000], bounds: [0, 1000000, 1000000, 9400000], chunk_inner: [64, 128]",
		"3976":  "resolution: 10000, bounds: [-3950000, -3950000, 3950000, 4350000]",
	} {
		config, store := filepath.Join(t.TempDir(), "c.yaml"), filepath.Join(t.TempDir(), "x.zarr")
		text := `data_source: {reader: atl06, variables: {h_li: "/{group}/land_ice_segments/h_li"}}
aggregation: {variables: {h_mean: {function: mean, source: h_li}, count: {function: len, source: h_li, dtype: int32}}}
output: {grid: {type: rectilinear, crs: "EPSG:` + code + `", ` + grid + "}}\n"
		require.NoError(t, os.WriteFile(config, []byte(text), 0o644))
		zagg(t, all.Plugins(), "run", "--config", config, "--granules", pattern, "--store", store, "-q")
		zagg(t, all.Plugins(), "plot", store, "count", "-o", filepath.Join(t.TempDir(), "map.png"))
		check = append(check, store, code)
	}
	python(t, check...)
}

// gridOf makes a grid that is the whole plane of a system, or much of it.
func gridOf(t *testing.T, code, cells int) core.Grid {
	t.Helper()
	x0, y0, x1, y1 := -3e7, -3e7, 3e7, 3e7
	switch {
	case code == 4326:
		x0, y0, x1, y1 = -180, -90, 180, 90
	case code > 32700:
		x0, y0, x1, y1 = -2.4e6, -9e6, 3.4e6, 2.9e7
	case code > 32600:
		x0, y0, x1, y1 = -2.4e6, -1.9e7, 3.4e6, 1.9e7
	}
	config := fmt.Sprintf(`{"crs":%d,"resolution":[%v,%v],"bounds":[%v,%v,%v,%v],"chunk_shape":[%d,%d]}`,
		code, (x1-x0)/float64(cells), (y1-y0)/float64(cells), x0, y0, x1, y1, cells, cells)
	g, err := rectilinear.Plugin().Grids[0].New(t.Context(), core.Config(config))
	require.NoError(t, err)
	return g
}

var codes = []int{4326, 3031, 3413, 3976, 5041, 5042, 32601, 32618, 32633, 32660, 32701, 32733}

// Points all over each plane are where PROJ has them, to a micrometre; near the poles and the antimeridian too.
func TestForward(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	var b strings.Builder
	for _, code := range codes {
		const n = 4000
		lon, lat := make([]float64, n), make([]float64, n)
		for i := range n {
			lon[i], lat[i] = 360*r.Float64()-180, math.Asin(2*r.Float64()-1)*180/math.Pi
			switch tiny := math.Exp(-25 * r.Float64()); i % 5 {
			case 0:
				lat[i] = math.Copysign(90-tiny, lat[i])
			case 1:
				lon[i] = math.Copysign(180-tiny, lon[i])
			case 2:
				if code > 32600 {
					lon[i] = math.Remainder(float64(6*(code%100)-183)+10*r.NormFloat64(), 360)
				}
			}
		}
		g := gridOf(t, code, 100)
		columns, err := g.(core.CellNamer).Names(t.Context(), lon, lat)
		require.NoError(t, err)
		id, x, y := core.View[int64](columns[0].Data), core.View[float64](columns[3].Data), core.View[float64](columns[4].Data)
		for i := range n {
			if id[i] >= 0 && lat[i] > -90+1e-9 {
				fmt.Fprintf(&b, "%d %.17g %.17g %.17g %.17g\n", code, lon[i], lat[i], x[i], y[i])
			}
		}
	}
	python(t, "points", write(t, b.String()))
}

// Centres of cells all over each plane are where PROJ has them.
func TestInverse(t *testing.T) {
	var b strings.Builder
	for _, code := range codes {
		const n = 64
		g := gridOf(t, code, n)
		dims := g.Info().Frame.Dims
		columns, err := g.Cells(t.Context(), "0")
		require.NoError(t, err)
		lon, lat := core.View[float64](columns[0].Data), core.View[float64](columns[1].Data)
		for i := range lon {
			x := dims[1].Axis.Start + float64(i%n)*dims[1].Axis.Step
			y := dims[0].Axis.Start + float64(i/n)*dims[0].Axis.Step
			fmt.Fprintf(&b, "%d %.17g %.17g %.17g %.17g\n", code, x, y, lon[i], lat[i])
		}
	}
	python(t, "cells", write(t, b.String()))
}

// Every system is described as PROJ knows it.
func TestDescriptions(t *testing.T) {
	type description struct {
		Code    int             `json:"code"`
		WKT     string          `json:"wkt"`
		Mapping json.RawMessage `json:"mapping"`
	}
	var all []description
	list := []int{4326, 3031, 3413, 3976, 5041, 5042}
	for zone := range 60 {
		list = append(list, 32601+zone, 32701+zone)
	}
	for _, code := range list {
		s := gridOf(t, code, 10).Info().Frame.Scalars[0]
		var attrs struct {
			WKT string `json:"crs_wkt"`
		}
		require.NoError(t, json.Unmarshal(s.Attrs, &attrs))
		all = append(all, description{code, attrs.WKT, s.Attrs})
	}
	text, err := json.Marshal(all)
	require.NoError(t, err)
	python(t, "descriptions", write(t, string(text)))
}

// Areas of shards are those of their outlines on the ellipsoid.
func TestAreas(t *testing.T) {
	type area struct {
		Code int          `json:"code"`
		Ring [][2]float64 `json:"ring"`
		KM2  float64      `json:"km2"`
	}
	var all []area
	for code, config := range map[int]string{
		3031:  `{"crs":3031,"resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[128,256]}`,
		3413:  `{"crs":3413,"resolution":5000,"bounds":[-3000000,-3000000,3000000,3000000],"chunk_shape":[64,64]}`,
		32733: `{"crs":32733,"resolution":500,"bounds":[100000,2000000,900000,9900000],"chunk_shape":[256,256]}`,
	} {
		g, err := rectilinear.Plugin().Grids[0].New(t.Context(), core.Config(config))
		require.NoError(t, err)
		shards, err := g.Shards(t.Context(), []core.ShardKey{"0", "3", "7", "12"})
		require.NoError(t, err)
		for _, s := range shards {
			a := area{Code: code, KM2: s.AreaKM2}
			for _, v := range s.Outline.Polygons[0][0] {
				a.Ring = append(a.Ring, [2]float64{v.Lon, v.Lat})
			}
			all = append(all, a)
		}
	}
	text, err := json.Marshal(all)
	require.NoError(t, err)
	python(t, "areas", write(t, string(text)))
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}
