package healpix

// Stores and shard maps of earlier releases: what their keys and signatures mean now.

import (
	"bytes"
	"context"
	"encoding/json"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

var (
	_ core.CellCoverer = (*grid)(nil)
	_ core.LegacyGrid  = (*grid)(nil)
)

// Orders implements core.LegacyGrid.
func (g *grid) Orders() (shard, cell int) { return g.config.ParentOrder, g.config.ChildOrder }

// Restore implements core.LegacyGrid. Before keys were packed words they were signed decimals ("-5111123"), and latitudes were
// taken as they are, as if the Earth were a sphere. Keys that are still so spelled mean that, unless the settings or the
// signature name a latitude.
func (g *grid) Restore(_ context.Context, old core.Legacy) (core.Restored, error) {
	r := core.Restored{Settings: old.Settings}
	signature, err := members("grid_signature", old.Signature)
	if err != nil {
		return r, err
	}
	settings, err := members("settings", old.Settings)
	if err != nil {
		return r, err
	}
	if len(old.Signature) == 0 || string(signature["type"]) == `"healpix"` {
		r.Keys = legacyKeys(old.Keys)
	}
	said := signature["latitude"] != nil || settings["latitude"] != nil
	if r.Signature, err = g.canonical(old.Signature, signature, len(r.Keys) > 0); err != nil {
		return r, err
	}
	r.Explicit = explicit(r.Signature, signature)
	return r, restoreSettings(&r, old, settings, said)
}

// members splits a JSON object into its members; nothing at all has none.
func members(what string, object json.RawMessage) (map[string]json.RawMessage, error) {
	m := map[string]json.RawMessage{}
	if len(object) == 0 {
		return m, nil
	}
	if err := json.Unmarshal(object, &m); err != nil {
		return nil, core.Errorf(core.Invalid, "healpix.Restore", what, "%w", err)
	}
	return m, nil
}

// legacyKeys are those keys that are signed decimals. A packed word is at least 2⁶⁰, so length and sign tell them
// apart.
func legacyKeys(keys []core.ShardKey) []core.ShardKey {
	const least = core.ShardKey("1152921504606846976") // 2⁶⁰
	var out []core.ShardKey
	for _, k := range keys {
		digits := strings.TrimPrefix(string(k), "-")
		if digits != "" && strings.Trim(digits, "0123456789") == "" && (digits != string(k) || core.CompareKeys(k, least) < 0) {
			out = append(out, k)
		}
	}
	return out
}

// canonical is a signature in the form in which signature makes it, without a latitude if that is authalic. If legacy
// keys leave the latitude open, it is this grid's.
func (g *grid) canonical(text json.RawMessage, m map[string]json.RawMessage, legacy bool) (json.RawMessage, error) {
	latitude, said := m["latitude"]
	switch {
	case said && string(latitude) == `"`+authalic+`"`:
		delete(m, "latitude")
	case !said && legacy && g.config.Latitude == sphere.GeodeticSpherical:
		m["latitude"] = json.RawMessage(`"` + spherical + `"`)
	default:
		return text, nil
	}
	return json.Marshal(m)
}

// explicit is a signature that names its latitude, also the default one.
func explicit(signature json.RawMessage, m map[string]json.RawMessage) json.RawMessage {
	if len(signature) == 0 || string(m["type"]) != `"healpix"` || m["latitude"] != nil {
		return signature
	}
	return append(bytes.TrimSuffix(bytes.TrimSpace(bytes.Clone(signature)), []byte("}")), `,"latitude":"`+authalic+`"}`...)
}

// restoreSettings adds to settings the orders that are stated and the latitude that is implied.
func restoreSettings(r *core.Restored, old core.Legacy, settings map[string]json.RawMessage, said bool) error {
	if len(old.Settings) == 0 {
		return nil
	}
	changed := false
	set := func(key string, value string) { settings[key], changed = json.RawMessage(value), true }
	if old.ShardOrder != nil {
		set("parent_order", strconv.Itoa(*old.ShardOrder))
	}
	if old.CellOrder != nil {
		set("child_order", strconv.Itoa(*old.CellOrder))
	}
	if len(r.Keys) > 0 && !said {
		set("latitude", `"`+spherical+`"`)
		r.Note = "cells are of geodetic latitudes (" + spherical + ")"
	}
	if !changed {
		return nil
	}
	var err error
	r.Settings, err = json.Marshal(settings)
	return err
}
