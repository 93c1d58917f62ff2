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
	"strings"
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

// Identify knows names such as "2019.tab" and "2019-2.tab".
func (tab) Identify(_ context.Context, names []string) ([]core.Identity, error) {
	ids := make([]core.Identity, len(names))
	for i, n := range names {
		var year, revision int
		if base, ok := strings.CutSuffix(n, ".tab"); ok {
			if k, _ := fmt.Sscanf(base, "%d-%d", &year, &revision); k > 0 {
				ids[i] = core.Identity{Data: strconv.Itoa(year), Version: []int{max(revision, 0)}}
			}
		}
	}
	return ids, nil
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
	if core.Is(err, core.NotFound) {
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
		if !core.Usable(lon[i], lat[i]) {
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
