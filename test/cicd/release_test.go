//go:build suites

package cicd

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/sharedtest"
)

// A release built in two folders is the same bytes, and the program in it runs.
func TestReleaseIsReproducible(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("runs the program that is built for linux")
	}
	dir := t.TempDir()
	zagg := sharedtest.Program(t, "zagg")
	command := func(name string, args ...string) {
		out, err := exec.Command(name, args...).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	var sums []string
	for _, name := range []string{"first", "second"} {
		source, out := filepath.Join(dir, name, "source"), filepath.Join(dir, name, "dist")
		command("git", "clone", "-q", "--depth", "1", "file://"+repository(t), source)
		log, err := os.ReadFile(filepath.Join(source, "CHANGELOG.md"))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(source, "CHANGELOG.md"), []byte(strings.Replace(string(log), "## Unreleased", "## 9.8.7", 1)), 0o644))
		command(zagg, "bench", "release", "--tag", "9.8.7", "--source", source, "--output", out, "--platform", "linux/"+runtime.GOARCH, "--no-functions")
		text, err := os.ReadFile(filepath.Join(out, "SHA256SUMS"))
		require.NoError(t, err)
		sums = append(sums, string(text))
	}
	require.Equal(t, sums[0], sums[1])
	require.Contains(t, sums[0], "zagg_9.8.7_linux_"+runtime.GOARCH+".tar.gz")
	require.Contains(t, sums[0], "sbom.cdx.json")
	notes, err := os.ReadFile(filepath.Join(dir, "first", "dist", "NOTES.md"))
	require.NoError(t, err)
	require.Contains(t, string(notes), "### Added")

	program := filepath.Join(dir, "released")
	unpack(t, filepath.Join(dir, "first", "dist", "zagg_9.8.7_linux_"+runtime.GOARCH+".tar.gz"), "zagg", program)
	command(program, "config", "show", "atl06")
}

func repository(t *testing.T) string {
	root, err := filepath.Abs("../..")
	require.NoError(t, err)
	return root
}

// unpack writes the file of this base name to a path.
func unpack(t *testing.T, archive, name, to string) {
	f, err := os.Open(archive)
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	for files := tar.NewReader(z); ; {
		h, err := files.Next()
		require.False(t, errors.Is(err, io.EOF), "no %s in it", name)
		require.NoError(t, err)
		if filepath.Base(h.Name) != name {
			continue
		}
		data, err := io.ReadAll(files)
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(to, data, 0o755))
		return
	}
}
