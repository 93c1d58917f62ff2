package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

const million = 1_000_000

// calls measures the grid, a statistic and the reader, linked in and not.
func calls(ctx context.Context, o options, linked, processes []core.Plugin) error {
	fmt.Printf("| call | observations | linked ms | process ms | border per million ms | border per call µs |\n|---|---|---|---|---|---|\n")
	for _, m := range []struct {
		name  string
		sizes []int // of a call
		make  func(ctx context.Context, plugins []core.Plugin, n int) (func() error, int, error)
	}{
		{"Grid.Locate", []int{1, 1 << 12, 1 << 16, 1 << 18}, locate},
		{"Statistic.Compute, column there", []int{1, 1 << 16, million}, compute(false)},
		{"Statistic.Compute, column new", []int{1 << 16, million}, compute(true)},
		{"Reader.Read", []int{0}, read(o.granules)},
	} {
		for _, n := range m.sizes {
			if err := compare(ctx, o, m.name, n, linked, processes, m.make); err != nil {
				return err
			}
		}
	}
	return nil
}

func compare(ctx context.Context, o options, name string, n int, linked, processes []core.Plugin, make func(context.Context, []core.Plugin, int) (func() error, int, error)) error {
	var took [2]time.Duration
	var rows int
	for i, plugins := range [][]core.Plugin{linked, processes} {
		call, size, err := make(ctx, plugins, n)
		if err != nil {
			return err
		}
		if call == nil {
			return nil
		}
		rows = size
		times := max(1, 200_000/max(size, 1000))
		best, err := fastest(o.repeat, func() error {
			for range times {
				if err := call(); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
		took[i] = best / time.Duration(times)
	}
	border := took[1] - took[0]
	fmt.Printf("| %s | %d | %.3f | %.3f | %.1f | %.0f |\n", name, rows, ms(took[0]), ms(took[1]), ms(border)*million/float64(rows), 1000*ms(border))
	return nil
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func locate(ctx context.Context, plugins []core.Plugin, n int) (func() error, int, error) {
	g, err := plugins[0].Grids[0].New(ctx, core.Config(`{"parent_order":6,"child_order":12}`))
	if err != nil {
		return nil, 0, err
	}
	r := rand.New(rand.NewPCG(1, 2))
	lon, lat, slot := make([]float64, n), make([]float64, n), make([]int32, n)
	for i := range lon {
		lon[i], lat[i] = 106+r.Float64(), -75-r.Float64()
	}
	return func() error { return g.Locate(ctx, "-5111123", lon, lat, slot) }, n, nil
}

// groups are n observations in cells of a hundred.
func groups(n int) *core.Groups {
	g := &core.Groups{Offsets: []int64{0}}
	for at := 0; at < n; {
		at = min(at+100, n)
		g.Slots = append(g.Slots, int32(len(g.Slots)))
		g.Offsets = append(g.Offsets, int64(at))
	}
	r := rand.New(rand.NewPCG(3, 4))
	source := make([]float64, n)
	for i := range source {
		source[i] = r.NormFloat64()
	}
	g.Rows = []core.Column{core.ColumnOf("source", source)}
	return g
}

func compute(fresh bool) func(context.Context, []core.Plugin, int) (func() error, int, error) {
	return func(ctx context.Context, plugins []core.Plugin, n int) (func() error, int, error) {
		for _, m := range plugins[1].Statistics {
			if m.Name == "mean" {
				s, err := m.New(ctx, core.Config(`{}`))
				return computing(ctx, s, n, fresh), n, err
			}
		}
		return nil, 0, fmt.Errorf("no mean among the statistics")
	}
}

// computing computes one statistic again and again; fresh: of other values each time.
func computing(ctx context.Context, s core.Statistic, n int, fresh bool) func() error {
	g := groups(n)
	g.Rows[0].Name = s.Info().Inputs[0].Name
	count := uint64(0)
	return func() error {
		if fresh {
			count++
			binary.LittleEndian.PutUint64(g.Rows[0].Data, count)
		}
		_, err := s.Compute(ctx, g)
		return err
	}
}

// read reads a whole granule; nothing where there is none.
func read(folder string) func(context.Context, []core.Plugin, int) (func() error, int, error) {
	return func(ctx context.Context, plugins []core.Plugin, _ int) (func() error, int, error) {
		paths, err := filepath.Glob(filepath.Join(folder, "*.h5"))
		if folder == "" || err != nil || len(paths) == 0 {
			return nil, 0, err
		}
		r, err := plugins[2].Readers[0].New(ctx, core.Config(`{}`))
		if err != nil {
			return nil, 0, err
		}
		granule := core.Granule{ID: filepath.Base(paths[0]), Assets: map[string]string{"data": paths[0]}}
		query := core.Query{Columns: []string{"h_li", "h_li_sigma"}, Rows: 1 << 16}
		for _, f := range r.Info().Columns {
			if f.Name == "s_li" {
				query.Columns[1] = f.Name
			}
		}
		rows := 0
		call := func() error {
			rows = 0
			_, err := r.Read(ctx, &objstore.File{}, granule, query, func(b *core.Batch) error {
				rows += len(b.Lon)
				return nil
			})
			return err
		}
		err = call() // to know how much it does
		return call, max(rows, 1), err
	}
}
