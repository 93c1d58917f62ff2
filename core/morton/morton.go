// Package morton reads the packed 64-bit words of HEALPix cells and points (mortie specification, "packed word"), as far as it takes to find
// the cell that contains others.
//
//	bits 63…60   base cell and 1, 1 to 12
//	bits 59…6    a digit of two bits for each of the orders 1 to 27
//	bits 5…0     0 to 27: a cell of that order; 28 + 5·t28: of order 28; 28 + 5·t28 + t29 + 1: of order 29; 48 + 4·t28 + t29: a point
package morton

import "math/bits"

// MaxOrder is the order of points.
const MaxOrder = 29

// parse is the order of a word and its base cell and digits, those of all 29 orders, of which the ones beyond its own are 0. ok is false
// for what is no word.
func parse(w uint64) (order int, path uint64, ok bool) {
	base, suffix := w>>60, w&63
	digits := w >> 6 & (1<<54 - 1) << 4
	path = (base - 1) << 58
	switch {
	case base < 1 || base > 12:
		return 0, 0, false
	case suffix <= 27:
		order = int(suffix)
	case suffix >= 48:
		order, digits = MaxOrder, digits|(suffix-48)
	case (suffix-28)%5 == 0:
		order, digits = 28, digits|(suffix-28)/5<<2
	default:
		order, digits = MaxOrder, digits|(suffix-28)/5<<2|((suffix-28)%5-1)
	}
	path |= digits
	return order, path, digits&(1<<(2*(MaxOrder-order))-1) == 0
}

// cell is the word of the cell of an order that contains a path.
func cell(order int, path uint64) uint64 {
	base, digits := path>>58+1, path&(1<<58-1)
	switch order {
	case 28:
		return base<<60 | digits>>4<<6 | (28 + 5*(digits>>2&3))
	case MaxOrder:
		return base<<60 | digits>>4<<6 | (28 + 5*(digits>>2&3) + digits&3 + 1)
	}
	shift := 2 * (MaxOrder - order)
	return base<<60 | digits>>shift<<shift>>4<<6 | uint64(order)
}

// Join is the smallest cell that contains the places of two words, which are cells or points. It is 0 where there is none: they lie in
// two base cells, or one of them is no word.
func Join(a, b uint64) uint64 {
	orderA, pathA, okA := parse(a)
	orderB, pathB, okB := parse(b)
	if !okA || !okB || pathA>>58 != pathB>>58 {
		return 0
	}
	order := min(orderA, orderB)
	if differ := pathA ^ pathB; differ != 0 {
		order = min(order, (bits.LeadingZeros64(differ)-6)/2)
	}
	return cell(order, pathA)
}

// Point is the word of a point by its number in the nested scheme of order 29.
func Point(nested uint64) uint64 {
	return (nested>>58+1)<<60 | nested>>4&(1<<54-1)<<6 | (48 + nested&15)
}
