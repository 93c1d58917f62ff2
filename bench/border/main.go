// Command border measures what the process border costs: the same plugins linked in and in processes of their own, per call, per million
// observations, and for a whole run. It prints tables in Markdown and asserts nothing.
//
//	go run ./bench/border                                       grid, reader and statistic
//	go run ./bench/border -granules DIR -config FILE -catalog FILE   and runs of that shard map
//	go run ./bench/border -statistic 'python dispersion.py=robust_dispersion'   and a statistic of any executable
//
// DIR holds the granules that the shard map names by s3:// URLs.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/plugins/atl06"
	"github.com/englacial/zagg/plugins/hdf5"
	"github.com/englacial/zagg/plugins/healpix"
	"github.com/englacial/zagg/plugins/stats"
)

type options struct {
	granules, config, catalog, statistic string
	repeat                               int
}

func main() {
	var o options
	flag.StringVar(&o.granules, "granules", "", "folder with the granules of a shard map")
	flag.StringVar(&o.config, "config", "", "run configuration")
	flag.StringVar(&o.catalog, "catalog", "", "shard map")
	flag.StringVar(&o.statistic, "statistic", "", "COMMAND=NAME of a statistic of one input to measure beside ours")
	flag.IntVar(&o.repeat, "n", 5, "repetitions; the fastest counts")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "border:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "zagg-border-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	linked := []core.Plugin{healpix.Plugin(), stats.Plugin(), atl06.Plugin(), hdf5.Plugin()}
	processes := make([]core.Plugin, len(linked))
	for i, p := range linked {
		started, err := start(ctx, dir, p.Name)
		if err != nil {
			return err
		}
		defer started.Close()
		processes[i] = started.Core()
	}
	if err := calls(ctx, o, linked, processes); err != nil {
		return err
	}
	if o.statistic != "" {
		if err := foreign(ctx, o); err != nil {
			return err
		}
	}
	if o.granules != "" {
		return runs(ctx, o, dir, linked, processes)
	}
	return nil
}

// start builds and starts one of our plugins.
func start(ctx context.Context, dir, name string) (*remote.Plugin, error) {
	path := filepath.Join(dir, "zagg-plugin-"+name)
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "./cmd/zagg-plugin-"+name).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("build plugin %s: %w\n%s", name, err, out)
	}
	return remote.Open(ctx, remote.Options{Command: []string{path}})
}

// runs measures a whole run with every combination of plugins linked in and not.
func runs(ctx context.Context, o options, dir string, linked, processes []core.Plugin) error {
	text, err := os.ReadFile(o.catalog)
	if err != nil {
		return err
	}
	granules, err := filepath.Abs(o.granules)
	if err != nil {
		return err
	}
	catalog := filepath.Join(dir, "shardmap.json")
	local := regexp.MustCompile(`s3://[a-zA-Z0-9.-]+/`).ReplaceAll(text, []byte(granules+"/"))
	if err := os.WriteFile(catalog, local, 0o600); err != nil {
		return err
	}
	fmt.Printf("\n| run, plugins in processes | wall s | × linked |\n|---|---|---|\n")
	var base float64
	for _, c := range []struct {
		name  string
		which []bool // healpix, stats, readers
	}{
		{"none", []bool{false, false, false}}, {"healpix", []bool{true, false, false}}, {"stats", []bool{false, true, false}},
		{"atl06, hdf5", []bool{false, false, true}}, {"all", []bool{true, true, true}},
	} {
		plugins := make([]core.Plugin, len(linked))
		for i := range linked {
			plugins[i] = linked[i]
			if c.which[min(i, 2)] {
				plugins[i] = processes[i]
			}
		}
		best, err := fastest(o.repeat, func() error {
			store := filepath.Join(dir, "store.zarr")
			defer os.RemoveAll(store)
			defer os.RemoveAll(store + ".status")
			var errs bytes.Buffer
			args := []string{"run", "--config", o.config, "--catalog", catalog, "--store", store, "-q"}
			if cli.Run(ctx, args, strings.NewReader(""), io.Discard, &errs, plugins...) != 0 {
				return fmt.Errorf("zagg %s: %s", strings.Join(args, " "), errs.String())
			}
			return nil
		})
		if err != nil {
			return err
		}
		if base == 0 {
			base = best.Seconds()
		}
		fmt.Printf("| %s | %.2f | %.2f |\n", c.name, best.Seconds(), best.Seconds()/base)
	}
	return nil
}

// fastest is the shortest of n times, after one that does not count.
func fastest(n int, f func() error) (time.Duration, error) {
	var best time.Duration
	for i := range n + 1 {
		start := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		if took := time.Since(start); i == 1 || i > 1 && took < best {
			best = took
		}
	}
	return best, nil
}
