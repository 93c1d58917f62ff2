package inflate

import "encoding/binary"

// two is one for two streams, step by step in turn: neither waits for the other, and the processor works on a step of one
// while that of the other waits for its tables. lane is which stopped, 0 or 1.
//
// A step takes 57 bits or more from where p, counted in bits, is, which needs fewer registers than to keep a buffer, and
// decodes up to four literals, or fewer and a match if the bits suffice. What is rare (codes longer than the tables' roots,
// the block's end) is left to a step that begins with it, for which they always do. The steps of both are the same to the
// letter: in functions of their own they would take a tenth longer.
func two(a, b *Decoder) (lane int, why stop) {
	srcA, dstA := a.src, a.dst
	pA, outA := a.bit(), a.out
	litlenA, distA := &a.litlen, &a.dist
	srcB, dstB := b.src, b.dst
	pB, outB := b.bit(), b.out
	litlenB, distB := &b.litlen, &b.dist
	for {
		{
			at := pA >> 3
			if !(at >= 0 && at <= len(srcA)-8 && outA >= 0 && outA <= len(dstA)-fastOut) {
				lane, why = 0, nearEnd
				break
			}
			buf := binary.LittleEndian.Uint64(srcA[at:]) >> (pA & 7) // 57 bits or more
			e, lits, used := litlenA[buf&litlenMask], 0, uint32(0)
			if e >= literal {
				dstA[outA] = byte(e >> 16)
				buf >>= e & 63
				lits, used = 1, e
				if e = litlenA[buf&litlenMask]; e >= literal {
					dstA[outA+1] = byte(e >> 16)
					buf >>= e & 63
					lits, used = 2, used+e
					if e = litlenA[buf&litlenMask]; e >= literal {
						dstA[outA+2] = byte(e >> 16)
						buf >>= e & 63
						lits, used = 3, used+e
						if e = litlenA[buf&litlenMask]; e >= literal {
							dstA[outA+3] = byte(e >> 16)
							pA += int(uint8(used + e))
							outA += 4
							goto nextA
						}
					}
				}
				outA += lits
			}
			before := int(uint8(used))
			if e&special != 0 {
				if lits > 0 {
					pA += before
					goto nextA
				}
				if e&second != 0 {
					buf >>= litlenBits
					used = litlenBits
					e = litlenA[uint64(e>>16)+buf&(1<<(e>>8&15)-1)]
				}
				if e >= literal {
					dstA[outA] = byte(e >> 16)
					pA += int(uint8(used + e))
					outA++
					goto nextA
				}
				if e&special != 0 {
					if e&end == 0 {
						lane, why = 0, noSymbol
						break
					}
					pA += int(uint8(used + e))
					lane, why = 0, blockEnd
					break
				}
			}
			length := int(e>>16) + int(buf<<(-e&63)>>1>>(e>>8&63))
			buf >>= e & 63
			used += e
			e = distA[buf&distMask]
			if e&special != 0 {
				if lits > 0 {
					pA += before
					goto nextA
				}
				if e&second == 0 {
					lane, why = 0, noSymbol
					break
				}
				buf >>= distBits
				used += distBits
				e = distA[uint64(e>>16)+buf&(1<<(e>>8&15)-1)]
				if e&special != 0 {
					lane, why = 0, noSymbol
					break
				}
			}
			back := int(e>>16) + int(buf<<(-e&63)>>1>>(e>>8&63))
			used += e
			if uint8(used) > 57 { // the match is more than buf holds
				pA += before
				goto nextA
			}
			from := outA - back
			if !(from >= 0 && from <= len(dstA)-8) {
				lane, why = 0, tooFar
				break
			}
			pA += int(uint8(used))
			if outA+length > len(dstA)-8 {
				if outA+length > len(dstA) {
					lane, why = 0, noRoom
					break
				}
				for range length {
					dstA[outA] = dstA[outA-back]
					outA++
				}
				goto nextA
			}
			binary.LittleEndian.PutUint64(dstA[outA:], binary.LittleEndian.Uint64(dstA[from:]))
			if back < 8 {
				repeat(dstA, outA, outA+length, back)
			} else {
				for k := 8; k < length; k += 8 {
					binary.LittleEndian.PutUint64(dstA[outA+k:], binary.LittleEndian.Uint64(dstA[from+k:]))
				}
			}
			outA += length
		}
	nextA:
		{
			at := pB >> 3
			if !(at >= 0 && at <= len(srcB)-8 && outB >= 0 && outB <= len(dstB)-fastOut) {
				lane, why = 1, nearEnd
				break
			}
			buf := binary.LittleEndian.Uint64(srcB[at:]) >> (pB & 7) // 57 bits or more
			e, lits, used := litlenB[buf&litlenMask], 0, uint32(0)
			if e >= literal {
				dstB[outB] = byte(e >> 16)
				buf >>= e & 63
				lits, used = 1, e
				if e = litlenB[buf&litlenMask]; e >= literal {
					dstB[outB+1] = byte(e >> 16)
					buf >>= e & 63
					lits, used = 2, used+e
					if e = litlenB[buf&litlenMask]; e >= literal {
						dstB[outB+2] = byte(e >> 16)
						buf >>= e & 63
						lits, used = 3, used+e
						if e = litlenB[buf&litlenMask]; e >= literal {
							dstB[outB+3] = byte(e >> 16)
							pB += int(uint8(used + e))
							outB += 4
							goto nextB
						}
					}
				}
				outB += lits
			}
			before := int(uint8(used))
			if e&special != 0 {
				if lits > 0 {
					pB += before
					goto nextB
				}
				if e&second != 0 {
					buf >>= litlenBits
					used = litlenBits
					e = litlenB[uint64(e>>16)+buf&(1<<(e>>8&15)-1)]
				}
				if e >= literal {
					dstB[outB] = byte(e >> 16)
					pB += int(uint8(used + e))
					outB++
					goto nextB
				}
				if e&special != 0 {
					if e&end == 0 {
						lane, why = 1, noSymbol
						break
					}
					pB += int(uint8(used + e))
					lane, why = 1, blockEnd
					break
				}
			}
			length := int(e>>16) + int(buf<<(-e&63)>>1>>(e>>8&63))
			buf >>= e & 63
			used += e
			e = distB[buf&distMask]
			if e&special != 0 {
				if lits > 0 {
					pB += before
					goto nextB
				}
				if e&second == 0 {
					lane, why = 1, noSymbol
					break
				}
				buf >>= distBits
				used += distBits
				e = distB[uint64(e>>16)+buf&(1<<(e>>8&15)-1)]
				if e&special != 0 {
					lane, why = 1, noSymbol
					break
				}
			}
			back := int(e>>16) + int(buf<<(-e&63)>>1>>(e>>8&63))
			used += e
			if uint8(used) > 57 { // the match is more than buf holds
				pB += before
				goto nextB
			}
			from := outB - back
			if !(from >= 0 && from <= len(dstB)-8) {
				lane, why = 1, tooFar
				break
			}
			pB += int(uint8(used))
			if outB+length > len(dstB)-8 {
				if outB+length > len(dstB) {
					lane, why = 1, noRoom
					break
				}
				for range length {
					dstB[outB] = dstB[outB-back]
					outB++
				}
				goto nextB
			}
			binary.LittleEndian.PutUint64(dstB[outB:], binary.LittleEndian.Uint64(dstB[from:]))
			if back < 8 {
				repeat(dstB, outB, outB+length, back)
			} else {
				for k := 8; k < length; k += 8 {
					binary.LittleEndian.PutUint64(dstB[outB+k:], binary.LittleEndian.Uint64(dstB[from+k:]))
				}
			}
			outB += length
		}
	nextB:
	}
	a.seek(pA, outA)
	b.seek(pB, outB)
	return lane, why
}

// bit is the next bit of src, counted from its beginning.
func (d *Decoder) bit() int { return 8*d.pos - int(d.n) }

// seek goes to bit p of src and to byte out of dst.
func (d *Decoder) seek(p, out int) {
	d.pos, d.out = (p+7)>>3, out
	d.n = uint64(8*d.pos - p)
	d.bits = 0
	if d.n > 0 {
		d.bits = uint64(d.src[d.pos-1]) >> (8 - d.n)
	}
}
