package coretest_test

import (
	"cmp"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/sphere"
)

// tab reads granules of two groups, and keeps every promise. A granule is "TAB1", the rows of each group (uint32), then
// group by group longitudes and latitudes (float64), heights (float32) and flags (int32).
type tab struct{}

const (
	tabHead = 12
	tabRow  = 24
)

var tabGroups = []string{"left", "right"}

func (tab) Info() core.ProductInfo {
	return core.ProductInfo{Product: "TAB", Version: "1", Groups: tabGroups, Columns: []core.Field{
		{Name: "h", Type: core.Float32, Width: 1, Units: "m"}, {Name: "flag", Type: core.Int32, Width: 1},
	}}
}

// tabGranule makes a granule along a track that crosses the antimeridian.
func tabGranule(seed uint64, rows ...int) []byte {
	r := rand.New(rand.NewPCG(seed, 0))
	out := []byte("TAB1")
	for _, n := range rows {
		out = binary.LittleEndian.AppendUint32(out, uint32(n))
	}
	for _, n := range rows {
		lon, lat, h, flag := make([]float64, n), make([]float64, n), make([]float32, n), make([]int32, n)
		for i := range n {
			lon[i] = math.Remainder(170+20*float64(i)/float64(n)+0.01*r.Float64(), 360)
			lat[i] = -80 + 10*float64(i)/float64(n)
			h[i], flag[i] = float32(100*r.NormFloat64()), int32(r.IntN(4))
			switch {
			case i%50 == 7:
				h[i] = float32(math.NaN())
			case i%97 == 5:
				lat[i] = math.NaN()
			}
		}
		out = slices.Concat(out, core.Raw(lon), core.Raw(lat), core.Raw(h), core.Raw(flag))
	}
	return out
}

// head reads the rows of the groups, and checks them against the granule's size.
func (tab) head(ctx context.Context, src core.ObjectReader, url string) (rows [2]int64, size int64, etag string, err error) {
	got, err := src.ReadRanges(ctx, url, []core.Range{{Length: tabHead}})
	if err != nil {
		return rows, 0, "", err
	}
	info, err := src.Stat(ctx, url)
	if err != nil {
		return rows, 0, "", err
	}
	if len(got[0]) < tabHead || string(got[0][:4]) != "TAB1" {
		return rows, 0, "", core.Errorf(core.Corrupt, "tab.Read", url, "it does not begin with TAB1")
	}
	for i := range rows {
		rows[i] = int64(binary.LittleEndian.Uint32(got[0][4+4*i:]))
	}
	if want := tabHead + tabRow*(rows[0]+rows[1]); want != info.Size {
		return rows, 0, "", core.Errorf(core.Corrupt, "tab.Read", url, "%d bytes, want %d for its rows", info.Size, want)
	}
	return rows, info.Size, info.ETag, nil
}

// Index is size, rows, ETag and a checksum.
func (t tab) Index(ctx context.Context, src core.ObjectReader, g core.Granule, _ core.Query) ([]byte, error) {
	rows, size, etag, err := t.head(ctx, src, g.Assets["data"])
	index := fmt.Appendf(nil, "%d %d %d %s ", size, rows[0], rows[1], etag)
	return binary.LittleEndian.AppendUint32(index, crc32.ChecksumIEEE(index)), err
}

// indexed gives the rows by the index, if it is of the granule as it is now.
func (tab) indexed(ctx context.Context, src core.ObjectReader, index, data string) (rows [2]int64, use core.IndexUse) {
	got, err := src.ReadRanges(ctx, index, []core.Range{{Length: 1000}})
	if core.CodeOf(err) == core.NotFound {
		return rows, core.IndexMissing
	}
	now, err2 := src.Stat(ctx, data)
	if err != nil || err2 != nil || len(got[0]) < 4 {
		return rows, core.IndexStale
	}
	text, sum := got[0][:len(got[0])-4], got[0][len(got[0])-4:]
	var size int64
	var etag string
	_, err = fmt.Sscanf(string(text), "%d %d %d %s", &size, &rows[0], &rows[1], &etag)
	if err != nil || binary.LittleEndian.Uint32(sum) != crc32.ChecksumIEEE(text) || size != now.Size || etag != now.ETag {
		return rows, core.IndexStale
	}
	return rows, core.IndexUsed
}

func (t tab) Read(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (stats core.ReadStats, err error) {
	url, ok := g.Assets["data"]
	if !ok {
		return stats, core.Errorf(core.Invalid, "tab.Read", g.ID, `no asset "data"`)
	}
	box, err := sphere.Bounds(q.Region)
	if err := cmp.Or(err, ctx.Err(), t.check(q)); err != nil {
		return stats, err
	}
	var rows [2]int64
	if index := g.Assets["index"]; index != "" {
		rows, stats.Index = t.indexed(ctx, src, index, url)
	}
	if stats.Index != core.IndexUsed {
		if rows, _, _, err = t.head(ctx, src, url); err != nil {
			return stats, err
		}
	}
	at := int64(tabHead)
	for i, n := range rows {
		if n == 0 {
			stats.Empty = append(stats.Empty, tabGroups[i])
			continue
		}
		got, err := src.ReadRanges(ctx, url, []core.Range{{Offset: at, Length: 8 * n}, {Offset: at + 8*n, Length: 8 * n}, {Offset: at + 16*n, Length: 4 * n}, {Offset: at + 20*n, Length: 4 * n}})
		if err != nil {
			return stats, err
		}
		at += tabRow * n
		if int64(len(got[3])) != 4*n {
			return stats, core.Errorf(core.Corrupt, "tab.Read", url, "it ends within group %s", tabGroups[i])
		}
		b := batchOf(tabGroups[i], got, q, &box, &stats)
		if err := emitParts(ctx, b, q.Rows, &stats, emit); err != nil {
			return stats, err
		}
	}
	return stats, nil
}

func (tab) check(q core.Query) error {
	known := func(name string) bool { return name == "h" || name == "flag" }
	for _, name := range q.Columns {
		if !known(name) {
			return core.Errorf(core.Invalid, "tab.Read", name, "no such column")
		}
	}
	for _, f := range q.Filters {
		many := f.Op == core.OpIn || f.Op == core.OpNotIn
		ops := []core.Op{core.OpEq, core.OpNe, core.OpGe, core.OpLe, core.OpLt, core.OpGt, core.OpIn, core.OpNotIn}
		if !known(f.Column) || !slices.Contains(ops, f.Op) || len(f.Values) == 0 || !many && len(f.Values) > 1 {
			return core.Errorf(core.Invalid, "tab.Read", f.Column, "no such filter")
		}
		for _, v := range f.Values {
			if _, err := v.Float64(); err != nil {
				return core.Errorf(core.Invalid, "tab.Read", f.Column, "%q is no number", v)
			}
		}
	}
	return nil
}

// holds compares as the suite does: in the precision of the column, NaN with nothing.
func holds(f core.Filter, x float64, bits int) bool {
	hit := false
	for _, v := range f.Values {
		y, _ := strconv.ParseFloat(string(v), bits)
		switch f.Op {
		case core.OpEq, core.OpIn, core.OpNotIn:
			hit = hit || x == y
		case core.OpNe:
			hit = x != y
		case core.OpGe:
			hit = x >= y
		case core.OpLe:
			hit = x <= y
		case core.OpLt:
			hit = x < y
		case core.OpGt:
			hit = x > y
		}
	}
	return (hit != (f.Op == core.OpNotIn)) != f.Drop
}

// batchOf is the rows of a group that are in the box, and the places of those that a filter refuses.
func batchOf(group string, got [][]byte, q core.Query, box *sphere.Box, stats *core.ReadStats) *core.Batch {
	lon, lat := core.View[float64](got[0]), core.View[float64](got[1])
	h, flag := core.View[float32](got[2]), core.View[int32](got[3])
	b := &core.Batch{Group: group}
	var hs []float32
	var flags []int32
	for i := range lon {
		stats.Rows++
		if !(math.Abs(lat[i]) <= 90) || lon[i]-lon[i] != 0 {
			stats.Invalid++
			continue
		}
		if !box.Contains(lon[i], lat[i]) {
			continue
		}
		pass := true
		for _, f := range q.Filters {
			if f.Column == "h" {
				pass = pass && holds(f, float64(h[i]), 32)
			} else {
				pass = pass && holds(f, float64(flag[i]), 64)
			}
		}
		if !pass {
			b.RefusedLon, b.RefusedLat = append(b.RefusedLon, lon[i]), append(b.RefusedLat, lat[i])
			continue
		}
		b.Lon, b.Lat = append(b.Lon, lon[i]), append(b.Lat, lat[i])
		hs, flags = append(hs, h[i]), append(flags, flag[i])
	}
	for _, name := range q.Columns {
		if name == "h" {
			b.Columns = append(b.Columns, core.ColumnOf("h", hs))
		} else {
			b.Columns = append(b.Columns, core.ColumnOf("flag", flags))
		}
	}
	return b
}

// emitParts emits a batch in parts; the refused rows go with the first.
func emitParts(ctx context.Context, b *core.Batch, rows int, stats *core.ReadStats, emit func(*core.Batch) error) error {
	n := len(b.Lon)
	if rows <= 0 {
		rows = n
	}
	for from := 0; from < n || from == 0 && len(b.RefusedLon) > 0; from += max(rows, 1) {
		if err := ctx.Err(); err != nil {
			return err
		}
		to := min(n, from+rows)
		part := core.Batch{Group: b.Group, Lon: b.Lon[from:to], Lat: b.Lat[from:to]}
		for _, c := range b.Columns {
			c.Data = slices.Concat(core.NewData(0), c.Data[4*from:4*to])
			part.Columns = append(part.Columns, c)
		}
		if from == 0 {
			part.RefusedLon, part.RefusedLat = b.RefusedLon, b.RefusedLat
		}
		stats.Emitted += int64(to - from)
		if err := emit(&part); err != nil {
			return err
		}
	}
	return nil
}

// tabStore is a store with two granules.
func tabStore(t *testing.T) (core.ObjectReader, []core.Granule) {
	t.Helper()
	store := new(objstore.Mem)
	var granules []core.Granule
	for i, rows := range [][]int{{700, 300}, {0, 450}} {
		url := fmt.Sprintf("mem://granules/%d.tab", i)
		require.NoError(t, objstore.PutBytes(t.Context(), store, url, tabGranule(uint64(i), rows...), core.PutOptions{}))
		granules = append(granules, core.Granule{ID: fmt.Sprint("granule ", i), Assets: map[string]string{"data": url}})
	}
	return store, granules
}

func TestReader(t *testing.T) {
	store, granules := tabStore(t)
	coretest.Reader(t, always[core.ProductReader](tab{}), store, granules, coretest.ReaderOptions{
		Filters: []core.Filter{{Column: "flag", Op: core.OpIn, Values: []json.Number{"1", "2"}, Element: -1}},
	})
}

// A badReader is a good one with something replaced.
type badReader struct {
	tab
	info   func(*core.ProductInfo)
	ctx    func(context.Context) context.Context
	src    func(core.ObjectReader) core.ObjectReader
	query  func(*core.Query)
	batch  func(q core.Query, b *core.Batch) *core.Batch // nil: not emitted
	sink   func(emit func(*core.Batch) error) func(*core.Batch) error
	end    func(*core.ReadStats, error) error
	index  func([]byte) []byte
	honest bool // ReadStats counts what was emitted, as if there were no more
}

func (b badReader) Info() core.ProductInfo {
	info := b.tab.Info()
	if b.info != nil {
		b.info(&info)
	}
	return info
}

func (b badReader) Index(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query) ([]byte, error) {
	index, err := b.tab.Index(ctx, src, g, q)
	if b.index != nil {
		index = b.index(index)
	}
	return index, err
}

func (b badReader) Read(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	asked := q
	if b.ctx != nil {
		ctx = b.ctx(ctx)
	}
	if b.src != nil {
		src = b.src(src)
	}
	if b.query != nil {
		b.query(&q)
	}
	if b.sink != nil {
		emit = b.sink(emit)
	}
	emitted := int64(0)
	stats, err := b.tab.Read(ctx, src, g, q, func(batch *core.Batch) error {
		if b.batch != nil {
			if batch = b.batch(asked, batch); batch == nil {
				return nil
			}
		}
		emitted += int64(len(batch.Lon))
		return emit(batch)
	})
	if b.honest {
		stats.Rows, stats.Emitted = stats.Rows-(stats.Emitted-emitted), emitted
	}
	if b.end != nil {
		err = b.end(&stats, err)
	}
	return stats, err
}

// without is a batch without row i.
func without(b *core.Batch, i int) *core.Batch {
	out := *b
	out.Lon, out.Lat = slices.Delete(slices.Clone(b.Lon), i, i+1), slices.Delete(slices.Clone(b.Lat), i, i+1)
	out.Columns = nil
	for _, c := range b.Columns {
		c.Data = slices.Concat(core.NewData(0), c.Data[:4*i], c.Data[4*i+4:])
		out.Columns = append(out.Columns, c)
	}
	return &out
}

// A reader of objects that changes what it hands out.
type liar struct {
	core.ObjectReader
	ranges func(url string, ranges []core.Range, out [][]byte, err error) ([][]byte, error)
}

func (l liar) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	out, err := l.ObjectReader.ReadRanges(ctx, url, ranges)
	return l.ranges(url, ranges, out, err)
}

func lying(ranges func(string, []core.Range, [][]byte, error) ([][]byte, error)) func(core.ObjectReader) core.ObjectReader {
	return func(src core.ObjectReader) core.ObjectReader { return liar{src, ranges} }
}

func badReaders() map[string]struct {
	caught string
	reader badReader
} {
	type bad = struct {
		caught string
		reader badReader
	}
	edit := func(change func(b *core.Batch)) func(core.Query, *core.Batch) *core.Batch {
		return func(_ core.Query, b *core.Batch) *core.Batch { change(b); return b }
	}
	filters := func(change func(*core.Filter)) func(*core.Query) {
		return func(q *core.Query) {
			q.Filters = slices.Clone(q.Filters)
			for i := range q.Filters {
				change(&q.Filters[i])
			}
		}
	}
	code := func(code core.Code) func(*core.ReadStats, error) error {
		return func(_ *core.ReadStats, err error) error {
			if err != nil {
				return core.Errorf(code, "bad", "", "%v", err)
			}
			return nil
		}
	}
	return map[string]bad{
		"drops the last row of a full batch": {"Batches", badReader{batch: func(q core.Query, b *core.Batch) *core.Batch {
			if len(b.Lon) == q.Rows {
				return without(b, q.Rows-1)
			}
			return b
		}}},
		"drops it and counts well": {"Batches", badReader{batch: func(q core.Query, b *core.Batch) *core.Batch {
			if len(b.Lon) == q.Rows && q.Rows > 1 {
				return without(b, q.Rows-1)
			}
			return b
		}, honest: true}},
		"batches are as large as it likes": {"Batches", badReader{query: func(q *core.Query) { q.Rows = 0 }}},
		"drops a row in the middle":        {"Read", badReader{batch: func(_ core.Query, b *core.Batch) *core.Batch { return without(b, len(b.Lon)/2) }, end: func(s *core.ReadStats, err error) error { s.Emitted -= 2; return err }}},
		"counts wrong":                     {"Read", badReader{end: func(s *core.ReadStats, err error) error { s.Emitted++; return err }}},
		"loses rows in the count":          {"Read", badReader{end: func(s *core.ReadStats, err error) error { s.Invalid = 0; return err }}},
		"a group is missing and has rows":  {"Read", badReader{end: func(s *core.ReadStats, err error) error { s.Missing = append(s.Missing, "right"); return err }}},
		"groups are not in order":          {"Read", badReader{info: func(i *core.ProductInfo) { i.Groups = []string{"right", "left"} }}},
		"a group that Info has not":        {"Read", badReader{batch: edit(func(b *core.Batch) { b.Group += "s" })}},
		"latitudes are missing":            {"Read", badReader{batch: edit(func(b *core.Batch) { b.Lat = b.Lat[:1] })}},
		"emits NaN":                        {"Read", badReader{batch: edit(func(b *core.Batch) { b.Lat[0] = math.NaN() })}},
		"a column is too short":            {"Read", badReader{batch: edit(func(b *core.Batch) { b.Columns[0].Data = b.Columns[0].Data[4:] })}},
		"a column is not aligned": {"Read", badReader{batch: edit(func(b *core.Batch) {
			b.Columns[0].Data = append(core.NewData(1), b.Columns[0].Data...)[1:]
		})}},
		"another type than Info":   {"Read", badReader{info: func(i *core.ProductInfo) { i.Columns[1].Type = core.Int64 }}},
		"a fill value is too long": {"Read", badReader{batch: edit(func(b *core.Batch) { b.Columns[0].Fill = make([]byte, 8) })}},
		"columns in its own order": {"Columns", badReader{query: func(q *core.Query) { q.Columns = slices.Sorted(slices.Values(q.Columns)); slices.Reverse(q.Columns) }}},
		"a column has another name": {"Columns", badReader{batch: edit(func(b *core.Batch) {
			if len(b.Columns) == 1 {
				b.Columns[0].Name = "x"
			}
		})}},
		"values of another column": {"Columns", badReader{batch: edit(func(b *core.Batch) {
			if len(b.Columns) == 1 {
				b.Columns[0].Data = core.NewData(len(b.Columns[0].Data))
			}
		})}},
		"half of the margin": {"Regions", badReader{query: func(q *core.Query) { q.Region.Margin /= 2 }}},
		"half of the Earth": {"Regions", badReader{batch: func(q core.Query, b *core.Batch) *core.Batch {
			if len(q.Region.Polygons) > 0 && b.Lon[0] < 0 {
				return nil
			}
			return b
		}, end: func(s *core.ReadStats, err error) error { return err }}},
		"rows out of order": {"Regions", badReader{batch: func(q core.Query, b *core.Batch) *core.Batch {
			if len(q.Region.Polygons) > 0 {
				slices.Reverse(b.Lon)
				slices.Reverse(b.Lat)
			}
			return b
		}}},
		"filters are forgotten":    {"Filters", badReader{query: func(q *core.Query) { q.Filters = nil }}},
		"one filter is enough":     {"Filters", badReader{query: func(q *core.Query) { q.Filters = q.Filters[:min(len(q.Filters), 1)] }}},
		"keep: false is forgotten": {"Filters", badReader{query: filters(func(f *core.Filter) { f.Drop = false })}},
		"ge is gt": {"Filters", badReader{query: filters(func(f *core.Filter) {
			if f.Op == core.OpGe {
				f.Op = core.OpGt
			}
		})}},
		"in looks at one value":      {"Filters", badReader{query: filters(func(f *core.Filter) { f.Values = f.Values[:min(len(f.Values), 1)] })}},
		"refused rows are forgotten": {"Filters", badReader{batch: edit(func(b *core.Batch) { b.RefusedLon, b.RefusedLat = nil, nil })}},
		"refused rows come twice": {"Filters", badReader{batch: edit(func(b *core.Batch) {
			b.RefusedLon, b.RefusedLat = slices.Repeat(b.RefusedLon, 2), slices.Repeat(b.RefusedLat, 2)
		})}},
		"refuses without a filter": {"Read", badReader{batch: edit(func(b *core.Batch) { b.RefusedLon, b.RefusedLat = []float64{1}, []float64{1} })}},
		"unknown columns are left out": {"WrongQueries", badReader{query: func(q *core.Query) {
			q.Columns = slices.DeleteFunc(slices.Clone(q.Columns), func(s string) bool { return s != "h" && s != "flag" })
		}}},
		"unknown ops are left out": {"WrongQueries", badReader{query: func(q *core.Query) {
			q.Filters = slices.DeleteFunc(slices.Clone(q.Filters), func(f core.Filter) bool { return f.Op == "about" })
		}}},
		"goes on when emit fails": {"EmitFails", badReader{sink: func(emit func(*core.Batch) error) func(*core.Batch) error {
			return func(b *core.Batch) error { _ = emit(b); return nil }
		}}},
		"forgets that emit failed": {"EmitFails", badReader{end: func(_ *core.ReadStats, err error) error {
			if core.CodeOf(err) == core.Denied {
				return nil
			}
			return err
		}}},
		"words emit's error anew": {"EmitFails", badReader{end: code(core.Denied)}},
		"emit's error is internal": {"EmitFails", badReader{end: func(_ *core.ReadStats, err error) error {
			if err != nil {
				err = core.Errorf(core.Internal, "", "", "%w", err)
			}
			return err
		}}},
		"does not stop":              {"Cancelled", badReader{ctx: context.WithoutCancel}},
		"a missing granule is a bug": {"Missing", badReader{end: code(core.Internal)}},
		"a missing granule is empty": {"Missing", badReader{end: func(_ *core.ReadStats, err error) error {
			if core.CodeOf(err) == core.NotFound {
				return nil
			}
			return err
		}}},
		"throttling is corruption": {"SourceFails", badReader{end: code(core.Corrupt)}},
		"what failed is left out": {"SourceFails", badReader{end: func(_ *core.ReadStats, err error) error {
			if core.CodeOf(err) == core.Unavailable {
				return nil
			}
			return err
		}}},
		"what is missing is zero": {"Truncated", badReader{src: func(src core.ObjectReader) core.ObjectReader {
			return padded{src}
		}}},
		"panics for strange bytes": {"Damaged", badReader{src: lying(func(_ string, r []core.Range, out [][]byte, err error) ([][]byte, error) {
			if err == nil && r[0].Offset == 0 && string(out[0][:3]) != "TAB" {
				panic("strange")
			}
			return out, err
		})}},
		"strange bytes are a bug": {"Damaged", badReader{end: func(_ *core.ReadStats, err error) error {
			if core.CodeOf(err) == core.Corrupt {
				err = core.Errorf(core.Internal, "", "", "%w", err)
			}
			return err
		}}},
		"writes to its source's bytes": {"Read", badReader{src: lying(func(_ string, _ []core.Range, out [][]byte, err error) ([][]byte, error) {
			for i := range out {
				defer func(b []byte) {
					if len(b) > 100 {
						b[99] = 1
					}
				}(out[i])
			}
			return slices.Clone(out), err
		})}},
		"reads what is not its granule": {"Read", badReader{src: func(src core.ObjectReader) core.ObjectReader {
			_, _ = src.Stat(context.Background(), "/etc/passwd")
			return src
		}}},
		"asks for ranges that are none": {"Read", badReader{src: func(src core.ObjectReader) core.ObjectReader {
			_, _ = src.ReadRanges(context.Background(), "mem://granules/0.tab", []core.Range{{Offset: -1, Length: 1}})
			return src
		}}},
		"never uses an index": {"Index", badReader{end: func(s *core.ReadStats, err error) error { s.Index = min(s.Index, core.IndexNone); return err }}},
		"indexes are empty":   {"Index", badReader{index: func([]byte) []byte { return nil }}},
		"loses rows with an index": {"Index", badReader{index: func(b []byte) []byte {
			var size, n, m int
			var etag string
			_, _ = fmt.Sscanf(string(b), "%d %d %d %s", &size, &n, &m, &etag)
			text := fmt.Appendf(nil, "%d %d %d %s ", size, n, m-1, etag)
			return binary.LittleEndian.AppendUint32(text, crc32.ChecksumIEEE(text))
		}}},
		"fails without its index": {"IndexDamaged", badReader{end: func(s *core.ReadStats, err error) error {
			if s.Index == core.IndexMissing {
				return core.Errorf(core.NotFound, "bad", "", "no index")
			}
			return err
		}}},
		"a stale index is used": {"IndexDamaged", badReader{end: func(s *core.ReadStats, err error) error {
			if s.Index == core.IndexStale {
				s.Index = core.IndexUsed
			}
			return err
		}}},
	}
}

// padded answers short ranges with zeros, and lies about sizes.
type padded struct{ core.ObjectReader }

func (p padded) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	out, err := p.ObjectReader.ReadRanges(ctx, url, ranges)
	for i := range out {
		out[i] = append(slices.Clip(out[i]), make([]byte, ranges[i].Length-int64(len(out[i])))...)
	}
	return out, err
}

func (p padded) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	info, err := p.ObjectReader.Stat(ctx, url)
	head, _ := p.ReadRanges(ctx, url, []core.Range{{Length: tabHead}})
	if err == nil && len(head) > 0 {
		info.Size = tabHead + tabRow*int64(binary.LittleEndian.Uint32(head[0][4:])+binary.LittleEndian.Uint32(head[0][8:]))
	}
	return info, err
}

func TestBadReaders(t *testing.T) {
	store, granules := tabStore(t)
	for name, bad := range badReaders() {
		t.Run(name, func(t *testing.T) {
			caught(t, bad.caught, func(o only) {
				coretest.Reader(o, always[core.ProductReader](bad.reader), store, granules, coretest.ReaderOptions{Columns: []string{"h", "flag"}})
			})
		})
	}
}
