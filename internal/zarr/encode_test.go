package zarr

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"hash/crc32"
	"io"
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func flat(typ core.Type, size, shard, chunk int64, fill string, c Compression) *Array {
	return &Array{Name: "12/x", Type: typ, Shape: []int64{size}, Shard: []int64{shard}, Chunk: []int64{chunk},
		Fill: json.RawMessage(fill), Dims: []string{"cells"}, Compression: c}
}

func TestEncodeGolden(t *testing.T) {
	none := bytes.Repeat([]byte{0xff}, 16)
	nan := float32(math.NaN())
	other := math.Float32frombits(0xffc00001) // a NaN with another payload
	for name, c := range map[string]struct {
		a     *Array
		block []byte
		want  [][]byte // without the index's checksum
	}{
		"plain":      {flat(core.Uint16, 6, 3, 3, "0", None()), core.Raw([]uint16{1, 2, 0x0304}), [][]byte{{1, 0, 2, 0, 4, 3}}},
		"plain fill": {flat(core.Uint16, 6, 3, 3, "7", None()), core.Raw([]uint16{7, 7, 7}), nil},
		"bool":       {flat(core.Bool, 3, 3, 3, "false", None()), []byte{0, 1, 0}, [][]byte{{0, 1, 0}}},
		"any NaN":    {flat(core.Float32, 4, 4, 2, `"NaN"`, None()), core.Raw([]float32{nan, other, other, nan}), nil},
		"negative zero is not zero": {flat(core.Float32, 2, 2, 2, "0", None()), core.Raw([]float32{0, float32(math.Copysign(0, -1))}),
			[][]byte{{0, 0, 0, 0, 0, 0, 0, 0x80}}},
		"shard": {flat(core.Uint8, 6, 6, 2, "0", None()), []byte{1, 2, 0, 0, 3, 0}, [][]byte{{1, 2, 3, 0},
			le(0, 2), none, le(2, 2)}},
		"shard 2-D": {&Array{Type: core.Uint8, Shape: []int64{2, 4}, Shard: []int64{2, 4}, Chunk: []int64{1, 2}, Fill: json.RawMessage("9")},
			[]byte{1, 2, 9, 9, 5, 6, 7, 8}, [][]byte{{1, 2, 5, 6, 7, 8}, le(0, 2), none, le(2, 2), le(4, 2)}},
		"scalar": {&Array{Type: core.Int64}, core.Raw([]int64{-2}), [][]byte{{0xfe, 255, 255, 255, 255, 255, 255, 255}}},
	} {
		t.Run(name, func(t *testing.T) {
			want := bytes.Join(c.want, nil)
			if c.a.Sharded() && len(want) > 0 {
				l, err := c.a.layout("")
				require.NoError(t, err)
				index := want[len(want)-int(16*l.chunks):]
				want = binary.LittleEndian.AppendUint32(want, crc32.Checksum(index, crc32.MakeTable(crc32.Castagnoli)))
			}
			var e Encoder
			var b bytes.Buffer
			for range 2 { // the Encoder's memory leaves no trace
				b.Reset()
				n, err := e.Encode(&b, c.a, c.block)
				require.NoError(t, err)
				require.EqualValues(t, b.Len(), n)
				require.Equal(t, string(want), b.String())
			}
		})
	}
}

func le(v ...uint64) []byte { return core.Raw(v) }

func TestEncodeIsDeterministic(t *testing.T) {
	a := flat(core.Float64, 4096, 4096, 512, `"NaN"`, Zstd(3))
	values := make([]float64, 4096)
	for i := range values {
		values[i] = math.Round(1000*math.Sin(float64(i)/50)) / 8
	}
	var first, again bytes.Buffer
	_, err := new(Encoder).Encode(&first, a, core.Raw(values))
	require.NoError(t, err)
	var e Encoder
	for i := range 30 { // a compressor that has seen other data
		noise := make([]float64, 4096)
		for j := range noise {
			noise[j] = math.Sin(float64(i*j*j)) * values[(j+i)%4096]
		}
		_, err := e.Encode(io.Discard, a, core.Raw(noise))
		require.NoError(t, err)
	}
	_, err = e.Encode(&again, a, core.Raw(values))
	require.NoError(t, err)
	require.True(t, bytes.Equal(first.Bytes(), again.Bytes()))
	require.Less(t, first.Len(), 3*4096)
}

func TestObjectWriterRefusals(t *testing.T) {
	a := flat(core.Uint8, 6, 6, 2, "0", None())
	var e Encoder
	begin := func(dst io.Writer) *ObjectWriter {
		w, err := e.Begin(dst, a)
		require.NoError(t, err)
		return w
	}
	w := begin(io.Discard)
	require.NoError(t, w.Append(1, []byte{1, 1}))
	require.Equal(t, core.Invalid, core.CodeOf(w.Append(1, []byte{1, 1})))
	_, err := w.Close()
	require.Error(t, err, "an error sticks")
	require.Error(t, begin(io.Discard).Append(3, []byte{1, 1}))
	require.Error(t, begin(io.Discard).Append(0, []byte{1}))
	_, err = e.Encode(io.Discard, a, make([]byte, 5))
	require.Equal(t, core.Invalid, core.CodeOf(err))
	broken := errors.New("pipe is closed")
	_, err = e.Encode(writerFunc(func([]byte) (int, error) { return 0, broken }), a, []byte{1, 2, 3, 4, 5, 6})
	require.ErrorIs(t, err, broken)
	n, err := begin(io.Discard).Close()
	require.NoError(t, err)
	require.Zero(t, n)
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestEncodeAll(t *testing.T) {
	a := &Array{Type: core.Uint8, Shape: []int64{3, 3}, Shard: []int64{2, 2}, Chunk: []int64{2, 2}, Fill: json.RawMessage("9")}
	got := map[string]string{}
	require.NoError(t, new(Encoder).EncodeAll(a, []byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, func(key string, object []byte) error {
		got[key] = string(object)
		return nil
	}))
	require.Equal(t, map[string]string{"c/0/0": "\x01\x02\x04\x05", "c/0/1": "\x03\x09\x06\x09", "c/1/0": "\x07\x08\x09\x09"}, got)
	require.Error(t, new(Encoder).EncodeAll(a, make([]byte, 8), nil))
}

func BenchmarkEncode(b *testing.B) {
	values := make([]float32, 1<<18)
	for i := range values {
		values[i] = float32(math.Round(1000*math.Sin(float64(i)/50))) / 8
	}
	for name, a := range map[string]*Array{
		"plain":     flat(core.Float32, 1<<18, 1<<18, 1<<18, `"NaN"`, None()),
		"shard":     flat(core.Float32, 1<<18, 1<<18, 1<<12, `"NaN"`, None()),
		"shardZstd": flat(core.Float32, 1<<18, 1<<18, 1<<12, `"NaN"`, Zstd(3)),
	} {
		b.Run(name, func(b *testing.B) {
			var e Encoder
			b.SetBytes(4 << 18)
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Encode(io.Discard, a, core.Raw(values)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
