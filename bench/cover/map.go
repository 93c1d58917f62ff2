package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"time"

	"github.com/englacial/zagg/bench/internal/peer"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/shardmap/build"
)

// synthetic is a catalog of so many granules, made as they are asked for.
type synthetic int

func (s synthetic) Granules(_ context.Context, _ catalog.Query, visit func(*catalog.Entry) error) (catalog.Meta, error) {
	r := rand.New(rand.NewPCG(7, 8))
	start := time.Date(2018, 10, 13, 0, 0, 0, 0, time.UTC)
	for i := range int(s) {
		id := fmt.Sprintf("ATL06_%014d_%08d_007_01.h5", i, i%1387)
		at := start.Add(time.Duration(i) * 405 * time.Second)
		g := &catalog.Entry{
			Granule: core.Granule{ID: id, Start: at, End: at.Add(405 * time.Second)}, Product: "ATL06", Version: "007", Footprint: footprint(r),
			Data: catalog.Address{S3: "s3://archive/ATLAS/ATL06/007/" + id, HTTPS: "https://data.example.org/archive/ATLAS/ATL06/007/" + id},
		}
		if err := visit(g); err != nil {
			return catalog.Meta{}, err
		}
	}
	return catalog.Meta{ShortName: "ATL06", Version: "007", TotalGranules: int(s)}, nil
}

// shardMap builds the map of the whole Earth at order 6 and writes it.
func shardMap(ctx context.Context, o options) error {
	grid, err := newGrid(ctx, 6, 12, "authalic-wgs84")
	if err != nil {
		return err
	}
	start, before := time.Now(), peer.CPU()
	m, err := build.Map(ctx, grid, synthetic(o.maps), catalog.Query{}, build.Options{})
	if err != nil {
		return err
	}
	built, used := time.Since(start).Seconds(), peer.CPU()-before
	start = time.Now()
	if err := m.Write(io.Discard); err != nil {
		return err
	}
	fmt.Printf("\nShard map of %d granules, whole Earth, order 6, with the product's margins: %d shards, %d pairs; built in %.1f s wall, %.1f s CPU; as JSON in %.1f s; at most %s of memory in this process\n",
		o.maps, len(m.Keys), m.Pairs(), built, used, time.Since(start).Seconds(), peak())
	return nil
}

// peak is the most memory that the process has had, where the system tells.
func peak() string {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return "?"
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if v, ok := strings.CutPrefix(lines.Text(), "VmHWM:"); ok {
			return strings.TrimSpace(v)
		}
	}
	return "?"
}
