package zarr

// Copying boxes between blocks of different shapes.

// A box is a place inside an n-dimensional C-ordered block of bytes: its first element along each dimension.
type box struct {
	data  []byte
	shape []int64 // elements of the whole block
	start []int64
}

// copyBox copies count elements of size bytes along each dimension from src to dst.
func copyBox(dst, src box, count []int64, size int) {
	dims := len(count)
	// The trailing dimensions that are whole in both blocks are one run of bytes with the dimension before them.
	run, last := int64(size), dims-1
	for ; last >= 0; last-- {
		run *= count[last]
		if count[last] != dst.shape[last] || count[last] != src.shape[last] {
			break
		}
	}
	if run == 0 {
		return
	}
	copyRuns(dst, src, count, max(last, 0), run, size)
}

// copyRuns copies one run of bytes for each position in the dimensions before last, counting at like an odometer.
func copyRuns(dst, src box, count []int64, last int, run int64, size int) {
	var at [maxDims]int64
	for {
		d, s := offset(dst, at[:last], size), offset(src, at[:last], size)
		copy(dst.data[d:d+run], src.data[s:s+run])
		i := last - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < count[i] {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return
		}
	}
}

// offset is the byte at which the element at b.start, moved by at in the leading dimensions, begins.
func offset(b box, at []int64, size int) int64 {
	n := int64(0)
	for i, s := range b.shape {
		n *= s
		n += b.start[i]
		if i < len(at) {
			n += at[i]
		}
	}
	return n * int64(size)
}

// position writes the place of the i-th element, in C order, of a block of the given shape.
func position(dst []int64, i int64, shape []int64) {
	for d := len(shape) - 1; d >= 0; d-- {
		dst[d] = i % shape[d]
		i /= shape[d]
	}
}
