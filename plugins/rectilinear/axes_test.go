package rectilinear_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/plugins/rectilinear"
)

// off is a grid that says other things of itself than it does.
type off struct {
	core.Grid
	axis    func(*core.Axis)
	area    float64
	mapping string // attributes of the grid mapping; "": as they are
}

func (o off) Info() core.GridInfo {
	info := o.Grid.Info()
	dims := make([]core.Dim, len(info.Frame.Dims))
	for i, d := range info.Frame.Dims {
		axis := *d.Axis
		o.axis(&axis)
		d.Axis = &axis
		dims[i] = d
	}
	info.Frame.Dims = dims
	if o.mapping != "" {
		info.Frame.Scalars = slices.Clone(info.Frame.Scalars)
		info.Frame.Scalars[0].Attrs = json.RawMessage(o.mapping)
	}
	return info
}

func (o off) Shards(ctx context.Context, keys []core.ShardKey) ([]core.Shard, error) {
	shards, err := o.Grid.Shards(ctx, keys)
	for i := range shards {
		shards[i].AreaKM2 *= o.area
	}
	return shards, err
}

// brokenOf are the checks of axes and areas that a grid breaks, and why others were not made.
func brokenOf(t *testing.T, config string, axis func(*core.Axis), area float64, mapping string) (broken, skipped map[string]string) {
	r := coretest.NewRecorder(t.Context(), time.Minute)
	r.Only = func(name string) bool {
		return strings.HasSuffix(name, "/Axes") || strings.HasSuffix(name, "/AreasTogether")
	}
	points := []core.LonLat{{Lon: 10, Lat: -80}, {Lon: 0, Lat: -90}, {Lon: 180, Lat: -75}, {Lon: -76.55, Lat: 38.9}, {Lon: 10, Lat: 80}}
	r.Run("grid", func(r *coretest.Recorder) {
		coretest.Grid(r, func(ctx context.Context) (core.Grid, error) {
			g, err := rectilinear.Plugin().Grids[0].New(ctx, core.Config(config))
			return off{g, axis, area, mapping}, err
		}, coretest.GridOptions{Options: coretest.Options{Short: true}, Points: points})
	})
	broken, skipped = map[string]string{}, map[string]string{}
	for _, result := range r.Results() {
		name := strings.TrimPrefix(result.Name, "grid/")
		if !result.Passed() {
			broken[name] = strings.Join(result.Failures, "\n")
		}
		if result.Skipped != "" {
			skipped[name] = result.Skipped
		}
	}
	return broken, skipped
}

// Axes and areas are held against cells, in degrees and in metres of any projection: the smallest lie is found, and the truth passes.
func TestAxesAreCells(t *testing.T) {
	lies := map[string]func(*core.Axis){
		"one cell":               func(a *core.Axis) { a.Start += a.Step },
		"a thousandth of a step": func(a *core.Axis) { a.Start += a.Step / 1000 },
		"edges, not centres":     func(a *core.Axis) { a.Start -= a.Step / 2 },
		"the other direction":    func(a *core.Axis) { a.Step = -a.Step },
		"other steps":            func(a *core.Axis) { a.Step *= 1.0001 },
	}
	for name, c := range map[string]struct {
		config string
		tenth  float64 // ten degrees, in units of the axes
	}{
		"longitudes and latitudes": {`{"crs":"EPSG:4326","resolution":1,"bounds":[-180,-90,180,90],"chunk_shape":[10,10]}`, 10},
		"Antarctica":               {`{"crs":"EPSG:3031","resolution":50000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[16,32]}`, 1.1e6},
		"Arctic":                   {`{"crs":"EPSG:3413","resolution":[40000,20000],"bounds":[-4000000,-4000000,3000000,2500000],"chunk_shape":[30,10]}`, 1.1e6},
		"UPS":                      {`{"crs":"EPSG:5042","resolution":10000,"bounds":[1000000,1000000,3000000,3000000],"chunk_shape":[20,20]}`, 1.1e6},
		"UTM":                      {`{"crs":"EPSG:32618","resolution":100,"bounds":[358300,4299600,370300,4311600],"chunk_shape":[30,30]}`, 1.1e6},
	} {
		t.Run(name, func(t *testing.T) {
			broken, skipped := brokenOf(t, c.config, func(*core.Axis) {}, 1, "")
			require.Empty(t, broken)
			require.NotContains(t, skipped, "Axes")
			for what, lie := range lies {
				broken, _ := brokenOf(t, c.config, lie, 1, "")
				require.Contains(t, broken, "Axes", what)
			}
			broken, _ = brokenOf(t, c.config, func(a *core.Axis) { a.Start += c.tenth }, 1, "")
			require.Contains(t, broken["Axes"], "by Cells", "ten degrees")
			broken, _ = brokenOf(t, c.config, func(*core.Axis) {}, 1+4e-6, "")
			require.Contains(t, broken["Axes"], "by the axes", "areas to 4e-6")
		})
	}
}

// A grid mapping of another projection than the grid's is found; where none says the projection the check is not made, and says so.
func TestAxesOfProjections(t *testing.T) {
	const config = `{"crs":"EPSG:3031","resolution":50000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[16,32]}`
	broken, _ := brokenOf(t, config, func(*core.Axis) {}, 1, `{"grid_mapping_name":"polar_stereographic","latitude_of_projection_origin":-90,"standard_parallel":-70,"straight_vertical_longitude_from_pole":0}`)
	require.Contains(t, broken["Axes"], "by Cells")
	for mapping, want := range map[string]string{
		`{}`: "no variable in Frame.Scalars is a CF grid mapping",
		`{"grid_mapping_name":"oblique_mercator"}`: `"oblique_mercator" is not one of`,
	} {
		broken, skipped := brokenOf(t, config, func(*core.Axis) {}, 1, mapping)
		require.NotContains(t, broken, "Axes")
		require.Contains(t, skipped["Axes"], "axis x: ")
		require.Contains(t, skipped["Axes"], want)
	}
	_, skipped := brokenOf(t, config, func(a *core.Axis) { a.Units = "furlong" }, 1, "")
	require.Contains(t, skipped["Axes"], `its units are "furlong"`)
	broken, skipped = brokenOf(t, config, func(a *core.Axis) { a.Units, a.Start, a.Step = "km", a.Start/1000, a.Step/1000 }, 1, "")
	require.NotContains(t, skipped, "Axes")
	require.NotContains(t, broken, "Axes")
}
