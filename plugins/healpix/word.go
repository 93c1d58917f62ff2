package healpix

// Names of cells: nested ids, packed words of the morton-dggs convention, and decimal strings.

import (
	"strconv"
)

const maxOrder = 29

// A cellID is a cell: its order, 0…29, and its nested id in [0, 12·4^order).
type cellID struct {
	order int
	nest  uint64
}

// base is the base cell, 0…11.
func (c cellID) base() int { return int(c.nest >> (2 * c.order)) }

// step is the two bits of one order, 1…c.order: which child of its parent the ancestor at that order is.
func (c cellID) step(order int) uint64 { return c.nest >> (2 * (c.order - order)) & 3 }

// parent is the ancestor at a coarser order.
func (c cellID) parent(order int) cellID { return cellID{order, c.nest >> (2 * (c.order - order))} }

// word is the packed word of the cell (mortie specification, "packed word").
func (c cellID) word() uint64 {
	prefix := uint64(c.base()+1) << 60
	path := c.nest & (1<<(2*c.order) - 1)
	switch c.order {
	case 28:
		return prefix | path>>2<<6 | (28 + 5*(path&3))
	case 29:
		return prefix | path>>4<<6 | (28 + 5*(path>>2&3) + path&3 + 1)
	}
	return prefix | path<<(2*(27-c.order)+6) | uint64(c.order)
}

// cellFromWord reads the packed word of a cell. It returns false for the null word, for base cells beyond 11, for
// words of points (suffix 48 and more), and if bits below the order are set.
func cellFromWord(w uint64) (cellID, bool) {
	base, path, suffix := w>>60, w>>6&(1<<54-1), w&63
	if base < 1 || base > 12 || suffix >= 48 {
		return cellID{}, false
	}
	c := cellID{order: int(suffix)}
	switch {
	case suffix <= 27:
		shift := 2 * (27 - c.order)
		if path&(1<<shift-1) != 0 {
			return cellID{}, false
		}
		path >>= shift
	case (suffix-28)%5 == 0:
		c.order = 28
		path = path<<2 | (suffix-28)/5
	default:
		c.order = 29
		path = path<<4 | (suffix-28)/5<<2 | ((suffix-28)%5 - 1)
	}
	c.nest = (base-1)<<(2*c.order) | path
	return c, true
}

// appendDecimal appends the decimal string to b.
func (c cellID) appendDecimal(b []byte) []byte {
	base := c.base()
	if base >= 6 {
		b = append(b, '-')
		base -= 6
	}
	b = append(b, byte('1'+base))
	for i := 1; i <= c.order; i++ {
		b = append(b, byte('1'+c.step(i)))
	}
	return b
}

func (c cellID) decimal() string { return string(c.appendDecimal(make([]byte, 0, maxOrder+2))) }

// cellFromDecimal reads -?[1-6][1-4]{0,29}. The mark p of a point is refused, because a point is not a cell.
func cellFromDecimal(s string) (cellID, bool) {
	base := uint64(0)
	if len(s) > 0 && s[0] == '-' {
		base, s = 6, s[1:]
	}
	if len(s) < 1 || len(s) > maxOrder+1 || s[0] < '1' || s[0] > '6' {
		return cellID{}, false
	}
	c := cellID{order: len(s) - 1, nest: base + uint64(s[0]-'1')}
	for _, d := range []byte(s[1:]) {
		if d < '1' || d > '4' {
			return cellID{}, false
		}
		c.nest = c.nest<<2 | uint64(d-'1')
	}
	return c, true
}

// cellCount is the number of cells of an order, 12·4^order.
func cellCount(order int) uint64 { return 12 << (2 * order) }

// canonicalUint reads a decimal number without sign, blanks or leading zeros.
func canonicalUint(s string) (uint64, bool) {
	if s == "" || s[0] < '0' || s[0] > '9' || s[0] == '0' && len(s) > 1 {
		return 0, false
	}
	n, err := strconv.ParseUint(s, 10, 64)
	return n, err == nil
}
