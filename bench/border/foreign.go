package main

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host/remote"
)

// foreign measures what another executable offers, made of {}. There is nothing linked in to compare it with: it should do next
// to nothing, as nothing.py.
func foreign(ctx context.Context, o options) error {
	p, err := remote.Open(ctx, remote.Options{Command: strings.Fields(o.plugin), Log: func(plugin, line string) { fmt.Fprintln(os.Stderr, plugin+":", line) }})
	if err != nil {
		return err
	}
	defer p.Close()
	fmt.Printf("\n| %s, call | observations | process ms |\n|---|---|---|\n", p.Core().Name)
	row := func(name string, n int, call func() error) error {
		times := max(1, 200_000/max(n, 1000))
		best, err := fastest(o.repeat, func() error {
			for range times {
				if err := call(); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil {
			fmt.Printf("| %s | %d | %.3f |\n", name, n, ms(best)/float64(times))
		}
		return err
	}
	for _, m := range p.Core().Grids {
		g, err := m.New(ctx, core.Config(`{}`))
		if err != nil {
			return err
		}
		for _, n := range []int{1, 1 << 16, million} {
			lon, lat, slot := make([]float64, n), make([]float64, n), make([]int32, n)
			if err := row("Grid.Locate", n, func() error { return g.Locate(ctx, "0", lon, lat, slot) }); err != nil {
				return err
			}
		}
	}
	for _, m := range p.Core().Statistics {
		s, err := m.New(ctx, core.Config(`{}`))
		if err != nil {
			return err
		}
		for _, n := range []int{1, 1 << 16, million} {
			if err := row("Statistic.Compute, column there", n, computing(ctx, s, n, false)); err != nil {
				return err
			}
			if err := row("Statistic.Compute, column new", n, computing(ctx, s, n, true)); err != nil {
				return err
			}
		}
	}
	for _, m := range p.Core().Readers {
		r, err := m.New(ctx, core.Config(`{}`))
		if err != nil {
			return err
		}
		query := core.Query{Rows: 1 << 16}
		for _, c := range r.Info().Columns {
			query.Columns = append(query.Columns, c.Name)
		}
		granule := core.Granule{ID: "nothing", Assets: map[string]string{"data": os.DevNull}}
		if err := row("Reader.Read", million, func() error {
			_, err := r.Read(ctx, &objstore.File{}, granule, query, func(*core.Batch) error { return nil })
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}
