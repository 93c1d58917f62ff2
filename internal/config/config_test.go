package config

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

const goldenHash = "e37cea4aa5e914a756b006a5649b6aa284352c151b0fbd2bf8a8e307b279d3be"

func TestGoldenConfigs(t *testing.T) {
	for _, name := range []string{"small", "small_flat", "edge", "bench"} {
		c, notes, err := Load(sharedtest.Dir(t, "golden", name, "config.yaml"))
		require.NoError(t, err)
		t.Log(notes)
		require.Equal(t, goldenHash, c.SemanticHash())
		t.Log(string(c.JSON()))
	}
}

func TestShipped(t *testing.T) {
	c, notes, err := Default("atl06")
	require.NoError(t, err)
	require.Empty(t, notes)
	require.Equal(t, goldenHash, c.SemanticHash())
}
