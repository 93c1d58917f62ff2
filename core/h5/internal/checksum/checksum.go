// Package checksum holds the two checksums of the HDF5 format: Bob Jenkins' lookup3 over metadata, and Fletcher's over
// chunks.
package checksum

import (
	"encoding/binary"
	"math/bits"
)

// Lookup3 is Jenkins' hashlittle (2006) with initial value init.
func Lookup3(b []byte, init uint32) uint32 {
	x := 0xdeadbeef + uint32(len(b)) + init
	y, z := x, x
	for len(b) > 12 {
		x += binary.LittleEndian.Uint32(b)
		y += binary.LittleEndian.Uint32(b[4:])
		z += binary.LittleEndian.Uint32(b[8:])
		x, y, z = mix(x, y, z)
		b = b[12:]
	}
	if len(b) == 0 {
		return z
	}
	var t [12]byte
	copy(t[:], b)
	x += binary.LittleEndian.Uint32(t[:])
	y += binary.LittleEndian.Uint32(t[4:])
	z += binary.LittleEndian.Uint32(t[8:])
	return final(x, y, z)
}

func mix(x, y, z uint32) (uint32, uint32, uint32) {
	x = (x - z) ^ bits.RotateLeft32(z, 4)
	z += y
	y = (y - x) ^ bits.RotateLeft32(x, 6)
	x += z
	z = (z - y) ^ bits.RotateLeft32(y, 8)
	y += x
	x = (x - z) ^ bits.RotateLeft32(z, 16)
	z += y
	y = (y - x) ^ bits.RotateLeft32(x, 19)
	x += z
	z = (z - y) ^ bits.RotateLeft32(y, 4)
	y += x
	return x, y, z
}

func final(x, y, z uint32) uint32 {
	z = (z ^ y) - bits.RotateLeft32(y, 14)
	x = (x ^ z) - bits.RotateLeft32(z, 11)
	y = (y ^ x) - bits.RotateLeft32(x, 25)
	z = (z ^ y) - bits.RotateLeft32(y, 16)
	x = (x ^ z) - bits.RotateLeft32(z, 4)
	y = (y ^ x) - bits.RotateLeft32(x, 14)
	return (z ^ y) - bits.RotateLeft32(y, 24)
}

// Fletcher32 is the checksum that the fletcher32 filter appends: over big-endian 16-bit words, an odd last byte being
// the high half of a word.
func Fletcher32(b []byte) uint32 {
	var s1, s2 uint32
	for len(b) >= 2 {
		n := min(len(b)&^1, 720) // 360 words: the sums cannot overflow between foldings
		for i := 0; i < n; i += 2 {
			s1 += uint32(b[i])<<8 | uint32(b[i+1])
			s2 += s1
		}
		s1 = s1&0xffff + s1>>16
		s2 = s2&0xffff + s2>>16
		b = b[n:]
	}
	if len(b) == 1 {
		s1 += uint32(b[0]) << 8
		s2 += s1
		s1 = s1&0xffff + s1>>16
		s2 = s2&0xffff + s2>>16
	}
	s1 = s1&0xffff + s1>>16
	s2 = s2&0xffff + s2>>16
	return s2<<16 | s1
}
