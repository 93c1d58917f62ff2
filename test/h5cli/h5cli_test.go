//go:build suites

package h5cli_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/internal/sharedtest"
)

func python(t *testing.T) string {
	exe := os.Getenv("ZAGG_PYTHON")
	if exe == "" {
		t.Skip("ZAGG_PYTHON names no Python with the packages of test/requirements.txt: skipped")
	}
	return exe
}

// described is what zagg prints of a file, and its exit code.
func described(t *testing.T, file string) ([]byte, int) {
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), []string{"h5", "show", file, "/", "--recursive", "--chunks", "--json"}, strings.NewReader(""), &out, &errs)
	return out.Bytes(), code
}

func check(t *testing.T, text []byte, file string) (string, error) {
	cmd := exec.CommandContext(t.Context(), python(t), "check.py", "-", file)
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func files(t *testing.T, pattern string) []string {
	found, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, found, pattern)
	return found
}

func TestSharedFiles(t *testing.T) {
	python(t)
	var all []string
	for _, d := range []string{"data", "data/atl03", "data/atl06", "golden/granules_edge", "golden/granules_small"} {
		all = append(all, files(t, filepath.Join(sharedtest.Dir(t, d), "*.h5"))...)
	}
	for _, file := range append(all, "../../cmd/zagg/cli/sample/ATL06_20241101010000_01002511_007_01.h5") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			text, code := described(t, file)
			require.Zero(t, code)
			out, err := check(t, text, file)
			require.NoError(t, err, out)
		})
	}
}

// Generated files have every type, layout and filter that h5py can write; the virtual dataset among them is refused.
func TestGeneratedFiles(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), python(t), "../h5/generate.py", dir).CombinedOutput()
	require.NoError(t, err, string(out))
	for _, name := range []string{"lib_earliest_v108.h5", "lib_v200_latest.h5", "shared.h5", "userblock_8192_latest.h5", "native_complex.h5"} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(dir, name)
			text, code := described(t, file)
			require.Equal(t, bytes.Count(text, []byte(`"error":"`)), bytes.Count(text, []byte("unsupported: virtual dataset")))
			require.Equal(t, code == 1, bytes.Contains(text, []byte(`"error":"`)))
			out, err := check(t, text, file)
			require.NoError(t, err, out)
		})
	}
}

// The script notices what is wrong.
func TestCheckNotices(t *testing.T) {
	file := "../../cmd/zagg/cli/sample/ATL06_20241101010000_01002511_007_01.h5"
	text, _ := described(t, file)
	for _, change := range [][2]string{
		{`"sha256":"4`, `"sha256":"5`}, {`"class":"float","size":4`, `"class":"integer","size":4`}, {`"kind":"group"`, `"kind":"dataset"`},
		{`"value":"meters"`, `"value":"metres"`}, {`"path":"/gt1l"`, `"path":"/gt1"`}, {`"chunk_shape":[10000]`, `"chunk_shape":[1000]`},
		{`"params":[9]`, `"params":[8]`}, {`"size":1686`, `"size":1685`}, {`"max_shape":[null]`, `"max_shape":[689]`},
	} {
		wrong := bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
		require.NotEqual(t, text, wrong, change)
		out, err := check(t, wrong, file)
		require.Error(t, err, change)
		require.Contains(t, out, "h5py has", change)
	}
}
