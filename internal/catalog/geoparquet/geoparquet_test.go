package geoparquet

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/sharedtest"
)

func readAll(t testing.TB, s catalog.Source, q catalog.Query) ([]*catalog.Entry, catalog.Meta) {
	var list []*catalog.Entry
	meta, err := s.Granules(context.Background(), q, func(g *catalog.Entry) error {
		list = append(list, g)
		return nil
	})
	require.NoError(t, err)
	return list, meta
}

func write(t testing.TB, meta catalog.Meta, list ...*catalog.Entry) []byte {
	w, err := NewWriter(t.TempDir())
	require.NoError(t, err)
	defer w.Close()
	for _, g := range list {
		require.NoError(t, w.Add(g))
	}
	var out bytes.Buffer
	require.NoError(t, w.Write(&out, meta))
	return out.Bytes()
}

func read(t testing.TB, data []byte, o Options) ([]*catalog.Entry, catalog.Meta) {
	f, err := New("test.parquet", bytes.NewReader(data), int64(len(data)), o)
	require.NoError(t, err)
	return readAll(t, f, catalog.Query{})
}

// A real catalog of 2,089 granules, most of which cross the antimeridian or come near it.
func TestNeonCatalog(t *testing.T) {
	f, c, err := Open(sharedtest.Dir(t, "data", "cmr", "cat_neon.parquet"), Options{})
	require.NoError(t, err)
	defer c.Close()
	list, meta := readAll(t, f, catalog.Query{})
	require.Len(t, list, 2089)
	require.Equal(t, "ATL03_007", meta.Collection)
	require.Equal(t, 2089, meta.TotalGranules)
	g := list[0]
	require.Equal(t, "ATL03_20181014031924_02370102_007_01.h5", g.ID)
	require.Equal(t, catalog.Address{
		S3:    "s3://nsidc-cumulus-prod-protected/ATLAS/ATL03/007/2018/10/14/ATL03_20181014031924_02370102_007_01.h5",
		HTTPS: "https://data.nsidc.earthdatacloud.nasa.gov/nsidc-cumulus-prod-protected/ATLAS/ATL03/007/2018/10/14/ATL03_20181014031924_02370102_007_01.h5",
	}, g.Data)
	require.Len(t, g.Siblings, 1)
	require.Equal(t, "2018-10-14T03:27:54.577Z", g.End.Format(time.RFC3339Nano))
	require.Equal(t, []any{"ATL03", "007", 1, 237}, []any{g.Product, g.Version, g.Cycle, g.RGT})
	require.Len(t, g.Footprint.Polygons, 1)
	require.Len(t, g.Footprint.Polygons[0][0], 22)
	require.Equal(t, core.LonLat{Lon: 178.56331, Lat: 59.54715}, g.Footprint.Polygons[0][0][0])
	require.False(t, g.Footprint.Planar)

	some, meta := readAll(t, f, catalog.Query{Start: g.Start, End: g.Start})
	require.Len(t, some, 1)
	require.Equal(t, "2018-10-14", meta.StartDate)
	require.Equal(t, 1, meta.TotalGranules)

	again, meta2 := read(t, write(t, meta, list...), Options{})
	require.Equal(t, list, again)
	meta.TotalGranules = 2089
	require.Equal(t, meta, meta2)
}

func TestGoldenCatalogs(t *testing.T) {
	for name, n := range map[string]int{"small": 3, "small_flat": 3, "edge": 8, "bench": 40} {
		f, c, err := Open(sharedtest.Dir(t, "golden", name, "catalog.parquet"), Options{})
		require.NoError(t, err)
		defer c.Close()
		list, meta := readAll(t, f, catalog.Query{})
		require.Len(t, list, n)
		require.Equal(t, n, meta.TotalGranules)
		require.Equal(t, "ATL06", list[0].Product)
		require.True(t, list[0].Datetime.IsZero())
		require.Equal(t, "2024-11-01T00:15:00Z", list[0].Start.Format(time.RFC3339))
	}
}

// every is a granule with everything, and others without.
func every() []*catalog.Entry {
	start := time.Date(2019, 1, 5, 16, 33, 8, 267000000, time.UTC)
	box := core.Region{Planar: true, Polygons: []core.Polygon{{{{Lon: 170, Lat: -10}, {Lon: 190, Lat: -10}, {Lon: 190, Lat: 10}, {Lon: 170, Lat: 10}}}}}
	swath := core.Region{Margin: 3500, Polygons: []core.Polygon{{{{Lon: 1, Lat: 2}, {Lon: 3, Lat: 4}}}, {{{Lon: 3, Lat: 4}, {Lon: 5, Lat: 6}}}}}
	hole := core.Region{Polygons: []core.Polygon{{{{Lon: 0, Lat: 0}, {Lon: 9, Lat: 0}, {Lon: 0, Lat: 9}}, {{Lon: 1, Lat: 1}, {Lon: 1, Lat: 2}, {Lon: 2, Lat: 1}}}}}
	return []*catalog.Entry{
		{Granule: core.Granule{ID: "a.h5", Size: 12345, Start: start, End: start.Add(time.Minute)}, Collection: "C1", Product: "P", Version: "1", Data: catalog.Address{S3: "s3://b/a.h5", HTTPS: "https://h/a.h5"}, TimeKey: "t0",
			Siblings: map[string]catalog.Address{"metadata": {HTTPS: "https://h/a.xml"}, "l2a": {S3: "s3://b/l2a.h5", HTTPS: "https://h/l2a.h5"}},
			Datetime: start, Footprint: box, Cells: []uint64{12683825400535580678, 5}, CellsOrder: 6},
		{Granule: core.Granule{ID: "b.h5", Size: 5}, Product: "P", Version: "1", Data: catalog.Address{S3: "s3://b/b.h5"}, Footprint: swath},
		{Granule: core.Granule{ID: "c.h5"}, Product: "P", Version: "1", Data: catalog.Address{HTTPS: "https://h/c.h5"}, Footprint: hole},
		{Granule: core.Granule{ID: "d.h5"}, Product: "P", Version: "1", Data: catalog.Address{S3: "/data/d.h5"}},
	}
}

func TestRoundTrip(t *testing.T) {
	meta := catalog.Meta{ShortName: "P", Version: "1", BBox: []float64{-1, -2, 3, 4}}
	data := write(t, meta, every()...)
	require.Equal(t, data, write(t, meta, every()...), "the same bytes")
	_, err := New("x", bytes.NewReader(data), int64(len(data)), Options{Rules: catalog.Rules{Data: "nope"}})
	require.NoError(t, err)
	got, gotMeta := read(t, data, Options{NoGeometry: true, Rules: catalog.Rules{Data: "data"}})
	require.Equal(t, every(), got)
	meta.TotalGranules = 4
	require.Equal(t, meta, gotMeta)

	f, err := New("x.parquet", bytes.NewReader(data), int64(len(data)), Options{})
	require.NoError(t, err)
	_, err = f.Granules(context.Background(), catalog.Query{}, func(*catalog.Entry) error { return nil })
	require.ErrorContains(t, err, "x.parquet")
	require.ErrorContains(t, err, "d.h5")
	require.ErrorContains(t, err, "no footprint")

	stop := errors.New("enough")
	_, err = f.Granules(context.Background(), catalog.Query{}, func(*catalog.Entry) error { return stop })
	require.ErrorIs(t, err, stop)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = f.Granules(ctx, catalog.Query{}, func(*catalog.Entry) error { return nil })
	require.ErrorIs(t, err, context.Canceled)

	empty, _ := read(t, write(t, catalog.Meta{}), Options{})
	require.Empty(t, empty)
}

func TestEdges(t *testing.T) {
	box := core.Region{Polygons: []core.Polygon{{{{Lon: 0, Lat: 0}, {Lon: 9, Lat: 0}, {Lon: 9, Lat: 9}, {Lon: 0, Lat: 9}}}}}
	for _, planar := range []bool{true, false} {
		box.Planar = planar
		data := write(t, catalog.Meta{}, &catalog.Entry{Granule: core.Granule{ID: "a"}, Data: catalog.Address{S3: "a"}, Footprint: box})
		list, _ := read(t, data, Options{})
		require.Equal(t, planar, list[0].Footprint.Planar, "as the file says")
		list, _ = read(t, data, Options{Edges: geometry.EdgesPlanar})
		require.True(t, list[0].Footprint.Planar)
		list, _ = read(t, data, Options{Edges: geometry.EdgesGeodesic})
		require.False(t, list[0].Footprint.Planar)
	}
}

func TestRefuses(t *testing.T) {
	_, _, err := Open(filepath.Join(t.TempDir(), "none.parquet"), Options{})
	require.Equal(t, core.NotFound, core.CodeOf(err))
	whole := write(t, catalog.Meta{}, every()...)
	for name, data := range map[string][]byte{"empty": nil, "text": []byte("id,geometry\n"), "cut": whole[:len(whole)-20], "head": whole[:100]} {
		_, err := New(name, bytes.NewReader(data), int64(len(data)), Options{})
		require.Equal(t, core.Corrupt, core.CodeOf(err), name)
		require.ErrorContains(t, err, name)
	}
	_, err = New("x", bytes.NewReader(whole), int64(len(whole)), Options{TimeKey: "s2:datatake"})
	require.ErrorContains(t, err, "there is no column s2:datatake; have type, ")

	w, err := NewWriter(t.TempDir())
	require.NoError(t, err)
	require.NoError(t, w.Add(every()[0]))
	require.ErrorContains(t, w.Add(every()[0]), "twice")
	name := w.spool.Name()
	require.NoError(t, w.Close())
	require.NoFileExists(t, name)
}

// A damaged byte is an error or another catalog, never a panic.
func TestDamage(t *testing.T) {
	whole := write(t, catalog.Meta{}, every()...)
	for i := 0; i < len(whole); i += 1 + min(i, len(whole)-i)/12 { // mostly its two ends
		damaged := bytes.Clone(whole)
		damaged[i] ^= 0x55
		decode(damaged)
	}
}

func decode(data []byte) {
	f, err := New("x", bytes.NewReader(data), int64(len(data)), Options{NoGeometry: true})
	if err != nil {
		return
	}
	f.Granules(context.Background(), catalog.Query{}, func(*catalog.Entry) error { return nil })
}

func FuzzRead(f *testing.F) {
	f.Add(write(f, catalog.Meta{ShortName: "P"}, every()...))
	f.Add(write(f, catalog.Meta{}, every()[3]))
	f.Fuzz(func(t *testing.T, data []byte) { decode(data) })
}

// Memory stays that of a row group, however many granules there are.
func TestMemoryIsBounded(t *testing.T) {
	if os.Getenv("ZAGG_SOAK") == "" {
		t.Skip("set ZAGG_SOAK to write and read 500,000 granules")
	}
	const n = 500_000
	w, err := NewWriter(t.TempDir())
	require.NoError(t, err)
	defer w.Close()
	most := uint64(0)
	watch := func(i int) {
		if i%50_000 == 0 {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapInuse)
		}
	}
	for i := range n {
		id := fmt.Sprintf("ATL03_20181014031924_%08d_007_01.h5", i)
		ring := make([]core.LonLat, 24)
		for j := range ring {
			ring[j] = core.LonLat{Lon: float64(i%360) - 180 + float64(j)/7, Lat: float64(j)*3 + float64(i%7) - 40}
		}
		require.NoError(t, w.Add(&catalog.Entry{Granule: core.Granule{ID: id}, Data: catalog.Address{S3: "s3://nsidc-cumulus-prod-protected/ATLAS/ATL03/007/2018/10/14/" + id, HTTPS: "https://data.nsidc.earthdatacloud.nasa.gov/nsidc-cumulus-prod-protected/ATLAS/ATL03/007/2018/10/14/" + id},
			Footprint: core.Region{Polygons: []core.Polygon{{ring}}}}))
		watch(i)
	}
	path := filepath.Join(t.TempDir(), "big.parquet")
	out, err := os.Create(path)
	require.NoError(t, err)
	require.NoError(t, w.Write(out, catalog.Meta{}))
	watch(0)
	require.NoError(t, out.Close())
	f, c, err := Open(path, Options{})
	require.NoError(t, err)
	defer c.Close()
	i := 0
	_, err = f.Granules(context.Background(), catalog.Query{}, func(*catalog.Entry) error { watch(i); i++; return nil })
	require.NoError(t, err)
	require.Equal(t, n, i)
	t.Logf("%d granules, heap at most %d MB", n, most>>20)
	require.Less(t, most, uint64(600<<20))
}
