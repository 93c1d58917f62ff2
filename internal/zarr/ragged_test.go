package zarr

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// Cells of any number of bytes come back from the stored frames as they were.
func TestAppendCells(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		chunks, size := 1+rng.Int64N(4), 1+rng.Int64N(9)
		a := &Array{Name: "a", Type: core.Bytes, Shape: []int64{chunks * size}, Shard: []int64{chunks * size}, Chunk: []int64{size}}
		var e Encoder
		var body bytes.Buffer
		w, err := e.Begin(&body, a)
		require.NoError(t, err)
		want := map[int64][][]byte{}
		for c := range chunks {
			var places []int32
			var data []byte
			offsets := []int64{0}
			all := make([][]byte, size)
			for p := range size {
				all[p] = []byte{}
				if rng.IntN(2) == 0 {
					continue
				}
				cell := make([]byte, rng.IntN(20))
				for i := range cell {
					cell[i] = byte(rng.Uint32())
				}
				all[p] = cell
				places, data, offsets = append(places, int32(p)), append(data, cell...), append(offsets, int64(len(data)+len(cell)))
			}
			require.NoError(t, w.AppendCells(c, places, offsets, data))
			if len(data) > 0 {
				want[c] = all
			}
		}
		n, err := w.Close()
		require.NoError(t, err)
		require.Equal(t, int64(body.Len()), n)
		stored := body.Bytes()
		for c := range chunks {
			frame := stored
			if a.Sharded() && n > 0 {
				entry := stored[int64(len(stored))-4-16*(chunks-c):]
				offset, length := binary.LittleEndian.Uint64(entry), binary.LittleEndian.Uint64(entry[8:])
				if want[c] == nil {
					require.Equal(t, ^uint64(0), offset)
					continue
				}
				frame = stored[offset : offset+length]
			}
			if want[c] == nil {
				require.Zero(t, n)
				continue
			}
			got, err := cells(frame, size)
			require.NoError(t, err)
			for i := range got {
				require.Equal(t, want[c][i], append([]byte{}, got[i]...))
			}
		}
	}
}

func TestAppendCellsRefuses(t *testing.T) {
	a := &Array{Name: "a", Type: core.Bytes, Shape: []int64{8}, Shard: []int64{8}, Chunk: []int64{4}}
	for _, c := range []struct {
		places  []int32
		offsets []int64
	}{{[]int32{0}, []int64{0}}, {[]int32{4}, []int64{0, 1}}, {[]int32{1, 1}, []int64{0, 1, 2}}, {[]int32{1}, []int64{0, 9}}, {[]int32{-1}, []int64{0, 1}}} {
		var e Encoder
		w, err := e.Begin(&bytes.Buffer{}, a)
		require.NoError(t, err)
		require.Error(t, w.AppendCells(0, c.places, c.offsets, []byte("abc")), c)
		_, err = w.Close()
		require.Error(t, err)
	}
	plain := &Array{Name: "a", Type: core.Float32, Shape: []int64{8}, Shard: []int64{8}, Chunk: []int64{4}}
	var e Encoder
	w, err := e.Begin(&bytes.Buffer{}, plain)
	require.NoError(t, err)
	require.Error(t, w.AppendCells(0, nil, []int64{0}, nil))
	_, err = e.Encode(&bytes.Buffer{}, a, make([]byte, 8))
	require.Error(t, err)
}

func FuzzCells(f *testing.F) {
	f.Add([]byte{2, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 7}, uint8(2))
	f.Fuzz(func(t *testing.T, frame []byte, n uint8) {
		got, err := cells(frame, int64(n))
		if err != nil {
			return
		}
		total := 4
		for _, c := range got {
			total += 4 + len(c)
		}
		require.Len(t, frame, total)
	})
}
