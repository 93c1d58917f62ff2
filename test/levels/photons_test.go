//go:build suites

package levels_test

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/plugins/atl03"
)

// photonFile is a granule of photons and its size.
func photonFile(t *testing.T, segments, odd string) (path string, size int64) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON is not set: no interpreter with h5py to make the files")
	}
	path = filepath.Join(t.TempDir(), "photons.h5")
	out, err := exec.CommandContext(t.Context(), python, "make_photons.py", path, segments, odd).CombinedOutput()
	require.NoError(t, err, "%s", out)
	info, err := os.Stat(path)
	require.NoError(t, err)
	return path, info.Size()
}

func photonReader(t *testing.T, config string) core.ProductReader {
	r, err := atl03.Plugin().Readers[0].New(t.Context(), core.Config(config))
	require.NoError(t, err)
	return r
}

// A meter counts the calls and bytes of reading one object: reads wait for each other only from call to call.
type meter struct {
	core.ObjectReader
	calls, bytes atomic.Int64
}

func (m *meter) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	out, err := m.ObjectReader.ReadRanges(ctx, url, ranges)
	m.calls.Add(1)
	for _, b := range out {
		m.bytes.Add(int64(len(b)))
	}
	return out, err
}

// rowsIn reads the rows inside a belt of latitudes as texts.
func rowsIn(t *testing.T, r core.ProductReader, src core.ObjectReader, g core.Granule, q core.Query, south, north float64) map[string]int {
	rows := map[string]int{}
	_, err := r.Read(t.Context(), src, g, q, func(b *core.Batch) error {
		for i, row := range rowsOf(b) {
			if b.Lat[i] >= south && b.Lat[i] <= north {
				text, err := json.Marshal(row)
				if err != nil {
					return err
				}
				rows[string(text)]++
			}
		}
		return nil
	})
	require.NoError(t, err)
	return rows
}

func belt(south, north float64) core.Region {
	return core.Region{Planar: true, Polygons: []core.Polygon{{{{Lon: -101, Lat: south}, {Lon: -99, Lat: south}, {Lon: -99, Lat: north}, {Lon: -101, Lat: north}}}}}
}

// A plan by the places of segments, and an index, give the photons that reading all coordinates gives.
func TestPlansLoseNoPhoton(t *testing.T) {
	path, _ := photonFile(t, "2500", "1")
	plain, planned := photonReader(t, `{"read_plan": {"spatial_index": null}}`), photonReader(t, `{}`)
	padded := photonReader(t, `{"read_plan": {"pad": 3, "full_read_threshold": 1, "reach": 300}}`)
	columns := []string{"h_ph", "signal_conf_land", "segment_id"}
	files := &objstore.File{}
	g := core.Granule{ID: "g", Assets: map[string]string{"data": path}}
	index, err := planned.(core.Indexer).Index(t.Context(), files, g, core.Query{Columns: columns})
	require.NoError(t, err)
	indexed := core.Granule{ID: "g", Assets: map[string]string{"data": path, "index": filepath.Join(t.TempDir(), "index")}}
	require.NoError(t, os.WriteFile(indexed.Assets["index"], index, 0o644))
	rng := rand.New(rand.NewPCG(8, 9))
	for range 25 {
		south := 40 + rng.Float64()*0.45
		north := south + math.Pow(10, -5+4*rng.Float64())
		q := core.Query{Region: belt(south, north), Columns: columns, Memory: []int64{0, 0, 1 << 18}[rng.IntN(3)]}
		if rng.IntN(2) == 0 {
			q.Filters = []core.Filter{{Column: "/{group}/geolocation/segment_ph_cnt", Element: -1, Op: core.OpGe, Values: []json.Number{"20"}, Level: "segments"}}
		}
		want := rowsIn(t, plain, files, g, q, south, north)
		require.Equal(t, want, rowsIn(t, planned, files, g, q, south, north))
		require.Equal(t, want, rowsIn(t, padded, files, g, q, south, north))
		require.Equal(t, want, rowsIn(t, planned, files, indexed, q, south, north))
	}
}

// Of a shard that needs a hundredth of a granule little more is read, in few calls: the metadata, the segments, and the photons; with
// an index the index and the photons.
func TestPlannedReads(t *testing.T) {
	path, size := photonFile(t, "30000", "0")
	r := photonReader(t, `{}`)
	g := core.Granule{ID: "g", Assets: map[string]string{"data": path}}
	q := core.Query{Region: belt(42, 42.05), Columns: []string{"h_ph", "signal_conf_land"}, CountInvalid: true}
	read := func(g core.Granule) *meter {
		m := &meter{ObjectReader: &objstore.File{}}
		require.NotEmpty(t, rowsIn(t, r, m, g, q, 42, 42.05))
		return m
	}
	bare := read(g)
	t.Logf("%d bytes: %d calls, %d bytes", size, bare.calls.Load(), bare.bytes.Load())
	require.LessOrEqual(t, bare.calls.Load(), int64(12))
	index, err := r.(core.Indexer).Index(t.Context(), &objstore.File{}, g, q)
	require.NoError(t, err)
	g.Assets["index"] = filepath.Join(t.TempDir(), "index")
	require.NoError(t, os.WriteFile(g.Assets["index"], index, 0o644))
	indexed := read(g)
	t.Logf("with an index of %d bytes: %d calls, %d bytes", len(index), indexed.calls.Load(), indexed.bytes.Load())
	require.LessOrEqual(t, indexed.calls.Load(), int64(3))
	require.LessOrEqual(t, indexed.bytes.Load(), size*3/100)
	require.LessOrEqual(t, bare.bytes.Load(), size*3/100)
}

// Of a granule of two gigabytes, of which a shard needs a hundredth, at most three hundredths are read, in at most twelve calls, and in three with an index.
func TestPlannedReadsOfALargeGranule(t *testing.T) {
	sharedtest.NeedsSweep(t)
	path, size := photonFile(t, "110000", "sparse")
	require.Greater(t, size, int64(1.9e9))
	r := photonReader(t, `{}`)
	g := core.Granule{ID: "g", Assets: map[string]string{"data": path}}
	south := 40 + 55000*20/111000.0 // of the segments that were written, but for what a plan reads around
	north := south + 1100*20/111000.0
	region := core.Region{Planar: true, Polygons: []core.Polygon{{{{Lon: -101, Lat: south}, {Lon: -99, Lat: south}, {Lon: -99, Lat: north}, {Lon: -101, Lat: north}}}}}
	q := core.Query{Region: region, Columns: []string{"h_ph", "signal_conf_land"}}
	read := func(g core.Granule) (*meter, int) {
		m := &meter{ObjectReader: &objstore.File{}}
		rows := 0
		_, err := r.Read(t.Context(), m, g, q, func(b *core.Batch) error {
			rows += len(b.Lon)
			return nil
		})
		require.NoError(t, err)
		t.Logf("%d bytes: %d calls, %d bytes (%.2f%%), %d rows", size, m.calls.Load(), m.bytes.Load(), 100*float64(m.bytes.Load())/float64(size), rows)
		return m, rows
	}
	bare, rows := read(g)
	require.LessOrEqual(t, bare.calls.Load(), int64(12))
	require.LessOrEqual(t, bare.bytes.Load(), size*3/100)
	require.Greater(t, rows, 400_000)
	index, err := r.(core.Indexer).Index(t.Context(), &objstore.File{}, g, core.Query{Columns: q.Columns})
	require.NoError(t, err)
	g.Assets["index"] = filepath.Join(t.TempDir(), "index")
	require.NoError(t, os.WriteFile(g.Assets["index"], index, 0o644))
	indexed, again := read(g)
	require.LessOrEqual(t, indexed.calls.Load(), int64(3))
	require.LessOrEqual(t, indexed.bytes.Load(), size*3/100)
	require.Greater(t, again, 400_000)
}
