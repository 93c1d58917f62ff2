package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/awstest"
)

// An address at which no store can be is refused before a granule is read, by a dry run too, and nothing is left behind.
func TestStoreAddresses(t *testing.T) {
	s, err := awstest.StartS3(t.Context(), awstest.S3Options{Buckets: []string{"out"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	for name, value := range s.Environ() {
		t.Setenv(name, value)
	}
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	require.NoError(t, os.WriteFile(file, []byte("x"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "b.zarr.status"), nil, 0o644))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "granules"), 0o755))
	before := tree(t, dir)
	for address, want := range map[string]string{
		file: "is a file", file + "/below/it": "is a file", "file://" + file: "is a file", filepath.Join(dir, "b.zarr"): "is a file",
		"/dev/null": "is a file", "/dev/null/x": "is a file", "file:///dev/null": "is a file",
		"file://localhost" + dir + "/x": "want file:///path", "file://x": "want file:///path",
		"s3://no-such-bucket/x.zarr": "no such bucket", "s3://out": "want s3://bucket/key", "gs://bucket/x": "not to gs://", "": "--store",
	} {
		for _, more := range [][]string{nil, {"--dry-run"}, {"--overwrite"}} {
			// Reading this granule would fail otherwise.
			args := append([]string{"run", "--config", "sample/demo.yaml", "--granules", filepath.Join(dir, "granules/none.h5"), "--store", address}, more...)
			code, out, errs := execute(t, "", args...)
			require.Positive(t, code, address)
			require.Contains(t, out+errs, want, "%s %v", address, more)
			require.Equal(t, before, tree(t, dir), address)
		}
	}
}

// Names that are one on some disks are noted, and a variable must not be called like a coordinate.
func TestConfigCheckNames(t *testing.T) {
	text, err := os.ReadFile("sample/demo.yaml")
	require.NoError(t, err)
	check := func(from, to string) (int, string) {
		name := filepath.Join(t.TempDir(), "my.yaml")
		edited := replaceOnce(t, string(text), from, to)
		require.NoError(t, os.WriteFile(name, []byte(edited), 0o644))
		code, out, errs := execute(t, "", "config", "check", name)
		return code, out + errs
	}
	code, said := check("h_min:", "H_MAX:")
	require.Zero(t, code)
	require.Contains(t, said, "differ in capital letters only")
	for _, name := range []string{"cell_ids", "morton"} {
		code, said = check("h_min:", name+":")
		require.Equal(t, 1, code, said)
		require.Contains(t, said, name)
		require.Contains(t, said, "like a coordinate of the grid")
	}
}

func replaceOnce(t *testing.T, text, from, to string) string {
	require.Contains(t, text, from)
	return strings.Replace(text, from, to, 1)
}
