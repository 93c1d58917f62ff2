package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/englacial/zagg/core"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// over is a message after it has been bytes.
func over[M any, P interface {
	*M
	proto.Message
}](t testing.TB, m P) P {
	b, err := proto.Marshal(m)
	require.NoError(t, err)
	out := P(new(M))
	require.NoError(t, proto.Unmarshal(b, out))
	return out
}

// carry sends columns and puts them together again; frames counts messages.
func carry(t testing.TB, cols []core.Column) (out []core.Column, frames int) {
	a := NewAssembler(Limit{Columns: len(cols), Bytes: 1 << 30})
	require.NoError(t, SendColumns(cols, func(f *zaggv1.ColumnFrame) error {
		frames++
		size := 0
		for _, p := range f.Pieces {
			size += len(p.Data)
		}
		require.LessOrEqual(t, size, FrameBytes)
		return a.Add(over(t, f))
	}))
	out, err := a.Complete(len(cols))
	require.NoError(t, err)
	return out, frames
}

func sampleColumns() []core.Column {
	big := make([]float64, 100_000) // several frames
	for i := range big {
		big[i] = float64(i) / 3
	}
	vector := core.ColumnOf("v", []float32{1, 2, 3, 4, 5, 6})
	vector.Width, vector.Fill = 3, core.Raw([]float32{-1})
	limited := core.ColumnOf("limited", []int16{1, -1, 9})
	limited.Fill, limited.Absent, limited.Valid = core.Raw([]int16{9, -1}), core.Raw([]int16{-1}), core.Raw([]int16{0, 5})
	ragged := core.Column{Name: "r", Type: core.Int16, Width: 2, Data: core.Raw([]int16{1, 2, 3, 4, 5, 6}), Offsets: []int64{0, 2, 2, 3}}
	return []core.Column{
		core.ColumnOf("empty", []int8{}), core.ColumnOf("bool", []bool{true, false}), core.ColumnOf("big", big), vector, limited,
		core.StringColumn("text", []string{"", "Ø", "cell 1"}), ragged, core.StringColumn("none", nil), core.ColumnOf("last", []uint64{math.MaxUint64}),
		{Name: "loose", Type: core.Uint8, Data: []byte{1, 2}},
	}
}

func TestColumnsSurvive(t *testing.T) {
	cols := sampleColumns()
	out, frames := carry(t, cols)
	require.Equal(t, 4, frames) // 800,000 bytes and some
	for i := range cols {
		want, got := cols[i], out[i]
		require.Equal(t, want.Name, got.Name)
		require.Equal(t, want.Type, got.Type)
		require.Equal(t, want.Width, got.Width)
		require.True(t, bytes.Equal(want.Data, got.Data), want.Name)
		require.Equal(t, want.Offsets, got.Offsets, want.Name)
		require.Equal(t, want.Fill, got.Fill)
		require.Equal(t, want.Absent, got.Absent)
		require.Equal(t, want.Valid, got.Valid)
		require.Equal(t, want.Rows(), got.Rows())
		require.True(t, len(got.Data) == 0 || aligned(got.Data), got.Name)
	}
}

// The sample has every field of a column, so that none is forgotten on the wire.
func TestSampleHasEveryField(t *testing.T) {
	typ := reflect.TypeFor[core.Column]()
	for i := range typ.NumField() {
		require.True(t, slices.ContainsFunc(sampleColumns(), func(c core.Column) bool { return !reflect.ValueOf(c).Field(i).IsZero() }), typ.Field(i).Name)
	}
}

// Thousands of small columns share few messages, and no message is huge for their heads.
func TestManySmallColumns(t *testing.T) {
	cols := make([]core.Column, 10_000)
	for i := range cols {
		cols[i] = core.ColumnOf(fmt.Sprint(i), []int32{int32(i)})
	}
	_, frames := carry(t, cols)
	require.Less(t, frames, 10)
}

func TestHostileColumns(t *testing.T) {
	head := func(change func(*zaggv1.ColumnHead)) *zaggv1.ColumnFrame {
		h := &zaggv1.ColumnHead{Name: "x", Type: zaggv1.Type_TYPE_FLOAT64, Width: 1, Rows: 2, Bytes: 16}
		change(h)
		return &zaggv1.ColumnFrame{Pieces: []*zaggv1.Piece{{Head: h}}}
	}
	none := func(*zaggv1.ColumnHead) {}
	data := func(n int) *zaggv1.ColumnFrame {
		return &zaggv1.ColumnFrame{Pieces: []*zaggv1.Piece{{Data: make([]byte, n)}}}
	}
	offsets := func(o ...int64) *zaggv1.ColumnFrame {
		return &zaggv1.ColumnFrame{Pieces: []*zaggv1.Piece{
			{Head: &zaggv1.ColumnHead{Name: "s", Type: zaggv1.Type_TYPE_BYTES, Rows: uint64(len(o) - 1), HasOffsets: true, Bytes: 4}},
			{Data: append(bytes.Clone(core.Raw(o)), "abcd"...)}}}
	}
	for name, c := range map[string]struct {
		frames []*zaggv1.ColumnFrame
		want   string
	}{
		"no type":          {[]*zaggv1.ColumnFrame{head(func(h *zaggv1.ColumnHead) { h.Type = 0 })}, "type 0"},
		"unknown type":     {[]*zaggv1.ColumnFrame{head(func(h *zaggv1.ColumnHead) { h.Type = 99 })}, "type 99"},
		"rows and bytes":   {[]*zaggv1.ColumnFrame{head(func(h *zaggv1.ColumnHead) { h.Rows = 3 })}, "16 bytes for 3 rows"},
		"overflow":         {[]*zaggv1.ColumnFrame{head(func(h *zaggv1.ColumnHead) { h.Rows, h.Width = 1<<58, 1<<30 })}, "rows"},
		"huge":             {[]*zaggv1.ColumnFrame{head(func(h *zaggv1.ColumnHead) { h.Rows, h.Bytes = 1<<40, 1<<43 })}, "limit"},
		"wide":             {[]*zaggv1.ColumnFrame{head(func(h *zaggv1.ColumnHead) { h.Width = math.MaxUint32 })}, "width"},
		"absent":           {[]*zaggv1.ColumnFrame{head(func(h *zaggv1.ColumnHead) { h.Absent = []byte{1} })}, "without a value"},
		"fill":             {[]*zaggv1.ColumnFrame{head(func(h *zaggv1.ColumnHead) { h.Fill = []byte{1} })}, "fill value"},
		"data first":       {[]*zaggv1.ColumnFrame{data(8)}, "no column"},
		"too much":         {[]*zaggv1.ColumnFrame{head(none), data(24)}, "more than its"},
		"too many":         {[]*zaggv1.ColumnFrame{head(none), data(16), head(none), data(16), head(none)}, "more than 2 columns"},
		"early":            {[]*zaggv1.ColumnFrame{head(none), head(none)}, "before"},
		"short":            {[]*zaggv1.ColumnFrame{head(none), data(8)}, "ends after 8 of 16"},
		"falling offsets":  {[]*zaggv1.ColumnFrame{offsets(0, 5, 4)}, "offsets"},
		"offsets from one": {[]*zaggv1.ColumnFrame{offsets(1, 2, 4)}, "offsets"},
		"offsets too far":  {[]*zaggv1.ColumnFrame{offsets(0, 2, 400)}, "offsets"},
	} {
		t.Run(name, func(t *testing.T) {
			a := NewAssembler(Limit{Columns: 2, Bytes: 1 << 20})
			var err error
			for _, f := range c.frames {
				if err = a.Add(f); err != nil {
					break
				}
			}
			if err == nil {
				_, err = a.Complete(-1)
			}
			require.ErrorContains(t, err, c.want)
			require.Equal(t, core.Internal, core.CodeOf(err))
		})
	}
}

// A head that announces a gigabyte takes no gigabyte.
func TestMemoryComesWithBytes(t *testing.T) {
	a := NewAssembler(Limit{Columns: 1, Bytes: 1 << 40})
	require.NoError(t, a.Add(&zaggv1.ColumnFrame{Pieces: []*zaggv1.Piece{{
		Head: &zaggv1.ColumnHead{Type: zaggv1.Type_TYPE_UINT8, Rows: 1 << 35, Bytes: 1 << 35}, Data: make([]byte, 10)}}}))
	require.LessOrEqual(t, cap(a.payload), eager)
}

func TestErrorsSurvive(t *testing.T) {
	inner := core.Errorf(core.Corrupt, "h5.Open", "a.h5", "superblock at %d", 8)
	for _, c := range []struct {
		err  error
		code core.Code
		core bool
	}{
		{inner, core.Corrupt, true},
		{core.Errorf(core.Unsupported, "", "", "no"), core.Unsupported, true},
		{core.Errorf(core.Denied, "read granule", "g", "%w", inner), core.Denied, true},
		{fmt.Errorf("beam gt1l: %w", inner), core.Corrupt, false},
		{errors.New("plain"), core.Internal, false},
	} {
		s, md := Status(c.err)
		f := FailureOf(s, md)
		require.NotNil(t, f.Err)
		require.True(t, f.Coded)
		require.Equal(t, c.err.Error(), f.Err.Error())
		require.Equal(t, c.code, f.Err.Code)
		if want, ok := c.err.(*core.Error); ok {
			require.Equal(t, want.Op, f.Err.Op)
			require.Equal(t, want.Subject, f.Err.Subject)
		}
	}
	s, md := Status(fmt.Errorf("reading: %w", &Refusal{Number: 7, Err: inner}))
	require.Equal(t, uint32(7), FailureOf(s, md).Refused)
}

func TestErrorsWithoutTrailer(t *testing.T) {
	for code, want := range map[codes.Code]core.Code{
		codes.InvalidArgument: core.Invalid, codes.NotFound: core.NotFound, codes.PermissionDenied: core.Denied, codes.DataLoss: core.Corrupt,
		codes.Unimplemented: core.Unsupported, codes.Unknown: core.Internal, codes.ResourceExhausted: core.Internal,
	} {
		f := FailureOf(status.Error(code, "text"), nil)
		require.NotNil(t, f.Err, code)
		require.False(t, f.Coded)
		require.Equal(t, want, f.Err.Code)
		require.Equal(t, "text", f.Err.Error())
	}
	for _, code := range []codes.Code{codes.Unavailable, codes.Canceled, codes.DeadlineExceeded} {
		require.Nil(t, FailureOf(status.Error(code, "text"), nil).Err, code)
	}
}

// Errors are cut to what a trailer holds, and what is no text is made some.
func TestLongErrors(t *testing.T) {
	long := string(bytes.Repeat([]byte("long "), 10_000))
	s, md := Status(core.Errorf(core.Invalid, long, "a\xffb", "%s", long))
	require.Less(t, len(md.Get(trailer)[0]), 5000)
	f := FailureOf(s, md)
	require.Equal(t, core.Invalid, f.Err.Code)
	require.Equal(t, "a\uFFFDb", f.Err.Subject)
}

func TestInfosSurvive(t *testing.T) {
	grid := core.GridInfo{Signature: json.RawMessage(`{"type":"x"}`), Frame: core.Frame{
		Group: "12", Attrs: json.RawMessage(`{}`),
		Dims: []core.Dim{{Name: "y", Size: 64, Shard: 16, Chunk: 4}, {Name: "x", Size: 32, Shard: 32, Chunk: 32,
			Axis: &core.Axis{Field: core.Field{Name: "x", Type: core.Float64, Units: "m"}, Start: -1, Step: 0.5}}},
		Coords:   []core.Field{{Name: "cell_ids", Type: core.Uint64, Width: 1, Fill: json.RawMessage(`0`), Attrs: json.RawMessage(`{"a":1}`)}},
		Scalars:  []core.Field{{Name: "spatial_ref", Type: core.Int32, Width: 1, Fill: json.RawMessage(`0`), Attrs: json.RawMessage(`{"b":2}`)}},
		VarAttrs: json.RawMessage(`{"grid_mapping":"spatial_ref"}`),
	}}
	g, err := GridInfoFromProto(over(t, GridInfoToProto(&grid)))
	require.NoError(t, err)
	require.Equal(t, grid, g)
	product := core.ProductInfo{Product: "ATL06", Version: "007", Groups: []string{"gt1l"}, Columns: []core.Field{{Name: "h_li", Type: core.Float32, Units: "m"}}}
	p, err := ProductInfoFromProto(over(t, ProductInfoToProto(&product)))
	require.NoError(t, err)
	require.Equal(t, product, p)
	for folds := range core.FoldsApproximately + 1 {
		statistic := core.StatisticInfo{Inputs: []core.Input{{Name: "source"}, {Name: "w", PerCell: true, Optional: true}}, Outputs: []core.Field{{Name: "", Width: 2, Ragged: true, Units: "{source}^2"}}, Folds: folds}
		s, err := StatisticInfoFromProto(over(t, StatisticInfoToProto(&statistic)))
		require.NoError(t, err)
		require.Equal(t, statistic, s)
	}
	later, err := StatisticInfoFromProto(&zaggv1.StatisticInfo{Folds: uint32(core.FoldsApproximately) + 1})
	require.NoError(t, err)
	require.Equal(t, core.FoldsApproximately, later.Folds, "what is not known promises nothing")
}

func TestHostileInfos(t *testing.T) {
	for name, change := range map[string]func(*zaggv1.GridInfo){
		"signature": func(g *zaggv1.GridInfo) { g.Signature = []byte("[]") },
		"no JSON":   func(g *zaggv1.GridInfo) { g.Signature = []byte("{") },
		"no dims":   func(g *zaggv1.GridInfo) { g.Frame.Dims = nil },
		"no frame":  func(g *zaggv1.GridInfo) { g.Frame = nil },
		"zero":      func(g *zaggv1.GridInfo) { g.Frame.Dims[0].Chunk = 0 },
		"uneven":    func(g *zaggv1.GridInfo) { g.Frame.Dims[0].Shard = 3 },
		"negative":  func(g *zaggv1.GridInfo) { g.Frame.Dims[0].Size = -4 },
		"too large": func(g *zaggv1.GridInfo) {
			d := &zaggv1.Dim{Size: 1 << 20, Shard: 1 << 20, Chunk: 1}
			g.Frame.Dims = []*zaggv1.Dim{d, d}
		},
		"type": func(g *zaggv1.GridInfo) { g.Frame.Coords = []*zaggv1.Field{{Type: -1}} },
		"fill": func(g *zaggv1.GridInfo) { g.Frame.Coords = []*zaggv1.Field{{Type: 1, Fill: []byte("{")}} },
	} {
		g := &zaggv1.GridInfo{Signature: []byte("{}"), Frame: &zaggv1.Frame{Dims: []*zaggv1.Dim{{Size: 4, Shard: 2, Chunk: 1}}}}
		_, err := GridInfoFromProto(g)
		require.NoError(t, err)
		change(g)
		_, err = GridInfoFromProto(g)
		require.Equal(t, core.Internal, core.CodeOf(err), name)
	}
}

func TestPlacesSurvive(t *testing.T) {
	shard := core.Shard{Key: "-5111123", Label: "a", Path: []string{"-5", "1"}, Block: []int64{3, 1 << 40}, AreaKM2: 2.5,
		Outline: core.Region{Margin: 10, Planar: true, Oriented: true, Straight: []bool{true, false, true}, Polygons: []core.Polygon{{{{Lon: -180, Lat: 1}, {Lon: 2, Lat: math.Inf(1)}, {Lon: 3, Lat: 4}}, {{Lon: 5, Lat: 6}}}, {{}}}}}
	s, err := ShardFromProto(over(t, ShardToProto(&shard)))
	require.NoError(t, err)
	require.Equal(t, shard.Outline.Polygons[0], s.Outline.Polygons[0])
	s.Outline, shard.Outline = core.Region{}, core.Region{}
	require.Equal(t, shard, s)
	_, err = ShardFromProto(&zaggv1.Shard{Block: make([]byte, 7)})
	require.Error(t, err)
	_, err = RegionFromProto(&zaggv1.Region{Polygons: []*zaggv1.Polygon{{Rings: [][]byte{make([]byte, 24)}}}})
	require.ErrorContains(t, err, "vertices")
}

func TestQueriesSurvive(t *testing.T) {
	g := core.Granule{ID: "a", Assets: map[string]string{"data": "s3://a", "index": "b"}, Size: 5, Start: time.Date(2024, 1, 2, 3, 4, 5, 6, time.UTC)}
	g2, err := GranuleFromProto(over(t, GranuleToProto(&g)))
	require.NoError(t, err)
	require.Equal(t, g, g2)
	_, err = GranuleFromProto(&zaggv1.Granule{Start: "yesterday"})
	require.Error(t, err)
	require.NoError(t, CheckGranule(&g))
	g.Assets["data"] = "a\xff"
	require.Equal(t, core.Invalid, core.CodeOf(CheckGranule(&g)))

	q := core.Query{Columns: []string{"h"}, Rows: 7, CountInvalid: true, Filters: []core.Filter{{Column: "q", Element: -1, Op: core.OpIn, Values: []json.Number{"1", "2.5e300"}, Drop: true}}}
	q2, err := QueryFromProto(over(t, QueryToProto(&q)))
	require.NoError(t, err)
	require.Equal(t, q, q2)

	names := []core.Identity{{}, {Data: "d"}, {Data: "ATL06_1", Version: []int{7, 0}, Part: "processed_*"}}
	reply, err := IdentitiesFromProto(over(t, &zaggv1.IdentifyReply{Identities: IdentitiesToProto(names)}).Identities)
	require.NoError(t, err)
	require.Equal(t, names, reply)
	for _, bad := range []*zaggv1.Identity{{Part: "x"}, {Version: []int64{1}}, {Data: "d", Version: []int64{-1}}} {
		_, err = IdentitiesFromProto([]*zaggv1.Identity{bad})
		require.Error(t, err, bad)
	}

	stats := core.ReadStats{Rows: 3, Emitted: 2, Invalid: 1, Missing: []string{"x"}, Empty: []string{"y"}, Index: core.IndexStale, Warnings: []string{"z"}}
	s2, err := ReadStatsFromProto(over(t, ReadStatsToProto(&stats)))
	require.NoError(t, err)
	require.Equal(t, stats, s2)
	_, err = ReadStatsFromProto(&zaggv1.ReadDone{Rows: -1})
	require.Error(t, err)

	object := core.ObjectInfo{URL: "u", ETag: "e", Size: 9, Modified: time.Unix(1, 2).UTC()}
	o2, err := ObjectInfoFromProto(over(t, ObjectInfoToProto(&object)))
	require.NoError(t, err)
	require.Equal(t, object, o2)
}

func TestRanges(t *testing.T) {
	ranges := []core.Range{{Offset: 1, Length: 2}, {Offset: 1 << 40, Length: 0}}
	out, err := RangesFromProto(RangesToProto(ranges))
	require.NoError(t, err)
	require.Equal(t, ranges, out)
	for _, r := range []core.Range{{Offset: -1, Length: 1}, {Length: -1}, {Offset: math.MaxInt64, Length: 2}, {Length: MaxAsk + 1}} {
		_, err := RangesFromProto(RangesToProto([]core.Range{r}))
		require.Equal(t, core.Invalid, core.CodeOf(err), r)
	}
	_, err = RangesFromProto(RangesToProto([]core.Range{{Length: MaxAsk}, {Length: math.MaxInt64}}))
	require.Error(t, err)
}

// Messages of every size survive the codec, and its buffers go round among goroutines.
func TestCodec(t *testing.T) {
	c := NewCodec()
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			for _, n := range []int{0, 10, 5_000, FrameBytes, FrameBytes + 20_000, 1 << 20, AnswerBytes, AnswerBytes + 100_000} {
				data := bytes.Repeat([]byte{byte(g + 1)}, n)
				sent, err := c.Marshal(&zaggv1.Answer{Ask: uint32(n), Data: data})
				require.NoError(t, err)
				var got zaggv1.Answer
				require.NoError(t, c.Unmarshal(sent, &got))
				sent.Free()
				require.Equal(t, uint32(n), got.Ask)
				require.True(t, bytes.Equal(data, got.Data))
			}
		})
	}
	all.Wait()
	_, err := c.Marshal("no message")
	require.Error(t, err)
	require.Error(t, c.Unmarshal(nil, "no message"))
	require.Equal(t, "proto", c.Name())
}
