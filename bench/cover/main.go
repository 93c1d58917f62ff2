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
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"runtime"
	"runtime/pprof"
	"slices"
	"strconv"

	"github.com/englacial/zagg/bench/internal/peer"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/plugins/healpix"
)

//go:embed peers.py
var peersScript string

type options struct {
	peer.Flags
	only, profile                   string
	procs, footprints, points, maps int
}

func main() {
	var o options
	o.Add("mortie, healpy and cdshealpix; empty: ours alone", 3, ", peers and ours in turn; the least times count")
	flag.StringVar(&o.only, "only", "", "one of footprints6, footprints12, basins6, points12, map")
	flag.StringVar(&o.profile, "cpuprofile", "", "write a CPU profile of our part")
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
	var script *peer.Python
	if o.Python != "" {
		threads := strconv.Itoa(o.procs)
		if script, err = peer.Start(ctx, o.Python, peersScript, "RAYON_NUM_THREADS="+threads, "OMP_NUM_THREADS="+threads); err != nil {
			return err
		}
		defer script.Stop()
	}
	fmt.Printf("%d threads, the least of %d runs in turn; ratio: a peer's time over ours\n\n", o.procs, o.Repeat)
	fmt.Print(peer.TableHead)
	for _, name := range []string{"footprints6", "footprints12", "basins6", "points12"} {
		if o.only != "" && o.only != name {
			continue
		}
		t, err := makers()[name](ctx, o, dir)
		if err != nil {
			return err
		}
		if err := t.Run(os.Stdout, script, o.Repeat); err != nil {
			return fmt.Errorf("%s: %w", t.Name, err)
		}
	}
	if o.only == "" || o.only == "map" {
		return shardMap(ctx, o)
	}
	return nil
}

func newGrid(ctx context.Context, parent, child int, latitude string) (core.Grid, error) {
	config := fmt.Sprintf(`{"type":"healpix","parent_order":%d,"child_order":%d,"latitude":%q}`, parent, child, latitude)
	return healpix.Plugin().Grids[0].New(ctx, core.Config(config))
}

// coverAll covers regions a thousand at a time and counts the shards.
func coverAll(ctx context.Context, grid core.Grid, regions []core.Region) (float64, error) {
	n := 0
	for part := range slices.Chunk(regions, 1000) {
		covers, err := grid.Cover(ctx, part)
		if err != nil {
			return 0, err
		}
		for _, c := range covers {
			n += len(c)
		}
	}
	return float64(n), nil
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
