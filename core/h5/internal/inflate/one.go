package inflate

import "encoding/binary"

// A stop is why a loop far from both ends stopped.
type stop int

const (
	blockEnd stop = iota // the block has ended
	nearEnd              // an end of src or dst is near
	noSymbol             // bits are no code
	tooFar               // a distance is beyond the beginning of dst
	noRoom               // a match is beyond its end
)

// fastOut is what a step of a loop may write apart from a long match: 5 literals and a word of 8 bytes.
const fastOut = 5 + 8

const (
	litlenMask = 1<<litlenBits - 1
	distMask   = 1<<distBits - 1
)

// one decodes as long as both ends are far. A step fills buf to 56 bits or more and decodes up to five literals of the
// table's root, or fewer and, from a buf filled again, something else: a match has 48 bits at most.
//
// It is one long function because all of its state is in registers. The bounds of the loop's condition are put such that
// the compiler needs no others to know that literals are written in bounds. Shifts are by e&63, and only the lowest six
// bits of n are right, because that costs no instructions.
func (d *Decoder) one() (why stop) {
	src, dst := d.src, d.dst
	pos, out, buf, n := d.pos, d.out, d.bits, d.n
	litlen, dist := &d.litlen, &d.dist
	for {
		if !(pos >= 0 && pos <= len(src)-16 && out >= 0 && out <= len(dst)-fastOut) {
			why = nearEnd
			break
		}
		// Two fills of at most 7 bytes each, of 8 read at a time.
		w := (*[16]byte)(src[pos:])
		buf |= binary.LittleEndian.Uint64(w[:8]) << (n & 63)
		k := int(n>>3&7) ^ 7
		n |= 56
		e := litlen[buf&litlenMask]
		if e >= literal {
			lits := 1
			dst[out] = byte(e >> 16)
			buf >>= e & 63
			n -= uint64(e)
			if e = litlen[buf&litlenMask]; e >= literal {
				lits = 2
				dst[out+1] = byte(e >> 16)
				buf >>= e & 63
				n -= uint64(e)
				if e = litlen[buf&litlenMask]; e >= literal {
					lits = 3
					dst[out+2] = byte(e >> 16)
					buf >>= e & 63
					n -= uint64(e)
					if e = litlen[buf&litlenMask]; e >= literal {
						lits = 4
						dst[out+3] = byte(e >> 16)
						buf >>= e & 63
						n -= uint64(e)
						if e = litlen[buf&litlenMask]; e >= literal {
							dst[out+4] = byte(e >> 16)
							buf >>= e & 63
							n -= uint64(e)
							out += 5
							pos += k
							continue
						}
					}
				}
			}
			out += lits
			buf |= binary.LittleEndian.Uint64(w[k&7:k&7+8]) << (n & 63)
			k += int(n>>3&7) ^ 7
			n |= 56
		}
		pos += k
		if e&special != 0 {
			if e&second != 0 {
				buf >>= litlenBits
				n -= litlenBits
				e = litlen[uint64(e>>16)+buf&(1<<(e>>8&15)-1)]
			}
			if e >= literal {
				dst[out] = byte(e >> 16)
				buf >>= e & 63
				n -= uint64(e)
				out++
				continue
			}
			if e&special != 0 {
				if e&end == 0 {
					why = noSymbol
					break
				}
				buf >>= e & 63
				n -= uint64(e)
				why = blockEnd
				break
			}
		}
		length := int(e>>16) + int(buf<<(-e&63)>>1>>(e>>8&63))
		buf >>= e & 63
		n -= uint64(e)
		e = dist[buf&distMask]
		if e&special != 0 {
			if e&second == 0 {
				why = noSymbol
				break
			}
			buf >>= distBits
			n -= distBits
			e = dist[uint64(e>>16)+buf&(1<<(e>>8&15)-1)]
			if e&special != 0 {
				why = noSymbol
				break
			}
		}
		back := int(e>>16) + int(buf<<(-e&63)>>1>>(e>>8&63))
		buf >>= e & 63
		n -= uint64(e)
		from := out - back
		if !(from >= 0 && from <= len(dst)-8) {
			why = tooFar
			break
		}
		if out+length > len(dst)-8 {
			if out+length > len(dst) {
				why = noRoom
				break
			}
			for range length {
				dst[out] = dst[out-back]
				out++
			}
			continue
		}
		binary.LittleEndian.PutUint64(dst[out:], binary.LittleEndian.Uint64(dst[from:]))
		if back < 8 {
			repeat(dst, out, out+length, back)
		} else {
			for k := 8; k < length; k += 8 {
				binary.LittleEndian.PutUint64(dst[out+k:], binary.LittleEndian.Uint64(dst[from+k:]))
			}
		}
		out += length
	}
	d.pos, d.out, d.bits, d.n = pos, out, buf, n&63
	return why
}

// repeat writes dst[out:stop] with the back < 8 bytes before it over and over; up to 8 bytes behind may be overwritten.
func repeat(dst []byte, out, stop, back int) {
	from := out - back
	if back == 1 {
		word := uint64(dst[from]) * 0x0101010101010101
		for ; out < stop; out += 8 {
			binary.LittleEndian.PutUint64(dst[out:], word)
		}
		return
	}
	// Of each word only the first back bytes are meant; the next one corrects the others.
	for ; out < stop; out += back {
		binary.LittleEndian.PutUint64(dst[out:], binary.LittleEndian.Uint64(dst[from:]))
		from += back
	}
}
