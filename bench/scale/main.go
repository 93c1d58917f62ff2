// Command scale measures how the time and memory of a run grow with observations, shards, granules and cores, and with the order in which
// observations lie in a file. Observations are made up; each point is a run of the command line in a process of its own. It prints a table in
// Markdown, draws a picture if it is told to, and asserts nothing.
//
//	go run ./bench/scale [-most 1e8] [-shards 9] [-plot docs/images/scale.png]
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/plugins/all"
)

// asCLI makes this program the command line that is measured.
const asCLI = "ZAGG_BENCH_AS_CLI"

func main() {
	if os.Getenv(asCLI) != "" {
		os.Exit(cli.Main(append(all.Plugins(), synthetic())...))
	}
	most := flag.Float64("most", 1e8, "observations at most")
	orders := flag.Int("shards", 7, "order of the smallest shards: 7 are 11,700 in the belt, 9 are 187,000")
	picture := flag.String("plot", "", "PNG to draw")
	flag.Parse()
	if err := run(context.Background(), *most, *orders, *picture); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

// A point is a run: so many observations of so many granules in a belt of latitudes, along tracks or anywhere.
type point struct {
	rows     float64
	granules int
	order    int // of shards
	random   bool
	cores    int    // 0: all
	memory   string // "": 512MB
	one      bool   // nearly all in one shard
	inner    int    // order of inner chunks; 0: one a shard
	again    bool   // the run is measured a second time, when all is done
	finer    int    // orders from shards to cells; 0: 6
}

// A result is what a run took.
type result struct {
	shards        int
	wall, cpu, mb float64
	scratch       float64 // MB
}

// An axis is points along which one thing grows.
type axis struct {
	title  string
	points []point
	at     func(p point, r result) float64
}

func axes(most float64, orders int) []axis {
	base := point{rows: 1e6, granules: 8, order: 5}
	with := func(change func(*point)) point {
		p := base
		change(&p)
		return p
	}
	observations := axis{title: "observations", at: func(p point, _ result) float64 { return p.rows }}
	for n := 1e5; n <= most; n *= 10 {
		observations.points = append(observations.points, with(func(p *point) { p.rows = n }))
	}
	shards := axis{title: "shards, 1 million observations anywhere", at: func(_ point, r result) float64 { return float64(r.shards) }}
	for k := 2; k <= orders; k++ {
		shards.points = append(shards.points, with(func(p *point) { p.order, p.random = k, true }))
	}
	granules := axis{title: "granules, 1 million observations", at: func(p point, _ result) float64 { return float64(p.granules) }}
	for n := 1; n <= 1000; n *= 10 {
		granules.points = append(granules.points, with(func(p *point) { p.granules = n }))
	}
	order := axis{title: "200,000 observations along tracks and anywhere", points: []point{
		with(func(p *point) { p.rows = 2e5 }), with(func(p *point) { p.rows, p.random = 2e5, true })}}
	cores := axis{title: "10 million observations on one core and all", points: []point{
		with(func(p *point) { p.rows, p.cores = 1e7, 1 }), with(func(p *point) { p.rows = 1e7 })}}
	beyond := axis{title: "with `--memory 256MB`: many observations of one shard; many shards, and again when all are done", points: []point{
		{rows: min(most, 5e7), granules: 10, order: 5, inner: 8, one: true, memory: "256MB"},
		{rows: 144e3, granules: 8, order: orders, random: true, memory: "256MB", again: true, finer: 2},
	}}
	return []axis{observations, shards, granules, order, cores, beyond}
}

func run(ctx context.Context, most float64, orders int, picture string) error {
	fmt.Print("| | observations | granules | shards | order | cores | wall s | CPU s | RSS MB | on disk MB |\n|---|--:|--:|--:|---|---|--:|--:|--:|--:|\n")
	var curves []curve
	for _, a := range axes(most, orders) {
		c := curve{title: a.title}
		for _, p := range a.points {
			results, err := p.measure(ctx)
			if err != nil {
				return fmt.Errorf("%+v: %w", p, err)
			}
			where, cores := "tracks", "all"
			if p.random || p.one {
				where = "anywhere"
			}
			if p.cores > 0 {
				cores = strconv.Itoa(p.cores)
			}
			for _, r := range results {
				fmt.Printf("| %s | %.0f | %d | %d | %s | %s | %.1f | %.1f | %.0f | %.0f |\n", a.title, p.rows, p.granules, r.shards, where, cores, r.wall, r.cpu, r.mb, r.scratch)
			}
			if r := results[0]; a.at != nil {
				c.x, c.cpu, c.mb = append(c.x, a.at(p, r)), append(c.cpu, r.cpu), append(c.mb, r.mb)
			}
		}
		if a.at != nil {
			curves = append(curves, c)
		}
	}
	if picture == "" {
		return nil
	}
	return draw(picture, curves)
}

// measure computes the point's store, which is removed.
func (p point) measure(ctx context.Context) ([]result, error) {
	dir, err := os.MkdirTemp("", "zagg-scale-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	if err := p.write(dir); err != nil {
		return nil, err
	}
	runs := 1
	if p.again {
		runs = 2
	}
	var results []result
	for range runs {
		r, err := p.once(ctx, dir)
		if err != nil {
			return nil, err
		}
		results = append(results, r)
	}
	return results, nil
}

// write makes the point's configuration and granules.
func (p point) write(dir string) error {
	inner := ""
	if p.inner > 0 {
		inner = fmt.Sprintf("chunk_inner: %d, ", p.inner)
	}
	config := fmt.Sprintf(`data_source: {reader: {name: synthetic, rows: %d, granules: %d, random: %v, one: %v}}
aggregation:
  variables:
    count: {function: count, source: v, dtype: int32}
    mean: {function: mean, source: v}
output: {grid: {type: healpix, parent_order: %d, %schild_order: %d, layout: compact}}
`, int64(p.rows)/int64(p.granules), p.granules, p.random, p.one, p.order, inner, p.order+cmp.Or(p.finer, 6))
	if err := os.WriteFile(filepath.Join(dir, "run.yaml"), []byte(config), 0o600); err != nil {
		return err
	}
	if err := os.Mkdir(filepath.Join(dir, "granules"), 0o700); err != nil {
		return err
	}
	for i := range p.granules {
		if err := os.WriteFile(filepath.Join(dir, "granules", fmt.Sprintf("%05d.made", i)), nil, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// once is one run of the command line.
func (p point) once(ctx context.Context, dir string) (result, error) {
	run := exec.CommandContext(ctx, os.Args[0], "run", "--config", filepath.Join(dir, "run.yaml"), "--granules", filepath.Join(dir, "granules", "*.made"),
		"--store", filepath.Join(dir, "out.zarr"), "--memory", cmp.Or(p.memory, "512MB"), "-q")
	run.Env = append(os.Environ(), asCLI+"=1")
	if p.cores > 0 {
		run.Env = append(run.Env, "GOMAXPROCS="+strconv.Itoa(p.cores))
	}
	began := time.Now()
	if out, err := run.CombinedOutput(); err != nil {
		return result{}, fmt.Errorf("%w\n%s", err, out)
	}
	r := result{wall: time.Since(began).Seconds(), cpu: (run.ProcessState.UserTime() + run.ProcessState.SystemTime()).Seconds()}
	if used, ok := run.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.mb = float64(used.Maxrss) * 1024 / 1e6
	}
	url := filepath.Join(dir, "out.zarr")
	labels, err := store.ListRecords(ctx, &objstore.File{}, url)
	if err != nil {
		return result{}, err
	}
	for _, label := range labels {
		rec, err := store.LoadRecord(ctx, &objstore.File{}, url, label)
		if err != nil {
			return result{}, err
		}
		r.shards++
		r.scratch += float64(rec.Receipt.SpillBytes) / 1e6
	}
	return r, nil
}
