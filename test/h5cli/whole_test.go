//go:build suites

package h5cli_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/objstore"
)

const wholeFiles = `
import sys, h5py, numpy as np
for lv in ("earliest", "latest"):
    for driver, name, kw in (("family", "family_%s_%%d.h5" % lv, dict(memb_size=4096)), ("split", "split_" + lv, {})):
        with h5py.File(sys.argv[1] + "/" + name, "w", driver=driver, libver=lv, **kw) as f:
            f["x"] = np.arange(3000)
    for block in (0, 512):
        with h5py.File(sys.argv[1] + "/plain_%s_%d.h5" % (lv, block), "w", libver=lv, userblock_size=block) as f:
            f["x"] = np.arange(100000)
`

// Parts of a file that lies in several, and files without their last byte, are refused by name, or read with a warning.
func TestFilesAsAWhole(t *testing.T) {
	dir := t.TempDir()
	out, err := exec.CommandContext(t.Context(), python(t), "-c", wholeFiles, dir).CombinedOutput()
	require.NoError(t, err, string(out))
	open := func(name string) (*h5.File, error) {
		return h5.Open(t.Context(), &objstore.File{}, filepath.Join(dir, name), h5.Options{})
	}
	for _, libver := range []string{"earliest", "latest"} {
		for name, driver := range map[string]string{"family_" + libver + "_0.h5": "family driver", "split_" + libver + "-m.h5": "multi or split driver"} {
			_, err := open(name)
			require.Equal(t, core.Unsupported, core.CodeOf(err), "%s: %v", name, err)
			require.ErrorContains(t, err, driver)
		}
		for _, block := range []string{"0", "512"} {
			name := "plain_" + libver + "_" + block + ".h5"
			f, err := open(name)
			require.NoError(t, err)
			require.Empty(t, f.Warnings())
			whole, err := os.ReadFile(filepath.Join(dir, name))
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(filepath.Join(dir, name), whole[:len(whole)-1], 0o644))
			// Where the source was quick to answer, Open looks at the file's last byte; else the first read of values does.
			f, err = open(name)
			if err == nil {
				var x *h5.Dataset
				x, err = f.Dataset(t.Context(), "x")
				require.NoError(t, err)
				_, err = x.Read(t.Context(), nil)
			}
			require.Equal(t, core.Corrupt, core.CodeOf(err))
			require.ErrorContains(t, err, "truncated")
			if block != "0" {
				require.Len(t, f.Warnings(), 1)
			}
		}
	}
}
