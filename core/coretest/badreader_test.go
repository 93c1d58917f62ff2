package coretest_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math"
	"slices"
	"testing"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
)

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
	ids    func(names []string, ids []core.Identity) []core.Identity
	stats  func(core.Query, *core.ReadStats)
	honest bool // ReadStats counts what was emitted, as if there were no more
}

func (b badReader) Info() core.ProductInfo {
	info := b.tab.Info()
	if b.info != nil {
		b.info(&info)
	}
	return info
}

func (b badReader) Identify(ctx context.Context, names []string) ([]core.Identity, error) {
	ids, err := b.tab.Identify(ctx, names)
	if b.ids != nil {
		ids = b.ids(names, ids)
	}
	return ids, err
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
	if b.stats != nil {
		b.stats(asked, &stats)
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
		"rows without a place are forgotten": {"Regions", badReader{stats: func(q core.Query, s *core.ReadStats) {
			if len(q.Region.Polygons) > 0 {
				s.Invalid /= 2
			}
		}}},
		"one identity is missing": {"Identify", badReader{ids: func(_ []string, ids []core.Identity) []core.Identity { return ids[:len(ids)/2] }}},
		"identities of neighbours": {"Identify", badReader{ids: func(_ []string, ids []core.Identity) []core.Identity {
			for i := range ids {
				ids[i].Data = fmt.Sprint(i)
			}
			return ids
		}}},
		"no name is a name": {"Identify", badReader{ids: func(names []string, ids []core.Identity) []core.Identity {
			for i, n := range names {
				ids[i].Data = "data " + n
			}
			return ids
		}}},
		"a version of nothing": {"Identify", badReader{ids: func(_ []string, ids []core.Identity) []core.Identity {
			for i := range ids {
				ids[i].Version = []int{1}
			}
			return ids
		}}},
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
			if core.Is(err, core.Denied) {
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
			if core.Is(err, core.NotFound) {
				return nil
			}
			return err
		}}},
		"throttling is corruption": {"SourceFails", badReader{end: code(core.Corrupt)}},
		"what failed is left out": {"SourceFails", badReader{end: func(_ *core.ReadStats, err error) error {
			if core.Is(err, core.Unavailable) {
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
			if core.Is(err, core.Corrupt) {
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
