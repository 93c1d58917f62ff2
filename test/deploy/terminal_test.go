//go:build (linux || darwin) && suites

package deploy

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/creack/pty"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/plugins/all"
)

// asZagg is the environment variable that makes this program zagg: a process that can be given a terminal.
const asZagg = "ZAGG_TEST_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asZagg) != "" {
		os.Exit(cli.Run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, all.Plugins()...))
	}
	os.Exit(m.Run())
}

// On a terminal the results are a table with a row for each function, which ends with what came of each; why one failed is said
// below it.
func TestQuickdeployOnATerminal(t *testing.T) {
	functions(t, "f0", "a-function-of-a-longer-name")
	exe, err := os.Executable()
	require.NoError(t, err)
	config := filepath.Join(t.TempDir(), "c.json")
	require.NoError(t, os.WriteFile(config, []byte("new"), 0o644))
	cmd := exec.Command(exe, "quickdeploy", "--zip", "s3://zips/my/app.zip", "--functions", "f0,none,a-function-of-a-longer-name", "--local", "--change", "config.json="+config)
	cmd.Env = append(os.Environ(), asZagg+"=1", "TERM=xterm")
	terminal, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 100})
	require.NoError(t, err)
	defer terminal.Close()
	written, _ := io.ReadAll(terminal) // ends with an error when the program does
	require.Error(t, cmd.Wait())
	require.Equal(t, 1, cmd.ProcessState.ExitCode(), string(written))
	plain := regexp.MustCompile("\x1b\\[[0-9;?]*[A-Za-z]").ReplaceAllString(string(written), "")
	lines := strings.FieldsFunc(plain, func(r rune) bool { return r == '\r' || r == '\n' })
	last := map[string]string{}
	for _, line := range lines {
		name, _, _ := strings.Cut(line, " ")
		if strings.HasSuffix(line, " failed") || strings.HasSuffix(line, " has the new code") {
			last[name] = line
		}
	}
	require.Regexp(t, `^f0 {25} +\d+\.\ds  has the new code$`, last["f0"])
	require.Regexp(t, `^a-function-of-a-longer-name +\d+\.\ds  has the new code$`, last["a-function-of-a-longer-name"])
	require.Regexp(t, `^none {23} +\d+\.\ds  failed$`, last["none"])
	require.Contains(t, plain, "2 of 3 functions have the new code")
	require.Regexp(t, `(?m)^none failed after \d+\.\ds: .*ResourceNotFoundException`, plain, "a reason that the table has no room for is said below it")
}
