package healpix

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func legacyGrid(t *testing.T, latitude string) *grid {
	c, err := parseConfig(core.Config(`{"parent_order":6,"child_order":12,"latitude":"` + latitude + `"}`))
	require.NoError(t, err)
	return newGrid(c)
}

// What the spelling of keys implies, unless the signature or the settings say something else.
func TestRestore(t *testing.T) {
	const signature = `{"type":"healpix","indexing_scheme":"nested","parent_order":6,"child_order":12,"layout":"fullsphere"`
	said := map[string]string{"": "}", authalic: `,"latitude":"` + authalic + `"}`, spherical: `,"latitude":"` + spherical + `"}`}
	old, packed := []core.ShardKey{"12683825400535580678", "-5111123", "5111123"}, []core.ShardKey{"12683825400535580678", "1152921504606846976"}
	for _, grids := range []string{authalic, spherical} {
		g := legacyGrid(t, grids)
		for inSignature, tail := range said {
			for inSettings := range said {
				for _, keys := range [][]core.ShardKey{old, packed, nil} {
					settings := `{"parent_order":6,"child_order":12` + said[inSettings]
					r, err := g.Restore(t.Context(), core.Legacy{Signature: json.RawMessage(signature + tail), Keys: keys, Settings: core.Config(settings)})
					require.NoError(t, err)
					legacy := len(keys) == len(old)

					want := inSettings
					if legacy && inSettings == "" && inSignature == "" {
						want = spherical
						require.NotEmpty(t, r.Note)
					} else {
						require.Empty(t, r.Note)
						require.Equal(t, settings, string(r.Settings), "what is complete stays as it is")
					}
					require.Equal(t, want, latitudeOf(t, r.Settings))

					want = inSignature
					switch {
					case inSignature == authalic:
						want = "" // goes without saying
					case inSignature == "" && legacy && grids == spherical:
						want = spherical
					}
					require.Equal(t, want, latitudeOf(t, r.Signature))
					require.NotEmpty(t, latitudeOf(t, r.Explicit))
					if legacy {
						require.Equal(t, old[1:], r.Keys)
					} else {
						require.Empty(t, r.Keys)
					}
				}
			}
		}
	}
}

func latitudeOf(t *testing.T, object json.RawMessage) string {
	var m struct{ Latitude string }
	require.NoError(t, json.Unmarshal(object, &m), string(object))
	return m.Latitude
}

// An event of an earlier release states orders.
func TestRestoreOrders(t *testing.T) {
	g := legacyGrid(t, authalic)
	shard, cell := g.Orders()
	require.Equal(t, [2]int{6, 12}, [2]int{shard, cell})
	five, eleven := 5, 11
	r, err := g.Restore(t.Context(), core.Legacy{Keys: []core.ShardKey{"-5111123"}, Settings: core.Config(`{"child_order":12}`), ShardOrder: &five, CellOrder: &eleven})
	require.NoError(t, err)
	require.JSONEq(t, `{"parent_order":5,"child_order":11,"latitude":"geodetic-spherical"}`, string(r.Settings))
	require.Nil(t, r.Signature)
	require.Nil(t, r.Explicit)

	none, err := g.Restore(t.Context(), core.Legacy{})
	require.NoError(t, err)
	require.Equal(t, core.Restored{}, none)
	other, err := g.Restore(t.Context(), core.Legacy{Signature: json.RawMessage(`{"type":"rectilinear"}`), Keys: []core.ShardKey{"-5"}})
	require.NoError(t, err)
	require.Empty(t, other.Keys, "these are no keys of HEALPix")
	for _, bad := range []core.Legacy{{Signature: json.RawMessage(`[]`)}, {Settings: core.Config(`7`)}} {
		_, err := g.Restore(t.Context(), bad)
		require.Equal(t, core.Invalid, core.CodeOf(err))
	}
}
