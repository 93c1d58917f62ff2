//go:build suites

package zip

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/zippatch"
)

func python(t *testing.T) string {
	p := os.Getenv("ZAGG_PYTHON")
	if p == "" {
		t.Skip("ZAGG_PYTHON is not set: an interpreter is needed")
	}
	return p
}

// infoZip skips where zip and unzip are not installed.
func infoZip(t *testing.T) {
	for _, name := range []string{"zip", "unzip"} {
		if _, err := exec.LookPath(name); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is not installed (apt-get install zip unzip)", name)
			}
			t.Skipf("%s is not installed (apt-get install zip unzip)", name)
		}
	}
}

func run(t *testing.T, name string, args ...string) {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	require.NoError(t, err, string(out))
}

// A file is an archive on disk.
type file struct{ f *os.File }

func (f file) ReadAt(_ context.Context, p []byte, offset int64) error {
	_, err := f.f.ReadAt(p, offset)
	return err
}

// patched is a file's archive with edits.
func patched(t *testing.T, name string, edits []zippatch.Edit) []byte {
	t.Helper()
	f, err := os.Open(name)
	require.NoError(t, err)
	defer f.Close() //nolint:errcheck // only read
	info, err := f.Stat()
	require.NoError(t, err)
	a, err := zippatch.Open(t.Context(), file{f}, info.Size(), filepath.Base(name))
	require.NoError(t, err)
	plan, err := a.Apply(edits)
	require.NoError(t, err)
	out := make([]byte, 0, plan.Size)
	for _, p := range plan.Pieces {
		data := p.Data
		if data == nil {
			data = make([]byte, p.Length)
			_, err := f.ReadAt(data, p.Offset)
			require.NoError(t, err)
		}
		require.EqualValues(t, p.Length, len(data))
		out = append(out, data...)
	}
	require.EqualValues(t, plan.Size, len(out))
	return out
}

// Any archive with any changes is what zipfile makes of it when it writes everything anew, in content, order and
// attributes; Info-ZIP finds nothing wrong.
func TestPatchIsARewrite(t *testing.T) {
	infoZip(t)
	n := 120
	if testing.Short() {
		n = 40
	}
	dir := t.TempDir()
	run(t, python(t), "archives.py", "make", dir, "7", fmt.Sprint(n))
	for k := range n {
		text, err := os.ReadFile(filepath.Join(dir, fmt.Sprintf("%d.json", k)))
		require.NoError(t, err)
		var pairs [][2]*string
		require.NoError(t, json.Unmarshal(text, &pairs))
		edits := make([]zippatch.Edit, len(pairs))
		for i, p := range pairs {
			edits[i].Name = *p[0]
			if p[1] != nil {
				data, err := base64.StdEncoding.DecodeString(*p[1])
				require.NoError(t, err)
				edits[i].Content = zippatch.Bytes(data)
			}
		}
		out := patched(t, filepath.Join(dir, fmt.Sprintf("%d.zip", k)), edits)
		require.NoError(t, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.out", k)), out, 0o644))
	}
	run(t, python(t), "archives.py", "check", dir)
}
