package blosc

import "encoding/binary"

// shuffle puts the first bytes of all elements first, then all second ones, and so on; what is no whole element follows.
func shuffle(dst, src []byte, size int) {
	n := len(src) / size
	for j := range size {
		for i := range n {
			dst[j*n+i] = src[i*size+j]
		}
	}
	copy(dst[n*size:], src[n*size:])
}

// Unshuffle is the inverse of a shuffle of elements of some bytes, as HDF5's filter and Blosc do it.
func Unshuffle(data []byte, size int) []byte {
	if size <= 1 {
		return data
	}
	out := make([]byte, len(data))
	unshuffle(out, data, size)
	return out
}

func unshuffle(dst, src []byte, size int) {
	n := len(src) / size
	switch j := 0; {
	case size%4 == 0: // four at a time, in one piece: the common sizes
		for ; j < size; j += 4 {
			a, b, c, d := src[j*n:][:n], src[(j+1)*n:][:n], src[(j+2)*n:][:n], src[(j+3)*n:][:n]
			to := dst[j:]
			for i := range a {
				binary.LittleEndian.PutUint32(to[i*size:], uint32(a[i])|uint32(b[i])<<8|uint32(c[i])<<16|uint32(d[i])<<24)
			}
		}
	default:
		for ; j < size; j++ {
			for i, b := range src[j*n : (j+1)*n] {
				dst[i*size+j] = b
			}
		}
	}
	copy(dst[n*size:], src[n*size:])
}

// unshuffleBits undoes a transposition of bits: of eight elements at a time, the lowest bits of the first bytes of all come
// first. A number of elements that is no multiple of eight was left as it is.
func unshuffleBits(dst, src []byte, size int) {
	n := len(src) / size
	if n%8 != 0 {
		copy(dst, src)
		return
	}
	row := n / 8
	clear(dst[:n*size])
	for j := range size {
		for bit := range 8 {
			from := src[(8*j+bit)*row:]
			for i := range n {
				dst[i*size+j] |= from[i/8] >> (i % 8) & 1 << bit
			}
		}
	}
	copy(dst[n*size:], src[n*size:])
}
