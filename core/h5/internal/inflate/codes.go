package inflate

import "math/bits"

// Sizes of codes (RFC 1951 §3.2) and of their tables. A table is looked up with as many bits as it has root bits; codes
// that are longer go on in a second table behind the first. How many entries both can need for n symbols of at most 15
// bits is what zlib's enough.c finds: 1334 for 288 symbols and 10 bits, 402 for 32 and 8.
const (
	maxLitlen   = 286
	maxDist     = 30
	maxBits     = 15
	litlenBits  = 10
	distBits    = 8
	precodeBits = 7
	litlenSize  = 1334
	distSize    = 402
)

// An entry of a table, for a code of c bits that x further bits follow:
//
//	literal    1 . . . . . . . | byte          | . . . . . . . . | c
//	length     0 . . . . . . base (9 bits)     | 0 . 63-x        | c+x
//	distance   0 base (15 bits)                | 0 . 63-x        | c+x
//	second     0 index (15 bits)               | 1 1 0 . b b b b | root bits    b: bits of the second table
//	end        0                               | 1 0 1 . . . . . | c
//	no code    0                               | 1 0 0 . . . . . | .
//
// In a second table c does not count the root bits. The length or distance of an entry e at the front of the stream's
// bits is e>>16 + bits<<(-e&63)>>1>>(e>>8&63): what is behind the further bits is shifted out at the top, what is before
// them at the bottom.
const (
	literal = 1 << 31
	special = 1 << 15 // neither literal, length nor distance
	second  = 1 << 14
	end     = 1 << 13
)

// litlenSymbols are the entries of literals, the end and lengths without c; the last two are in the fixed code only and
// stand for nothing. distSymbols are those of distances.
var litlenSymbols, distSymbols = symbols()

func symbols() (litlen [maxLitlen + 2]uint32, dist [maxDist + 2]uint32) {
	for i := range uint32(256) {
		litlen[i] = literal | i<<16
	}
	litlen[256] = special | end
	base := uint32(3)
	for i := uint32(257); i < 285; i++ {
		extra := uint32(0)
		if i >= 265 {
			extra = (i - 261) / 4
		}
		litlen[i] = base<<16 | (63-extra)<<8 | extra
		base += 1 << extra
	}
	litlen[285] = 258<<16 | 63<<8
	litlen[286], litlen[287] = special, special
	base = 1
	for i := range uint32(maxDist) {
		extra := uint32(0)
		if i >= 4 {
			extra = (i - 2) / 2
		}
		dist[i] = base<<16 | (63-extra)<<8 | extra
		base += 1 << extra
	}
	dist[30], dist[31] = special, special
	return litlen, dist
}

// precodeSymbols are the entries of the code that codes code lengths.
var precodeSymbols = func() (p [19]uint32) {
	for i := range p {
		p[i] = uint32(i) << 16
	}
	return p
}()

// precodeOrder is the order in which the lengths of that code are given.
var precodeOrder = [19]uint8{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}

func (d *Decoder) fixedCodes() {
	if d.fixed {
		return
	}
	var lens [maxLitlen + 2]uint8
	for i := range lens {
		switch {
		case i < 144:
			lens[i] = 8
		case i < 256:
			lens[i] = 9
		case i < 280:
			lens[i] = 7
		default:
			lens[i] = 8
		}
	}
	d.build(d.litlen[:], litlenSymbols[:], lens[:], litlenBits)
	for i := range maxDist + 2 {
		lens[i] = 5
	}
	d.build(d.dist[:], distSymbols[:], lens[:maxDist+2], distBits)
	d.fixed = true
}

// dynamicCodes reads the codes of a block (RFC 1951 §3.2.7).
func (d *Decoder) dynamicCodes() error {
	d.fixed = false
	head, err := d.take(14)
	if err != nil {
		return err
	}
	nlit, ndist, npre := int(head&31)+257, int(head>>5&31)+1, int(head>>10)+4
	if nlit > maxLitlen || ndist > maxDist {
		return d.fail(badCounts)
	}
	var pre [19]uint8
	for _, i := range precodeOrder[:npre] {
		n, err := d.take(3)
		if err != nil {
			return err
		}
		pre[i] = uint8(n)
	}
	if !d.build(d.precode[:], precodeSymbols[:], pre[:], precodeBits) {
		return d.fail(badCode)
	}
	lens := d.lens[:nlit+ndist]
	if err := d.readLengths(lens); err != nil {
		return err
	}
	if lens[256] == 0 {
		return d.fail(noEnd)
	}
	if !d.build(d.litlen[:], litlenSymbols[:], lens[:nlit], litlenBits) || !d.build(d.dist[:], distSymbols[:], lens[nlit:], distBits) {
		return d.fail(badCode)
	}
	return nil
}

// readLengths reads the code lengths of both codes, which run into one another.
func (d *Decoder) readLengths(lens []uint8) error {
	for i := 0; i < len(lens); {
		if d.n < precodeBits+7 {
			d.fill()
		}
		e := d.precode[d.bits&(1<<precodeBits-1)]
		if e&special != 0 {
			return d.fail(badSymbol)
		}
		symbol, used := uint8(e>>16), uint64(e&0xff)
		more := d.bits >> used
		value, times := symbol, 1
		if symbol >= 16 {
			switch symbol {
			case 16:
				if i == 0 {
					return d.fail(badRepeat)
				}
				value, times = lens[i-1], 3+int(more&3)
				used += 2
			case 17:
				value, times = 0, 3+int(more&7)
				used += 3
			default:
				value, times = 0, 11+int(more&127)
				used += 7
			}
			if times > len(lens)-i {
				return d.fail(badRepeat)
			}
		}
		if used > d.n {
			return d.fail(truncated)
		}
		d.bits >>= used
		d.n -= used
		for range times {
			lens[i] = value
			i++
		}
	}
	return nil
}

// build makes the table of a canonical code from its lengths (RFC 1951 §3.2.2). It says whether the code is one: complete,
// or of a single one-bit code, or (what only a block of literals may have for its distances) empty.
func (d *Decoder) build(table, symbols []uint32, lens []uint8, root int) bool {
	var count [maxBits + 1]uint16
	for _, n := range lens {
		count[n&maxBits]++
	}
	var first [maxBits + 2]uint16 // of a length, in sorted
	left := 1
	for n := 1; n <= maxBits; n++ {
		if left = left<<1 - int(count[n]); left < 0 {
			return false
		}
		first[n+1] = first[n] + count[n]
	}
	used := int(first[maxBits+1])
	if left > 0 && (used > 1 || used == 1 && count[1] == 0) {
		return false
	}
	for s, n := range lens {
		if n != 0 {
			d.sorted[first[n]] = uint16(s)
			first[n]++
		}
	}
	if left > 0 { // none or one: half the table or all of it is no code
		for i := range table[:1<<root] {
			table[i] = special
			if used == 1 && i&1 == 0 {
				table[i] = symbols[d.sorted[0]] + 1
			}
		}
		return true
	}
	fillTable(table, symbols, d.sorted[:used], &count, root)
	return true
}

// fillTable writes the entries of a complete code. Codes are looked up as they lie in the stream, first bit lowest, so
// that a code is counted up from its highest bit downwards.
func fillTable(table, symbols []uint32, sorted []uint16, count *[maxBits + 1]uint16, root int) {
	code, next := 0, 0
	for n, size := 1, 2; n <= root; n, size = n+1, size<<1 {
		for range count[n] {
			table[code] = symbols[sorted[next]] + uint32(n)
			next++
			code = following(code, size)
		}
		if n < root { // the table for one bit more is this one twice, where codes are not longer
			copy(table[size:2*size], table[:size])
		}
	}
	if next < len(sorted) {
		fillSecond(table, symbols, sorted[next:], count, root, code)
	}
}

// following is the next code of the same length; after the last, all ones, there is none and the result does not matter.
func following(code, size int) int {
	zeros := code ^ (size - 1)
	if zeros == 0 {
		return 0
	}
	bit := 1 << (bits.Len(uint(zeros)) - 1)
	return code&(bit-1) | bit
}

// fillSecond writes the entries of codes longer than root, of which code is the first.
func fillSecond(table, symbols []uint32, sorted []uint16, count *[maxBits + 1]uint16, root, code int) {
	var left [maxBits + 1]int
	for n := root + 1; n <= maxBits; n++ {
		left[n] = int(count[n])
	}
	n := root + 1
	index, size, prefix := 1<<root, 0, -1
	for _, s := range sorted {
		for left[n] == 0 {
			n++
		}
		if p := code & (1<<root - 1); p != prefix {
			// A table of so many bits that the codes with this prefix fill it.
			prefix = p
			index += size
			b := n - root
			for have := left[n]; have < 1<<b; {
				b++
				have = have<<1 + left[root+b]
			}
			size = 1 << b
			table[prefix] = special | second | uint32(index)<<16 | uint32(b)<<8 | uint32(root)
		}
		entry := symbols[s] + uint32(n-root)
		for i := code >> root; i < size; i += 1 << (n - root) {
			table[index+i] = entry
		}
		left[n]--
		code = following(code, 1<<n)
	}
}
