package healpix

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// maxDepth is the most orders between shards and cells: slots are int32, and a shard's 4^14 centres are 4 GiB.
const maxDepth = 14

// A Config is the grid's settings after checks.
type Config struct {
	ParentOrder, ChunkInner, ChildOrder int // 0 ≤ parent ≤ chunk ≤ child ≤ 29
	EmitCellIDs                         bool
	Latitude                            sphere.Latitude
}

var configKeys = [...]string{
	"type", "parent_order", "child_order", "chunk_inner", "sharded", "indexing_scheme", "layout", "emit_cell_ids", "latitude",
}

// parseConfig reads and checks the JSON. Every error is core.Invalid and names the key.
func parseConfig(config core.Config) (Config, error) {
	keys, err := readObject(config)
	if err != nil {
		return Config{}, err
	}
	c := Config{EmitCellIDs: true}
	chunk, sharded := -1, true
	err = firstError(
		oneOf(keys, "type", "healpix"),
		oneOf(keys, "indexing_scheme", "nested"),
		oneOf(keys, "layout", "fullsphere", "compact"),
		oneOf(keys, "latitude", authalic, spherical),
		readOrder(keys, "parent_order", &c.ParentOrder, true),
		readOrder(keys, "child_order", &c.ChildOrder, true),
		readOrder(keys, "chunk_inner", &chunk, false),
		readBool(keys, "sharded", &sharded),
		readBool(keys, "emit_cell_ids", &c.EmitCellIDs),
	)
	if err != nil {
		return Config{}, err
	}
	if string(keys["latitude"]) == `"`+spherical+`"` {
		c.Latitude = sphere.GeodeticSpherical
	}
	if !sharded && chunk > c.ParentOrder {
		return Config{}, core.Errorf(core.Unsupported, "healpix config", "sharded", "not supported yet: sharded: false with chunk_inner %d beyond parent_order %d, which makes %d objects of each shard; leave sharded out", chunk, c.ParentOrder, 1<<(2*(chunk-c.ParentOrder)))
	}
	c.ChunkInner = chunk
	if chunk < 0 {
		c.ChunkInner = c.ParentOrder
		if finer := c.ChildOrder - 6; sharded && finer > c.ParentOrder {
			c.ChunkInner = finer
		}
	}
	return c, c.check()
}

func (c Config) check() error {
	switch {
	case c.ChildOrder < c.ParentOrder:
		return badConfig("child_order", "%d is below parent_order %d: cells cannot be coarser than shards", c.ChildOrder, c.ParentOrder)
	case c.ChildOrder-c.ParentOrder > maxDepth:
		return badConfig("child_order", "%d is %d orders above parent_order %d, 4^%d cells to a shard; at most %d orders are possible", c.ChildOrder, c.ChildOrder-c.ParentOrder, c.ParentOrder, c.ChildOrder-c.ParentOrder, maxDepth)
	case c.ChunkInner < c.ParentOrder || c.ChunkInner > c.ChildOrder:
		return badConfig("chunk_inner", "%d is not between parent_order %d and child_order %d", c.ChunkInner, c.ParentOrder, c.ChildOrder)
	}
	return nil
}

func badConfig(key, format string, args ...any) error {
	return core.Errorf(core.Invalid, "healpix config", key, format, args...)
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// readObject splits a JSON object into known keys, each at most once; a key that is null counts as absent.
func readObject(config core.Config) (map[string]json.RawMessage, error) {
	d := json.NewDecoder(bytes.NewReader(config))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return nil, badConfig("", "want a JSON object with parent_order and child_order, have %.60q", string(config))
	}
	keys := map[string]json.RawMessage{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, badConfig("", "not JSON: %w", err)
		}
		key, _ := t.(string)
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return nil, badConfig(key, "not JSON: %w", err)
		}
		if _, twice := keys[key]; twice {
			return nil, badConfig(key, "given twice")
		}
		if !isKey(key) {
			return nil, badConfig(key, "no such key; did you mean %s? Have %s", nearest(key), strings.Join(configKeys[:], ", "))
		}
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

func isKey(key string) bool {
	for _, k := range configKeys {
		if k == key {
			return true
		}
	}
	return false
}

func oneOf(keys map[string]json.RawMessage, key string, values ...string) error {
	raw, ok := keys[key]
	if !ok {
		return nil
	}
	for _, v := range values {
		if string(raw) == `"`+v+`"` {
			return nil
		}
	}
	return badConfig(key, "%.60s is not possible; have %s", raw, strings.Join(values, ", "))
}

func readOrder(keys map[string]json.RawMessage, key string, order *int, required bool) error {
	raw, ok := keys[key]
	if !ok {
		if required {
			return badConfig(key, "missing; want an order, 0 to %d", maxOrder)
		}
		return nil
	}
	var n int
	if err := json.Unmarshal(raw, &n); err != nil || n < 0 || n > maxOrder {
		return badConfig(key, "%.60s is not an order, a whole number from 0 to %d", raw, maxOrder)
	}
	*order = n
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

// nearest is the known key with the fewest edits to the given one.
func nearest(key string) string {
	best, least := "", 1<<30
	for _, k := range configKeys {
		if d := edits(key, k); d < least {
			best, least = k, d
		}
	}
	return fmt.Sprintf("%q", best)
}

// edits is the Levenshtein distance; only the first 64 bytes of a are looked at.
func edits(a, b string) int {
	a = a[:min(len(a), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
