package levels_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/levels"
	"github.com/englacial/zagg/core/objstore"
)

const segments = "/{group}/land_ice_segments/"

func beams() []string { return []string{"gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"} }

// sampleLayout is what the sample granules hold.
func sampleLayout() levels.Layout {
	return levels.Layout{
		Groups: beams(), Latitude: segments + "latitude", Longitude: segments + "longitude",
		Columns: []levels.Column{
			{Name: "h", Path: segments + "h_li", Element: -1},
			{Name: "s", Path: segments + "h_li_sigma", Element: -1},
			{Name: "q", Path: segments + "atl06_quality_summary", Element: -1},
		},
	}
}

// samples are the granules that come with the program.
func samples(t testing.TB) []core.Granule {
	t.Helper()
	files, err := filepath.Glob("../../../cmd/zagg/cli/sample/*.h5")
	require.NoError(t, err)
	require.Len(t, files, 10)
	granules := make([]core.Granule, len(files))
	for i, f := range files {
		granules[i] = granule(f)
	}
	return granules
}

func granule(file string) core.Granule {
	return core.Granule{ID: filepath.Base(file), Assets: map[string]string{"data": file}}
}

// A row is one emitted observation; values are its columns' bytes.
type row struct {
	group    string
	lon, lat float64
	values   string
}

// A result is what one Read gave.
type result struct {
	rows    []row
	refused int   // rows that a filter refused
	batches []int // rows of each
	fills   [][]byte
	types   []core.Type
	stats   core.ReadStats
}

func read(t testing.TB, l levels.Layout, g core.Granule, q core.Query) *result {
	t.Helper()
	r, err := tryRead(t, l, g, q)
	require.NoError(t, err)
	return r
}

func tryRead(t testing.TB, l levels.Layout, g core.Granule, q core.Query) (*result, error) {
	t.Helper()
	reader, err := levels.New(l)
	require.NoError(t, err)
	out := &result{}
	out.stats, err = reader.Read(t.Context(), &objstore.File{}, g, q, func(b *core.Batch) error {
		out.add(t, q, b)
		return nil
	})
	return out, err
}

func (r *result) add(t testing.TB, q core.Query, b *core.Batch) {
	require.NotZero(t, len(b.Lon)+len(b.RefusedLon), "no batch is empty")
	require.Len(t, b.Lat, len(b.Lon))
	require.Len(t, b.RefusedLat, len(b.RefusedLon))
	r.refused += len(b.RefusedLon)
	require.Len(t, b.Columns, len(q.Columns))
	r.fills, r.types = nil, nil
	for i := range b.Columns {
		c := &b.Columns[i]
		require.Equal(t, q.Columns[i], c.Name)
		require.Equal(t, len(b.Lon), c.Rows())
		require.Zero(t, address(c.Data)%8, "columns are aligned")
		r.fills, r.types = append(r.fills, c.Fill), append(r.types, c.Type)
	}
	for i := range b.Lon {
		x := row{group: b.Group, lon: b.Lon[i], lat: b.Lat[i]}
		for _, c := range b.Columns {
			x.values += string(c.Data[i*c.Type.Size() : (i+1)*c.Type.Size()])
		}
		r.rows = append(r.rows, x)
	}
	if len(b.Lon) > 0 {
		r.batches = append(r.batches, len(b.Lon))
	}
}

func TestReadEverything(t *testing.T) {
	for i, g := range samples(t) {
		r := read(t, sampleLayout(), g, core.Query{Columns: []string{"h", "s", "q"}})
		require.Equal(t, int64(len(r.rows)), r.stats.Rows)
		require.Equal(t, r.stats.Rows, r.stats.Emitted)
		require.Zero(t, r.stats.Invalid)
		require.Empty(t, r.stats.Empty)
		require.Equal(t, []core.Type{core.Float32, core.Float32, core.Int8}, r.types)
		require.Equal(t, [][]byte{core.Raw([]float32{math.MaxFloat32}), core.Raw([]float32{math.MaxFloat32}), {127}}, r.fills)
		groups := beams()
		if i == 3 {
			require.Equal(t, []string{"gt3r"}, r.stats.Missing)
			groups = groups[:5]
		} else {
			require.Empty(t, r.stats.Missing)
		}
		require.Len(t, r.batches, len(groups), "one batch a group")
		seen := []string{}
		for _, x := range r.rows {
			if len(seen) == 0 || seen[len(seen)-1] != x.group {
				seen = append(seen, x.group)
			}
		}
		require.Equal(t, groups, seen, "groups in order")
	}
}

// Batches are never longer than asked, and together they are the same rows.
func TestRowsPerBatch(t *testing.T) {
	g := samples(t)[0]
	columns := []string{"q", "h"}
	all := read(t, sampleLayout(), g, core.Query{Columns: columns})
	for _, n := range []int{-1, 0, 1, 2, 3, 7, 8, 9, 100, 688, 1 << 30} {
		r := read(t, sampleLayout(), g, core.Query{Columns: columns, Rows: n})
		require.Equal(t, all.rows, r.rows, n)
		require.Equal(t, all.stats, r.stats, n)
		if n > 0 {
			require.LessOrEqual(t, slices.Max(r.batches), n)
		}
		if n > 8 {
			require.GreaterOrEqual(t, slices.Max(r.batches), min(n-7, 688), "batches are not needlessly short")
		}
	}
}

// A filter drops rows and nothing else, with a name or a path, alone or with others.
func TestReadFilters(t *testing.T) {
	g := samples(t)[2]
	columns := []string{"h", "s", "q"}
	all := read(t, sampleLayout(), g, core.Query{Columns: columns}).rows
	quality := func(r row) int8 { return core.View[int8]([]byte(r.values[8:]))[0] }
	sigma := func(r row) float32 { return core.View[float32]([]byte(r.values[4:8]))[0] }
	good := core.Filter{Column: segments + "atl06_quality_summary", Element: -1, Op: core.OpEq, Values: values("0")}
	sharp := core.Filter{Column: "s", Op: core.OpLe, Values: values("0.02")}
	for name, c := range map[string]struct {
		filters []core.Filter
		keep    func(row) bool
	}{
		"path":      {[]core.Filter{good}, func(r row) bool { return quality(r) == 0 }},
		"name":      {[]core.Filter{sharp}, func(r row) bool { return sigma(r) <= float32(0.02) }},
		"both":      {[]core.Filter{sharp, good}, func(r row) bool { return sigma(r) <= float32(0.02) && quality(r) == 0 }},
		"drop":      {[]core.Filter{{Column: "q", Op: core.OpEq, Values: values("0"), Drop: true}}, func(r row) bool { return quality(r) != 0 }},
		"none left": {[]core.Filter{{Column: "q", Op: core.OpGt, Values: values("5")}}, func(row) bool { return false }},
		"all left":  {[]core.Filter{{Column: "q", Op: core.OpIn, Values: values("0", "1")}}, func(row) bool { return true }},
	} {
		var want []row
		for _, r := range all {
			if c.keep(r) {
				want = append(want, r)
			}
		}
		r := read(t, sampleLayout(), g, core.Query{Columns: columns, Filters: c.filters, Rows: 64})
		require.Equal(t, want, r.rows, name)
		require.Equal(t, int64(len(want)), r.stats.Emitted, name)
		require.Equal(t, len(all)-len(want), r.refused, name)
		require.Equal(t, int64(len(all)), r.stats.Rows, name)
	}
}

// Rows whose coordinates name no place are counted and not emitted, with a region or without. Errors of heights, small
// numbers and fill values of 3.4e38, stand in for damaged coordinates.
func TestBadCoordinates(t *testing.T) {
	g := samples(t)[4]
	sigmas := read(t, sampleLayout(), g, core.Query{Columns: []string{"s"}})
	for name, l := range map[string]levels.Layout{
		"latitude":  {Groups: beams(), Latitude: segments + "h_li_sigma", Longitude: segments + "longitude"},
		"longitude": {Groups: beams(), Latitude: segments + "latitude", Longitude: segments + "h_li_sigma"},
	} {
		var want []row
		invalid := int64(0)
		for _, x := range sigmas.rows {
			s := float64(core.View[float32]([]byte(x.values))[0])
			x.values = ""
			if name == "latitude" {
				x.lat = s
			} else {
				x.lon = s
			}
			if s > 90 { // the fill value, for both
				invalid++
				continue
			}
			want = append(want, x)
		}
		r := read(t, l, g, core.Query{})
		require.Equal(t, want, r.rows, name)
		require.Equal(t, invalid, r.stats.Invalid, name)
		require.Equal(t, int64(len(sigmas.rows)), r.stats.Rows, name)
		if name == "latitude" {
			require.NotZero(t, invalid)
			require.NotEmpty(t, want)
			belt := core.Region{Planar: true, Polygons: []core.Polygon{{{{Lon: -180, Lat: 0}, {Lon: 180, Lat: 0}, {Lon: 180, Lat: 0.02}, {Lon: -180, Lat: 0.02}}}}}
			r := read(t, l, g, core.Query{Region: belt})
			require.Less(t, len(r.rows), len(want))
			require.NotEmpty(t, r.rows)
			require.Equal(t, invalid, r.stats.Invalid, "the same rows are invalid with a region")
		}
	}
}

func values(v ...string) (out []json.Number) {
	for _, s := range v {
		out = append(out, json.Number(s))
	}
	return out
}

func TestReadErrors(t *testing.T) {
	g := samples(t)[0]
	const folder = "gt1l/land_ice_segments/"
	one := func(columns ...levels.Column) levels.Layout {
		return levels.Layout{Latitude: folder + "latitude", Longitude: folder + "longitude", Columns: columns}
	}
	for name, c := range map[string]struct {
		layout  levels.Layout
		granule core.Granule
		query   core.Query
		code    core.Code
		want    string
	}{
		"no asset":         {sampleLayout(), core.Granule{ID: "g"}, core.Query{}, core.Invalid, `g: the granule has no asset "data"`},
		"no file":          {sampleLayout(), granule("/no/such.h5"), core.Query{}, core.NotFound, "/no/such.h5"},
		"no HDF5":          {sampleLayout(), granule("read_test.go"), core.Query{}, core.Corrupt, "read_test.go"},
		"unknown column":   {sampleLayout(), g, core.Query{Columns: []string{"z"}}, core.Invalid, "z: the layout has no such column"},
		"bad filter":       {sampleLayout(), g, core.Query{Filters: []core.Filter{{Column: "q", Op: "like", Values: values("0")}}}, core.Invalid, `no op "like"`},
		"filter no path":   {sampleLayout(), g, core.Query{Filters: []core.Filter{{Column: "/orbit_info/rgt", Element: -1, Op: core.OpEq, Values: values("0")}}}, core.Invalid, "the path is the same for all 6 groups"},
		"filter no data":   {sampleLayout(), g, core.Query{Filters: []core.Filter{{Column: segments + "none", Element: -1, Op: core.OpEq, Values: values("0")}}}, core.NotFound, "dataset /gt1l/land_ice_segments/none does not exist"},
		"missing column":   {one(levels.Column{Name: "v", Path: folder + "v", Element: -1}), g, core.Query{Columns: []string{"v"}}, core.NotFound, "dataset /gt1l/land_ice_segments/v does not exist, though others of its group do"},
		"other length":     {one(levels.Column{Name: "v", Path: "gt1r/land_ice_segments/h_li", Element: -1}), g, core.Query{Columns: []string{"v"}}, core.Invalid, "/gt1r/land_ice_segments/h_li has 857 rows where /gt1l/land_ice_segments/latitude has 689"},
		"no second axis":   {one(levels.Column{Name: "v", Path: folder + "h_li", Element: 0}), g, core.Query{Columns: []string{"v"}}, core.Invalid, "there is no column 0 along a second axis"},
		"group as dataset": {one(levels.Column{Name: "v", Path: "gt1l/land_ice_segments", Element: -1}), g, core.Query{Columns: []string{"v"}}, core.Invalid, "land_ice_segments"},
		"integer degrees":  {levels.Layout{Latitude: folder + "atl06_quality_summary", Longitude: folder + "longitude"}, g, core.Query{}, core.Invalid, "coordinates are int8; they must be floating-point degrees"},
		"no group at all":  {levels.Layout{Groups: []string{"x", "y"}, Latitude: "{group}/lat", Longitude: "{group}/lon"}, g, core.Query{}, core.NotFound, "none of the groups [x y] has the dataset {group}/lat: is it a granule of this product?"},
		"bad region":       {sampleLayout(), g, core.Query{Region: core.Region{Polygons: []core.Polygon{{{{Lon: 0, Lat: 95}}}}}}, core.Invalid, "95"},
	} {
		r, err := tryRead(t, c.layout, c.granule, c.query)
		require.ErrorContains(t, err, c.want, name)
		require.Equal(t, c.code, core.CodeOf(err), name)
		require.Empty(t, r.rows, name)
	}
}

// What is wrong in one group alone fails the granule, even where other groups are whole.
func TestGroupWithSomeDatasets(t *testing.T) {
	l := levels.Layout{Groups: []string{"gt1l", "orbit_info"}, Latitude: "/{group}/land_ice_segments/latitude", Longitude: "/{group}/rgt"}
	_, err := tryRead(t, l, samples(t)[0], core.Query{})
	require.ErrorContains(t, err, "dataset /gt1l/rgt does not exist, though others of its group do")
}

func TestReadStops(t *testing.T) {
	g := samples(t)[0]
	reader, err := levels.New(sampleLayout())
	require.NoError(t, err)
	stop := errors.New("enough")
	calls := 0
	_, err = reader.Read(t.Context(), &objstore.File{}, g, core.Query{Rows: 10}, func(*core.Batch) error {
		calls++
		return stop
	})
	require.ErrorIs(t, err, stop)
	require.Equal(t, 1, calls)

	ctx, cancel := context.WithCancel(t.Context())
	calls = 0
	_, err = reader.Read(ctx, &objstore.File{}, g, core.Query{Rows: 10}, func(*core.Batch) error {
		calls++
		cancel()
		return nil
	})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, 1, calls)
	_, err = reader.Read(ctx, &objstore.File{}, g, core.Query{}, func(*core.Batch) error { return nil })
	require.ErrorIs(t, err, context.Canceled)
}

// One reader serves many goroutines; none sees another's rows.
func TestConcurrentReads(t *testing.T) {
	granules := samples(t)
	reader, err := levels.New(sampleLayout())
	require.NoError(t, err)
	q := core.Query{Columns: []string{"h", "q"}, Rows: 50, Filters: []core.Filter{{Column: "q", Op: core.OpEq, Values: values("0")}}}
	want := make([][]row, len(granules))
	for i, g := range granules {
		want[i] = read(t, sampleLayout(), g, q).rows
	}
	done := make(chan error)
	for i := range 2 * len(granules) {
		go func() {
			got := &result{}
			g := granules[i%len(granules)]
			_, err := reader.Read(t.Context(), &objstore.File{}, g, q, func(b *core.Batch) error {
				got.add(t, q, b)
				return nil
			})
			if err == nil && !slices.Equal(got.rows, want[i%len(granules)]) {
				err = fmt.Errorf("%s: other rows", g.ID)
			}
			done <- err
		}()
	}
	for range 2 * len(granules) {
		require.NoError(t, <-done)
	}
}

// Damaged files are errors, never panics.
func TestTruncatedGranule(t *testing.T) {
	whole, err := objstore.ReadAll(t.Context(), &objstore.File{}, samples(t)[0].Assets["data"], 1<<30)
	require.NoError(t, err)
	reader, err := levels.New(sampleLayout())
	require.NoError(t, err)
	for n := 0; n < len(whole); n += len(whole) / 50 {
		store := &objstore.Mem{}
		require.NoError(t, store.Put(t.Context(), "g.h5", strings.NewReader(string(whole[:n])), core.PutOptions{Size: -1}))
		_, err := reader.Read(t.Context(), store, granule("g.h5"), core.Query{Columns: []string{"h"}}, func(*core.Batch) error { return nil })
		require.Error(t, err, n)
		require.Equal(t, core.Corrupt, core.CodeOf(err), "%d bytes: %v", n, err)
	}
}
