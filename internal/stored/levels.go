package stored

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/zarr"
)

// A Level is a coarser group of a store.
type Level struct {
	Group string `json:"group"`
	// Stale: shards were computed after it was made, so that it does not hold what they do.
	Stale bool `json:"stale"`
}

// RecordsHash names what the store's shards hold: the SHA-256 of what their records say of configuration, granules and objects. Coarser
// groups keep the one of the records that they were made of.
func (s *Store) RecordsHash() string {
	sum := sha256.New()
	for _, r := range s.all() {
		fmt.Fprintf(sum, "%s %s %s\n", r.Label, r.ConfigHash, r.Granules)
		for _, o := range r.Objects {
			fmt.Fprintf(sum, "%s %s\n", o.Path, o.SHA256)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// CoarserNames are the names of the store's coarser groups, the finest first.
func (s *Store) CoarserNames() []string { return s.levels }

// Coarser opens one of them, at the window that the store is narrowed to; NotFound: it is being made.
func (s *Store) Coarser(ctx context.Context, name string) (*zarr.Group, error) {
	group, err := s.root.Group(ctx, name)
	if err != nil || s.window == "" {
		return group, err
	}
	return group.Fixed(store.TimeName, s.place), nil
}

// Levels are the coarser groups of a store that was opened with its records, the finest first.
func (s *Store) Levels(ctx context.Context) ([]Level, error) {
	var out []Level
	now := s.RecordsHash()
	for _, name := range s.levels {
		group, err := s.Coarser(ctx, name)
		if core.Is(err, core.NotFound) {
			continue // it is being made
		}
		if err != nil {
			return nil, err
		}
		var attrs struct {
			Source string `json:"source_records"`
		}
		if err := json.Unmarshal(group.Attrs, &attrs); err != nil {
			return nil, core.Errorf(core.Corrupt, "info", group.URL, "its attributes: %w", err)
		}
		out = append(out, Level{name, attrs.Source != now})
	}
	return out, nil
}
