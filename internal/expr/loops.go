package expr

import (
	"math"
	"math/bits"
)

func computeFloats(op string, dst, a, b []float64, ma, mb int) {
	switch op {
	case "+":
		for i := range dst {
			dst[i] = a[i&ma] + b[i&mb]
		}
	case "-":
		for i := range dst {
			dst[i] = a[i&ma] - b[i&mb]
		}
	case "*":
		for i := range dst {
			dst[i] = a[i&ma] * b[i&mb]
		}
	case "/":
		for i := range dst {
			dst[i] = a[i&ma] / b[i&mb]
		}
	case "//":
		for i := range dst {
			dst[i] = floorDivide(a[i&ma], b[i&mb])
		}
	case "%":
		for i := range dst {
			dst[i] = floorMod(a[i&ma], b[i&mb])
		}
	default:
		if mb == 0 && constPower(dst, a, b[0], ma) {
			return
		}
		for i := range dst {
			dst[i] = pow(a[i&ma], b[i&mb])
		}
	}
}

// pow is math.Pow, which on some machines is wrong for subnormal numbers, as log is.
func pow(x, y float64) float64 {
	if x != 0 && math.Abs(x) < 0x1p-1022 {
		return math.Pow(x*0x1p54, y) * math.Exp2(-54*y)
	}
	return math.Pow(x, y)
}

// constPower does small whole powers by multiplication: x**2 is much used, and Pow is fifty times slower.
func constPower(dst, a []float64, p float64, ma int) bool {
	switch p {
	case 2:
		for i := range dst {
			x := a[i&ma]
			dst[i] = x * x
		}
	case 3:
		for i := range dst {
			x := a[i&ma]
			dst[i] = x * x * x
		}
	case 4:
		for i := range dst {
			x := a[i&ma]
			x *= x
			dst[i] = x * x
		}
	case 0.5: // numpy takes the root, which is NaN of -Inf where a power is not
		for i := range dst {
			dst[i] = math.Sqrt(a[i&ma])
		}
	case -1:
		for i := range dst {
			dst[i] = 1 / a[i&ma]
		}
	case -2:
		for i := range dst {
			x := 1 / a[i&ma]
			dst[i] = x * x
		}
	default:
		return false
	}
	return true
}

// computeInts wraps around.
func computeInts[T int64 | uint64](op string, dst, a, b []T, ma, mb int) {
	switch op {
	case "+":
		for i := range dst {
			dst[i] = a[i&ma] + b[i&mb]
		}
	case "-":
		for i := range dst {
			dst[i] = a[i&ma] - b[i&mb]
		}
	case "*":
		for i := range dst {
			dst[i] = a[i&ma] * b[i&mb]
		}
	case "&":
		for i := range dst {
			dst[i] = a[i&ma] & b[i&mb]
		}
	case "|":
		for i := range dst {
			dst[i] = a[i&ma] | b[i&mb]
		}
	case "^":
		for i := range dst {
			dst[i] = a[i&ma] ^ b[i&mb]
		}
	case "<<":
		for i := range dst {
			dst[i] = a[i&ma] << shift(b[i&mb])
		}
	case ">>":
		for i := range dst {
			dst[i] = a[i&ma] >> shift(b[i&mb])
		}
	default:
		for i := range dst {
			dst[i] = wholeOp(op, a[i&ma], b[i&mb])
		}
	}
}

// shift is a shift count; a negative one, which numpy leaves undefined, shifts everything out.
func shift[T int64 | uint64](n T) uint64 {
	return uint64(n)
}

// wholeOp is // % ** of integers: numpy's 0 for a division by zero, rounding down.
func wholeOp[T int64 | uint64](op string, a, b T) T {
	switch {
	case op == "**":
		return power(a, b)
	case b == 0:
		return 0
	case b+1 == 0 && b < 0: // -1: the least integer has no negative
		if op == "//" {
			return -a
		}
		return 0
	}
	q, m := a/b, a%b
	if m != 0 && (m < 0) != (b < 0) {
		q, m = q-1, m+b
	}
	if op == "//" {
		return q
	}
	return m
}

func power[T int64 | uint64](a, n T) T {
	r := T(1)
	for ; n > 0; n >>= 1 {
		if n&1 != 0 {
			r *= a
		}
		a *= a
	}
	return r
}

// computeChecked is for Python's integers, which do not wrap around: the first element that needs more than 64 bits,
// or -1.
func computeChecked(op string, dst, a, b []int64, ma, mb int) int {
	for i := range dst {
		x, y := a[i&ma], b[i&mb]
		var r int64
		ok := true
		switch op {
		case "+":
			r = x + y
			ok = (r > x) == (y > 0)
		case "-":
			r = x - y
			ok = (r < x) == (y > 0)
		case "*":
			r, ok = multiply(x, y)
		case "**":
			r, ok = checkedPower(x, y)
		case "<<":
			ok = y >= 0 && (x == 0 || y < 63)
			if ok {
				r = x << uint64(y)
				ok = r>>uint64(y) == x
			}
		case ">>":
			r, ok = x>>shift(y), y >= 0
		case "&":
			r = x & y
		case "|":
			r = x | y
		case "^":
			r = x ^ y
		default:
			ok = op != "//" || x != math.MinInt64 || y != -1
			r = wholeOp(op, x, y)
		}
		if !ok {
			return i
		}
		dst[i] = r
	}
	return -1
}

func multiply(x, y int64) (int64, bool) {
	hi, lo := bits.Mul64(magnitude(x), magnitude(y))
	negative := (x < 0) != (y < 0)
	switch {
	case hi != 0 || lo > 1<<63 || lo == 1<<63 && !negative:
		return 0, false
	case negative:
		return -int64(lo), true
	}
	return int64(lo), true
}

func magnitude(x int64) uint64 {
	if x < 0 {
		return -uint64(x)
	}
	return uint64(x)
}

// checkedPower multiplies at most 64 times: by then anything but 0, 1 and -1 has overflown.
func checkedPower(x, n int64) (int64, bool) {
	switch {
	case n < 0:
		return 0, false
	case x == 0 || x == 1 || x == -1:
		return power(x, n), true
	case n > 64:
		return 0, false
	}
	r, ok := int64(1), true
	for ; n > 0 && ok; n-- {
		r, ok = multiply(r, x)
	}
	return r, ok
}

// floorDivide and floorMod are numpy's npy_divmod for floats.
func floorDivide(a, b float64) float64 {
	if b == 0 {
		return a / b
	}
	q, _ := divMod(a, b)
	return q
}

func floorMod(a, b float64) float64 {
	_, m := divMod(a, b)
	return m
}

func divMod(a, b float64) (q, m float64) {
	m = math.Mod(a, b)
	if b == 0 {
		return a / b, m
	}
	q = (a - m) / b
	if m != 0 {
		if (b < 0) != (m < 0) {
			m += b
			q--
		}
	} else {
		m = math.Copysign(0, b)
	}
	if q == 0 {
		return math.Copysign(0, a/b), m
	}
	f := math.Floor(q)
	if q-f > 0.5 {
		f++
	}
	return f, m
}
