package checksum

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// TestLookup3 has the values of the self-test in Jenkins' lookup3.c.
func TestLookup3(t *testing.T) {
	require.Equal(t, uint32(0xdeadbeef), Lookup3(nil, 0))
	require.Equal(t, uint32(0x17770551), Lookup3([]byte("Four score and seven years ago"), 0))
	require.Equal(t, uint32(0xcd628161), Lookup3([]byte("Four score and seven years ago"), 1))
}

// TestFletcher32 compares with the definition: sums modulo 65535 that are folded after every word.
func TestFletcher32(t *testing.T) {
	for n := range 3000 {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(255 - i*i%7)
		}
		var s1, s2 uint64
		for i := 0; i < n; i += 2 {
			w := uint64(b[i]) << 8
			if i+1 < n {
				w |= uint64(b[i+1])
			}
			s1 += w
			s2 += s1
			s1, s2 = s1&0xffff+s1>>16, s2&0xffff+s2>>16
		}
		got := Fletcher32(b)
		require.Equal(t, s1%65535, uint64(got&0xffff)%65535, n)
		require.Equal(t, s2%65535, uint64(got>>16)%65535, n)
	}
}
