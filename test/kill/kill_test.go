// Package kill kills real runs of zagg at random moments and lets the same command finish them.
package kill

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/sharedtest"
	layout "github.com/englacial/zagg/internal/store"
)

const samples = "../../cmd/zagg/cli/sample"

// However often a run is killed, no half-written object is ever visible under its name, a record never exists without
// its objects, and the same command ends in the bytes of an undisturbed run.
func TestKilledRunsResume(t *testing.T) {
	sharedtest.NotShort(t)
	zagg := filepath.Join(t.TempDir(), "zagg")
	out, err := exec.Command("go", "build", "-o", zagg, "../../cmd/zagg").CombinedOutput()
	require.NoError(t, err, string(out))
	run := func(store string) *exec.Cmd {
		return exec.Command(zagg, "run", "--config", filepath.Join(samples, "demo.yaml"), "--granules", samples, "--store", store, "-q")
	}
	whole := filepath.Join(t.TempDir(), "whole.zarr")
	start := time.Now()
	out, err = run(whole).CombinedOutput()
	require.NoError(t, err, string(out))
	took := time.Since(start)
	want := files(t, whole)

	killed := filepath.Join(t.TempDir(), "killed.zarr")
	kills := 0
	for range 12 {
		cmd := run(killed)
		require.NoError(t, cmd.Start())
		time.Sleep(time.Duration(rand.Int64N(int64(took))))
		if cmd.Process.Kill() == nil {
			kills++
		}
		cmd.Wait()
		for name, data := range files(t, killed) {
			require.Equal(t, want[name], data, "%s is half written", name)
		}
		recordsHold(t, killed, want)
	}
	require.Positive(t, kills)
	out, err = run(killed).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, want, files(t, killed))
}

// recordsHold checks that what a record names is there.
func recordsHold(t *testing.T, store string, want map[string]string) {
	have := files(t, store)
	labels, err := layout.ListRecords(t.Context(), &objstore.File{}, store)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	require.NoError(t, err)
	for _, l := range labels {
		r, err := layout.LoadRecord(t.Context(), &objstore.File{}, store, l)
		require.NoError(t, err)
		for _, o := range r.Objects {
			require.Equal(t, want[o.Path], have[o.Path], "record %s names %s", l, o.Path)
		}
	}
}

// files is every file of a store that is not a leftover of an interrupted write; those begin with a dot.
func files(t *testing.T, root string) map[string]string {
	all := map[string]string{}
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		data, err := os.ReadFile(p)
		rel, _ := filepath.Rel(root, p)
		all[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	return all
}
