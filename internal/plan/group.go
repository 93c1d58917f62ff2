package plan

import (
	"cmp"
	"slices"
)

// A Bound limits the shards that are computed in one pass. Zero fields are no limits.
type Bound struct {
	Shards   int   // of a group
	Granules int   // of a group, each once
	Bytes    int64 // of what a group keeps, as estimated: rows, and the shards themselves
	Held     int64 // of Bytes, for the shards themselves: unlike rows, they cannot be put on disk for a while
}

// What a job holds of each of its shards beside rows (outline, job, task, record) and of each granule in the shard's list, with what
// is waiting to be collected: measured on 20,000 shards of eight granules.
const (
	shardBytes   = 16 << 10
	granuleBytes = 512
)

// Kept estimates the bytes of rows that a shard keeps of each of its granules: a part of the granule, divided among the shards
// that it goes to.
type Kept[G comparable] struct {
	shards map[G]int
	size   func(G) int64
}

// A granule of unknown size is taken for a usual one of segments, and a third of a granule's bytes for values that are kept,
// unpacked.
const (
	usualGranule = 20 << 20
	keptPart     = 3
)

// NewKept counts the shards of each granule; lists are the granules of each shard. size is a granule's bytes, 0: not known.
func NewKept[G comparable](lists [][]G, size func(G) int64) *Kept[G] {
	k := &Kept[G]{shards: map[G]int{}, size: size}
	for _, list := range lists {
		for _, g := range list {
			k.shards[g]++
		}
	}
	return k
}

// Of is the estimate for a shard with these granules.
func (k *Kept[G]) Of(list []G) int64 {
	n := int64(0)
	for _, g := range list {
		size := k.size(g)
		if size <= 0 {
			size = usualGranule
		}
		n += size / keptPart / int64(max(k.shards[g], 1))
	}
	return n
}

// Group divides shards, which are in key order, into runs of neighbours within the bound, so that a granule that crosses
// several of them is read once. A shard that alone is beyond a bound is a group of its own. The result is places in lists.
func Group[G comparable](lists [][]G, kept *Kept[G], most Bound) [][]int {
	var groups [][]int
	var group []int
	granules := map[G]bool{}
	bytes, held := int64(0), int64(0)
	for i, list := range lists {
		fresh := 0
		for _, g := range list {
			if !granules[g] {
				fresh++
			}
		}
		shard := shardBytes + granuleBytes*int64(len(list))
		own := kept.Of(list) + shard
		full := most.Shards > 0 && len(group) >= most.Shards || most.Granules > 0 && len(granules)+fresh > most.Granules ||
			most.Bytes > 0 && bytes+own > most.Bytes || most.Held > 0 && held+shard > most.Held
		if full && len(group) > 0 {
			groups, group, bytes, held = append(groups, group), nil, 0, 0
			clear(granules)
		}
		group, bytes, held = append(group, i), bytes+own, held+shard
		for _, g := range list {
			granules[g] = true
		}
	}
	if len(group) > 0 {
		groups = append(groups, group)
	}
	return groups
}

// DensestFirst puts groups with most pairs of shard and granule first, so that none of them is the last to end.
func DensestFirst[G any](groups [][]int, lists [][]G) {
	pairs := func(group []int) (n int) {
		for _, at := range group {
			n += len(lists[at])
		}
		return n
	}
	slices.SortStableFunc(groups, func(a, b []int) int { return cmp.Compare(pairs(b), pairs(a)) })
}
