package inflate

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

// symbol reads a code and the bits that follow it; value is the length or distance, if it is one.
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
	value = int(e>>16) + int(d.bits<<(-e&63)>>1>>(e>>8&63))
	d.bits >>= c
	d.n -= used + c
	return e, value, nil
}
