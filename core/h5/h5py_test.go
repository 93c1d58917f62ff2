//go:build suites

package h5_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

// TestAgainstH5py compares every object, attribute and value of generated files and of the shared data with what h5py
// reads. It needs ZAGG_PYTHON, an interpreter with h5py.
func TestAgainstH5py(t *testing.T) {
	python := os.Getenv("ZAGG_PYTHON")
	if python == "" {
		t.Skip("ZAGG_PYTHON is not set to a Python interpreter with h5py: not compared")
	}
	dir := t.TempDir()
	out, err := exec.Command(python, "../../test/h5/generate.py", dir).CombinedOutput()
	require.NoError(t, err, string(out))
	files := glob(t, dir)
	require.Greater(t, len(files), 20)
	for _, d := range []string{"data", "data/atl03", "data/atl06", "golden/granules_edge", "golden/granules_small"} {
		files = append(files, glob(t, sharedtest.Dir(t, d))...)
	}
	want := readByH5py(t, python, files)
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			var got []string
			require.NoError(t, dump(t.Context(), open(t, path), func(s string, a ...any) { got = append(got, fmt.Sprintf(s, a...)) }))
			sameLines(t, want[path], got)
		})
	}
}

// readByH5py is what h5py says of each file, by one process.
func readByH5py(t *testing.T, python string, files []string) map[string][]string {
	cmd := exec.Command(python, append([]string{"../../test/h5/compare.py"}, files...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	require.NoError(t, err)
	lines := map[string][]string{}
	file := ""
	for line := range strings.Lines(string(out)) {
		line = strings.TrimSuffix(line, "\n")
		if name, begins := strings.CutPrefix(line, "file "); begins {
			file = name
			continue
		}
		lines[file] = append(lines[file], line)
	}
	return lines
}

func glob(t *testing.T, dir string) []string {
	files, err := filepath.Glob(filepath.Join(dir, "*.h5"))
	require.NoError(t, err)
	return files
}

// sameLines compares line by line in sorted order; where h5py itself failed, any answer will do.
func sameLines(t *testing.T, want, got []string) {
	slices.Sort(want)
	slices.Sort(got)
	require.Len(t, got, len(want))
	for i, w := range want {
		head, failure, failed := strings.Cut(w, " error ")
		if failed && failure != "unsupported" {
			require.True(t, strings.HasPrefix(got[i], head+" "), "%s\n%s", w, got[i])
			continue
		}
		require.Equal(t, w, got[i])
	}
}
