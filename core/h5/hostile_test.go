package h5_test

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// tight is Options under which no file of some KB can cost much.
var tight = h5.Options{FirstRead: 512, TailRead: 1, WholeFile: -1, Gap: 1, ReadAhead: 256, CacheBytes: 4096, FetchBytes: 1 << 20, ValueBytes: 1 << 20, ChunkBytes: 1 << 18}

// dumpBytes is the sorted dump of a file; the error is of opening it or of what stopped the dump.
func dumpBytes(t testing.TB, b []byte, opt h5.Options) (lines []string, err error) {
	f, err := h5.Open(t.Context(), &memory{data: b}, "x", opt)
	if err != nil {
		return nil, err
	}
	err = dump(t.Context(), f, func(s string, a ...any) { lines = append(lines, fmt.Sprintf(s, a...)) })
	slices.Sort(lines)
	return lines, err
}

func testFiles(t testing.TB) map[string][]byte {
	paths, err := filepath.Glob("testdata/*.h5")
	require.NoError(t, err)
	files := map[string][]byte{}
	for _, p := range paths {
		files[filepath.Base(p)], err = os.ReadFile(p)
		require.NoError(t, err)
	}
	require.NotEmpty(t, files)
	return files
}

// TestGolden compares the small files of testdata with what h5py reads (testdata/dump.txt, by test/h5/compare.py), with
// the usual options and with a cache that holds next to nothing.
func TestGolden(t *testing.T) {
	golden, err := os.ReadFile("testdata/dump.txt")
	require.NoError(t, err)
	files := testFiles(t)
	for _, part := range strings.Split(string(golden), "== ")[1:] {
		name, text, _ := strings.Cut(part, "\n")
		want := strings.Split(strings.TrimSpace(text), "\n")
		slices.Sort(want)
		for _, opt := range []h5.Options{{}, tight} {
			got, err := dumpBytes(t, files[name], opt)
			require.NoError(t, err, name)
			require.Equal(t, want, got, name)
		}
	}
}

// TestTruncated cuts files at every byte: what can still be read is as it was, everything else is Corrupt.
func TestTruncated(t *testing.T) {
	for name, b := range testFiles(t) {
		whole, err := dumpBytes(t, b, tight)
		require.NoError(t, err)
		for n := 0; n < len(b); n += 1 + len(b)/400 {
			got, err := dumpBytes(t, b[:n:n], tight)
			if err != nil {
				require.Equal(t, core.Corrupt, core.CodeOf(err), "%s cut at %d: %v", name, n, err)
			}
			for _, l := range got {
				require.True(t, slices.Contains(whole, l) || strings.HasSuffix(l, " error corrupt"), "%s cut at %d: %s", name, n, l)
			}
		}
	}
}

// TestDamaged changes single bytes: nothing panics, hangs or takes memory beyond the options.
func TestDamaged(t *testing.T) {
	for name, b := range testFiles(t) {
		for n := 0; n < len(b); n += 1 + len(b)/300 {
			for _, v := range []byte{0, 1, 0x7f, 0xff} {
				bad := slices.Clone(b)
				bad[n] ^= v
				mended(t, bad, 2)
			}
		}
		require.False(t, t.Failed(), name)
	}
}

var sumError = regexp.MustCompile(`checksum at byte (\d+) is 0x[0-9a-f]+, not 0x([0-9a-f]+)`)

// mended dumps a file; checksums that fail are put right up to tries times, so that what they protect is reached too.
func mended(t testing.TB, b []byte, tries int) {
	for range tries {
		_, err := dumpBytes(t, b, tight)
		if err == nil {
			return
		}
		m := sumError.FindStringSubmatch(err.Error())
		if m == nil {
			return
		}
		at, _ := strconv.Atoi(m[1])
		sum, _ := strconv.ParseUint(m[2], 16, 32)
		if at+4 > len(b) {
			return
		}
		binary.LittleEndian.PutUint32(b[at:], uint32(sum))
	}
}

// FuzzFile reads everything there is in bytes that may be a file.
func FuzzFile(f *testing.F) {
	for _, b := range testFiles(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > 64<<10 {
			return
		}
		mended(t, slices.Clone(b), 30)
	})
}

// FuzzPatch changes one file of testdata at a few places, which reaches further than free changes.
func FuzzPatch(f *testing.F) {
	files := testFiles(f)
	names := make([]string, 0, len(files))
	for n := range files {
		names = append(names, n)
	}
	slices.Sort(names)
	for i := range names {
		f.Add(uint8(i), []byte{100, 0, 0xff, 7, 1, 3})
	}
	f.Fuzz(func(t *testing.T, which uint8, patch []byte) {
		b := slices.Clone(files[names[int(which)%len(names)]])
		for ; len(patch) >= 3; patch = patch[3:] {
			b[int(binary.LittleEndian.Uint16(patch))%len(b)] = patch[2]
		}
		mended(t, b, 30)
	})
}
