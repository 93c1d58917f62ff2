package filter

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/h5/internal/cursor"
)

func TestLZF(t *testing.T) {
	dst := make([]byte, 20)
	for _, c := range []struct {
		in   []byte
		want string
	}{
		{[]byte{2, 'a', 'b', 'c'}, "abc"},
		{[]byte{0, 'a', 0x20, 0}, "aaaa"},                             // copy of 3, overlapping itself
		{[]byte{1, 'a', 'b', 0xe0, 1, 1}, "ab" + "abababababab"[:10]}, // long copy: 7 + 1 + 2
	} {
		n, err := lzf(dst, c.in)
		require.NoError(t, err)
		require.Equal(t, c.want, string(dst[:n]))
	}
	for _, bad := range [][]byte{{5, 'a'}, {0x20}, {0x20, 0}, {0xe0}, {0xe0, 3}, {0, 'a', 0xe0, 200, 0}} {
		_, err := lzf(dst, bad)
		require.Error(t, err, "%v", bad)
	}
}

func TestFletcherSwapped(t *testing.T) {
	data := []byte{1, 2, 3, 4, 5}
	for _, sum := range [][]byte{nil} {
		_, err := fletcher(sum)
		require.Error(t, err)
	}
	_, err := fletcher(append(data, 0, 0, 0, 0))
	require.ErrorContains(t, err, "checksum")
}

// TestRoom: what a stage may give is the chunk if only shuffle is before it, and a bounded amount otherwise.
func TestRoom(t *testing.T) {
	p := Pipeline{Stages: []Stage{{ID: Shuffle}, {ID: Deflate}, {ID: LZF}}}
	room, last := p.room(0, 0, 100)
	require.True(t, last && room == 100)
	room, last = p.room(1, 0, 100)
	require.False(t, last)
	require.Equal(t, 100, room)
	room, _ = p.room(2, 0, 100)
	require.Greater(t, room, 100)
	_, last = p.room(2, 0b011, 100)
	require.True(t, last)
}

// FuzzDecode runs pipelines of parsed messages over anything.
func FuzzDecode(f *testing.F) {
	msg := func(id uint16, params ...uint32) []byte {
		b := []byte{2, 1}
		b = binary.LittleEndian.AppendUint16(b, id)
		if id >= 256 {
			b = append(b, 0, 0)
		}
		b = append(b, 0, 0)
		b = binary.LittleEndian.AppendUint16(b, uint16(len(params)))
		for _, p := range params {
			b = binary.LittleEndian.AppendUint32(b, p)
		}
		return b
	}
	f.Add(msg(Deflate, 6), []byte("\x78\x9c\x03\x00\x00\x00\x00\x01"), uint16(8))
	f.Add(msg(Shuffle, 4), bytes.Repeat([]byte{1, 2, 3}, 9), uint16(27))
	f.Add(msg(Fletcher32), make([]byte, 12), uint16(8))
	f.Add(msg(LZF, 4, 261, 20), []byte{0, 'a', 0x20, 0}, uint16(4))
	f.Add(msg(NBit, 8, 0, 5, 1, 4, 0, 17, 3), make([]byte, 40), uint16(20))
	f.Add(msg(NBit, 12, 0, 2, 3, 8, 2, 0, 1, 4, 0, 9, 0, 4, 4, 4), make([]byte, 40), uint16(16))
	f.Add(msg(ScaleOffset, 2, 0, 5, 0, 4, 1, 0, 1, 7), append([]byte{3, 0, 0, 0, 8}, make([]byte, 40)...), uint16(20))
	f.Add(msg(ScaleOffset, 0, 2, 5, 1, 8, 1, 0, 0), append([]byte{9, 0, 0, 0, 8}, make([]byte, 40)...), uint16(40))
	f.Fuzz(func(t *testing.T, message, src []byte, size uint16) {
		p, err := Parse(cursor.New("filters", 0, message, cursor.Sizes{Offset: 8, Length: 8}), nil)
		if err != nil {
			return
		}
		var s Scratch
		dst := make([]byte, size)
		if got, err := p.Decode(&s, dst, src, int(size)/2, 0); err == nil && len(got) != int(size) {
			t.Fatalf("%d bytes, not %d", len(got), size)
		}
	})
}
