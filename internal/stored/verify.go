package stored

import (
	"context"
	"fmt"
	"io"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/store"
)

// A Verification is what was found when a store was held against its records.
type Verification struct {
	*store.Verified
	by *store.Verifier
}

// Verify holds a store against its records, also one whose metadata are too damaged to open it; deep reads every object. grid makes grids by name.
func Verify(ctx context.Context, address string, deep bool, grid func(ctx context.Context, name string, config core.Config) (core.Grid, error)) (*Verification, error) {
	s, err := OpenGroup(ctx, address)
	if err != nil {
		if v, e := damaged(ctx, address, deep); v != nil && e == nil {
			return v, nil
		}
		return nil, err
	}
	g, err := grid(ctx, s.Made.Grid, s.Made.GridConfig)
	if err != nil {
		return nil, err
	}
	v := s.verifier(g, deep)
	found, err := v.Verify(ctx)
	if err != nil {
		return nil, err
	}
	return &Verification{found, v}, nil
}

// Repair removes the records of shards with faults, and what nothing names, so that a run makes them anew. It says of how many shards.
func (v *Verification) Repair(ctx context.Context) (shards int, err error) {
	return v.by.Repair(ctx, v.Faults)
}

// Print writes what was found, for people.
func (v *Verification) Print(w io.Writer) error {
	shards := map[string]bool{}
	for _, f := range v.Faults {
		where := ""
		if f.Shard != "" {
			shards[f.Shard] = true
			where = "shard " + f.Shard + ": "
		}
		if _, err := fmt.Fprintf(w, "%s%s: %s\n", where, f.Object, f.Reason); err != nil {
			return err
		}
	}
	how, end := "by size", "all as it was written"
	if v.by.Deep {
		how = "by content"
	}
	if v.Unopened {
		_, err := fmt.Fprintf(w, "the store cannot be opened, so its shards are not compared: %s\n", quantity.Counted(int64(len(v.Faults)), "fault"))
		return err
	}
	if len(v.Faults) > 0 {
		end = quantity.Counted(int64(len(v.Faults)), "fault") + ", " + quantity.Counted(int64(len(shards)), "shard") + " damaged"
	}
	_, err := fmt.Fprintf(w, "%s finished, %s, %s, compared %s: %s\n",
		quantity.Counted(int64(v.Shards), "shard"), quantity.Counted(int64(v.Objects), "object"), humanize.Bytes(uint64(v.Bytes)), how, end)
	return err
}

// verifier holds the store against its records; deep reads every object.
func (s *Store) verifier(grid core.Grid, deep bool) *store.Verifier {
	v := &store.Verifier{Objects: s.Objects, URL: s.URL, Group: s.Group, Name: s.Name, Made: s.Made, Deep: deep, SetUp: writtenBySetUp(grid, s.Made.Layout)}
	if s.Made.Layout == "compact" {
		v.Cells = grid.Cells
	}
	return v
}

// writtenBySetUp are the arrays that are in no record: axes, and the coordinates of a compact store.
func writtenBySetUp(grid core.Grid, layout string) []string {
	var names []string
	frame := grid.Info().Frame
	for _, d := range frame.Dims {
		if d.Axis != nil {
			names = append(names, d.Axis.Name)
		}
	}
	if layout == "compact" {
		for _, f := range frame.Coords {
			names = append(names, f.Name)
		}
	}
	return names
}
