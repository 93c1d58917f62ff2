// Command all measures everything that zagg is compared in, in one run on the same files and the same machine, and prints it as one
// page of Markdown: the machine and the versions, a shard and all shards of a benchmark from an S3 server at 0 and 30 ms and from files,
// beside a Python program that computes the same; reading beside h5py and h5coro; cells and covers beside healpy, cdshealpix and
// mortie; statistics beside numpy and writing beside zarr-python; the HDF service beside HSDS.
//
//	go run ./bench/all -shared ../shared -python PYTHON -s3 VERSITYGW [-granules DIR] [-hsds EXE] [-n 5] [-only shard,shards,…]
//
// PYTHON is an interpreter with the packages of bench/requirements.txt, from a virtual environment. The benchmark's granules, 460 MB,
// are made in DIR if they are not there. It takes a quarter of an hour on two quiet cores and asserts nothing about time; that all
// read, find and compute the same is checked by each part.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/bench/internal/peer"
)

type options struct {
	peer.Flags
	shared, granules, hsds, only string
}

func main() {
	var o options
	flag.StringVar(&o.shared, "shared", "../shared", "folder with golden/bench and tools/gen_granules.py")
	o.Add("the packages of bench/requirements.txt", 5, "; medians count")
	o.AddServer("")
	flag.StringVar(&o.granules, "granules", filepath.Join(os.TempDir(), "zagg-bench-granules"), "folder of the benchmark's granules; made if it is empty")
	flag.StringVar(&o.hsds, "hsds", "", "HSDS's executable; empty: our HDF service alone")
	flag.StringVar(&o.only, "only", "", "some parts, separated by commas: "+strings.Join(names(parts(o)), ", "))
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench/all:", err)
		os.Exit(1)
	}
}

// A part is one of the benchmarks, which are programs of their own.
type part struct {
	name, title string
	args        []string // of go run
}

func parts(o options) []part {
	golden, n := filepath.Join(o.shared, "golden", "bench"), strconv.Itoa(o.Repeat)
	shards := []string{"./bench", "-granules", o.granules, "-config", filepath.Join(golden, "config.yaml"), "-catalog", filepath.Join(golden, "shardmap.json"),
		"-s3", o.Server, "-n", n}
	first := filepath.Join(o.granules, firstGranule)
	hdf := []string{"./bench/hdf", "-granule", first, "-python", o.Python}
	if o.hsds != "" {
		hdf = append(hdf, "-hsds", o.hsds)
	}
	return []part{
		{"shard", "The hot shard", slices.Concat(shards, []string{"-cell", hotShard, "-procs", "1,2", "-python", o.Python, "-latency", "0s,30ms"})},
		{"shards", "All 21 shards", slices.Concat(shards, []string{"-latency", "0s,30ms,disk"})},
		{"reading", "Reading HDF5", []string{"./bench/h5", "-granule", first, "-python", o.Python, "-s3", o.Server}},
		{"cells", "Cells and covers", []string{"./bench/cover", "-python", o.Python}},
		{"parts", "Statistics and writing", []string{"./bench/parts", "-python", o.Python, "-n", n}},
		{"hdf", "The HDF service", hdf},
	}
}

// The shard of the benchmark with most observations, and one of its granules.
const (
	hotShard     = "-5111123"
	firstGranule = "ATL06_20241101001500_01002511_007_01.h5"
)

func names(all []part) []string {
	var out []string
	for _, p := range all {
		out = append(out, p.name)
	}
	return out
}

func run(ctx context.Context, o options) error {
	var err error
	for _, path := range []*string{&o.shared, &o.granules} {
		if *path, err = filepath.Abs(*path); err != nil {
			return err
		}
	}
	all := parts(o)
	wanted := names(all)
	if o.only != "" {
		wanted = strings.Split(o.only, ",")
		for _, name := range wanted {
			if !slices.Contains(names(all), name) {
				return fmt.Errorf("-only has no %q: %s", name, strings.Join(names(all), ", "))
			}
		}
	}
	if err := granules(ctx, o); err != nil {
		return err
	}
	if err := machine(ctx, o); err != nil {
		return err
	}
	var failed []error
	for _, p := range all {
		if !slices.Contains(wanted, p.name) {
			continue
		}
		fmt.Printf("\n## %s\n\n", p.title)
		cmd := exec.CommandContext(ctx, "go", append([]string{"run"}, p.args...)...)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Run(); err != nil {
			failed = append(failed, fmt.Errorf("%s: %w", p.name, err))
		}
	}
	return errors.Join(failed...)
}

// granules has the benchmark's granules made, if they are not there.
func granules(ctx context.Context, o options) error {
	if there, err := filepath.Glob(filepath.Join(o.granules, "*.h5")); err != nil || len(there) > 0 {
		return err
	}
	fmt.Fprintln(os.Stderr, "making the benchmark's granules in", o.granules)
	cmd := exec.CommandContext(ctx, o.Python, filepath.Join(o.shared, "tools", "gen_granules.py"), o.granules, "bench")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("make granules: %w\n%s", err, out)
	}
	return nil
}
