package rectilinear_test

import (
	"context"
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
	axis func(*core.Axis)
	area float64
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
	return info
}

func (o off) Shards(ctx context.Context, keys []core.ShardKey) ([]core.Shard, error) {
	shards, err := o.Grid.Shards(ctx, keys)
	for i := range shards {
		shards[i].AreaKM2 *= o.area
	}
	return shards, err
}

// Axes and areas are held against cells: the smallest lie is found, and the truth passes.
func TestAxesAreCells(t *testing.T) {
	for what, c := range map[string]struct {
		axis   func(*core.Axis)
		area   float64
		broken string
	}{
		"nothing":                {func(*core.Axis) {}, 1, ""},
		"ten degrees":            {func(a *core.Axis) { a.Start += 10 }, 1, "Axes"},
		"a thousandth of a step": {func(a *core.Axis) { a.Start += a.Step / 1000 }, 1, "Axes"},
		"edges, not centres":     {func(a *core.Axis) { a.Start -= a.Step / 2 }, 1, "Axes"},
		"the other direction":    {func(a *core.Axis) { a.Step = -a.Step }, 1, "Axes"},
		"areas to 2e-6":          {func(*core.Axis) {}, 1 + 4e-6, "AreasTogether"},
	} {
		t.Run(what, func(t *testing.T) {
			r := coretest.NewRecorder(t.Context(), time.Minute)
			r.Only = func(name string) bool {
				return strings.HasSuffix(name, "/Axes") || strings.HasSuffix(name, "/AreasTogether")
			}
			r.Run("grid", func(r *coretest.Recorder) {
				coretest.Grid(r, func(ctx context.Context) (core.Grid, error) {
					g, err := rectilinear.Plugin().Grids[0].New(ctx, core.Config(`{"crs":"EPSG:4326","resolution":1,"bounds":[-180,-90,180,90],"chunk_shape":[10,10]}`))
					return off{g, c.axis, c.area}, err
				}, coretest.GridOptions{Options: coretest.Options{Short: true}})
			})
			broken := map[string]bool{}
			for _, result := range r.Results() {
				require.Empty(t, result.Skipped, result.Name)
				if !result.Passed() {
					broken[strings.TrimPrefix(result.Name, "grid/")] = true
				}
			}
			if c.broken == "" {
				require.Empty(t, broken)
				return
			}
			require.Contains(t, broken, c.broken)
		})
	}
}
