//go:build suites

package remote

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/sharedtest"
)

// A run whose plugin dies, hangs or lies in the middle ends with an error that names it, and the same command finishes it: byte for byte the
// store of a run without faults, so that nothing is missing and nothing counted twice.
func TestRunsResume(t *testing.T) {
	granules := sharedtest.Dir(t, "golden", "granules_edge")
	args := func(store string) []string {
		return []string{"run", "--config", "atl06", "--granules", granules, "--store", store, "-q", "--max-workers", "2"}
	}
	linked := filepath.Join(t.TempDir(), "linked.zarr")
	plugins := builtin()
	code, out := zagg(t, []core.Plugin{plugins["healpix"], plugins["atl06"], plugins["stats"]}, args(linked)...)
	require.Zero(t, code, out)
	want := files(t, linked)

	for _, c := range []struct {
		method, kind, after string
		fails               bool // or is the call repeated
	}{
		{"Reader/Read", "kill", "2", true}, {"Reader/Read", "hang", "2", true}, {"Reader/Read", "corrupt", "2", true},
		{"Grid/Locate", "kill", "0", false}, {"Grid/Cells", "kill", "0", false}, {"Statistic/Compute", "hang", "0", false}, {"Statistic/Compute", "corrupt", "0", true},
	} {
		t.Run(c.method+"/"+c.kind, func(t *testing.T) {
			p := newPatient(t, "-method", c.method, "-kind", c.kind, "-after", c.after, "-batches="+strconv.FormatBool(c.method == "Reader/Read"), "-once="+filepath.Join(t.TempDir(), "once"))
			if c.kind == "hang" {
				p.options.Health = 300 * time.Millisecond
			}
			plugin, err := p.open()
			require.NoError(t, err)
			store := filepath.Join(t.TempDir(), "store.zarr")
			code, out := zagg(t, []core.Plugin{plugin.Core()}, args(store)...)
			require.Contains(t, p.said(), "faulty: "+c.kind+" now")
			if c.fails && code != 0 { // on a slow machine it may be too early for a batch: then the read is repeated
				require.Equal(t, 1, code, out)
				require.Contains(t, out, "plugin patient")
				code, out = zagg(t, []core.Plugin{plugin.Core()}, args(store)...)
			}
			require.Zero(t, code, out)
			require.True(t, equal(t, want, files(t, store)))
		})
	}
}

// runConfig is the shipped configuration with a reader from the faulty plugin, under another name than the one linked in.
func runConfig(t *testing.T, command ...string) string {
	text, err := config.ShippedText("atl06")
	require.NoError(t, err)
	words, err := json.Marshal(command)
	require.NoError(t, err)
	changed := strings.Replace(string(text), "reader: atl06 ", "reader: f-atl06 ", 1) + "\nplugins:\n  - {name: faulty, command: " + string(words) + "}\n"
	require.NotContains(t, changed, "reader: atl06")
	path := filepath.Join(t.TempDir(), "config.yaml")
	require.NoError(t, os.WriteFile(path, []byte(changed), 0o600))
	return path
}

// However zagg ends, its plugins end: killed, interrupted, or interrupted twice.
func TestNoOrphans(t *testing.T) {
	binary := build(t, "cmd/zagg")
	for name, end := range map[string]func(*os.Process) error{
		"killed":      func(p *os.Process) error { return p.Kill() },
		"interrupted": func(p *os.Process) error { return p.Signal(syscall.SIGINT) },
		"aborted":     func(p *os.Process) error { return p.Signal(syscall.SIGABRT) }, // as a panic in any goroutine
	} {
		for _, kind := range []string{"stall", "hang"} {
			if kind == "hang" && !sharedtest.Sweep() {
				continue
			}
			t.Run(name+"/"+kind, func(t *testing.T) {
				p := newPatient(t)
				if len(processes(t, "")) == 0 {
					t.Skip("processes are looked for in /proc")
				}
				flags := append(p.options.Command, "-prefix", "f-", "-method", "Reader/Read", "-kind", kind, "-after", "3")
				cmd := exec.Command(binary, "run", "--allow-plugins", "--config", runConfig(t, flags...), "--granules", sharedtest.Dir(t, "golden", "granules_small"), "--store", filepath.Join(t.TempDir(), "s.zarr"), "-q")
				var errs lockedBuffer
				cmd.Stderr = &errs
				require.NoError(t, cmd.Start())
				require.Eventually(t, func() bool { return strings.Contains(errs.String(), "faulty: "+kind+" now") }, 20*time.Second, 10*time.Millisecond, "%s", errs.String())
				require.NoError(t, end(cmd.Process))
				err := cmd.Wait()
				require.Error(t, err)
				if name == "interrupted" {
					require.Equal(t, 130, cmd.ProcessState.ExitCode(), errs.String())
				} else { // the folder of a host that was killed is removed when the next starts a plugin
					out, err := exec.Command(binary, "plugins", "describe", p.options.Command[0]).CombinedOutput()
					require.NoError(t, err, string(out))
				}
			})
		}
	}
}

// A lockedBuffer is a buffer that is read while it is written.
type lockedBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}
