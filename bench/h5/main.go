// Command h5 measures core/h5 beside h5py and h5coro in the same run: what the reader of a gridding job does, six beams of
// five variables of an ATL06 granule, from a local file and, for the rows of one shard, over S3 with latency. It prints
// tables in Markdown and asserts nothing about time; that all read the same values it does check.
//
//	go run ./bench/h5 -granule FILE [-python PYTHON] [-s3 versitygw] [-n 15]
//
// PYTHON is an interpreter with the packages of bench/requirements.txt.
package main

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"time"

	"github.com/englacial/zagg/bench/internal/peer"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/objstore"
)

type options struct {
	peer.Flags
	granule, profile string
	rows, only       int
	latency          time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.granule, "granule", "", "an ATL06 granule")
	o.Add("h5py and h5coro; empty: ours alone", 15, "")
	o.AddServer("; empty: the local file alone")
	flag.StringVar(&o.profile, "cpuprofile", "", "write a CPU profile of our reads of the local file, with -procs")
	flag.IntVar(&o.only, "procs", 1, "GOMAXPROCS of the profile")
	flag.IntVar(&o.rows, "rows", 5000, "rows of each beam over S3, in the middle")
	flag.DurationVar(&o.latency, "latency", 30*time.Millisecond, "added before each answer of the S3 server")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench/h5:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.profile != "" {
		return profile(ctx, o)
	}
	var peers *reader
	if o.Python != "" {
		var err error
		if peers, err = startReader(ctx, o.Python, nil); err != nil {
			return err
		}
		defer peers.Stop()
	}
	if err := local(ctx, o, peers); err != nil || o.Server == "" {
		return err
	}
	return overS3(ctx, o)
}

// paths are the datasets that a job reads.
func paths() []string {
	var out []string
	for _, beam := range []string{"gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"} {
		for _, v := range []string{"latitude", "longitude", "h_li", "h_li_sigma", "atl06_quality_summary"} {
			out = append(out, "/"+beam+"/land_ice_segments/"+v)
		}
	}
	return out
}

// A sample is one read.
type sample struct {
	wall, cpu      float64 // seconds
	requests, down int64
	trips          int64 // calls that wait for all their requests
	sum            string
}

// timed measures one read by a number of threads. What it read is hashed outside of the time.
func timed(procs int, read func() ([][]byte, error)) (sample, error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
	runtime.GC()
	start, before := time.Now(), peer.CPU()
	data, err := read()
	s := sample{wall: time.Since(start).Seconds(), cpu: peer.CPU() - before}
	if err != nil {
		return s, err
	}
	h := sha256.New()
	for _, b := range data {
		h.Write(b)
	}
	s.sum = hex.EncodeToString(h.Sum(nil))
	return s, nil
}

// A contender reads the local file once.
type contender struct {
	name string
	once func() (sample, error)
	all  []sample
}

func local(ctx context.Context, o options, peers *reader) error {
	var memory results
	ours := func(procs int) func() (sample, error) {
		return func() (sample, error) {
			return timed(procs, func() ([][]byte, error) { return memory.readFile(ctx, o.granule, procs) })
		}
	}
	all := []*contender{{name: "core/h5, 1 thread", once: ours(1)}, {name: "core/h5, 2 threads", once: ours(2)}}
	if peers != nil {
		for _, name := range []string{"h5py", "h5py, read_direct", "h5coro"} {
			all = append(all, &contender{name: name, once: func() (sample, error) { return peers.ask(name, o.granule) }})
		}
	}
	// Turn by turn, so that what else runs on the machine slows all alike; the first round warms up.
	for i := range o.Repeat + 1 {
		for _, c := range all {
			s, err := c.once()
			if err != nil {
				return fmt.Errorf("%s: %w", c.name, err)
			}
			if i == 0 {
				c.all = nil
				if s.sum != "" && all[0].all != nil && s.sum != all[0].all[0].sum {
					return fmt.Errorf("%s reads other values", c.name)
				}
			}
			c.all = append(c.all, s)
		}
	}
	base := all[min(2, len(all)-1)]
	fmt.Printf("%d datasets of %s, whole, warm, %d repetitions; ratios to %s\n\n", len(paths()), base.size(o.granule), o.Repeat, base.name)
	fmt.Printf("| reader | wall ms min | median | CPU ms median | min ratio | median ratio |\n|---|--:|--:|--:|--:|--:|\n")
	for _, c := range all {
		c.all = c.all[1:]
	}
	for _, c := range all {
		lo, mid, used := least(c.all), median(c.all, wall), median(c.all, func(s sample) float64 { return s.cpu })
		fmt.Printf("| %s | %.1f | %.1f | %.1f | %.2f | %.2f |\n", c.name, 1e3*lo, 1e3*mid, 1e3*used, lo/least(base.all), mid/median(base.all, wall))
	}
	return nil
}

func (c *contender) size(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return path
	}
	return fmt.Sprintf("a granule of %.1f MB", float64(info.Size())/1e6)
}

func wall(s sample) float64 { return s.wall }

func least(s []sample) float64 {
	return slices.MinFunc(s, func(a, b sample) int { return cmp.Compare(a.wall, b.wall) }).wall
}

func median(samples []sample, of func(sample) float64) float64 {
	v := make([]float64, len(samples))
	for i, s := range samples {
		v[i] = of(s)
	}
	slices.Sort(v)
	return v[len(v)/2]
}

// results are buffers for values, used again by the next read, as the reader of a job does.
type results [][]byte

// sized is a buffer for each plan.
func (r *results) sized(plans []*h5.Plan) [][]byte {
	out := make([][]byte, len(plans))
	for i, p := range plans {
		n := int(p.Size())
		if len(*r) <= i {
			*r = append(*r, nil)
		}
		if len((*r)[i]) < n {
			(*r)[i] = core.NewData(n)
		}
		out[i] = (*r)[i][:n]
	}
	return out
}

// readFile opens a local file and reads all rows of all datasets.
func (r *results) readFile(ctx context.Context, path string, threads int) ([][]byte, error) {
	f, err := h5.Open(ctx, &objstore.File{}, path, h5.Options{})
	if err != nil {
		return nil, err
	}
	sets, err := f.Datasets(ctx, paths()...)
	if err != nil {
		return nil, err
	}
	return r.read(ctx, f, sets, threads, func(*h5.Dataset) []h5.Span { return nil })
}

// read plans and reads rows of datasets; missing ones are left out.
func (r *results) read(ctx context.Context, f *h5.File, sets []*h5.Dataset, threads int, rows func(*h5.Dataset) []h5.Span) ([][]byte, error) {
	if err := f.LoadChunks(ctx, sets...); err != nil {
		return nil, err
	}
	var plans []*h5.Plan
	for _, d := range sets {
		if d == nil {
			continue
		}
		p, err := d.Plan(rows(d))
		if err != nil {
			return nil, err
		}
		plans = append(plans, p)
	}
	out := r.sized(plans)
	return out, f.ReadPlans(ctx, threads, plans, out)
}

func profile(ctx context.Context, o options) error {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(o.only))
	f, err := os.Create(o.profile)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := pprof.StartCPUProfile(f); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	var memory results
	start := time.Now()
	for range o.Repeat {
		if _, err := memory.readFile(ctx, o.granule, o.only); err != nil {
			return err
		}
	}
	fmt.Printf("%.1f ms a read\n", 1e3*time.Since(start).Seconds()/float64(o.Repeat))
	return nil
}
