package shardmap

import (
	"encoding/json"
	"maps"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
)

// A Map lists for each shard the granules that may have observations in it. Keys, Granules and, if there is one,
// AOIMask are parallel.
type Map struct {
	Metadata      json.RawMessage            // an object: what the catalog was asked for, and how the map was made
	GridSignature json.RawMessage            // an object: the grid the keys belong to
	Keys          []core.ShardKey            // each once
	Granules      [][]*catalog.Entry         // by shard, without what a search needs; shards share entries, which are not to be changed
	AOIMask       []json.RawMessage          // cells of the area of interest by shard, in the grid's own terms; nil: none
	Extra         map[string]json.RawMessage // members that this version does not know; written again

	spelled map[*catalog.Entry]*record // of granules that the file spells as this version does not: they are written as they were read
}

// Pairs is the number of (shard, granule) pairs.
func (m *Map) Pairs() int {
	n := 0
	for _, g := range m.Granules {
		n += len(g)
	}
	return n
}

// GranuleIDs are the ids of all granules, sorted, each once.
func (m *Map) GranuleIDs() []string {
	set := map[string]bool{}
	for _, list := range m.Granules {
		for _, r := range list {
			set[r.ID] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// Check reports lists that are not parallel, keys given twice, and granules without an id or given twice in a shard
// (their observations would count twice).
func (m *Map) Check() error {
	bad := func(subject, format string, args ...any) error {
		return core.Errorf(core.Invalid, "shardmap", subject, format, args...)
	}
	if len(m.Granules) != len(m.Keys) {
		return bad("granules", "%d lists for %d shard_keys", len(m.Granules), len(m.Keys))
	}
	if m.AOIMask != nil && len(m.AOIMask) != len(m.Keys) {
		return bad("aoi_mask", "%d entries for %d shard_keys", len(m.AOIMask), len(m.Keys))
	}
	keys := make(map[core.ShardKey]bool, len(m.Keys))
	ids := map[string]bool{}
	for i, k := range m.Keys {
		if k == "" || keys[k] {
			return bad("shard_keys", "entry %d, %q, is empty or given twice", i, k)
		}
		keys[k] = true
		clear(ids)
		for j, r := range m.Granules[i] {
			switch {
			case r.ID == "":
				return bad("granules", "granule %d of shard %s has no id", j, k)
			case ids[r.ID]:
				return bad("granules", "shard %s lists granule %s twice; its observations would count twice", k, r.ID)
			}
			ids[r.ID] = true
		}
	}
	return nil
}

// Sort puts the shards in key order.
func (m *Map) Sort() {
	order := make([]int, len(m.Keys))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return core.CompareKeys(m.Keys[a], m.Keys[b]) })
	m.Keys, m.Granules = pick(m.Keys, order), pick(m.Granules, order)
	if m.AOIMask != nil {
		m.AOIMask = pick(m.AOIMask, order)
	}
}

func pick[T any](from []T, order []int) []T {
	out := make([]T, len(order))
	for i, j := range order {
		out[i] = from[j]
	}
	return out
}
