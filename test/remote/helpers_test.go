//go:build suites

package remote

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/internal/sharedtest"
	"github.com/englacial/zagg/lambda/worker"
	"github.com/englacial/zagg/plugins/atl06"
	"github.com/englacial/zagg/plugins/hdf5"
	"github.com/englacial/zagg/plugins/healpix"
	"github.com/englacial/zagg/plugins/stats"
)

// binaries is where the executables of this test are built, once each.
var binaries struct {
	sync.Mutex
	dir   string
	built map[string]bool
}

// TestMain gives plugins a temporary folder in which nothing may be left, and a secret that none of them may know.
// The test's program is also the function that --emulate starts.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		worker.Main(healpix.Plugin(), stats.Plugin(), productPlugin())
	}
	dir, err := os.MkdirTemp("", "zagg-test-")
	if err != nil {
		panic(err)
	}
	tmp := filepath.Join(dir, "tmp")
	if err := errors.Join(os.Mkdir(tmp, 0o700), os.Setenv("TMPDIR", tmp), os.Setenv("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")); err != nil {
		panic(err)
	}
	sdk, err := filepath.Abs("../../sdk/python/src") // where Python finds the package of this repository
	if err := errors.Join(err, os.Setenv("PYTHONPATH", sdk)); err != nil {
		panic(err)
	}
	binaries.dir, binaries.built = dir, map[string]bool{}
	code := m.Run()
	if left, _ := filepath.Glob(filepath.Join(tmp, "zagg-plugin-*")); len(left) > 0 {
		fmt.Println("folders of plugins are left:", left)
		code = 1
	}
	os.RemoveAll(dir)
	os.Exit(code)
}

// build is the executable of a command of this module.
func build(t testing.TB, pkg string) string {
	t.Helper()
	sharedtest.NotShort(t)
	binaries.Lock()
	defer binaries.Unlock()
	path := filepath.Join(binaries.dir, filepath.Base(pkg))
	if !binaries.built[pkg] {
		out, err := exec.Command("go", "build", "-o", path, "../../"+pkg).CombinedOutput()
		require.NoError(t, err, string(out))
		binaries.built[pkg] = true
	}
	return path
}

// builtin are the plugins that go both ways.
func builtin() map[string]core.Plugin {
	return map[string]core.Plugin{"healpix": healpix.Plugin(), "atl06": atl06.Plugin(), "hdf5": hdf5.Plugin(), "stats": stats.Plugin()}
}

// start starts a built-in plugin as a process.
func start(t testing.TB, name string) core.Plugin {
	t.Helper()
	p, err := remote.Open(t.Context(), remote.Options{Command: []string{build(t, "cmd/zagg-plugin-"+name)}, Log: func(plugin, line string) { t.Log(plugin, line) }})
	require.NoError(t, err)
	t.Cleanup(func() { p.Close() })
	return p.Core()
}

// zagg runs one command line with these plugins and returns its exit code and what it printed.
func zagg(t testing.TB, plugins []core.Plugin, args ...string) (int, string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, plugins...)
	return code, out.String() + errs.String()
}

// files are the objects of a store by name, records and their times left out.
func files(t testing.TB, root string) map[string]string {
	t.Helper()
	found := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(p)
		name, _ := filepath.Rel(root, p)
		found[name] = string(b)
		return err
	}))
	return found
}

// sum is the SHA-256 of a file.
func sum(t testing.TB, path string) string {
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	digest := sha256.Sum256(b)
	return hex.EncodeToString(digest[:])
}
