package healpix

// Interleaving of bits: in a nested id the bits of x are the even ones and those of y the odd ones. Each step moves
// half of the bits by half the distance of the step before.

// spread puts the low 32 bits of x on the even bits of the result.
func spread(x uint64) uint64 {
	x &= 0xffffffff
	x = (x | x<<16) & 0x0000ffff0000ffff
	x = (x | x<<8) & 0x00ff00ff00ff00ff
	x = (x | x<<4) & 0x0f0f0f0f0f0f0f0f
	x = (x | x<<2) & 0x3333333333333333
	return (x | x<<1) & 0x5555555555555555
}

// squeeze is the inverse of spread; odd bits are ignored.
func squeeze(x uint64) uint64 {
	x &= 0x5555555555555555
	x = (x | x>>1) & 0x3333333333333333
	x = (x | x>>2) & 0x0f0f0f0f0f0f0f0f
	x = (x | x>>4) & 0x00ff00ff00ff00ff
	x = (x | x>>8) & 0x0000ffff0000ffff
	return (x | x>>16) & 0xffffffff
}

// slotOf is the number of (x, y) in nested order, for coordinates below 2¹⁶. It spreads both at once, each in half of
// a word.
func slotOf(x, y uint32) int32 {
	v := uint64(x) | uint64(y)<<32
	v = (v | v<<8) & 0x00ff00ff00ff00ff
	v = (v | v<<4) & 0x0f0f0f0f0f0f0f0f
	v = (v | v<<2) & 0x3333333333333333
	v = (v | v<<1) & 0x5555555555555555
	return int32(uint32(v) | uint32(v>>32)<<1)
}
