package blosc

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func someData(n int) []byte {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	out := make([]byte, n)
	for i := range out {
		if out[i] = byte(i / 7); r.IntN(9) == 0 {
			out[i] = byte(r.IntN(256))
		}
	}
	return out
}

func TestRoundTrip(t *testing.T) {
	for _, codec := range []Codec{LZ4, Zlib, Zstd} {
		for _, size := range []int{1, 2, 3, 8, 12, 300} {
			for _, n := range []int{0, 1, 7, 100, 4096, 300_001} {
				data := someData(n)
				c, err := Encode(data, size, codec, 5)
				require.NoError(t, err)
				got, ok := Size(c)
				require.True(t, ok)
				require.EqualValues(t, n, got)
				back, err := Decode(c, int64(n))
				require.NoError(t, err, "codec %d, elements of %d, %d bytes", codec, size, n)
				require.True(t, bytes.Equal(data, back))
				if n > 0 {
					_, err = Decode(c, int64(n-1))
					require.Error(t, err)
				}
			}
		}
	}
	random := make([]byte, 5000)
	for i := range random {
		random[i] = byte(rand.Uint32())
	}
	c, err := Encode(random, 4, LZ4, 5)
	require.NoError(t, err)
	require.Len(t, c, 5016, "what does not get shorter is kept as it is")
}

// The reference implementation reads what is written here and the other way round, with all codecs and filters.
func TestNumcodecs(t *testing.T) {
	exe := os.Getenv("ZAGG_PYTHON")
	if exe == "" {
		t.Skip("ZAGG_PYTHON is not set: a Python with test/requirements.txt")
	}
	const script = `
import sys, base64
from numcodecs import blosc
plain = base64.b64decode(sys.stdin.readline())
for line in sys.stdin:
    line = line.strip()
    if line: assert bytes(blosc.decompress(base64.b64decode(line))) == plain
import numpy
for name in ("blosclz", "lz4", "lz4hc", "zlib", "zstd"):
    for shuffle in (0, 1, 2):
        for size in (1, 2, 4, 8, 12, 20):
            for block in (0, 4096):
                a = numpy.frombuffer(plain[:len(plain)//size*size], dtype="V%d" % size)
                print(size, base64.b64encode(blosc.compress(a, name.encode(), 5, shuffle, block)).decode())
`
	data := someData(60_000)
	in := base64.StdEncoding.EncodeToString(data) + "\n"
	for _, codec := range []Codec{LZ4, Zlib, Zstd} {
		for _, size := range []int{1, 4, 8} {
			c, err := Encode(data, size, codec, 5)
			require.NoError(t, err)
			in += base64.StdEncoding.EncodeToString(c) + "\n"
		}
	}
	cmd := exec.Command(exe, "-c", script)
	cmd.Stdin = strings.NewReader(in)
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	require.NoError(t, err, errs.String())
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	require.Len(t, lines, 5*3*6*2)
	for i, line := range lines {
		var size int
		var text string
		fmt.Sscan(line, &size, &text)
		c, err := base64.StdEncoding.DecodeString(text)
		require.NoError(t, err)
		back, err := Decode(c, int64(len(data)))
		require.NoError(t, err, "container %d", i)
		require.True(t, bytes.Equal(data[:len(data)/size*size], back), "container %d", i)
	}
}

func FuzzDecode(f *testing.F) {
	for _, codec := range []Codec{LZ4, Zlib, Zstd} {
		c, err := Encode(someData(3000), 4, codec, 5)
		require.NoError(f, err)
		f.Add(c)
	}
	lz := []byte{2, 1, 0, 1, 30, 0, 0, 0, 30, 0, 0, 0, 29, 0, 0, 0, 20, 0, 0, 0, 5, 0, 0, 0, 0, 'a', 0xe0, 20, 0}
	f.Add(lz)
	f.Fuzz(func(t *testing.T, c []byte) {
		n, ok := Size(c)
		out, err := Decode(c, 1<<20)
		if err == nil && (!ok || int64(len(out)) != n) {
			t.Fatalf("%d bytes, not %d", len(out), n)
		}
	})
}
