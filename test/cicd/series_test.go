//go:build suites

package cicd

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/bench"
	"github.com/englacial/zagg/internal/sharedtest"
)

// The step that adds a merge to the branch benchmarks, as two merges run it at the same time: the one that pushes later adds its
// rows to what the other has pushed. Without anything new there is no commit.
func TestTheSeriesStep(t *testing.T) {
	script := benchmarkStep(t, "merge", func(s step) bool { return s.Name == "Series and charts" })
	dir := t.TempDir()
	run := func(where, name string, args ...string) string {
		cmd := exec.Command(name, args...)
		cmd.Dir = where
		cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.org")
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		return strings.TrimSpace(string(out))
	}
	temp := filepath.Join(dir, "temp")
	require.NoError(t, os.Mkdir(temp, 0o755))
	require.NoError(t, os.Symlink(sharedtest.Program(t, "zagg"), filepath.Join(temp, "zagg")))
	remote := filepath.Join(dir, "remote.git")
	run(dir, "git", "init", "-q", "--bare", "-b", "benchmarks", remote)
	run(dir, "git", "clone", "-q", remote, "first")
	run(filepath.Join(dir, "first"), "git", "commit", "-q", "--allow-empty", "-m", "begin")
	run(filepath.Join(dir, "first"), "git", "push", "-q", "origin", "HEAD:benchmarks")

	commits := []string{strings.Repeat("a", 40), strings.Repeat("b", 40)}
	step := func(i int) (string, error) {
		cmd := exec.Command("bash", "-e", "-c", script)
		cmd.Dir = filepath.Join(dir, fmt.Sprint("merge-", i))
		cmd.Env = append(os.Environ(), "RUNNER_TEMP="+temp, "GITHUB_SHA="+commits[i])
		out, err := cmd.CombinedOutput()
		return string(out), err
	}
	for i, commit := range commits { // both check the branch out before either pushes
		work := filepath.Join(dir, fmt.Sprint("merge-", i))
		require.NoError(t, os.Mkdir(work, 0o755))
		run(work, "git", "clone", "-q", remote, "benchmarks")
		r := bench.Record{Timestamp: fmt.Sprintf("2026-01-0%dT00:00:00Z", i+1), Commit: commit, Ref: "main", Event: bench.EventMerge, Target: "x", ShardKey: 1<<63 + 1, Runtime: 10, Cost: 1}
		require.NoError(t, bench.WriteRecords(filepath.Join(work, "metrics.json"), []bench.Record{r}))
		requests := int64(100)
		if i == 1 {
			requests = 200
		}
		require.NoError(t, bench.WriteCounts(filepath.Join(work, "counts.json"), []bench.Counts{{Commit: commit, Target: "x", Timestamp: r.Timestamp, Requests: requests}}))
	}
	out, err := step(0)
	require.NoError(t, err, out)
	out, err = step(1)
	require.Error(t, err, "twice the requests of the other merge")
	require.Contains(t, out, "::notice::the branch benchmarks moved on: try 1")
	require.Contains(t, out, "x: read requests 200")
	before := run(remote, "git", "rev-parse", "benchmarks")
	out, err = step(0)
	require.NoError(t, err, out)
	require.Equal(t, "3", run(remote, "git", "rev-list", "--count", "benchmarks"), "no commit without anything new: %s %s", before, out)

	run(dir, "git", "clone", "-q", remote, "after")
	series, err := bench.ReadSeries(filepath.Join(dir, "after", "series.parquet"))
	require.NoError(t, err)
	require.Len(t, series, 2)
	require.Equal(t, commits, []string{series[0].Commit, series[1].Commit})
	require.EqualValues(t, uint64(1<<63+1), series[1].ShardKey)
	require.FileExists(t, filepath.Join(dir, "after", "site", "index.html"))
}
