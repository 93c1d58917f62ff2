package reduce

// Counts, minima and maxima.

// Count writes the number of values of each cell: offsets has one entry more than dst. NaN count.
func Count(dst []int64, offsets []int64) {
	for i := range dst {
		dst[i] = offsets[i+1] - offsets[i]
	}
}

// Min writes each cell's minimum, NaN if there is one: numpy.min. No values: NaN, or 0 for integers.
func Min[T Number](dst []T, v []T, offsets []int64) {
	empty := none[T]()
	for i := range dst {
		dst[i] = least(v[offsets[i]:offsets[i+1]], empty)
	}
}

// Max writes each cell's maximum, NaN if there is one: numpy.max. No values: NaN, or 0 for integers.
func Max[T Number](dst []T, v []T, offsets []int64) {
	empty := none[T]()
	for i := range dst {
		dst[i] = greatest(v[offsets[i]:offsets[i+1]], empty)
	}
}

// NanMin writes each cell's minimum, NaN left out: numpy.nanmin. Nothing left: NaN, or 0 for integers.
func NanMin[T Number](dst []T, v []T, offsets []int64) {
	empty := none[T]()
	for i := range dst {
		cell := skipNaN(v[offsets[i]:offsets[i+1]])
		m := empty
		if len(cell) > 0 {
			m = cell[0]
		}
		for _, x := range cell {
			if x < m {
				m = x
			}
		}
		dst[i] = m
	}
}

// NanMax writes each cell's maximum, NaN left out: numpy.nanmax. Nothing left: NaN, or 0 for integers.
func NanMax[T Number](dst []T, v []T, offsets []int64) {
	empty := none[T]()
	for i := range dst {
		cell := skipNaN(v[offsets[i]:offsets[i+1]])
		m := empty
		if len(cell) > 0 {
			m = cell[0]
		}
		for _, x := range cell {
			if x > m {
				m = x
			}
		}
		dst[i] = m
	}
}

// skipNaN drops leading NaN, so that what follows can be compared with a number.
func skipNaN[T Number](v []T) []T {
	for len(v) > 0 && v[0] != v[0] {
		v = v[1:]
	}
	return v
}

// none is the result for no values: NaN, or 0 for types that have none.
func none[T Number]() T {
	if classOf[T]() == integer {
		return 0
	}
	return T(nan)
}

// least is the minimum in four lanes: one chain of comparisons would wait for each result. The builtin lets NaN win.
func least[T Number](v []T, empty T) T {
	if len(v) == 0 {
		return empty
	}
	m0, m1, m2, m3 := v[0], v[0], v[0], v[0]
	for ; len(v) >= 4; v = v[4:] {
		m0, m1, m2, m3 = min(m0, v[0]), min(m1, v[1]), min(m2, v[2]), min(m3, v[3])
	}
	for _, x := range v {
		m0 = min(m0, x)
	}
	return min(m0, m1, m2, m3)
}

func greatest[T Number](v []T, empty T) T {
	if len(v) == 0 {
		return empty
	}
	m0, m1, m2, m3 := v[0], v[0], v[0], v[0]
	for ; len(v) >= 4; v = v[4:] {
		m0, m1, m2, m3 = max(m0, v[0]), max(m1, v[1]), max(m2, v[2]), max(m3, v[3])
	}
	for _, x := range v {
		m0 = max(m0, x)
	}
	return max(m0, m1, m2, m3)
}
