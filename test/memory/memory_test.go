//go:build suites

package memory

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/host/serve"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/sharedtest"
	layout "github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/plugins/all"
	"github.com/englacial/zagg/test/remote/loop"
)

const (
	asCLI    = "ZAGG_MEMORY_AS_CLI"
	bare     = "bare" // of asCLI: without plugins
	asPlugin = "ZAGG_MEMORY_AS_PLUGIN"
)

// The test's program is the command line and a plugin too.
func TestMain(m *testing.M) {
	if os.Getenv(asPlugin) != "" {
		serve.Main(loop.Everything())
		os.Exit(0)
	}
	if os.Getenv(asCLI) == bare {
		os.Exit(cli.Main())
	}
	if os.Getenv(asCLI) != "" {
		os.Exit(cli.Main(all.Plugins()...))
	}
	os.Exit(m.Run())
}

// run computes a store and gives the most memory that the process had, in bytes.
func run(t *testing.T, config, granules, store string, flags ...string) int64 {
	cmd := exec.CommandContext(t.Context(), os.Args[0], append([]string{"run", "--config", config, "--granules", filepath.Join(granules, "*.h5"),
		"--store", store, "-q", "--allow-missing", "--scratch", t.TempDir()}, flags...)...)
	cmd.Env = append(os.Environ(), asCLI+"=1")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	require.NoError(t, err, "%s", out.String())
	return cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
}

// contents are a store's objects, and its records without what differs from run to run.
func contents(t *testing.T, store string) map[string]string {
	all := map[string]string{}
	for _, root := range []string{store, store + ".status/records"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			if strings.Contains(path, ".status/records") {
				var r layout.Record
				require.NoError(t, json.Unmarshal(data, &r))
				r.Receipt, r.RunID, r.WrittenAt = job.Receipt{}, "", time.Time{}
				r.Plugins, r.ConfigHash = nil, "" // plugins in processes are part of it
				data, err = json.Marshal(r)
			}
			all[strings.TrimPrefix(path, store)] = string(sharedtest.WithoutPlugins(data))
			return err
		}))
	}
	return all
}

func TestSameStoreWithinTheBudget(t *testing.T) {
	sharedtest.NotShort(t)
	sets := map[string][2]string{
		"small": {sharedtest.Dir(t, "golden", "small", "config.yaml"), sharedtest.Dir(t, "golden", "granules_small")},
		"edge":  {sharedtest.Dir(t, "golden", "edge", "config.yaml"), sharedtest.Dir(t, "golden", "granules_edge")},
	}
	if dir := os.Getenv("ZAGG_BENCH_GRANULES"); dir != "" {
		sets["bench"] = [2]string{sharedtest.Dir(t, "golden", "bench", "config.yaml"), dir}
	}
	for name, set := range sets {
		t.Run(name, func(t *testing.T) {
			plain := filepath.Join(t.TempDir(), "x.zarr")
			run(t, set[0], set[1], plain, "--shards-per-job", "1")
			want := contents(t, plain)
			require.NotEmpty(t, want)
			for _, c := range [][2]string{{"128MB", "auto"}, {"256MB", "3"}, {"1GB", "auto"}} {
				store := filepath.Join(t.TempDir(), "x.zarr")
				rss := run(t, set[0], set[1], store, "--memory", c[0], "--shards-per-job", c[1])
				require.Equal(t, want, contents(t, store), c)
				bytes, err := humanize.ParseBytes(c[0])
				require.NoError(t, err)
				t.Logf("--memory %s --shards-per-job %s: %d MB", c[0], c[1], rss/1e6)
				require.LessOrEqual(t, rss, int64(bytes)*5/4+60e6, c)
			}
		})
	}
}

// Twenty million photons go through one shard in less than 400 MB, with rows beyond the budget on disk.
func TestManyPhotons(t *testing.T) {
	sharedtest.NeedsSweep(t)
	cmd := exec.CommandContext(t.Context(), "go", "run", "-trimpath", "./bench/photons", "-photons", "20e6", "-memory", "256MB", "-scratch", t.TempDir())
	cmd.Dir = filepath.Join("..", "..")
	out, err := cmd.Output()
	require.NoError(t, err)
	t.Logf("%s", out)
	var r struct {
		Photons   int64   `json:"photons"`
		Shards    int     `json:"shards"`
		PeakMB    float64 `json:"peak_rss_mb"`
		ScratchMB float64 `json:"scratch_mb"`
	}
	require.NoError(t, json.Unmarshal(out, &r))
	require.Equal(t, int64(20e6), r.Photons)
	require.Equal(t, 1, r.Shards)
	require.Less(t, r.PeakMB, 400.0)
	require.Positive(t, r.ScratchMB)
}
