// Command fleet measures what `zagg run --backend lambda` adds to the time that workers need: a whole run, in a process of its own,
// against a function that only sleeps as long as shards take. Lambda and S3 are served by this process.
//
//	go run ./bench/fleet                           # 1,742 shards, 1,700 workers, events
//	go run ./bench/fleet -invocation sync -speed 4
//
// It prints the wall time beside the least possible, and CPU, memory and requests of the dispatcher.
package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/plugins/all"
)

// asCLI makes this program the command line that is measured.
const asCLI = "ZAGG_BENCH_AS_CLI"

type options struct {
	shards, workers int
	invocation      string
	speed           float64
	mean, spread    float64
	granules        int
	versity         string
}

func main() {
	if os.Getenv(asCLI) != "" {
		os.Exit(cli.Main(all.Plugins()...))
	}
	var o options
	flag.IntVar(&o.shards, "shards", 1742, "shards of the run")
	flag.IntVar(&o.workers, "workers", 1700, "at once")
	flag.StringVar(&o.invocation, "invocation", "async", "async or sync")
	flag.Float64Var(&o.speed, "speed", 1, "shards take this many times less")
	flag.Float64Var(&o.mean, "mean", 50, "seconds of a shard: the mean of a log-normal distribution")
	flag.Float64Var(&o.spread, "spread", 0.9, "its standard deviation, of the logarithm")
	flag.IntVar(&o.granules, "granules", 60, "of a shard, in the mean; in proportion to its seconds")
	flag.StringVar(&o.versity, "s3", os.Getenv("ZAGG_VERSITYGW"), "versitygw; empty: an S3 in this process")
	flag.Parse()
	if err := measure(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

// A stand is an account with a function that sleeps.
type stand struct {
	o       options
	dir     string
	lambda  *emulator.Lambda
	s3      *awstest.S3
	store   core.ObjectStore
	seconds map[string]float64 // of a shard, by label
	sent    sync.Map           // when a shard's event came, by label
	began   time.Time
	host    *host.Host
	compile sync.Once // of the one configuration that all events have
	recipe  *host.Recipe
}

func measure(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "zagg-fleet-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	s := &stand{o: o, dir: dir, seconds: map[string]float64{}}
	if err := s.start(ctx); err != nil {
		return err
	}
	defer s.s3.Close()     //nolint:errcheck // it ends with the program
	defer s.lambda.Close() //nolint:errcheck // it ends with the program
	if err := s.writeMap(); err != nil {
		return err
	}
	return s.run(ctx)
}

func (s *stand) start(ctx context.Context) error {
	h, err := host.New(all.Plugins()...)
	if err != nil {
		return err
	}
	s.host = h
	manifest, err := json.Marshal(h.Manifest())
	if err != nil {
		return err
	}
	if s.s3, err = awstest.StartS3(ctx, awstest.S3Options{Exe: s.o.versity, Buckets: []string{"out"}}); err != nil {
		return err
	}
	key, secret := s.s3.Owner()
	s.store, err = s3store.New(ctx, s3store.Options{Endpoint: s.s3.Direct(), Region: "us-east-1", Credentials: &s3store.Credentials{AccessKeyID: key, SecretAccessKey: secret}})
	if err != nil {
		return err
	}
	// How fast Lambda starts sandboxes is not the dispatcher's affair.
	if s.lambda, err = emulator.New(emulator.Options{Concurrency: 2 * (s.o.workers + 200), Scale: 2 * s.o.workers}); err != nil {
		return err
	}
	return s.lambda.Deploy(emulator.Function{Name: "process-shard", Memory: 2048, Timeout: 15 * time.Minute, Async: &emulator.AsyncConfig{MaxAge: time.Minute},
		Handler: func(ctx context.Context, event []byte) ([]byte, error) { return s.answer(ctx, event, manifest) }})
}

// answer is what a worker says, after as long as it takes.
func (s *stand) answer(ctx context.Context, event []byte, manifest json.RawMessage) ([]byte, error) {
	if job.ModeOf(event) != job.ModeProcess {
		return respond(job.CallDone{OK: true, Mode: job.ModePing, Manifest: manifest})
	}
	j, err := job.Decode(event)
	if err != nil {
		return nil, err
	}
	s.sent.Store(j.Label, time.Now())
	sec := s.seconds[j.Label]
	if err := s.work(ctx, j, time.Duration(sec*float64(time.Second))); err != nil {
		return nil, err
	}
	data, err := respond(job.Done{ShardKey: j.ShardKey, Label: j.Label, Status: job.OK, DurationS: sec, GranuleCount: len(j.Granules), Receipt: &job.Receipt{
		Seconds: sec, Reads: int64(40 * len(j.Granules)), Writes: 12, BytesRead: int64(4e6 * len(j.Granules)), Cells: 3000, Granules: int64(len(j.Granules)),
		Observations: job.Observations{Read: 2e6, Kept: 800_000}, Phases: map[string]float64{"read": sec * 0.8, "write": sec * 0.1},
	}})
	if err != nil || j.ResultURL == "" {
		return data, err
	}
	var r job.Response
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, err
	}
	result, err := json.Marshal(job.Result{SchemaVersion: 1, Response: r})
	if err != nil {
		return nil, err
	}
	if err := objstore.PutBytes(ctx, s.store, j.ResultURL, result, core.PutOptions{}); err != nil || j.StartedURL == "" {
		return data, err
	}
	return data, s.store.Delete(ctx, j.StartedURL)
}

// work takes as long as the shard does, shows that it is at work as a worker does, and leaves its record.
func (s *stand) work(ctx context.Context, j *job.Job, takes time.Duration) error {
	sign := job.Sign{RunID: j.RunID, Label: j.Label, AttemptID: j.Label, Started: time.Now().UTC()}
	for over := time.After(takes); ; {
		if j.StartedURL != "" {
			sign.At = time.Now().UTC()
			data, err := json.Marshal(sign)
			if err == nil {
				err = objstore.PutBytes(ctx, s.store, j.StartedURL, data, core.PutOptions{})
			}
			if err != nil {
				return err
			}
		}
		select {
		case <-over:
			return s.record(ctx, j)
		case <-time.After(job.SignEvery):
		}
	}
}

// record leaves the record that a worker would: at the end the dispatcher asks the store for one of every shard.
func (s *stand) record(ctx context.Context, j *job.Job) error {
	var err error
	s.compile.Do(func() {
		var cfg *config.Config
		if cfg, _, err = config.Parse("event", j.Config); err == nil {
			s.recipe, err = s.host.Compile(ctx, cfg)
		}
	})
	if err != nil || s.recipe == nil {
		return fmt.Errorf("the event's configuration cannot be compiled: %w", err)
	}
	if j.GranulesURL != "" {
		list, err := objstore.ReadAll(ctx, s.store, j.GranulesURL, 64<<20)
		if err == nil {
			err = j.SetGranules(list)
		}
		if err != nil {
			return err
		}
	}
	rec := &store.Record{ShardKey: j.ShardKey, Label: j.Label, Status: job.OK, Signature: j.GridSignature, ConfigHash: s.recipe.Hash(), Plan: j.Plan, Block: j.Block,
		Objects: []store.Object{}, RunID: j.RunID, WrittenAt: time.Now()}
	granules, err := j.Identified(ctx, s.recipe.Reader)
	if err != nil {
		return err
	}
	ids := make([]string, len(granules))
	for i, g := range granules {
		ids[i] = g.ID
	}
	rec.Granules = job.GranulesHash(ids)
	if j.Home != nil {
		rec.Home = []string{}
		for _, i := range j.Home {
			rec.Home = append(rec.Home, ids[i])
		}
		slices.Sort(rec.Home)
	}
	return rec.Save(ctx, s.store, j.StorePath)
}

func respond(body any) ([]byte, error) {
	r, err := job.NewResponse(200, body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

// writeMap makes shards of order 6 with granules in proportion to their seconds, and the configuration.
func (s *stand) writeMap() error {
	random := rand.New(rand.NewPCG(1, 2))
	type granule struct {
		ID    string `json:"id"`
		S3    string `json:"s3"`
		HTTPS string `json:"https"`
	}
	doc := struct {
		Metadata  map[string]any  `json:"metadata"`
		Signature json.RawMessage `json:"grid_signature"`
		Keys      []json.Number   `json:"shard_keys"`
		Granules  [][]granule     `json:"granules"`
	}{Metadata: map[string]any{}, Signature: json.RawMessage(`{"type":"healpix","indexing_scheme":"nested","parent_order":6,"child_order":12,"layout":"fullsphere"}`)}
	mu := math.Log(s.o.mean) - s.o.spread*s.o.spread/2
	for i := range s.o.shards {
		label := "-" + string(rune('1'+4+i/4096%2))
		for shift := 10; shift >= 0; shift -= 2 {
			label += string(rune('1' + i>>shift&3))
		}
		sec := min(math.Exp(mu+s.o.spread*random.NormFloat64()), 700)
		list := make([]granule, max(1, int(sec/s.o.mean*float64(s.o.granules))))
		for k := range list {
			name := fmt.Sprintf("ATL06_20%02d%02d%02d%06d_%04d%02d%02d_007_01.h5", 18+k%7, 1+k%12, 1+k%28, k, k%1387+1, k%30, k%14+1)
			list[k] = granule{name, "s3://nsidc-cumulus-prod-protected/ATLAS/ATL06/007/2024/11/01/" + name, "https://data.nsidc.earthdatacloud.nasa.gov/nsidc-cumulus-prod-protected/ATLAS/ATL06/007/2024/11/01/" + name}
		}
		doc.Keys, doc.Granules = append(doc.Keys, json.Number(label)), append(doc.Granules, list)
		s.seconds[label] = sec / s.o.speed
	}
	data, err := json.Marshal(doc)
	if err == nil {
		err = os.WriteFile(filepath.Join(s.dir, "map.json"), data, 0o600)
	}
	return err
}

// run measures one run of the command line.
func (s *stand) run(ctx context.Context) error {
	cmd := exec.CommandContext(ctx, os.Args[0], "run", "--config", "atl06", "--catalog", filepath.Join(s.dir, "map.json"), "--store", "s3://out/bench.zarr", "--backend", "lambda",
		"--invocation", s.o.invocation, "--max-workers", fmt.Sprint(s.o.workers), "--shards-per-job", "1", "--yes", "--json")
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.dir, asCLI + "=1"}
	for _, env := range []map[string]string{s.lambda.Environ(), s.s3.Environ()} {
		for k, v := range env {
			cmd.Env = append(cmd.Env, k+"="+v)
		}
	}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	before := s.s3.Usage()
	s.began = time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%w\n%s\n%s", err, last(said.String(), 3000), last(out.String(), 3000))
	}
	wall := time.Since(s.began)
	return s.print(os.Stdout, wall, cmd.ProcessState, before, out.Bytes(), said.String())
}

func last(text string, n int) string { return text[max(0, len(text)-n):] }

func (s *stand) print(w io.Writer, wall time.Duration, p *os.ProcessState, before awstest.S3Usage, out []byte, said string) error {
	var sum struct {
		Shards struct {
			WithData int `json:"with_data"`
			Errors   int `json:"errors"`
		} `json:"shards"`
		Output objstore.Usage `json:"output"`
		Cost   cost.Bill      `json:"cost"`
	}
	if err := json.Unmarshal(out, &sum); err != nil {
		return err
	}
	least, first, lastSent := s.least()
	usage := s.s3.Usage()
	rss := 0.0
	if r, ok := p.SysUsage().(*syscall.Rusage); ok {
		rss = float64(r.Maxrss) / 1024
	}
	fmt.Fprintf(w, "shards        %d with data, %d errors; %d workers, %s\n", sum.Shards.WithData, sum.Shards.Errors, s.o.workers, s.o.invocation)
	fmt.Fprintf(w, "wall          %.1f s; the workers alone need %.1f s: %.1f s or %.1f %% more\n", wall.Seconds(), least, wall.Seconds()-least, 100*(wall.Seconds()/least-1))
	fmt.Fprintf(w, "              %.1f s until the first event arrived, %.1f s until the first %d had\n", first, lastSent, min(s.o.workers, s.o.shards))
	fmt.Fprintf(w, "dispatcher    %.1f s of CPU, %.0f MB\n", (p.UserTime() + p.SystemTime()).Seconds(), rss)
	fmt.Fprintf(w, "requests      %d to S3 (%v), %d lists ($%.4f)\n", usage.Requests-before.Requests, usage.ByMethod, sum.Output.Lists, float64(sum.Output.Lists)*cost.PutRequest)
	for line := range strings.Lines(said) {
		if strings.Contains(line, "workers, because") || strings.Contains(line, "sent again") {
			fmt.Fprint(w, "note          ", line)
		}
	}
	return nil
}

// least is how long the workers would need if each took the next shard at once, and when events arrived: the first, and as many
// as there are workers.
func (s *stand) least() (wall, first, filled float64) {
	sec := slices.SortedFunc(func(yield func(float64) bool) {
		for _, v := range s.seconds {
			if !yield(v) {
				return
			}
		}
	}, func(a, b float64) int { return cmp.Compare(b, a) })
	free := make([]float64, min(s.o.workers, len(sec)))
	for _, v := range sec {
		i := slices.Index(free, slices.Min(free))
		free[i] += v
	}
	var sent []float64
	s.sent.Range(func(_, at any) bool {
		if t, ok := at.(time.Time); ok {
			sent = append(sent, t.Sub(s.began).Seconds())
		}
		return true
	})
	slices.Sort(sent)
	if len(sent) > 0 {
		first, filled = sent[0], sent[min(s.o.workers, len(sent))-1]
	}
	return slices.Max(free), first, filled
}
