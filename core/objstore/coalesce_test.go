package objstore_test

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// TestCoalesceScripts runs the cases of testdata/coalesce.txt.
func TestCoalesceScripts(t *testing.T) {
	script, err := os.ReadFile("testdata/coalesce.txt")
	require.NoError(t, err)
	blocks := strings.Split(strings.TrimSpace(string(script)), "\n\n")
	for _, block := range blocks[1:] {
		name, rest, _ := strings.Cut(block, "\n")
		t.Run(name, func(t *testing.T) {
			input, want, ok := strings.Cut(rest, "\n----\n")
			require.True(t, ok, "no ---- line")
			require.Equal(t, want, coalesceScript(t, input))
		})
	}
}

func coalesceScript(t *testing.T, input string) string {
	var gap, most int64
	options, asked, _ := strings.Cut(input, "\n")
	_, err := fmt.Sscanf(options, "gap=%d max=%d", &gap, &most)
	require.NoError(t, err)
	var ranges []core.Range
	for _, word := range strings.Fields(strings.TrimPrefix(asked, "-")) {
		var r core.Range
		_, err := fmt.Sscanf(word, "%d+%d", &r.Offset, &r.Length)
		require.NoError(t, err)
		ranges = append(ranges, r)
	}
	log := new(requestLog)
	_, err = objstore.Coalesce(log, gap, most).ReadRanges(t.Context(), "x", ranges)
	require.NoError(t, err)
	var out strings.Builder
	var total uint64
	for _, r := range log.asked {
		fmt.Fprintf(&out, "GET %d-%d\n", r.Offset, r.Offset+r.Length)
		total += uint64(r.Length)
	}
	fmt.Fprintf(&out, "(%d requests, %d bytes", len(log.asked), total)
	if n := unused(log.asked, ranges); n > 0 {
		fmt.Fprintf(&out, ", %d unused", n)
	}
	return out.String() + ")"
}

// unused counts the bytes of the requests that no range needs.
func unused(requests, ranges []core.Range) (n int) {
	for _, q := range requests {
		if q.Length > 1<<20 {
			continue
		}
		for b := q.Offset; b < q.Offset+q.Length; b++ {
			need := false
			for _, r := range ranges {
				need = need || b >= r.Offset && b-r.Offset < r.Length
			}
			if !need {
				n++
			}
		}
	}
	return n
}

// A requestLog has objects without a byte and notes what it is asked for.
type requestLog struct {
	asked []core.Range
}

func (l *requestLog) ReadRanges(_ context.Context, _ string, ranges []core.Range) ([][]byte, error) {
	l.asked = append(l.asked, ranges...)
	return make([][]byte, len(ranges)), nil
}

func (l *requestLog) Stat(context.Context, string) (core.ObjectInfo, error) {
	return core.ObjectInfo{}, nil
}

func TestCoalesceIsAStoreIfItsReaderIs(t *testing.T) {
	_, ok := objstore.Coalesce(new(objstore.Mem), 0, 0).(core.ObjectStore)
	require.True(t, ok)
	_, ok = objstore.Coalesce(new(requestLog), 0, 0).(core.ObjectStore)
	require.False(t, ok)
}

// FuzzCoalesce: whatever the ranges, each gets its bytes, and no merged request is longer than allowed.
func FuzzCoalesce(f *testing.F) {
	f.Add([]byte{0, 50, 120, 10, 250, 8}, uint8(100), uint16(1000))
	f.Add([]byte{0, 0, 255, 255, 1, 1, 1, 200}, uint8(0), uint16(0))
	object := make([]byte, 700)
	for i := range object {
		object[i] = byte(i * 7)
	}
	mem := new(objstore.Mem)
	require.NoError(f, objstore.PutBytes(context.Background(), mem, "x", object, core.PutOptions{}))
	f.Fuzz(func(t *testing.T, numbers []byte, gap uint8, most uint16) {
		var ranges []core.Range
		for i := 0; i+1 < len(numbers); i += 2 {
			ranges = append(ranges, core.Range{Offset: 3 * int64(numbers[i]), Length: int64(numbers[i+1])})
			if numbers[i+1] == 255 {
				ranges[len(ranges)-1].Length = math.MaxInt64 - int64(numbers[i])
			}
		}
		got, err := objstore.Coalesce(mem, int64(gap), int64(most)).ReadRanges(t.Context(), "x", ranges)
		require.NoError(t, err)
		want, err := mem.ReadRanges(t.Context(), "x", ranges)
		require.NoError(t, err)
		require.Len(t, got, len(want))
		for i := range want {
			require.True(t, bytes.Equal(want[i], got[i]), "range %v", ranges[i])
		}
		requests, _ := objstore.Merge(ranges, int64(gap), int64(most))
		for _, q := range requests {
			longest := int64(most)
			for _, r := range ranges {
				longest = max(longest, r.Length)
			}
			require.LessOrEqual(t, q.Length, longest)
		}
	})
}
