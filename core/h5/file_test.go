package h5_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/internal/sharedtest"
)

var (
	beams    = []string{"gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"}
	segments = []string{"latitude", "longitude", "h_li", "h_li_sigma", "atl06_quality_summary"}
)

func segmentPaths() []string {
	var paths []string
	for _, b := range beams {
		for _, s := range segments {
			paths = append(paths, "/"+b+"/land_ice_segments/"+s)
		}
	}
	return paths
}

// TestShapes opens files of every kind of superblock, header and group there is in the shared data.
func TestShapes(t *testing.T) {
	for _, c := range []struct {
		file, path string
		version    int
		typ        string
		shape      []uint64
	}{
		{"data/atl06/ATL06_20181014001049_02350102_003_01.h5", "/ancillary_data/start_gpssow", 0, "float64", []uint64{1}},
		{"data/atl06/processed_ATL06_20181015150017_02590112_001_01.h5", "gt1l/land_ice_segments/h_li", 2, "float32", []uint64{11273}},
		{"data/atl03/variable_subset_ATL24_data.h5", "/gt1l/sensor_depth_exceeded", 3, "uint8", []uint64{10225}},
		{"data/atl03/ATL03_index_begin.h5", "ph_index_beg", 0, "int64", []uint64{0}},
		{"golden/granules_small/ATL06_20241101001500_01002511_007_01.h5", "/gt3r/residual_histogram/count", 0, "int8", []uint64{0, 300}},
	} {
		f := open(t, sharedtest.Dir(t, c.file))
		require.Equal(t, c.version, f.SuperblockVersion())
		d, err := f.Dataset(t.Context(), c.path)
		require.NoError(t, err, c.path)
		require.Equal(t, c.typ, d.Type().String())
		if c.shape[0] != 0 {
			require.Equal(t, c.shape, d.Shape(), c.path)
		}
		require.Equal(t, len(c.shape), len(d.Shape()))
	}
}

// TestColumns reads rows of two datasets as a product reader does, in one fetch, and compares with reading everything.
func TestColumns(t *testing.T) {
	f := open(t, sharedtest.Dir(t, "golden/granules_small/ATL06_20241101001500_01002511_007_01.h5"))
	ctx := t.Context()
	ds, err := f.Datasets(ctx, "/gt1l/land_ice_segments/latitude", "/gt1l/land_ice_segments/h_li", "/gt9/nothing")
	require.NoError(t, err)
	require.Nil(t, ds[2])
	require.NoError(t, f.LoadChunks(ctx, ds...))
	rows := []h5.Span{{Start: 5, Count: 10}, {Start: 100, Count: 7, Stride: 3}, {Start: ds[0].Rows() - 4, Count: 4}}
	lat, err := ds[0].Plan(rows)
	require.NoError(t, err)
	height, err := ds[1].Plan(rows)
	require.NoError(t, err)
	before := f.Stats().Calls
	require.NoError(t, f.Fetch(ctx, lat, height))
	require.LessOrEqual(t, f.Stats().Calls, before+1)

	got := core.NewData(int(lat.Size()))
	require.NoError(t, lat.Decode(got))
	all, err := ds[0].Read(ctx, nil)
	require.NoError(t, err)
	var want []float64
	for _, s := range rows {
		for k := range s.Count {
			want = append(want, core.View[float64](all.Data)[s.Start+k*max(s.Stride, 1)])
		}
	}
	require.Equal(t, want, core.View[float64](got))
	require.Equal(t, core.Float32, height.Type())
	require.NoError(t, height.Decode(core.NewData(int(height.Size()))))
}

func TestNotHDF5(t *testing.T) {
	for _, b := range [][]byte{nil, []byte("PK\x03\x04"), make([]byte, 5000)} {
		_, err := h5.Open(t.Context(), &memory{data: b}, "x", h5.Options{})
		require.Equal(t, core.Corrupt, core.CodeOf(err))
		require.ErrorContains(t, err, "not an HDF5 file")
	}
}

// TestDump prints the dump of the files in H5DUMP, for comparing with test/h5/compare.py by hand.
func TestDump(t *testing.T) {
	for _, p := range filepath.SplitList(os.Getenv("H5DUMP")) {
		require.NoError(t, dump(t.Context(), open(t, p), func(s string, a ...any) { fmt.Printf(s+"\n", a...) }))
	}
}
