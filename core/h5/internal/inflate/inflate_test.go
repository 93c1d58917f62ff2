package inflate_test

import (
	"bytes"
	"compress/flate"
	"compress/zlib"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/adler32"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	kzlib "github.com/klauspost/compress/zlib"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/h5/internal/inflate"
)

func deflate(t testing.TB, data []byte, level int) []byte {
	var b bytes.Buffer
	w, err := zlib.NewWriterLevel(&b, level)
	require.NoError(t, err)
	_, err = w.Write(data)
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes()
}

// tracks are bytes as chunks of granules have them: latitudes along a track, heights with noise, small integers.
func tracks(n int) map[string][]byte {
	r := rand.New(rand.NewPCG(1, 2))
	var lat, height, quality []byte
	for i := range n {
		lat = binary.LittleEndian.AppendUint64(lat, math.Float64bits(-87.9+1.8e-4*float64(i)*(1+1e-4*math.Sin(float64(i)/50))))
		h := 2500 + 30*math.Sin(float64(i)/300) + 0.05*r.NormFloat64()
		if i%97 == 0 {
			h = math.MaxFloat32
		}
		height = binary.LittleEndian.AppendUint32(height, math.Float32bits(float32(h)))
		quality = append(quality, byte(r.IntN(10)/9))
	}
	return map[string][]byte{"latitude": lat, "height": height, "quality": quality}
}

func inputs() map[string][]byte {
	in := tracks(10_000)
	r := rand.New(rand.NewPCG(3, 4))
	noise := make([]byte, 100_000)
	for i := range noise {
		noise[i] = byte(r.Uint32())
	}
	in["noise"], in["empty"], in["one"], in["zeros"] = noise, nil, []byte{7}, make([]byte, 300_000)
	in["text"] = []byte(strings.Repeat("In the beginning there was a granule. ", 500))
	for back := 1; back <= 20; back++ { // every distance of a copy that overlaps itself
		in[fmt.Sprint("period ", back)] = bytes.Repeat(noise[:back], 2000/back)
	}
	skewed := make([]byte, 200_000) // codes of all lengths, second tables
	for i := range skewed {
		skewed[i] = byte(min(255, r.ExpFloat64()*18))
	}
	in["skewed"] = skewed
	return in
}

func TestDecode(t *testing.T) {
	d := new(inflate.Decoder)
	for name, data := range inputs() {
		for _, level := range []int{0, 1, 3, 6, 9, zlib.HuffmanOnly} {
			src := deflate(t, data, level)
			dst := make([]byte, len(data))
			n, err := d.Decode(dst, src)
			require.NoError(t, err, "%s, level %d", name, level)
			require.Equal(t, len(data), n)
			require.True(t, bytes.Equal(data, dst), "%s, level %d", name, level)

			n, err = d.Decode(make([]byte, len(data)+100), append(src, "what follows"...))
			require.NoError(t, err)
			require.Equal(t, len(data), n, "less than there is room for")
			if len(data) > 0 {
				_, err = d.Decode(make([]byte, len(data)-1), src)
				require.ErrorContains(t, err, "more data than expected")
			}
		}
	}
}

func TestDecodeAllocatesNothing(t *testing.T) {
	data := tracks(2000)["latitude"]
	src, dst, d := deflate(t, data, 6), make([]byte, len(data)), new(inflate.Decoder)
	require.Zero(t, testing.AllocsPerRun(10, func() { d.Decode(dst, src) }))
}

// TestCutAndDamaged: each prefix is an error, and so is each changed bit unless the checksum cannot tell.
func TestCutAndDamaged(t *testing.T) {
	data := tracks(400)["latitude"]
	d, dst := new(inflate.Decoder), make([]byte, len(data))
	for _, level := range []int{0, 1, 6} {
		src := deflate(t, data, level)
		for n := range len(src) {
			_, err := d.Decode(dst, src[:n])
			e, ok := errors.AsType[*inflate.Error](err)
			require.True(t, ok, "cut at %d: %v", n, err)
			require.LessOrEqual(t, e.Offset, n)
			require.GreaterOrEqual(t, e.Offset, 0)
		}
		for i := range 8 * len(src) {
			src[i/8] ^= 1 << (i % 8)
			n, err := d.Decode(dst, src)
			if err == nil && i >= 16 {
				require.True(t, bytes.Equal(data[:n], dst[:n]) && n == len(data), "bit %d", i)
			}
			src[i/8] ^= 1 << (i % 8)
		}
	}
}

// A bitWriter writes streams that no compressor would.
type bitWriter struct {
	out  []byte
	bits int
}

func (w *bitWriter) put(v, n int) *bitWriter {
	for i := range n {
		if w.bits%8 == 0 {
			w.out = append(w.out, 0)
		}
		w.out[w.bits/8] |= byte(v>>i&1) << (w.bits % 8)
		w.bits++
	}
	return w
}

// dynamic begins a last block with dynamic codes, given the lengths of its literal, distance and length codes.
func dynamic(hlit, hdist int, pre map[int]int) *bitWriter {
	w := new(bitWriter)
	w.put(1, 1).put(2, 2).put(hlit, 5).put(hdist, 5).put(15, 4)
	for _, s := range []int{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15} {
		w.put(pre[s], 3)
	}
	return w
}

// crafted are streams that test one rule each; those with a reason are wrong.
func crafted() map[string]struct {
	body   []byte
	reason string
} {
	type stream = struct {
		body   []byte
		reason string
	}
	// Code lengths 0, 1 and 18 (zeros), coded as 0, 10 and 11: 256 literals, of which none is used, and the end.
	one := map[int]int{0: 1, 1: 2, 18: 2}
	zeros := func(w *bitWriter, n int) *bitWriter { // n zeros; 11…138 by one code
		for ; n >= 11; n -= min(n, 138) {
			w.put(3, 2).put(min(n, 138)-11, 7)
		}
		for range n {
			w.put(0, 1)
		}
		return w
	}
	onlyEnd := func() *bitWriter { return zeros(dynamic(0, 0, one), 256).put(1, 2) }
	all := map[string]stream{
		"an end and nothing else":      {onlyEnd().put(0, 1).put(0, 1).out, ""},
		"an end of the wrong bit":      {onlyEnd().put(0, 1).put(1, 1).out, "bits that are no code"},
		"one distance":                 {onlyEnd().put(1, 2).put(0, 1).out, ""},
		"no end":                       {zeros(dynamic(0, 0, one), 258).out, "no end of block"},
		"reserved block":               {new(bitWriter).put(1, 1).put(3, 2).out, "reserved block type"},
		"stored, wrong complement":     {[]byte{1, 1, 0, 0xff, 0xff, 9}, "complement"},
		"stored, too little":           {[]byte{1, 2, 0, 0xfd, 0xff, 9}, "ends too early"},
		"287 literals and lengths":     {dynamic(30, 0, one).out, "too many length or distance codes"},
		"31 distances":                 {dynamic(0, 30, one).out, "too many length or distance codes"},
		"lengths undersubscribed":      {dynamic(0, 0, map[int]int{0: 2, 1: 2, 18: 2}).out, "oversubscribed or incomplete"},
		"lengths oversubscribed":       {dynamic(0, 0, map[int]int{0: 1, 1: 1, 18: 1}).out, "oversubscribed or incomplete"},
		"no lengths":                   {dynamic(0, 0, nil).put(0, 40).out, "bits that are no code"},
		"literals oversubscribed":      {zeros(dynamic(0, 0, one).put(1, 2).put(1, 2), 254).put(1, 2).put(0, 1).out, "oversubscribed or incomplete"},
		"distances oversubscribed":     {zeros(dynamic(0, 2, one), 256).put(1, 2).put(1, 2).put(1, 2).put(1, 2).out, "oversubscribed or incomplete"},
		"repeat of nothing":            {dynamic(0, 0, map[int]int{0: 1, 16: 1}).put(1, 1).put(0, 2).out, "repeat what is not there"},
		"repeat beyond the last":       {zeros(zeros(dynamic(0, 0, one), 138), 138).out, "repeat what is not there"},
		"distance before the first":    {new(bitWriter).put(1, 1).put(1, 2).put(0x40, 7).put(0, 5).put(0, 7).out, "beyond the beginning"},
		"length symbol 286":            {new(bitWriter).put(1, 1).put(1, 2).put(0b01100011, 8).put(0, 13).out, "bits that are no code"},
		"distance symbol 30":           {new(bitWriter).put(1, 1).put(1, 2).put(0b00001100, 8).put(0x40, 7).put(0b01111, 5).put(0, 20).out, "bits that are no code"},
		"fixed, a literal and the end": {new(bitWriter).put(1, 1).put(1, 2).put(0b00001100, 8).put(0, 7).out, ""},
		"no block":                     {nil, "ends too early"},
	}
	return all
}

func TestCrafted(t *testing.T) {
	for name, stream := range crafted() {
		t.Run(name, func(t *testing.T) {
			want, werr := io.ReadAll(flate.NewReader(bytes.NewReader(stream.body)))
			require.Equal(t, stream.reason == "", werr == nil, "compress/flate thinks otherwise: %v", werr)
			src := append([]byte{0x78, 0x9c}, stream.body...)
			src = binary.BigEndian.AppendUint32(src, adler32.Checksum(want))
			dst := make([]byte, 1000)
			n, err := inflate.Decode(dst, src)
			if stream.reason == "" {
				require.NoError(t, err)
				require.Equal(t, want, dst[:n])
				return
			}
			require.ErrorContains(t, err, stream.reason)
		})
	}
	for name, test := range map[string]struct{ src, reason string }{
		"empty":            {"", "too early"},
		"one byte":         {"\x78", "too early"},
		"gzip":             {"\x1f\x8b\x08\x00", "not a zlib header"},
		"wrong check bits": {"\x78\x9d", "not a zlib header"},
		"window too large": {"\x88\x1c", "not a zlib header"},
		"dictionary":       {"\x78\xbb\x00\x00\x00\x00", "preset dictionary"},
		"checksum":         {string(bytes.TrimSuffix(deflate(t, []byte("abc"), 6), []byte("\x02\x4d\x01\x27"))) + "\x02\x4d\x01\x28", "Adler-32"},
	} {
		_, err := inflate.Decode(make([]byte, 100), []byte(test.src))
		require.ErrorContains(t, err, test.reason, name)
	}
}

// A judge decodes with all decoders.
type judge struct {
	d    inflate.Decoder
	p    inflate.Pair
	dst  [1 << 18]byte
	long []byte // a stream for one lane of the pair while the other has the one in question
}

func newJudge(t testing.TB) *judge {
	return &judge{long: deflate(t, tracks(400)["latitude"], 6)}
}

// same sees to it that all agree on what is a stream, and on its bytes; with and without bytes behind it, without which
// the end of a short one is always near.
func (j *judge) same(t *testing.T, src []byte) {
	j.stream(t, src)
	j.stream(t, append(bytes.Clone(src), bytes.Repeat([]byte{0xb5, 0xff, 0, 0}, 8)...))
}

func (j *judge) stream(t *testing.T, src []byte) {
	const most = 1 << 17
	j.pair(t, src)
	var want []byte
	r, werr := zlib.NewReader(bytes.NewReader(src))
	if werr == nil {
		if want, werr = io.ReadAll(io.LimitReader(r, most)); len(want) == most {
			return
		}
	}
	if werr != nil {
		for _, n := range []int{0, len(want), len(want) + 1000} {
			_, err := j.d.Decode(j.dst[:n], src)
			require.Error(t, err, "compress/zlib: %v", werr)
		}
		return
	}
	for _, more := range []int{0, 1, 7, 300, 1000} { // where the careful loop takes over
		n, err := j.d.Decode(j.dst[:len(want)+more], src)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, j.dst[:n]))
	}
	if len(want) > 0 {
		_, err := j.d.Decode(j.dst[:len(want)-1], src)
		require.Error(t, err)
	}
}

// pair has a Pair decode the stream in both lanes, beside itself and beside others, and compares with a Decoder.
func (j *judge) pair(t *testing.T, src []byte) {
	jobs := []job{{src: j.long}, {src: src}, {src: src, short: 300}}
	room := len(j.dst) / len(jobs)
	for i := range jobs {
		jobs[i].dst = j.dst[i*room : (i+1)*room-jobs[i].short]
	}
	var running [2]int
	next := 0
	j.p.Decode(func(lane, n int, err error) (dst, src []byte, ok bool) {
		if k := running[lane] - 1; k >= 0 {
			jobs[k].n, jobs[k].err = n, err
		}
		if next == len(jobs) {
			return nil, nil, false
		}
		next++
		running[lane] = next
		return jobs[next-1].dst, jobs[next-1].src, true
	})
	alone := make([]byte, room)
	for _, k := range jobs {
		alone = alone[:len(k.dst)]
		n, err := j.d.Decode(alone, k.src)
		if err != nil {
			want, _ := errors.AsType[*inflate.Error](err)
			got, ok := errors.AsType[*inflate.Error](k.err)
			require.True(t, ok, "%v, not %v", k.err, err)
			require.Equal(t, want.Reason, got.Reason)
			require.InDelta(t, want.Offset, got.Offset, 8)
			continue
		}
		require.NoError(t, k.err)
		require.Equal(t, n, k.n)
		require.True(t, bytes.Equal(alone[:n], k.dst[:n]))
	}
}

type job struct {
	dst, src []byte
	short, n int
	err      error
}

// TestPair decodes streams of all sorts, whole and damaged, in both lanes.
func TestPair(t *testing.T) {
	j := newJudge(t)
	for _, stream := range crafted() {
		src := append([]byte{0x78, 0x9c}, stream.body...)
		body, _ := io.ReadAll(flate.NewReader(bytes.NewReader(stream.body)))
		j.same(t, binary.BigEndian.AppendUint32(src, adler32.Checksum(body)))
	}
	r := rand.New(rand.NewPCG(3, 4))
	for _, data := range inputs() {
		for _, level := range []int{0, 1, 6, zlib.HuffmanOnly} {
			src := deflate(t, data[:min(len(data), 12_000)], level)
			j.same(t, src)
			for range 6 {
				i := r.IntN(8 * len(src))
				src[i/8] ^= 1 << (i % 8)
				j.same(t, src)
				src[i/8] ^= 1 << (i % 8)
			}
		}
	}
	require.Zero(t, testing.AllocsPerRun(10, func() {
		left := 3
		j.p.Decode(func(int, int, error) (dst, src []byte, ok bool) {
			left--
			return j.dst[:10_000], j.long, left > 0
		})
	}))
}

// FuzzDecode compares with compress/zlib. The bytes are taken for a stream, for a deflate body that is given a header and
// the right checksum, and for data that are compressed and then damaged in one place.
func FuzzDecode(f *testing.F) {
	for _, s := range crafted() {
		f.Add(s.body, uint8(6), uint16(0))
	}
	for _, data := range inputs() {
		f.Add(data[:min(len(data), 3000)], uint8(6), uint16(100))
	}
	j := newJudge(f)
	f.Fuzz(func(t *testing.T, data []byte, level uint8, damage uint16) {
		data = data[:min(len(data), 1<<14)]
		j.same(t, data)
		if body, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(data)), 1<<17)); err == nil {
			j.same(t, binary.BigEndian.AppendUint32(append([]byte{0x78, 0x9c}, data...), adler32.Checksum(body)))
		} else {
			_, err := j.d.Decode(j.dst[:len(body)+300], append([]byte{0x78, 0x9c}, data...))
			require.Error(t, err)
		}
		src := deflate(t, data, int(level%10))
		j.same(t, src)
		src[int(damage/8)%len(src)] ^= 1 << (damage % 8)
		j.same(t, src)
	})
}

func FuzzAdler32(f *testing.F) {
	f.Add([]byte("Wikipedia"), uint16(1))
	f.Add([]byte{255}, uint16(60000))
	f.Fuzz(func(t *testing.T, data []byte, times uint16) {
		data = bytes.Repeat(data, min(int(times), 1+200_000/(len(data)+1)))
		require.Equal(t, adler32.Checksum(data), inflate.Adler32(data))
	})
}

// chunks are what the benchmarks decode: tracks, and those in the folder that ZAGG_INFLATE_CHUNKS names, in which the
// files called *.<size>.z are zlib streams of size bytes, and what stands before the first "-" groups them.
func chunks(b *testing.B) map[string][]chunk {
	all := map[string][]chunk{}
	for name, data := range tracks(10_000) {
		all[name] = []chunk{{deflate(b, data, 6), len(data)}}
	}
	files, err := filepath.Glob(filepath.Join(os.Getenv("ZAGG_INFLATE_CHUNKS"), "*.z"))
	require.NoError(b, err)
	for _, f := range files {
		src, err := os.ReadFile(f)
		require.NoError(b, err)
		var size int
		parts := strings.Split(filepath.Base(f), ".")
		_, err = fmt.Sscan(parts[len(parts)-2], &size)
		require.NoError(b, err)
		group, _, _ := strings.Cut(parts[0], "-")
		all["file "+group] = append(all["file "+group], chunk{src, size})
	}
	return all
}

type chunk struct {
	src  []byte
	size int
}

func BenchmarkDecode(b *testing.B) {
	for group, list := range chunks(b) {
		var total, most int
		for _, c := range list {
			total += c.size
			most = max(most, c.size)
		}
		dst := make([]byte, most)
		run := func(name string, decode func(c chunk) error) {
			b.Run(group+"/"+name, func(b *testing.B) {
				b.SetBytes(int64(total))
				for b.Loop() {
					for _, c := range list {
						if err := decode(c); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
		d := new(inflate.Decoder)
		run("inflate", func(c chunk) error {
			n, err := d.Decode(dst[:c.size], c.src)
			if err == nil && n != c.size {
				return io.ErrUnexpectedEOF
			}
			return err
		})
		pair, two := new(inflate.Pair), make([]byte, 2*most)
		b.Run(group+"/pair", func(b *testing.B) {
			b.SetBytes(int64(total))
			for b.Loop() {
				k := 0
				pair.Decode(func(lane, n int, err error) (dst, src []byte, ok bool) {
					if err != nil {
						b.Fatal(err)
					}
					if k == len(list) {
						return nil, nil, false
					}
					k++
					return two[lane*most:][:list[k-1].size], list[k-1].src, true
				})
			}
		})
		in := bytes.NewReader(list[0].src)
		r, err := kzlib.NewReader(in)
		require.NoError(b, err)
		run("klauspost", func(c chunk) error {
			in.Reset(c.src)
			if err := r.(kzlib.Resetter).Reset(in, nil); err != nil {
				return err
			}
			if _, err := io.ReadFull(r, dst[:c.size]); err != nil {
				return err
			}
			_, err := r.Read(dst[:1])
			if err == io.EOF {
				return nil
			}
			return err
		})
	}
}

func BenchmarkAdler32(b *testing.B) {
	data := tracks(10_000)["latitude"]
	b.SetBytes(int64(len(data)))
	for b.Loop() {
		inflate.Adler32(data)
	}
}
