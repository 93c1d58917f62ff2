package rectilinear

import (
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

// A place is a shard by its row and column, in shards from the upper left corner.
type place struct{ row, col int64 }

// key is the canonical key: the number of the shard, row by row.
func (g *grid) key(p place) core.ShardKey {
	return core.ShardKey(strconv.FormatInt(p.row*g.shards[1]+p.col, 10))
}

// shardFromKey reads a shard's key: its number in any decimal spelling, or "row/column" and "row,column", as the names of
// objects have them.
func (g *grid) shardFromKey(key core.ShardKey) (place, error) {
	row, col, two := strings.Cut(strings.ReplaceAll(string(key), ",", "/"), "/")
	if two {
		r, okR := index(row, g.shards[0])
		c, okC := index(col, g.shards[1])
		if !okR || !okC {
			return place{}, badKey(key, "want a row below %d and a column below %d", g.shards[0], g.shards[1])
		}
		return place{r, c}, nil
	}
	n, ok := index(row, g.shards[0]*g.shards[1])
	if !ok {
		return place{}, badKey(key, "want a number below %d, the number of shards, or row/column", g.shards[0]*g.shards[1])
	}
	return place{n / g.shards[1], n % g.shards[1]}, nil
}

// index is a number in [0, below) in digits alone.
func index(digits string, below int64) (int64, bool) {
	n, err := strconv.ParseUint(digits, 10, 63) // no sign, no underscores
	return int64(n), err == nil && int64(n) < below
}

func badKey(key core.ShardKey, format string, args ...any) error {
	if len(key) > 80 {
		key = key[:80] + "…"
	}
	return core.Errorf(core.Invalid, "rectilinear shard key", strconv.Quote(string(key)), format, args...)
}
