// Command parts measures two steps of a job beside what a Python program would use for them, in the same run: the statistics of a
// shard's cells beside numpy, and the writing of a sharded array beside zarr-python. It prints a table in Markdown and asserts nothing
// about time; that both find and store the same it does check.
//
//	go run ./bench/parts [-python PYTHON] [-n 3]
//
// PYTHON is an interpreter with the packages of bench/requirements.txt. One thread each.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"

	"github.com/englacial/zagg/bench/internal/peer"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/internal/zarr"
)

//go:embed peers.py
var peersScript string

func main() {
	var o peer.Flags
	o.Add("numpy and zarr; empty: ours alone", 3, ", peers and ours in turn; the least times count")
	flag.Parse()
	runtime.GOMAXPROCS(1)
	if err := run(context.Background(), o); err != nil {
		fmt.Fprintln(os.Stderr, "bench/parts:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, o peer.Flags) error {
	dir, err := os.MkdirTemp("", "zagg-parts-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var script *peer.Python
	if o.Python != "" {
		if script, err = peer.Start(ctx, o.Python, peersScript, "OMP_NUM_THREADS=1", "ZAGG_BENCH_DIR="+dir); err != nil {
			return err
		}
		defer script.Stop()
	}
	fmt.Print(peer.TableHead)
	for _, make := range []func(context.Context, string) (*peer.Task, error){statistics, writing} {
		t, err := make(ctx, dir)
		if err != nil {
			return err
		}
		if err := t.Run(os.Stdout, script, o.Repeat); err != nil {
			return err
		}
	}
	return nil
}

// A shard as busy as the benchmark's hot one.
const rows, cells = 912_331, 3_349

// statistics are the nine variables of the shipped configuration, grouped already. What is found is the sum of all.
func statistics(_ context.Context, dir string) (*peer.Task, error) {
	r := rand.New(rand.NewPCG(1, 2))
	h, s := make([]float32, rows), make([]float32, rows)
	for i := range h {
		h[i], s[i] = float32(1500+r.NormFloat64()*30), float32(0.01+r.Float64())
	}
	offsets := make([]int64, cells+1)
	for i := range offsets {
		offsets[i] = int64(i) * rows / cells
	}
	input := filepath.Join(dir, "rows")
	data := append(append(append([]byte{}, core.Raw(h)...), core.Raw(s)...), core.Raw(offsets)...)
	return &peer.Task{
		Name: "statistics of cells", Unit: "row", Units: rows, Peers: []string{"numpy"}, Input: input, Close: 1e-6,
		Ours: func() (float64, error) { return nine(h, s, offsets), nil },
	}, os.WriteFile(input, data, 0o600)
}

func nine(h, s []float32, offsets []int64) float64 {
	w := make([]float64, len(s))
	for i, x := range s {
		w[i] = 1 / (float64(x) * float64(x))
	}
	counts, low, high := make([]int64, cells), make([]float32, cells), make([]float32, cells)
	reduce.Count(counts, offsets)
	reduce.Min(low, h, offsets)
	reduce.Max(high, h, offsets)
	mean, weights, variance, quartiles := make([]float64, cells), make([]float64, cells), make([]float64, cells), make([]float64, 3*cells)
	reduce.Average(mean, h, w, offsets)
	reduce.Sum(weights, w, offsets)
	reduce.Var(variance, h, offsets, 0)
	reduce.Quantiles(quartiles, h, offsets, []float64{0.25, 0.5, 0.75})
	sum := 0.0
	for i := range counts {
		sum += float64(counts[i]) + float64(low[i]) + float64(high[i]) + mean[i] + 1/math.Sqrt(weights[i]) + variance[i]
	}
	for _, q := range quartiles {
		sum += q
	}
	return sum
}

// Of the array that is written: 64 objects of 16 inner chunks.
const size, shardSize, chunkSize = 1 << 22, 1 << 16, 1 << 12

// writing is one sharded array of float32, zstd, on disk. zarr-python reads what zagg wrote before it writes its own.
func writing(ctx context.Context, dir string) (*peer.Task, error) {
	values := make([]float32, size)
	for i := range values {
		values[i] = float32(math.Round(1000*math.Sin(float64(i)/50))) / 8
	}
	a := &zarr.Array{Name: "h", Type: core.Float32, Shape: []int64{size}, Shard: []int64{shardSize}, Chunk: []int64{chunkSize},
		Fill: json.RawMessage(`"NaN"`), Compression: zarr.Zstd(3)}
	input := filepath.Join(dir, "values")
	return &peer.Task{
		Name: "writing a sharded array", Unit: "value", Units: size, Peers: []string{"zarr-python"}, Input: input,
		Ours: func() (float64, error) { return write(ctx, a, values, filepath.Join(dir, "ours")) },
	}, os.WriteFile(input, core.Raw(values), 0o600)
}

func write(ctx context.Context, a *zarr.Array, values []float32, to string) (float64, error) {
	metadata, err := a.Metadata()
	if err != nil {
		return 0, err
	}
	files := &objstore.File{}
	if err := objstore.PutBytes(ctx, files, filepath.Join(to, "zarr.json"), metadata, core.PutOptions{}); err != nil {
		return 0, err
	}
	err = new(zarr.Encoder).EncodeAll(a, core.Raw(values), func(key string, object []byte) error {
		return objstore.PutBytes(ctx, files, filepath.Join(to, key), object, core.PutOptions{})
	})
	return size, err
}
