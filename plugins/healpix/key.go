package healpix

// Keys of shards: reading all their spellings, and writing the canonical one.

import (
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

// shardFromKey reads a shard's key. The spellings, tried in this order:
//
//  1. "nested:40966": the nested id at the shards' order; "decimal:-5111123": a decimal string, forced.
//  2. an unsigned decimal that is a packed word of a cell of the shards' order: that word. This is the canonical form.
//  3. a decimal string, -?[1-6][1-4]{parent_order}: what people and old catalogs write.
//
// A text can be both 2 and 3 only where both have 19 or 20 digits, which is for shards of order 18 and 19, and then
// only one in millions is; the canonical form wins. Anything else is an error: a bare nested id in particular, which
// looks like a decimal string or a word now and then.
func (g *grid) shardFromKey(key core.ShardKey) (cellID, error) {
	s, want := string(key), g.config.ParentOrder
	if id, ok := strings.CutPrefix(s, "nested:"); ok {
		if n, ok := canonicalUint(id); ok && n < cellCount(want) {
			return cellID{want, n}, nil
		}
		return cellID{}, badKey(key, "want nested: and a number below %d, the number of cells of order %d", cellCount(want), want)
	}
	digits, forced := strings.CutPrefix(s, "decimal:")
	if n, ok := canonicalUint(s); ok && !forced {
		if c, ok := cellFromWord(n); ok {
			if c.order == want {
				return c, nil
			}
			if len(s) != want+1 {
				return cellID{}, badKey(key, "it is the packed word of %s, a cell of order %d; shards of this grid are of order %d", c.decimal(), c.order, want)
			}
		}
	}
	c, ok := cellFromDecimal(digits)
	switch {
	case !ok:
		return cellID{}, badKey(key, "want the packed word of a cell of order %d, a decimal string such as %s, or nested: and an id", want, cellID{want, 0}.decimal())
	case c.order != want:
		return cellID{}, badKey(key, "it is a cell of order %d; shards of this grid are of order %d", c.order, want)
	}
	return c, nil
}

func badKey(key core.ShardKey, format string, args ...any) error {
	if len(key) > 80 {
		key = key[:80] + "…"
	}
	return core.Errorf(core.Invalid, "healpix shard key", strconv.Quote(string(key)), format, args...)
}

// keyOf is the canonical key of a cell of the shards' order: its packed word in decimal.
func keyOf(c cellID) core.ShardKey {
	return core.ShardKey(strconv.FormatUint(c.word(), 10))
}

// keysOf are the canonical keys of many cells. They share one string, so that a million of them are one allocation.
func keysOf(order int, nests []uint64) []core.ShardKey {
	const longest = 20
	text, ends := make([]byte, 0, longest*len(nests)), make([]int, len(nests))
	for i, n := range nests {
		text = strconv.AppendUint(text, cellID{order, n}.word(), 10)
		ends[i] = len(text)
	}
	all, keys, start := core.ShardKey(text), make([]core.ShardKey, len(nests)), 0
	for i, end := range ends {
		keys[i], start = all[start:end], end
	}
	return keys
}
