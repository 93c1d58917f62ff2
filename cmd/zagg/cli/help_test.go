package cli

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/plugins"
)

// helpText is what --help prints for every command, in the order of a walk over the commands.
func helpText(t *testing.T) string {
	var text strings.Builder
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		args := append(strings.Fields(c.CommandPath())[1:], "--help")
		fmt.Fprintf(&text, "$ zagg %s\n%s\n", strings.Join(args, " "), ok(t, args...))
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk((&app{plugins: &plugins.Set{}}).root())
	require.Equal(t, strings.Count(text.String(), "$ zagg"), strings.Count(text.String(), "Exit codes: 0,"), "each says its exit codes once")
	return text.String()
}

// What --help prints is an interface: a change of it is seen here. `go test ./cmd/zagg/cli -run Help -update` accepts it.
func TestHelpOfEveryCommand(t *testing.T) {
	golden := filepath.Join("testdata", "help.txt")
	got := helpText(t)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(got), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

var update = flag.Bool("update", false, "write the golden files of this package anew")
