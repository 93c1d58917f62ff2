package wire

import (
	"bytes"
	"encoding/binary"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/englacial/zagg/core"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// Frames of any bytes end in columns that are sound, or in an error; memory follows what came.
func FuzzAssembler(f *testing.F) {
	var seed []byte
	_ = SendColumns(sampleColumns(), func(frame *zaggv1.ColumnFrame) error {
		b, err := proto.Marshal(frame)
		if len(b) < 4<<10 {
			seed = append(binary.LittleEndian.AppendUint16(seed, uint16(len(b))), b...)
		}
		return err
	})
	f.Add(seed)
	head, _ := proto.Marshal(&zaggv1.ColumnFrame{Pieces: []*zaggv1.Piece{{Head: &zaggv1.ColumnHead{Type: 1, Rows: 1 << 40, Bytes: 1 << 40}, Data: []byte{1}}}})
	f.Add(append(binary.LittleEndian.AppendUint16(nil, uint16(len(head))), head...))
	f.Fuzz(func(t *testing.T, b []byte) {
		a := NewAssembler(Limit{Columns: 100, Bytes: 1 << 41})
		total := len(b)
		for len(b) >= 2 {
			n := min(int(binary.LittleEndian.Uint16(b)), len(b)-2)
			var frame zaggv1.ColumnFrame
			if proto.Unmarshal(b[2:2+n], &frame) != nil || a.Add(&frame) != nil {
				return
			}
			b = b[2+n:]
		}
		if cap(a.payload) > eager+4*total {
			t.Fatalf("%d bytes of memory for %d that came", cap(a.payload), total)
		}
		for _, c := range a.Columns() {
			if c.Offsets != nil {
				for i := range c.Rows() {
					_ = c.Data[c.Offsets[i]*int64(max(c.Width, 1)*c.Type.Size()) : c.Offsets[i+1]*int64(max(c.Width, 1)*c.Type.Size())]
				}
			} else if len(c.Data) != c.Rows()*max(c.Width, 1)*c.Type.Size() {
				t.Fatalf("column %+v has %d bytes for %d rows", c.Type, len(c.Data), c.Rows())
			}
		}
	})
}

// What a plugin says of its things, its shards and its errors may be any bytes.
func FuzzReplies(f *testing.F) {
	info := core.GridInfo{Signature: []byte(`{"a":1}`), Frame: core.Frame{Dims: []core.Dim{{Name: "c", Size: 8, Shard: 4, Chunk: 2}}}}
	instance, _ := proto.Marshal(&zaggv1.Instance{Handle: 1, Info: &zaggv1.Instance_Grid{Grid: GridInfoToProto(&info)}})
	shard, _ := proto.Marshal(ShardToProto(&core.Shard{Key: "1", Block: []int64{1}, Outline: core.Region{Polygons: []core.Polygon{{{{Lon: 1, Lat: 2}}}}}}))
	refused, _ := proto.Marshal(&zaggv1.Error{Code: 3, Op: "a", Text: "b", Refused: 1})
	f.Add(instance)
	f.Add(shard)
	f.Add(refused)
	f.Fuzz(func(t *testing.T, b []byte) {
		var i zaggv1.Instance
		if proto.Unmarshal(b, &i) == nil {
			if g, err := GridInfoFromProto(i.GetGrid()); err == nil && g.Frame.Slots() < 1 {
				t.Fatalf("%d slots", g.Frame.Slots())
			}
			_, _ = ProductInfoFromProto(i.GetProduct())
			_, _ = StatisticInfoFromProto(i.GetStatistic())
		}
		var s zaggv1.Shard
		if proto.Unmarshal(b, &s) == nil {
			if shard, err := ShardFromProto(&s); err == nil && !bytes.Equal(core.Raw(shard.Block), s.Block) {
				t.Fatal("the block changed")
			}
		}
		if failure := FailureOf(status.Error(codes.Internal, "x"), metadata.Pairs(trailer, string(b))); failure.Err.Error() == "" {
			t.Fatal("an error without text")
		}
		var start zaggv1.ReadStart
		if proto.Unmarshal(b, &start) == nil {
			_, _ = GranuleFromProto(start.Granule)
			_, _ = QueryFromProto(start.Query)
		}
		var ask zaggv1.Ask
		if proto.Unmarshal(b, &ask) == nil {
			_, _ = RangesFromProto(ask.Ranges)
		}
	})
}
