package inflate

import "encoding/binary"

// What an iteration of the fast loop may use up: a fill that moves on by at most 7 bytes and one that reads 8; as many
// literals as the bits of a fill can have at one bit each, and a match of 258 that is copied in words of 8.
const (
	fastIn  = 7 + 8
	fastOut = 64 + 258 + 16
)

// fast decodes as long as both ends are far; done says that the block has ended. It is one long function because all of
// its state is in registers. What limits it is the way from one code to the next: load an entry, shift by it, mask. Hence
// the shifts by e&63, which cost no instruction of their own, while n is kept beside that way.
func (d *Decoder) fast() (done bool, err error) {
	src, dst := d.src, d.dst
	pos, out, buf, n := d.pos, d.out, d.bits, d.n
	litlen, dist := &d.litlen, &d.dist
	lastIn, lastOut := len(src)-fastIn, len(dst)-fastOut
	reason := ""
far:
	for pos <= lastIn && out <= lastOut {
		buf |= binary.LittleEndian.Uint64(src[pos:]) << (n & 63)
		pos += int((63 - n) >> 3)
		n |= 56
		e := litlen[buf&(1<<litlenBits-1)]
		if e >= literal {
			for e >= literal {
				dst[out] = byte(e >> 16)
				out++
				buf >>= e & 63
				n -= uint64(uint8(e))
				if n < litlenBits {
					continue far
				}
				e = litlen[buf&(1<<litlenBits-1)]
			}
			// A length and a distance have 15+5 and 15+13 bits at most.
			buf |= binary.LittleEndian.Uint64(src[pos:]) << (n & 63)
			pos += int((63 - n) >> 3)
			n |= 56
		}
		if e&special != 0 {
			if e&second != 0 {
				buf >>= litlenBits
				n -= litlenBits
				e = litlen[uint64(e>>16)+buf&(1<<(e>>8&15)-1)]
			}
			if e >= literal {
				buf >>= e & 63
				n -= uint64(uint8(e))
				dst[out] = byte(e >> 16)
				out++
				continue
			}
			if e&special != 0 {
				if e&end != 0 {
					buf >>= e & 63
					n -= uint64(uint8(e))
					done = true
				} else {
					reason = badSymbol
				}
				break
			}
		}
		length := int(e>>16) + int(buf&(1<<(e&63)-1)>>(e>>8&15))
		buf >>= e & 63
		n -= uint64(uint8(e))
		e = dist[buf&(1<<distBits-1)]
		if e&special != 0 {
			if e&second == 0 {
				reason = badSymbol
				break
			}
			buf >>= distBits
			n -= distBits
			e = dist[uint64(e>>16)+buf&(1<<(e>>8&15)-1)]
			if e&special != 0 {
				reason = badSymbol
				break
			}
		}
		back := int(e>>16) + int(buf&(1<<(e&63)-1)>>(e>>8&15))
		buf >>= e & 63
		n -= uint64(uint8(e))
		from := out - back
		if from < 0 {
			reason = badDistance
			break
		}
		stop := out + length
		if back >= 8 {
			for {
				binary.LittleEndian.PutUint64(dst[out:], binary.LittleEndian.Uint64(dst[from:]))
				from += 8
				out += 8
				if out >= stop {
					break
				}
			}
		} else {
			repeat(dst, out, stop, back)
		}
		out = stop
	}
	d.pos, d.out, d.bits, d.n = pos, out, buf, n
	if reason != "" {
		return false, d.fail(reason)
	}
	return done, nil
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

// careful decodes to the block's end and looks at both ends at every step. Where src has ended, d.bits has zeros that
// d.n does not count, so that a code that needs them is noticed.
func (d *Decoder) careful() error {
	for {
		e, length, err := d.symbol(d.litlen[:], litlenBits)
		if err != nil {
			return err
		}
		if e&literal != 0 {
			if d.out >= len(d.dst) {
				return d.fail(tooLong)
			}
			d.dst[d.out] = byte(e >> 16)
			d.out++
			continue
		}
		if e&end != 0 && e&special != 0 {
			return nil
		}
		_, back, err := d.symbol(d.dist[:], distBits)
		if err != nil {
			return err
		}
		if back > d.out {
			return d.fail(badDistance)
		}
		if length > len(d.dst)-d.out {
			return d.fail(tooLong)
		}
		for range length {
			d.dst[d.out] = d.dst[d.out-back]
			d.out++
		}
	}
}

// symbol reads a code and the bits that follow it; value is the length or distance.
func (d *Decoder) symbol(table []uint32, root uint64) (e uint32, value int, err error) {
	if d.n < 48 {
		d.fill()
	}
	e = table[d.bits&(1<<root-1)]
	used := uint64(0)
	if e&(literal|special|second) == special|second {
		used = root
		e = table[uint64(e>>16)+d.bits>>root&(1<<(e>>8&15)-1)]
	}
	if e&literal == 0 && e&special != 0 && e&end == 0 {
		return 0, 0, d.fail(badSymbol)
	}
	c := uint64(uint8(e))
	if used+c > d.n {
		return 0, 0, d.fail(truncated)
	}
	d.bits >>= used
	value = int(e>>16) + int(d.bits&(1<<c-1)>>(e>>8&15))
	d.bits >>= c
	d.n -= used + c
	return e, value, nil
}
