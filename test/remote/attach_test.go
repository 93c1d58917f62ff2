//go:build suites

package remote

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/plugins"
)

// A run attaches to a plugin that its author has started, and leaves it running; what plugins took is in the summary.
func TestReattach(t *testing.T) {
	linked := builtin()
	own := []core.Plugin{linked["healpix"], linked["atl06"]}
	ctx, end := context.WithCancel(t.Context())
	reattach, served := make(chan string, 1), make(chan error, 1)
	var said bytes.Buffer
	go func() {
		served <- plugins.ServeDebug(ctx, []string{build(t, "cmd/zagg-plugin-stats")}, &said, func(value string) { reattach <- value })
	}()
	select {
	case value := <-reattach:
		require.True(t, strings.HasPrefix(value, "stats=/"), value)
		t.Setenv("ZAGG_REATTACH", value)
	case err := <-served:
		t.Fatal(err, said.String())
	case <-time.After(time.Minute):
		t.Fatal("it says nothing")
	}
	text, err := os.ReadFile(filepath.Join("..", "..", "internal", "config", "shipped", "atl06.yaml"))
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "run.yaml")
	require.NoError(t, os.WriteFile(config, []byte(string(text)+"\nplugins: [{name: stats, command: /no/such/plugin}]\n"), 0o600))
	for range 2 {
		store := filepath.Join(t.TempDir(), "store.zarr")
		code, out := zagg(t, own, "run", "--allow-plugins", "--config", config, "--granules", "../../cmd/zagg/cli/sample", "--store", store, "-q", "--json")
		require.Zero(t, code, out)
		var summary struct {
			Plugins []struct {
				Name  string
				Calls int64
			}
		}
		require.NoError(t, json.Unmarshal([]byte(out), &summary), out)
		require.Equal(t, "stats", summary.Plugins[0].Name)
	}
	end()
	require.NoError(t, <-served)
}
