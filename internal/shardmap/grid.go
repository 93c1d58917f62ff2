package shardmap

import (
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
)

// restored is what a map's signature and keys mean to a grid, and settings that a grid for the map shall be made from.
func (m *Map) restored(ctx context.Context, grid core.Grid, settings json.RawMessage) (core.Restored, error) {
	if old, ok := grid.(core.LegacyGrid); ok {
		return old.Restore(ctx, core.Legacy{Signature: m.GridSignature, Keys: m.Keys, Settings: settings})
	}
	return core.Restored{Signature: m.GridSignature, Explicit: m.GridSignature, Settings: settings}, nil
}

// CheckGrid compares a map's signature with a grid's. What the map leaves open is the grid's to say.
func (m *Map) CheckGrid(ctx context.Context, grid core.Grid) error {
	r, err := m.restored(ctx, grid, nil)
	if err != nil {
		return err
	}
	if same, difference := SameSignature(r.Signature, grid.Info().Signature); !same {
		return core.Errorf(core.Invalid, "shard map", "grid_signature", "it was made for another grid than the configuration's: %s", difference)
	}
	return nil
}

// GridSettings adds to the settings of a grid what the keys of an earlier release imply, and says it in a note; "" where they stay
// as they are.
func (m *Map) GridSettings(ctx context.Context, grid core.Grid, settings json.RawMessage) (restored json.RawMessage, note string, err error) {
	r, err := m.restored(ctx, grid, settings)
	return r.Settings, r.Note, err
}

// LegacyKeys are the keys spelled as earlier releases did.
func (m *Map) LegacyKeys(ctx context.Context, grid core.Grid) ([]core.ShardKey, error) {
	r, err := m.restored(ctx, grid, nil)
	return r.Keys, err
}

// Explicit makes the signature name what its grid leaves out, so that it fits any spelling of the keys.
func (m *Map) Explicit(ctx context.Context, grid core.Grid) error {
	r, err := m.restored(ctx, grid, nil)
	if err == nil {
		m.GridSignature = r.Explicit
	}
	return err
}
