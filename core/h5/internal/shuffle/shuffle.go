// Package shuffle undoes HDF5's shuffle filter (H5Z_FILTER_SHUFFLE in the HDF5 file format specification), which stores
// the first bytes of all elements, then the second ones, and so on: planes that compress better.
package shuffle

import "encoding/binary"

// Unshuffle writes the elements of size bytes whose planes are in src to dst, which has src's length and shares no memory
// with it. Bytes left over behind the last whole element are in their place already and are copied.
func Unshuffle(dst, src []byte, size int) {
	dst = dst[:len(src)]
	if size <= 1 || len(src) < size {
		copy(dst, src)
		return
	}
	n := len(src) / size
	done := 0
	switch size {
	case 4:
		done = unshuffle4(dst, src, n)
	case 8:
		done = unshuffle8(dst, src, n)
	}
	for plane := range size {
		to := dst[plane:]
		for i, b := range src[plane*n+done : (plane+1)*n] {
			to[(done+i)*size] = b
		}
	}
	copy(dst[n*size:], src[n*size:])
}

// unshuffle8 does the first elements, in eights, and says how many. Eight bytes of each of eight planes are a matrix of
// 8×8 bytes in eight registers; its transpose is eight elements. It is turned by exchanging bytes, then pairs and then
// fours of them across the diagonal.
func unshuffle8(dst, src []byte, n int) (done int) {
	p0, p1, p2, p3 := src[0*n:1*n], src[1*n:2*n], src[2*n:3*n], src[3*n:4*n]
	p4, p5, p6, p7 := src[4*n:5*n], src[5*n:6*n], src[6*n:7*n], src[7*n:8*n]
	for ; done+8 <= n; done += 8 {
		a, b, c, d := word(p0, done), word(p1, done), word(p2, done), word(p3, done)
		e, f, g, h := word(p4, done), word(p5, done), word(p6, done), word(p7, done)
		a, b = swap1(a, b)
		c, d = swap1(c, d)
		e, f = swap1(e, f)
		g, h = swap1(g, h)
		a, c = swap2(a, c)
		b, d = swap2(b, d)
		e, g = swap2(e, g)
		f, h = swap2(f, h)
		to := (*[64]byte)(dst[8*done:])
		put(to[0:8], a&0xffffffff|e<<32)
		put(to[8:16], b&0xffffffff|f<<32)
		put(to[16:24], c&0xffffffff|g<<32)
		put(to[24:32], d&0xffffffff|h<<32)
		put(to[32:40], a>>32|e&^0xffffffff)
		put(to[40:48], b>>32|f&^0xffffffff)
		put(to[48:56], c>>32|g&^0xffffffff)
		put(to[56:64], d>>32|h&^0xffffffff)
	}
	return done
}

// unshuffle4 is the same for elements of four bytes, two of which are in a word of the result.
func unshuffle4(dst, src []byte, n int) (done int) {
	p0, p1, p2, p3 := src[0*n:1*n], src[1*n:2*n], src[2*n:3*n], src[3*n:4*n]
	for ; done+8 <= n; done += 8 {
		a, b := swap1(word(p0, done), word(p1, done))
		c, d := swap1(word(p2, done), word(p3, done))
		a, c = swap2(a, c) // elements 0 and 4, 2 and 6
		b, d = swap2(b, d) // 1 and 5, 3 and 7
		to := (*[32]byte)(dst[4*done:])
		put(to[0:8], a&0xffffffff|b<<32)
		put(to[8:16], c&0xffffffff|d<<32)
		put(to[16:24], a>>32|b&^0xffffffff)
		put(to[24:32], c>>32|d&^0xffffffff)
	}
	return done
}

func word(p []byte, i int) uint64 { return binary.LittleEndian.Uint64(p[i:]) }

func put(p []byte, w uint64) { binary.LittleEndian.PutUint64(p, w) }

// swap1 exchanges the odd bytes of a and the even ones of b.
func swap1(a, b uint64) (uint64, uint64) {
	const even = 0x00ff00ff00ff00ff
	return a&even | b&even<<8, a>>8&even | b&^even
}

// swap2 exchanges the odd pairs of bytes of a and the even ones of b.
func swap2(a, b uint64) (uint64, uint64) {
	const even = 0x0000ffff0000ffff
	return a&even | b&even<<16, a>>16&even | b&^even
}
