//go:build cgo

package h3

// Indexes of cells: arithmetic on their digits without calls to C.

import (
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

const (
	maxResolution = 15
	baseCells     = 122
)

// A cellID is the index of a cell (https://h3geo.org/docs/core-library/h3Indexing): bits 62…59 are 1, 58…56 are 0, 55…52
// the resolution, 51…45 the base cell, then three bits per digit from the coarsest; digits beyond the resolution are 7.
type cellID uint64

const (
	cellMode  = cellID(1) << 59
	allDigits = cellID(1)<<45 - 1
)

// baseCell is a cell of resolution 0.
func baseCell(base int) cellID { return cellMode | cellID(base)<<45 | allDigits }

func (c cellID) resolution() int { return int(c >> 52 & 15) }

func (c cellID) base() int { return int(c >> 45 & 127) }

// digit is the digit of resolution 1…15.
func (c cellID) digit(resolution int) int { return int(c >> shift(resolution) & 7) }

// shift is where the three bits of a resolution's digit begin.
func shift(resolution int) int { return 3 * (maxResolution - resolution) }

// child is the cell with a digit among the next resolution's below a cell. Digit 1 of a pentagon gives an index that
// is no cell.
func (c cellID) child(digit int) cellID {
	next := c.resolution() + 1
	return c + 1<<52 - cellID(7-digit)<<shift(next)
}

// parent is the ancestor of a cell at a coarser resolution, or the cell itself at its own.
func (c cellID) parent(resolution int) cellID {
	return (c - cellID(c.resolution()-resolution)<<52) | (1<<shift(resolution) - 1)
}

// center is the descendant of a resolution in the middle of a cell: all its digits are 0.
func (c cellID) center(resolution int) cellID {
	return c.descendant(resolution, 0)
}

// descendant is the descendant of a resolution at a slot of the block of 7^(resolution - c's resolution) slots.
func (c cellID) descendant(resolution int, slot int64) cellID {
	from := c.resolution()
	c += cellID(resolution-from) << 52
	for r := resolution; r > from; r-- {
		c = c&^(7<<shift(r)) | cellID(slot%7)<<shift(r)
		slot /= 7
	}
	return c
}

// slot is a cell's number among the descendants of its base cell or, counted from a resolution, of its ancestor
// there.
func (c cellID) slot(from int) int64 {
	n := int64(0)
	for r := from + 1; r <= c.resolution(); r++ {
		n = 7*n + int64(c.digit(r))
	}
	return n
}

// isPentagon reports whether a cell is one of the twelve pentagons of its resolution.
func (c cellID) isPentagon() bool {
	return isPentagonBase(c.base()) && (c&allDigits)>>shift(c.resolution()) == 0
}

// isPentagonBase reports whether a base cell is a pentagon (https://h3geo.org/docs/core-library/restable).
func isPentagonBase(base int) bool {
	switch base {
	case 4, 14, 24, 38, 49, 58, 63, 72, 83, 97, 107, 117:
		return true
	}
	return false
}

// isVoid reports whether an index lies in a pentagon's gap, where no cell is: its first digit other than 0 is 1.
func (c cellID) isVoid() bool {
	if !isPentagonBase(c.base()) {
		return false
	}
	for r := 1; r <= c.resolution(); r++ {
		if d := c.digit(r); d != 0 {
			return d == 1
		}
	}
	return false
}

// isCell reports whether a number is the index of a cell. H3 itself would accept some more bits.
func (c cellID) isCell() bool {
	if c>>56 != 8 || c.base() >= baseCells {
		return false
	}
	for r := 1; r <= maxResolution; r++ {
		if unused := r > c.resolution(); (c.digit(r) == 7) != unused {
			return false
		}
	}
	return !c.isVoid()
}

// String is the index as H3 prints it: hexadecimal in lower case, 15 digits.
func (c cellID) String() string { return strconv.FormatUint(uint64(c), 16) }

// key is the canonical key of a shard: its index in decimal.
func (c cellID) key() core.ShardKey { return core.ShardKey(strconv.FormatUint(uint64(c), 10)) }

// cellFromKey reads a key of either spelling; false for text that names no cell. Every cell has a letter among its
// hexadecimal digits (below resolution 10 the unused digits end in f, from 10 on the resolution is one), so no text has
// two meanings.
func cellFromKey(key core.ShardKey) (cellID, bool) {
	s := string(key)
	n, err := strconv.ParseUint(s, 10, 64)
	if err != nil {
		n, err = strconv.ParseUint(strings.TrimPrefix(strings.ToLower(s), "0x"), 16, 64)
	}
	c := cellID(n)
	return c, err == nil && c.isCell()
}

// shardFromKey reads the key of a shard of this grid; Invalid for any other text or cell.
func (g *grid) shardFromKey(key core.ShardKey) (cellID, error) {
	want := g.config.ParentResolution
	c, ok := cellFromKey(key)
	switch {
	case !ok:
		return 0, badKey(key, "want the index of an H3 cell of resolution %d, such as %s or %d", want, baseCell(0).center(want), uint64(baseCell(0).center(want)))
	case c.resolution() != want:
		return 0, badKey(key, "it is %s, a cell of resolution %d; shards of this grid are of resolution %d", c, c.resolution(), want)
	}
	return c, nil
}

func badKey(key core.ShardKey, format string, args ...any) error {
	if len(key) > 80 {
		key = key[:80] + "…"
	}
	return core.Errorf(core.Invalid, "h3 shard key", strconv.Quote(string(key)), format, args...)
}

// path is the folders of a shard: the indexes of the cells it is below, from resolution 0, and its own.
func path(c cellID) []string {
	folders := make([]string, c.resolution()+1)
	for r := range folders {
		folders[r] = c.parent(r).String()
	}
	return folders
}
