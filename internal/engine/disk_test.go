package engine

import (
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/budget"
)

// scratchEnv names the folder that a copy of the test's program is to fill.
const scratchEnv = "ZAGG_ENGINE_SCRATCH"

// A disk that is really full, in a mount of its own, or a limit to the size of files: the job ends before anything is written, with an
// error that names the folder and how much was needed, and leaves nothing there.
func TestFullDisk(t *testing.T) {
	exe, err := os.Executable()
	require.NoError(t, err)
	for name, c := range map[string]struct{ shell, script string }{
		"full":                        {"unshare -rm sh", `mount -t tmpfs -o size=64k tmpfs "$0" && exec "$@"`},
		"full while objects are made": {"unshare -rm sh", `mount -t tmpfs -o size=128k tmpfs "$0" && exec "$@"`},
		"files may not be longer":     {"sh", `ulimit -f 16 && exec "$@"`},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			shell := strings.Fields(c.shell)
			if name[:4] == "full" && exec.Command(shell[0], append(shell[1:], "-c", `mount -t tmpfs -o size=64k tmpfs "$0"`, dir)...).Run() != nil {
				t.Skip("this system does not let its users mount")
			}
			cmd := exec.Command(shell[0], append(shell[1:], "-c", c.script, dir, exe, "-test.run", "^TestFillScratch$", "-test.v")...)
			cmd.Env = append(os.Environ(), scratchEnv+"="+dir)
			out, err := cmd.CombinedOutput()
			require.NoError(t, err, string(out))
			require.Contains(t, string(out), "--- PASS: TestFillScratch", string(out))
		})
	}
}

// TestFillScratch is what TestFullDisk has another process do.
func TestFillScratch(t *testing.T) {
	dir := os.Getenv(scratchEnv)
	if dir == "" {
		t.Skip("TestFullDisk runs it")
	}
	rng := rand.New(rand.NewPCG(1, 2))
	g := tileGrid{slots: [2]int64{256, 256}, chunk: [2]int64{64, 64}}
	const granules = 30
	reader := tracks(rng, granules)
	for id := range reader.batches { // some hundred rows each, many times
		for range 5 {
			reader.batches[id] = append(reader.batches[id], reader.batches[id]...)
		}
	}
	store := &objstore.Mem{}
	tasks := tasksOf(rng, granules, store)[:1]
	p := g.pipeline(t, g, reader)
	p.Budget, p.Scratch = budget.New(1), dir
	results, errs := p.RunAll(t.Context(), tasks, Hooks{})
	for i := range tasks {
		require.Nil(t, results[i])
		require.Equal(t, core.Invalid, core.CodeOf(errs[i]), errs[i])
		require.ErrorContains(t, errs[i], dir)
		require.ErrorContains(t, errs[i], "need at least")
		require.ErrorContains(t, errs[i], "--scratch")
	}
	require.Empty(t, objects(t, store))
	left, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, left)
}
