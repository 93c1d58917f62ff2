//go:build cgo

package h3

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// maxDepth is the most resolutions between shards and cells: slots are int32, and a shard's 7^10 centres are 4.5 GiB.
const maxDepth = 10

// A Config is the grid's settings after checks.
type Config struct {
	ParentResolution, ChunkInner, ChildResolution int // 0 ≤ parent ≤ chunk ≤ child ≤ 15
}

// configKeys are the keys, and what their short forms stand for.
var configKeys = [...][2]string{
	{"type"}, {"parent_resolution"}, {"child_resolution"}, {"chunk_inner"}, {"sharded"}, {"layout"},
	{"parent_res", "parent_resolution"}, {"child_res", "child_resolution"},
}

// parseConfig reads and checks the JSON. Every error is core.Invalid, or Unsupported, and names the key.
func parseConfig(config core.Config) (Config, error) {
	keys, err := readObject(config)
	if err != nil {
		return Config{}, err
	}
	var c Config
	chunk, sharded := -1, true
	for _, read := range []error{
		oneOf(keys, "type", "h3"),
		oneOf(keys, "layout", "fullsphere", "compact"),
		readResolution(keys, "parent_resolution", &c.ParentResolution, true),
		readResolution(keys, "child_resolution", &c.ChildResolution, true),
		readResolution(keys, "chunk_inner", &chunk, false),
		readBool(keys, "sharded", &sharded),
	} {
		if read != nil {
			return Config{}, read
		}
	}
	if !sharded && chunk > c.ParentResolution {
		return Config{}, core.Errorf(core.Unsupported, "h3 config", "sharded", "not supported yet: sharded: false with chunk_inner %d beyond parent_resolution %d, which makes 7^%d objects of each shard; leave sharded out", chunk, c.ParentResolution, chunk-c.ParentResolution)
	}
	c.ChunkInner = chunk
	if chunk < 0 {
		c.ChunkInner = c.ParentResolution
		if finer := c.ChildResolution - 4; sharded && finer > c.ParentResolution {
			c.ChunkInner = finer
		}
	}
	return c, c.check()
}

func (c Config) check() error {
	depth := c.ChildResolution - c.ParentResolution
	switch {
	case depth < 0:
		return badConfig("child_resolution", "%d is below parent_resolution %d: cells cannot be coarser than shards", c.ChildResolution, c.ParentResolution)
	case depth > maxDepth:
		return badConfig("child_resolution", "%d is %d above parent_resolution %d, 7^%d cells to a shard; at most %d are possible", c.ChildResolution, depth, c.ParentResolution, depth, maxDepth)
	case c.ChunkInner < c.ParentResolution || c.ChunkInner > c.ChildResolution:
		return badConfig("chunk_inner", "%d is not between parent_resolution %d and child_resolution %d", c.ChunkInner, c.ParentResolution, c.ChildResolution)
	}
	return nil
}

func badConfig(key, format string, args ...any) error {
	return core.Errorf(core.Invalid, "h3 config", key, format, args...)
}

// readObject splits a JSON object into known keys under their full names, each at most once; a key that is null counts
// as absent.
func readObject(config core.Config) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(config))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, badConfig("", "want a JSON object with parent_resolution and child_resolution, have %.60q", string(config))
	}
	keys, seen := map[string]json.RawMessage{}, map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, badConfig("", "not JSON: %w", err)
		}
		given, _ := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, badConfig(given, "not JSON: %w", err)
		}
		key, ok := fullName(given)
		switch {
		case !ok:
			return nil, badConfig(given, "no such key; have %s", strings.Join(knownKeys(), ", "))
		case seen[key]:
			return nil, badConfig(key, "given twice")
		}
		seen[key] = true
		if string(value) != "null" {
			keys[key] = value
		}
	}
	if _, err := d.Token(); err != nil {
		return nil, badConfig("", "not JSON: %w", err)
	}
	if d.More() {
		return nil, badConfig("", "something follows the JSON object")
	}
	return keys, nil
}

// fullName is what a key stands for; false for one that does not exist.
func fullName(key string) (string, bool) {
	i := slices.IndexFunc(configKeys[:], func(k [2]string) bool { return k[0] == key })
	if i < 0 {
		return "", false
	}
	if full := configKeys[i][1]; full != "" {
		return full, true
	}
	return key, true
}

func knownKeys() []string {
	names := make([]string, len(configKeys))
	for i, k := range configKeys {
		names[i] = k[0]
	}
	return names
}

func oneOf(keys map[string]json.RawMessage, key string, values ...string) error {
	raw, ok := keys[key]
	if !ok || slices.ContainsFunc(values, func(v string) bool { return string(raw) == `"`+v+`"` }) {
		return nil
	}
	return badConfig(key, "%.60s is not possible; have %s", raw, strings.Join(values, ", "))
}

func readResolution(keys map[string]json.RawMessage, key string, resolution *int, required bool) error {
	raw, ok := keys[key]
	if !ok {
		if required {
			return badConfig(key, "missing; want a resolution, 0 to %d", maxResolution)
		}
		return nil
	}
	var n int
	if err := json.Unmarshal(raw, &n); err != nil || n < 0 || n > maxResolution {
		return badConfig(key, "%.60s is not a resolution, a whole number from 0 to %d", raw, maxResolution)
	}
	*resolution = n
	return nil
}

func readBool(keys map[string]json.RawMessage, key string, b *bool) error {
	raw, ok := keys[key]
	if !ok {
		return nil
	}
	if err := json.Unmarshal(raw, b); err != nil {
		return badConfig(key, "%.60s is neither true nor false", raw)
	}
	return nil
}
