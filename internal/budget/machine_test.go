package budget

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAvailable(t *testing.T) {
	root := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o777))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o666))
	}
	require.EqualValues(t, unknown, available(root))
	write("proc/meminfo", "MemTotal:       16384 kB\nMemFree: 1 kB\n")
	require.EqualValues(t, 16<<20, available(root))
	write("sys/fs/cgroup/memory.max", "max\n")
	require.EqualValues(t, 16<<20, available(root))
	write("sys/fs/cgroup/memory.max", "1048576\n")
	require.EqualValues(t, 1<<20, available(root))
	write("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n")
	require.EqualValues(t, 1<<20, available(root))
	require.Positive(t, Default())
}
