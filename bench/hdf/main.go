// Command hdf measures the HDF REST service: cold and warm invocations of the function behind an S3 server with latency, listings
// of a file of many objects, the series of one point of a large sparse set in HSDS's storage, and many clients at once of the server, beside HSDS with the same file in the same run. It prints
// tables in Markdown and asserts nothing about time; that all answers are the same bytes it does check.
//
//	go run ./bench/hdf -granule FILE [-python PYTHON] [-hsds EXE] [-n 20] [-clients 64]
//
// PYTHON is an interpreter with h5py, and with h5pyd 0.24 where HSDS is to be measured (its loader fills HSDS); EXE is the program of
// the same name that "pip install hsds==0.9.4" makes.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

type options struct {
	granule, dataset, python, hsds string
	repeat, clients, requests      int
	objects                        int
	only                           string
	latency                        time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.granule, "granule", "", "an ATL06 granule")
	flag.StringVar(&o.dataset, "dataset", "/gt1l/land_ice_segments/h_li", "its dataset of one dimension to read")
	flag.StringVar(&o.python, "python", os.Getenv("ZAGG_PYTHON"), "interpreter with h5py (and h5pyd 0.24); empty: no file of many objects")
	flag.StringVar(&o.hsds, "hsds", "", "HSDS's executable; empty: ours alone")
	flag.IntVar(&o.repeat, "n", 20, "cold and warm invocations")
	flag.IntVar(&o.clients, "clients", 64, "clients at once")
	flag.IntVar(&o.requests, "requests", 6400, "requests of all clients together")
	flag.IntVar(&o.objects, "objects", 10_000, "objects of the file that is listed")
	flag.StringVar(&o.only, "only", "", "\"atlas\": the series of one point alone")
	flag.DurationVar(&o.latency, "latency", 10*time.Millisecond, "added before each answer of the S3 server")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench/hdf:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	work, err := os.MkdirTemp("", "zagg-bench-hdf")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work) //nolint:errcheck // temporary
	fmt.Printf("%d cores, %s\n\n", runtime.NumCPU(), runtime.Version())
	f, err := startFunction(ctx, o, work)
	if err != nil {
		return err
	}
	defer f.close()
	if o.only == "" {
		if err := f.slabs(ctx); err != nil {
			return err
		}
	}
	if err := f.atlas(ctx); err != nil {
		return err
	}
	if o.only == "atlas" {
		return nil
	}
	if o.python != "" {
		if err := f.listings(ctx); err != nil {
			return err
		}
	}
	return compare(ctx, o, work)
}

// build compiles a command of this module.
func build(ctx context.Context, dir, name, pkg string, tags ...string) (string, error) {
	exe := filepath.Join(dir, name)
	cmd := exec.CommandContext(ctx, "go", append(append([]string{"build", "-trimpath"}, tags...), "-o", exe, pkg)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build %s: %w\n%s", pkg, err, out)
	}
	return exe, nil
}

// quantile is of sorted durations, in milliseconds.
func quantile(sorted []time.Duration, q float64) float64 {
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)].Seconds() * 1e3
}

func printRow(what string, all []time.Duration, more string) {
	slices.Sort(all)
	fmt.Printf("| %s | %.1f | %.1f | %.1f | %s |\n", what, all[0].Seconds()*1e3, quantile(all, 0.5), all[len(all)-1].Seconds()*1e3, more)
}
