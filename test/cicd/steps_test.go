//go:build suites

package cicd

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestActionlint(t *testing.T) {
	tool := os.Getenv("ZAGG_ACTIONLINT")
	if tool == "" {
		t.Skip("ZAGG_ACTIONLINT is not set: the executable of actionlint")
	}
	cmd := exec.Command(tool, "-no-color")
	cmd.Dir = "../.."
	if python := os.Getenv("ZAGG_PYTHON"); python != "" {
		cmd.Args = append(cmd.Args, "-shellcheck", filepath.Join(filepath.Dir(python), "shellcheck"))
	}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

// The step that plans a benchmark, run in a clone with a change of the worker.
func TestThePlanStep(t *testing.T) {
	script := benchmarkStep(t, "plan", func(s step) bool { return s.ID == "plan" })
	clone := filepath.Join(t.TempDir(), "clone")
	git := func(args ...string) string {
		cmd := exec.Command("git", args...)
		if args[0] != "clone" {
			cmd.Dir = clone
		}
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return strings.TrimSpace(string(out))
	}
	git("clone", "-q", "../..", clone)
	base := git("rev-parse", "HEAD")
	f, err := os.OpenFile(filepath.Join(clone, "internal/engine/engine.go"), os.O_APPEND|os.O_WRONLY, 0)
	require.NoError(t, err)
	_, err = f.WriteString("\n")
	require.NoError(t, err)
	require.NoError(t, f.Close())
	git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qam", "change")
	output := filepath.Join(t.TempDir(), "output")
	cmd := exec.Command("bash", "-e", "-o", "pipefail", "-c", script)
	cmd.Dir = clone
	cmd.Env = append(os.Environ(), "HEAD_SHA="+git("rev-parse", "HEAD"), "BASE_SHA="+base, "GITHUB_OUTPUT="+output)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	text, err := os.ReadFile(output)
	require.NoError(t, err)
	require.Equal(t, "commit="+git("rev-parse", "HEAD")+"\naffects=true\n", string(text))
}
