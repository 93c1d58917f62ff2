// Command cover measures shard covers and cells of points beside mortie, healpy and cdshealpix in the same run: 8,000
// footprints of granules at orders 6 and 12, 27 basins with 1.24 million vertices at order 6, points at order 12, and a
// shard map of 500,000 granules. It prints a table in Markdown and asserts nothing about time; that all find the same
// cells it does check.
//
//	go run ./bench/cover [-python PYTHON] [-n 3] [-procs 1]
//
// PYTHON is an interpreter with the packages of bench/requirements.txt. Peers run with as many threads as -procs says.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/plugins/healpix"
)

type options struct {
	python, only, profile                   string
	repeat, procs, footprints, points, maps int
}

func main() {
	var o options
	flag.StringVar(&o.python, "python", os.Getenv("ZAGG_PYTHON"), "interpreter with mortie, healpy and cdshealpix; empty: ours alone")
	flag.StringVar(&o.only, "only", "", "one of footprints6, footprints12, basins6, points12, map")
	flag.StringVar(&o.profile, "cpuprofile", "", "write a CPU profile of our part")
	flag.IntVar(&o.repeat, "n", 3, "repetitions, peers and ours in turn; the least times count")
	flag.IntVar(&o.procs, "procs", runtime.NumCPU(), "threads of ours and of peers")
	flag.IntVar(&o.footprints, "footprints", 8000, "footprints to cover")
	flag.IntVar(&o.points, "points", 10_000_000, "points to locate")
	flag.IntVar(&o.maps, "granules", 500_000, "granules of the shard map")
	flag.Parse()
	runtime.GOMAXPROCS(o.procs)
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench/cover:", err)
		os.Exit(1)
	}
}

// A sample is one run of one contender: what it found is a number of cells or a sum, by which runs are compared.
type sample struct {
	Wall, CPU float64 // seconds
	Found     int64
}

// A task is one piece of work, done by us and by peers on the same input.
type task struct {
	name  string
	unit  string // of what a time is divided by
	units int
	ours  func() (int64, error)
	peers []string // names that the script knows
	input string   // file for peers
	close float64  // by how much peers may find something else, as a fraction
}

func run(ctx context.Context, o options) error {
	if o.profile != "" {
		f, err := os.Create(o.profile)
		if err != nil {
			return err
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			return err
		}
		defer pprof.StopCPUProfile()
	}
	dir, err := os.MkdirTemp("", "zagg-cover-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var script *python
	if o.python != "" {
		if script, err = startPython(ctx, o.python, o.procs); err != nil {
			return err
		}
		defer script.stop()
	}
	fmt.Printf("%d threads, the least of %d runs in turn; ratio: a peer's time over ours\n\n", o.procs, o.repeat)
	fmt.Printf("| task | who | wall s | CPU s | each | ratio wall | ratio CPU |\n|---|---|--:|--:|--:|--:|--:|\n")
	for _, name := range []string{"footprints6", "footprints12", "basins6", "points12"} {
		if o.only != "" && o.only != name {
			continue
		}
		t, err := makers()[name](ctx, o, dir)
		if err != nil {
			return err
		}
		if err := t.run(script, o.repeat); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if o.only == "" || o.only == "map" {
		return shardMap(ctx, o)
	}
	return nil
}

func (t *task) run(script *python, repeat int) error {
	results := map[string]sample{}
	keep := func(name string, s sample) error {
		best, ok := results[name]
		if ok && best.Found != s.Found {
			return fmt.Errorf("%s found %d and then %d", name, best.Found, s.Found)
		}
		if ok {
			s.Wall, s.CPU = min(s.Wall, best.Wall), min(s.CPU, best.CPU)
		}
		results[name] = s
		return nil
	}
	for range repeat {
		start, before := time.Now(), cpu()
		found, err := t.ours()
		if err != nil {
			return err
		}
		if err := keep("zagg", sample{time.Since(start).Seconds(), cpu() - before, found}); err != nil {
			return err
		}
		for _, peer := range t.peers {
			if script == nil {
				continue
			}
			s, err := script.ask(peer, t.input)
			if err != nil {
				return fmt.Errorf("%s: %w", peer, err)
			}
			if err := keep(peer, s); err != nil {
				return err
			}
		}
	}
	ours := results["zagg"]
	for _, name := range slices.Concat([]string{"zagg"}, t.peers) {
		s, ok := results[name]
		if !ok {
			continue
		}
		each := s.Wall / float64(t.units)
		fmt.Printf("| %s | %s | %.2f | %.2f | %s/%s | %.2f | %.2f |\n", t.name, name, s.Wall, s.CPU, time.Duration(each*1e9).Round(time.Nanosecond), t.unit, s.Wall/ours.Wall, s.CPU/ours.CPU)
		if off := float64(s.Found-ours.Found) / float64(ours.Found); !strings.Contains(name, "moc") && (off > t.close || off < -t.close) {
			return fmt.Errorf("%s found %d, we %d", name, s.Found, ours.Found)
		}
	}
	return nil
}

// cpu is the process's CPU time so far.
func cpu() float64 {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return float64(u.Utime.Nano()+u.Stime.Nano()) / 1e9
}

func newGrid(ctx context.Context, parent, child int, latitude string) (core.Grid, error) {
	config := fmt.Sprintf(`{"type":"healpix","parent_order":%d,"child_order":%d,"latitude":%q}`, parent, child, latitude)
	return healpix.Plugin().Grids[0].New(ctx, core.Config(config))
}

// coverAll covers regions a thousand at a time and counts the shards.
func coverAll(ctx context.Context, grid core.Grid, regions []core.Region) (int64, error) {
	n := int64(0)
	for part := range slices.Chunk(regions, 1000) {
		covers, err := grid.Cover(ctx, part)
		if err != nil {
			return 0, err
		}
		for _, c := range covers {
			n += int64(len(c))
		}
	}
	return n, nil
}

// writeRings writes polygons of one ring for the peers: a JSON line of vertex counts, then longitudes and latitudes.
func writeRings(name string, regions []core.Region) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	var counts []int
	var values []float64
	for _, r := range regions {
		for _, p := range r.Polygons {
			counts = append(counts, len(p[0]))
			for _, v := range p[0] {
				values = append(values, v.Lon, v.Lat)
			}
		}
	}
	if err := json.NewEncoder(w).Encode(counts); err != nil {
		return err
	}
	if _, err := w.Write(core.Raw(values)); err != nil {
		return err
	}
	return w.Flush()
}
