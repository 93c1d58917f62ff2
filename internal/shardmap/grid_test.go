package shardmap

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// plain is a grid of this release alone.
type plain struct {
	core.Grid
	signature string
}

func (p plain) Info() core.GridInfo {
	return core.GridInfo{Signature: json.RawMessage(p.signature)}
}

// old is a grid whose keys once began with a dash, which means that its cells are "old".
type old struct{ plain }

func (old) Orders() (int, int) { return 1, 2 }

func (o old) Restore(_ context.Context, l core.Legacy) (core.Restored, error) {
	r := core.Restored{Signature: l.Signature, Explicit: json.RawMessage(`{"type":"old","explicit":true}`), Settings: l.Settings}
	for _, k := range l.Keys {
		if strings.HasPrefix(string(k), "-") {
			r.Keys = append(r.Keys, k)
		}
	}
	if len(r.Keys) > 0 {
		r.Signature, r.Settings, r.Note = o.Info().Signature, json.RawMessage(`{"cells":"old"}`), "cells are old"
	}
	return r, nil
}

func TestGridOfMap(t *testing.T) {
	ctx := t.Context()
	m := &Map{GridSignature: []byte(`{"type":"old"}`), Keys: []core.ShardKey{"1", "-2"}}
	settings := json.RawMessage(`{"a":1}`)

	g := plain{signature: `{ "type": "old" }`}
	require.NoError(t, m.CheckGrid(ctx, g))
	same, note, err := m.GridSettings(ctx, g, settings)
	require.NoError(t, err)
	require.Empty(t, note)
	require.Equal(t, settings, same)
	keys, err := m.LegacyKeys(ctx, g)
	require.NoError(t, err)
	require.Empty(t, keys)
	require.NoError(t, m.Explicit(ctx, g))
	require.JSONEq(t, `{"type":"old"}`, string(m.GridSignature))
	require.ErrorContains(t, m.CheckGrid(ctx, plain{signature: `{"type":"new"}`}), `type: "old" and "new"`)

	o := old{plain{signature: `{"type":"old","cells":"old"}`}}
	require.NoError(t, m.CheckGrid(ctx, o), "what the map leaves open is the grid's to say")
	restored, note, err := m.GridSettings(ctx, o, settings)
	require.NoError(t, err)
	require.Equal(t, "cells are old", note)
	require.JSONEq(t, `{"cells":"old"}`, string(restored))
	keys, err = m.LegacyKeys(ctx, o)
	require.NoError(t, err)
	require.Equal(t, []core.ShardKey{"-2"}, keys)
	require.NoError(t, m.Explicit(ctx, o))
	require.JSONEq(t, `{"type":"old","explicit":true}`, string(m.GridSignature))
}
