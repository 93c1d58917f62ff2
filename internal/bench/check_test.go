package bench

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRegressions(t *testing.T) {
	var history []Counts
	for i := range 14 {
		history = append(history, Counts{Commit: fmt.Sprint(i), Target: "a", Timestamp: fmt.Sprintf("2026-06-%02dT00:00:00Z", i+1), Requests: 1000, Bytes: 5e6, Seconds: 3, Calibration: 0.5})
	}
	history[0].Requests = 1 // older than the last ten
	now := Counts{Commit: "new", Target: "a", Timestamp: "2026-07-01T00:00:00Z", Requests: 1000, Bytes: 5e6, Seconds: 6, Calibration: 1}
	require.Empty(t, Regressions(history, []Counts{now}, DefaultLimits()), "a slower machine is no regression")
	require.Empty(t, Regressions(nil, []Counts{now}, DefaultLimits()))
	now.Requests, now.Seconds = 1100, 9
	worse := Regressions(history, []Counts{now}, DefaultLimits())
	require.Len(t, worse, 2)
	require.Contains(t, worse[0], "a: read requests 1,100, 10 % more than the median 1,000 of the last 10 merges")
	now.Target = "b"
	require.Empty(t, Regressions(history, []Counts{now}, DefaultLimits()), "a target without history")
	for range 50 {
		history = RetainCounts(history, []Counts{now, {Commit: "x", Target: "c"}})
	}
	require.Len(t, history, 16)
	path := filepath.Join(t.TempDir(), "counts.json")
	require.NoError(t, WriteCounts(path, history))
	back, err := ReadCounts(path)
	require.NoError(t, err)
	require.Equal(t, history, back)
	require.Positive(t, calibrate())
}

// The worker is made from core and the engine, not from tests, docs or the command line.
func TestClosure(t *testing.T) {
	c, err := NewClosure(t.Context(), "../..", "./cmd/zagg-worker")
	require.NoError(t, err)
	for file, want := range map[string]bool{
		"go.mod": true, "go.sum": true, "core/h5/file.go": true, "internal/engine/engine.go": true, "cmd/zagg-worker/main.go": true,
		"internal/engine/deleted.go": true, "deploy/template.yaml": true, "deploy/stand_up.sh": true,
		"internal/engine/run_test.go": false, "README.md": false, "docs/worker.md": false, "cmd/zagg/cli/plot.go": false, "test/s3/x_test.go": false,
		"internal/plot/plot.go": false, "bench/main.go": false, ".github/workflows/ci.yml": false, "sdk/python/x.py": false, "deploy/notes.md": false,
	} {
		require.Equal(t, want, len(c.Touched([]string{file})) == 1, file)
	}
	_, err = NewClosure(t.Context(), "../..", "./cmd/nothing")
	require.Error(t, err)
}

func TestChangedFiles(t *testing.T) {
	dir := t.TempDir()
	git := func(args ...string) {
		cmd := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=a", "-c", "user.email=a@example.org"}, args...)...)
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
	}
	write := func(name string) {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(name), 0o644))
		git("add", "-A")
		git("commit", "-qm", name)
	}
	git("init", "-q", "-b", "main")
	write("a")
	git("branch", "feature")
	write("onmain")
	git("checkout", "-q", "feature")
	write("b c\nd")
	write("é")
	changed, err := ChangedFiles(t.Context(), dir, "main", "feature")
	require.NoError(t, err)
	require.ElementsMatch(t, []string{"b c\nd", "é"}, changed)
	for _, bad := range [][2]string{{"nothing", "feature"}, {"--output=x", "feature"}, {"", "main"}} {
		_, err = ChangedFiles(t.Context(), dir, bad[0], bad[1])
		require.Error(t, err)
	}
}
