package main

import (
	"context"
	"math/rand/v2"
	"path"
	"strconv"
	"strings"

	madeup "github.com/englacial/zagg/bench/internal/synthetic"
	"github.com/englacial/zagg/core"
)

// synthetic offers a reader of observations that it makes up, in the belt from 80 to 60 degrees south.
func synthetic() core.Plugin {
	return madeup.Plugin("observations that are made up", func() core.ProductReader { return &reader{} })
}

type reader struct {
	Rows     int64 `json:"rows"` // of a granule
	Granules int   `json:"granules"`
	Random   bool  `json:"random"` // anywhere in the belt, in no order
	One      bool  `json:"one"`    // anywhere in the shard of order 5 around 40.5°E 69.3°S, and a little beside it
}

func (r *reader) Info() core.ProductInfo {
	return core.ProductInfo{Product: "synthetic", Version: "1", Groups: []string{""}, Columns: []core.Field{{Name: "v", Type: core.Float32, Width: 1}}}
}

// Read makes the same observations of a granule each time: along a track around the belt that goes north and south four times, each
// granule's in its own part of the longitudes, or anywhere.
func (r *reader) Read(ctx context.Context, _ core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	const south, north, turns = -80.0, -60.0, 4.0
	number, err := strconv.Atoi(strings.TrimSuffix(path.Base(g.URL()), path.Ext(g.URL())))
	if err != nil {
		return core.ReadStats{}, core.Errorf(core.Invalid, "read", g.URL(), "a name that is a number is expected")
	}
	rng := rand.New(rand.NewPCG(uint64(number), 1))
	rows := 1 << 16
	if q.Rows > 0 {
		rows = min(rows, q.Rows)
	}
	lon, lat, v := make([]float64, rows), make([]float64, rows), make([]float32, rows)
	for done := int64(0); done < r.Rows; {
		if err := ctx.Err(); err != nil {
			return core.ReadStats{}, err
		}
		n := int(min(int64(rows), r.Rows-done))
		for i := range n {
			along := float64(done+int64(i)) / float64(r.Rows)
			up := along * turns
			if up -= float64(int(up)); up > 0.5 {
				up = 1 - up
			}
			lon[i], lat[i] = 360*(float64(number)+along)/float64(r.Granules)-180, south+(north-south)*2*up
			switch {
			case r.One:
				lon[i], lat[i] = 40+rng.Float64(), -69.5+0.4*rng.Float64()
			case r.Random:
				lon[i], lat[i] = 360*rng.Float64()-180, south+(north-south)*rng.Float64()
			}
			v[i] = float32(1800 + 100*along)
		}
		b := core.Batch{Lon: lon[:n], Lat: lat[:n]}
		for _, name := range q.Columns {
			b.Columns = append(b.Columns, core.ColumnOf(name, v[:n]))
		}
		if err := emit(&b); err != nil {
			return core.ReadStats{}, err
		}
		done += int64(n)
	}
	return core.ReadStats{Rows: r.Rows, Emitted: r.Rows}, nil
}
