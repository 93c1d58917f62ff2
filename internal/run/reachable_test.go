package run

import (
	"maps"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
)

// Jobs that share granules share their addresses after they are made absolute as before: a plan of a hundred thousand pairs
// has a few thousand granules. What the plan has is not changed.
func TestJobsShareAddressesOfGranules(t *testing.T) {
	here, err := filepath.Abs("a.h5")
	require.NoError(t, err)
	for name, assets := range map[string]map[string]string{
		"s3":    {"data": "s3://b/a.h5", "atl08": "s3://b/b.h5"},
		"files": {"data": "a.h5", "atl08": "file://" + here},
	} {
		t.Run(name, func(t *testing.T) {
			before := maps.Clone(assets)
			g := core.Granule{Assets: assets}
			jobs := []*job.Job{{Granules: job.Granules{g}}, {Granules: job.Granules{g}}}
			b := &cloud{r: &Run{store: "s3://b/out.zarr"}, o: LambdaOptions{Emulate: true}}
			require.NoError(t, b.reachable(jobs))
			require.Equal(t, before, assets)
			one, other := jobs[0].Granules[0].Assets, jobs[1].Granules[0].Assets
			require.Equal(t, reflect.ValueOf(one).Pointer(), reflect.ValueOf(other).Pointer())
			if name == "files" {
				require.Equal(t, map[string]string{"data": here, "atl08": here}, one)
			}
		})
	}
}

// A function on AWS has no file of this machine, whichever of a granule's files it is.
func TestFilesOfThisMachineAreRefused(t *testing.T) {
	for _, assets := range []map[string]string{{"data": "a.h5"}, {"data": "s3://b/a.h5", "atl08": "/data/b.h5"}} {
		b := &cloud{r: &Run{store: "s3://b/out.zarr"}}
		err := b.reachable([]*job.Job{{Granules: job.Granules{{Assets: assets}}}})
		require.True(t, core.Is(err, core.Invalid), "%v", err)
	}
}
