package main

import (
	"context"
	"hash/fnv"
	"math/rand/v2"
	"path"

	madeup "github.com/englacial/zagg/bench/internal/synthetic"
	"github.com/englacial/zagg/core"
)

// synthetic offers a reader of photons that it makes up: those of a granule lie along a track of some metres' width across a shard.
func synthetic() core.Plugin {
	return madeup.Plugin("photons that are made up", func() core.ProductReader { return &reader{} })
}

type reader struct {
	Photons int64 `json:"photons"` // of a granule
}

func (r *reader) Info() core.ProductInfo {
	return core.ProductInfo{Product: "synthetic", Version: "1", Groups: []string{""}, Columns: []core.Field{{Name: "h_ph", Type: core.Float32, Width: 1, Units: "m"}}}
}

// Read makes the same photons of a granule each time.
func (r *reader) Read(ctx context.Context, _ core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	const south, west, side = -75.09, 30.3, 0.1 // degrees, inside one shard of order 8
	seed := fnv.New64a()
	seed.Write([]byte(path.Base(g.Assets["data"])))
	rng := rand.New(rand.NewPCG(seed.Sum64(), 1))
	at := west + side*rng.Float64()
	rows := 1 << 16
	if q.Rows > 0 {
		rows = min(rows, q.Rows)
	}
	b := &core.Batch{Lon: make([]float64, rows), Lat: make([]float64, rows)}
	heights := core.NewData(4 * rows)
	for done := int64(0); done < r.Photons; {
		if err := ctx.Err(); err != nil {
			return core.ReadStats{}, err
		}
		n := int(min(int64(rows), r.Photons-done))
		h := core.View[float32](heights)[:n]
		for i := range n {
			along := float64(done+int64(i)) / float64(r.Photons)
			b.Lat[i] = south + side/4*along
			b.Lon[i] = at + 0.001*(along+rng.Float64())
			h[i] = float32(1800 + 100*along + rng.NormFloat64())
		}
		out := core.Batch{Lon: b.Lon[:n], Lat: b.Lat[:n]}
		for _, name := range q.Columns {
			out.Columns = append(out.Columns, core.Column{Name: name, Type: core.Float32, Width: 1, Data: heights[:4*n]})
		}
		if err := emit(&out); err != nil {
			return core.ReadStats{}, err
		}
		done += int64(n)
	}
	return core.ReadStats{Rows: r.Photons, Emitted: r.Photons}, nil
}
