// Command photons measures one shard of many photons: a reader makes them up, and a run counts them, takes means and builds a
// digest of the heights of each cell, within a budget of memory. It prints one line of JSON and asserts nothing.
//
//	go run ./bench/photons -photons 20e6 -memory 256MB
//	go run ./bench/photons -photons 500e6 -memory 2GB -scratch /var/tmp
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/plugins/all"
)

type options struct {
	photons         float64
	granules        int
	memory, scratch string
}

func main() {
	var o options
	flag.Float64Var(&o.photons, "photons", 20e6, "how many")
	flag.IntVar(&o.granules, "granules", 20, "of how many granules")
	flag.StringVar(&o.memory, "memory", "256MB", "budget, as zagg run --memory")
	flag.StringVar(&o.scratch, "scratch", "", "folder for rows beyond it; default: the system's")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "photons:", err)
		os.Exit(1)
	}
}

// config is one shard of about 25 km with cells of about 50 m.
const config = `
data_source: {reader: {name: synthetic, photons: %d}}
aggregation:
  variables:
    count: {function: count, source: h_ph, dtype: int32}
    h_mean: {function: mean, source: h_ph}
    h_tdigest: {kind: ragged, function: tdigest, source: h_ph, inner_shape: [2], params: {delta: 512}}
output: {grid: {type: healpix, parent_order: 8, child_order: 17, chunk_inner: 11, sharded: true, layout: compact}}
`

// A result is what a run took.
type result struct {
	Photons    int64   `json:"photons"`
	Shards     int     `json:"shards"`
	Cells      int64   `json:"cells"`
	Seconds    float64 `json:"seconds"`
	CPUSeconds float64 `json:"cpu_seconds"`
	PeakMB     float64 `json:"peak_rss_mb"`
	ScratchMB  float64 `json:"scratch_mb"`
	StoreMB    float64 `json:"store_mb"`
	Budget     string  `json:"memory"`
}

func run(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "zagg-photons-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	each := int64(o.photons) / int64(o.granules)
	path, store := filepath.Join(dir, "config.yaml"), filepath.Join(dir, "photons.zarr")
	if err := os.WriteFile(path, fmt.Appendf(nil, config, each), 0o600); err != nil {
		return err
	}
	for i := range o.granules {
		name := filepath.Join(dir, "granules", fmt.Sprintf("%04d.made", i))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(name, []byte("made up"), 0o600); err != nil {
			return err
		}
	}
	args := []string{"run", "--config", path, "--granules", filepath.Join(dir, "granules", "*.made"), "--store", store, "--memory", o.memory, "--json", "-q"}
	if o.scratch != "" {
		args = append(args, "--scratch", o.scratch)
	}
	var out bytes.Buffer
	began := time.Now()
	if code := cli.Run(ctx, args, strings.NewReader(""), &out, os.Stderr, append(all.Plugins(), synthetic())...); code != 0 {
		return fmt.Errorf("zagg run ended with %d", code)
	}
	return show(&out, store, o, time.Since(began))
}

// show prints what a run took: of its summary, of the records of its shards, and of the system.
func show(out *bytes.Buffer, store string, o options, took time.Duration) error {
	var summary struct {
		Observations int64 `json:"observations"`
		Cells        int64 `json:"cells_with_data"`
	}
	if err := json.Unmarshal(out.Bytes(), &summary); err != nil {
		return fmt.Errorf("%w in %s", err, out)
	}
	records, err := filepath.Glob(store + ".status/records/*.json")
	if err != nil {
		return err
	}
	r := result{Photons: summary.Observations, Cells: summary.Cells, Shards: len(records), Seconds: took.Seconds(), Budget: o.memory}
	for _, name := range records {
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		var record struct {
			Receipt job.Receipt `json:"receipt"`
		}
		if err := json.Unmarshal(text, &record); err != nil {
			return err
		}
		r.ScratchMB += float64(record.Receipt.SpillBytes) / mb
		r.StoreMB += float64(record.Receipt.BytesWritten) / mb
	}
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		return err
	}
	r.CPUSeconds = float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
	r.PeakMB = float64(used.Maxrss) * 1024 / mb
	return json.NewEncoder(os.Stdout).Encode(r)
}

const mb = 1e6
