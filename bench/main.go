// Command bench measures zagg on granules served by a local S3 server, beside peers that do the same work in the same run, and
// prints a table in Markdown. Nothing in it is a test: it asserts nothing about time.
//
//	go run ./bench -granules DIR -config FILE -catalog FILE -cell -5111123 -s3 PATH-OF-versitygw [-n 5] [-python PYTHON]
//	go run ./bench … -index=false -latency 0s,30ms,disk -zagg 'before=PATH' -flags '--shards-per-job 1'
//
// DIR holds the granules that the shard map names as s3://BUCKET/NAME. PYTHON, an interpreter with the packages of
// bench/requirements.txt, computes the same shard with h5coro, mortie, numpy and zarr (peer_python.py); that its values are zagg's is
// checked. With -latency the same is measured at each of some delays before a request, and with the granules as files; -zagg adds a
// build of another state. go run ./bench/all measures everything there is.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/englacial/zagg/bench/internal/peer"
	"github.com/englacial/zagg/internal/awstest"
)

type options struct {
	peer.Flags
	granules, config, catalog, cell, bucket string
	procs                                   string
	index                                   bool
	latency, other, flags                   string
	place                                   string // where the granules are, as a row says
	onDisk                                  bool   // they are files
}

func main() {
	var o options
	flag.StringVar(&o.granules, "granules", "", "folder with the granules")
	flag.StringVar(&o.config, "config", "", "run configuration")
	flag.StringVar(&o.catalog, "catalog", "", "shard map")
	flag.StringVar(&o.cell, "cell", "", "one shard; empty: all")
	o.AddServer("")
	flag.StringVar(&o.bucket, "bucket", "bench", "bucket that the shard map names")
	flag.StringVar(&o.Python, "python", "", "interpreter that computes the shard with other software; needs -cell "+peerCell)
	flag.IntVar(&o.Repeat, "n", 5, "repetitions")
	flag.StringVar(&o.procs, "procs", "2", "GOMAXPROCS values to try, separated by commas")
	flag.BoolVar(&o.index, "index", true, "measure with sidecar indexes too, built first")
	flag.StringVar(&o.latency, "latency", "0s", "delays before each request of the S3 server to measure at, separated by commas; disk: granules as files")
	flag.StringVar(&o.other, "zagg", "", "another build to measure too, as NAME=PATH")
	flag.StringVar(&o.flags, "flags", "", "more flags for zagg run")
	flag.Parse()
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A sample is one run of one program.
type sample struct {
	wall, cpu float64
	rss       int64
	gets      int64
	bytes     int64
	obs       int64
}

func run(ctx context.Context, o options) error {
	work, err := os.MkdirTemp("", "zagg-bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	zagg := filepath.Join(work, "zagg")
	if out, err := exec.CommandContext(ctx, "go", "build", "-o", zagg, "./cmd/zagg").CombinedOutput(); err != nil {
		return fmt.Errorf("build zagg: %w\n%s", err, out)
	}
	builds := []build{{"zagg", zagg}}
	if name, path, ok := strings.Cut(o.other, "="); ok {
		builds = append(builds, build{name, path})
	}
	fmt.Printf("| program | wall s | CPU s | RSS MB | GETs | MB | observations |\n|---|---|---|---|---|---|---|\n")
	for _, at := range strings.Split(o.latency, ",") {
		if err := runAt(ctx, o, at, builds, work); err != nil {
			return err
		}
	}
	return nil
}

// A build is a program to measure.
type build struct{ name, path string }

// runAt measures with the granules at one place: behind a delay, or as files.
func runAt(ctx context.Context, o options, at string, builds []build, work string) error {
	o.place = " from " + at
	if o.onDisk = at == "disk"; o.onDisk {
		var err error
		if o.catalog, err = fileCatalog(o, work); err != nil {
			return err
		}
		return runBuilds(ctx, o, builds, work, os.Environ())
	}
	delay, err := time.ParseDuration(at)
	if err != nil {
		return err
	}
	if o.latency == "0s" {
		o.place = ""
	}
	endpoint, stop, err := serve(ctx, o, work, delay)
	if err != nil {
		return err
	}
	defer stop()
	env := append(os.Environ(), "AWS_ENDPOINT_URL_S3="+endpoint, "AWS_ACCESS_KEY_ID=bench", "AWS_SECRET_ACCESS_KEY=benchbench",
		"AWS_REGION=us-east-1", "AWS_EC2_METADATA_DISABLED=true")
	return runBuilds(ctx, o, builds, work, env)
}

// fileCatalog is the shard map with the granules' files in place of their addresses.
func fileCatalog(o options, work string) (string, error) {
	text, err := os.ReadFile(o.catalog)
	if err != nil {
		return "", err
	}
	dir, err := filepath.Abs(o.granules)
	if err != nil {
		return "", err
	}
	name := filepath.Join(work, "disk.json")
	return name, os.WriteFile(name, bytes.ReplaceAll(text, []byte("s3://"+o.bucket+"/"), []byte(dir+"/")), 0o644)
}

// runBuilds measures each build, the first with indexes too, and the peer.
func runBuilds(ctx context.Context, o options, builds []build, work string, env []string) error {
	var ours float64
	for n, b := range builds {
		configs := []string{o.config}
		if o.index && n == 0 {
			sidecars, err := buildIndexes(ctx, o, b.path, work, env)
			if err != nil {
				return err
			}
			configs = append(configs, sidecars...)
		}
		for i, config := range configs {
			o.config = config
			for _, procs := range strings.Split(o.procs, ",") {
				samples, err := repeat(o.Repeat, func(i int) (sample, error) { return runZagg(ctx, o, b, work, i, append(env, "GOMAXPROCS="+procs)) })
				if err != nil {
					return err
				}
				row(b.name+[]string{"", " with indexes", " with cells"}[i]+o.place+", GOMAXPROCS="+procs, samples)
				if n == 0 {
					ours = median(samples, func(s sample) float64 { return s.cpu })
				}
			}
		}
		o.config = configs[0]
	}
	if o.Python == "" {
		return nil
	}
	return runPeer(ctx, o, builds[0], work, env, ours)
}

// buildIndexes makes the granules' sidecars beside them on the server, or in the work folder for files, those of cells too, and a configuration that uses the ones and one that uses both.
func buildIndexes(ctx context.Context, o options, zagg, work string, env []string) (configs []string, err error) {
	text, err := os.ReadFile(o.config)
	if err != nil {
		return nil, err
	}
	url, to := "s3://"+o.bucket+"/", "s3://"+o.bucket+"/indexes"
	if o.onDisk {
		if url, err = filepath.Abs(o.granules); err != nil {
			return nil, err
		}
		to = filepath.Join(work, "indexes")
	}
	cmd := exec.CommandContext(ctx, zagg, "index", "build", url, "--out", to, "--config", o.config, "--cells")
	cmd.Env = env
	out, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("build indexes: %w\n%s", err, out)
	}
	fmt.Fprintf(os.Stderr, "%s", out)
	for _, cells := range []string{"", ", cells: true"} {
		config := filepath.Join(work, "sidecar"+strconv.Itoa(len(configs))+".yaml")
		with := strings.Replace(string(text), "data_source:\n", "data_source:\n  index: {backend: sidecar, store: "+to+cells+"}\n", 1)
		if err := os.WriteFile(config, []byte(with), 0o644); err != nil {
			return nil, err
		}
		configs = append(configs, config)
	}
	return configs, nil
}

// serve starts the S3 server on a free loopback port with the granules as one bucket; each request waits for delay first.
func serve(ctx context.Context, o options, work string, delay time.Duration) (endpoint string, stop func(), err error) {
	if o.Server == "" {
		return "", nil, fmt.Errorf("-s3 names no versitygw")
	}
	root := filepath.Join(work, "s3")
	bucket := filepath.Join(root, o.bucket)
	if err := os.MkdirAll(bucket, 0o755); err != nil {
		return "", nil, err
	}
	files, err := filepath.Glob(filepath.Join(o.granules, "*.h5"))
	if err != nil || len(files) == 0 {
		return "", nil, fmt.Errorf("no granules in %s", o.granules)
	}
	for _, f := range files {
		abs, err := filepath.Abs(f)
		if err != nil {
			return "", nil, err
		}
		link := filepath.Join(bucket, filepath.Base(f))
		if _, err := os.Stat(link); err == nil { // of the delay before
			continue
		}
		if err := os.Link(abs, link); err != nil {
			if err := copyFile(abs, link); err != nil {
				return "", nil, err
			}
		}
	}
	server, err := awstest.StartS3(ctx, awstest.S3Options{Exe: o.Server, Root: root, AccessKey: "bench", SecretKey: "benchbench", Latency: delay, KeepAlive: true})
	if err != nil {
		return "", nil, err
	}
	endpoint = server.Direct()
	if delay > 0 {
		endpoint = server.URL()
	}
	return endpoint, func() { server.Close() }, nil
}

func copyFile(from, to string) error {
	b, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, b, 0o644)
}

func runZagg(ctx context.Context, o options, b build, work string, i int, env []string) (sample, error) {
	store := filepath.Join(work, fmt.Sprintf("store%d.zarr", i))
	defer os.RemoveAll(store)
	defer os.RemoveAll(store + ".status")
	args := []string{"run", "--config", o.config, "--catalog", o.catalog, "--store", store, "--overwrite", "--json"}
	if o.cell != "" {
		args = append(args, "--morton-cell", o.cell)
	}
	if b.name == "zagg" {
		args = append(args, strings.Fields(o.flags)...)
	}
	cmd := exec.CommandContext(ctx, b.path, args...)
	cmd.Env = env
	out, s, err := measure(cmd)
	if err != nil {
		return s, err
	}
	var summary struct {
		Observations int64 `json:"observations"`
		Requests     struct {
			Gets int64 `json:"gets"`
			Down int64 `json:"down"`
		} `json:"source"`
	}
	if err := json.Unmarshal(out, &summary); err != nil {
		return s, fmt.Errorf("%w in %s", err, out)
	}
	s.gets, s.bytes, s.obs = summary.Requests.Gets, summary.Requests.Down, summary.Observations
	return s, nil
}

func measure(cmd *exec.Cmd) ([]byte, sample, error) {
	start := time.Now()
	out, err := cmd.Output()
	s := sample{wall: time.Since(start).Seconds()}
	if exit, ok := err.(*exec.ExitError); ok {
		return nil, s, fmt.Errorf("%v: %w\n%s", cmd.Args[:min(4, len(cmd.Args))], err, exit.Stderr)
	}
	if err != nil {
		return nil, s, err
	}
	s.cpu = (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		s.rss = u.Maxrss << 10
	}
	return out, s, nil
}

func repeat(n int, once func(i int) (sample, error)) ([]sample, error) {
	var all []sample
	for i := range n {
		s, err := once(i)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func median(samples []sample, of func(sample) float64) float64 {
	v := make([]float64, len(samples))
	for i, s := range samples {
		v[i] = of(s)
	}
	slices.Sort(v)
	return v[len(v)/2]
}

func row(name string, s []sample) {
	fmt.Printf("| %s | %.2f | %.2f | %.0f |", name,
		median(s, func(s sample) float64 { return s.wall }), median(s, func(s sample) float64 { return s.cpu }),
		median(s, func(s sample) float64 { return float64(s.rss) / 1e6 }))
	if s[0].gets == 0 { // a peer does not say
		fmt.Println(" – | – | – |")
		return
	}
	fmt.Printf(" %d | %.1f | %d |\n", s[0].gets, float64(s[0].bytes)/1e6, s[0].obs)
}
