package shardmap

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

// The files that earlier releases wrote are read, and written again byte for byte.
func TestRoundTripOfPublishedMaps(t *testing.T) {
	for _, elem := range [][]string{
		{"golden", "small", "shardmap.json"}, {"golden", "bench", "shardmap.json"}, {"golden", "edge", "shardmap.json"},
		{"data", "zagg", "sm_healpix_o9.json"}, {"data", "zagg", "sm_rect_3km.json"},
	} {
		want, err := os.ReadFile(sharedtest.Dir(t, elem...))
		require.NoError(t, err)
		m, err := Parse(elem[len(elem)-1], want)
		require.NoError(t, err)
		require.Empty(t, m.LegacyKeys())
		var got bytes.Buffer
		require.NoError(t, m.Write(&got))
		require.Equal(t, string(want), got.String())
	}
}
