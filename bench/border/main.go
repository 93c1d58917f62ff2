// Command border measures what the process border costs: the same plugins linked in and in processes of their own, per call, per million
// observations, and for a whole run. It prints tables in Markdown and asserts nothing.
//
//	go run ./bench/border                                       grid, reader and statistic
//	go run ./bench/border -granules DIR -config FILE -catalog FILE   and runs of that shard map
//	go run ./bench/border -plugin 'python3 bench/border/nothing.py'   and what any other executable offers
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
	"syscall"
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
	granules, config, catalog, plugin string
	repeat                            int
	noCalls                           bool
}

func main() {
	var o options
	flag.StringVar(&o.granules, "granules", "", "folder with the granules of a shard map")
	flag.StringVar(&o.config, "config", "", "run configuration")
	flag.StringVar(&o.catalog, "catalog", "", "shard map")
	flag.StringVar(&o.plugin, "plugin", "", "command of a plugin to measure beside ours")
	flag.BoolVar(&o.noCalls, "runs", false, "runs alone")
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
	if !o.noCalls {
		if err := calls(ctx, o, linked, processes); err != nil {
			return err
		}
	}
	if o.plugin != "" {
		if err := foreign(ctx, o); err != nil {
			return err
		}
	}
	if o.granules != "" {
		return runs(ctx, o, dir, linked)
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
func runs(ctx context.Context, o options, dir string, linked []core.Plugin) error {
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
	fmt.Printf("\n| run, plugins in processes | wall s | × linked | CPU s | × linked |\n|---|---|---|---|---|\n")
	var base sample
	for _, c := range []struct {
		name  string
		which []bool // healpix, stats, readers
	}{
		{"none", []bool{false, false, false}}, {"healpix", []bool{true, false, false}}, {"stats", []bool{false, true, false}},
		{"atl06, hdf5", []bool{false, false, true}}, {"all", []bool{true, true, true}},
	} {
		best := sample{}
		for i := range o.repeat + 1 {
			took, err := once(ctx, o, dir, catalog, linked, c.which)
			if err != nil {
				return err
			}
			if i == 1 || i > 1 && took.wall < best.wall {
				best = took
			}
		}
		if base.wall == 0 {
			base = best
		}
		fmt.Printf("| %s | %.2f | %.2f | %.2f | %.2f |\n", c.name, best.wall, best.wall/base.wall, best.cpu, best.cpu/base.cpu)
	}
	return nil
}

// A sample is one run, its plugins' processes with it, in seconds.
type sample struct{ wall, cpu float64 }

// once starts the plugins that are to be processes, runs, and ends them.
func once(ctx context.Context, o options, dir, catalog string, linked []core.Plugin, which []bool) (sample, error) {
	cpu, start := cpuSeconds(), time.Now()
	plugins := make([]core.Plugin, len(linked))
	var started []*remote.Plugin
	for i := range linked {
		plugins[i] = linked[i]
		if which[min(i, 2)] {
			p, err := remote.Open(ctx, remote.Options{Command: []string{filepath.Join(dir, "zagg-plugin-"+linked[i].Name)}})
			if err != nil {
				return sample{}, err
			}
			started = append(started, p)
			plugins[i] = p.Core()
		}
	}
	store := filepath.Join(dir, "store.zarr")
	defer os.RemoveAll(store)
	defer os.RemoveAll(store + ".status")
	var errs bytes.Buffer
	args := []string{"run", "--config", o.config, "--catalog", catalog, "--store", store, "-q"}
	if cli.Run(ctx, args, strings.NewReader(""), io.Discard, &errs, plugins...) != 0 {
		return sample{}, fmt.Errorf("zagg %s: %s", strings.Join(args, " "), errs.String())
	}
	wall := time.Since(start).Seconds()
	for _, p := range started {
		p.Close()
	}
	return sample{wall, cpuSeconds() - cpu}, nil
}

// cpuSeconds is what this process and those that it has waited for have used.
func cpuSeconds() float64 {
	total := 0.0
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var u syscall.Rusage
		if syscall.Getrusage(who, &u) == nil {
			total += time.Duration(u.Utime.Nano() + u.Stime.Nano()).Seconds()
		}
	}
	return total
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
