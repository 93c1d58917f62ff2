package cursor

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// The first failure sticks, names structure and byte, and leaves nothing to read.
func TestEnds(t *testing.T) {
	c := New("a header", 100, []byte{1, 2, 3, 4, 5}, Sizes{Offset: 8, Length: 8})
	require.Equal(t, []byte{1, 2}, c.Bytes(2))
	require.Equal(t, 2, c.Pos())
	require.Equal(t, 3, c.Len())
	require.NoError(t, c.Err())
	require.Nil(t, c.Bytes(4))
	require.Equal(t, core.Corrupt, core.CodeOf(c.Err()))
	require.ErrorContains(t, c.Err(), "a header at byte 100: ends at byte 105, 4 more wanted at byte 102")
	require.Zero(t, c.Len())
	require.Nil(t, c.Bytes(1))
	require.ErrorContains(t, c.Fail("something else"), "4 more wanted")
	require.Equal(t, core.Unsupported, core.CodeOf(New("x", 0, nil, Sizes{}).FailUnsupported("version %d", 9)))
	require.Nil(t, New("x", 0, []byte{1}, Sizes{}).Bytes(-1))
}
