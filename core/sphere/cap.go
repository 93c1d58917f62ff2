package sphere

// Caps: discs on the sphere, the cheapest bounds of a shape.

import "math"

// A Cap is every point within Radius of Center. Radius is an angle in radians; from π on the cap is the whole sphere.
type Cap struct {
	Center Vec
	Radius float64
}

// Full is the whole sphere.
func Full() Cap { return Cap{Vec{Z: 1}, math.Pi} }

// Contains reports whether p is in the cap. Points within rounding of the border may be reported either way.
func (c Cap) Contains(p Vec) bool {
	return c.Radius >= math.Pi || c.Center.Chord2(p) <= chord2(c.Radius)
}

// Grow is the cap with a radius larger by so many radians, at most the whole sphere. A negative number shrinks it.
func (c Cap) Grow(by float64) Cap { return Cap{c.Center, min(c.Radius+by, math.Pi)} }

// CapAround is a cap that contains all of the points, though not always the smallest. It is the whole sphere for no
// points, and for points whose sum has no direction, such as two opposite ones.
func CapAround(points ...Vec) Cap {
	var sum Vec
	for _, p := range points {
		sum = sum.Add(p)
	}
	if sum.Norm() < 1e-9*float64(len(points)) || len(points) == 0 {
		return Full()
	}
	c := Cap{Center: sum.Unit()}
	far := 0.0
	for _, p := range points {
		far = max(far, c.Center.Chord2(p))
	}
	c.Radius = 2*math.Asin(min(math.Sqrt(far)/2, 1)) + rounding
	return c
}

// rounding is more than the angle by which a unit vector computed from degrees can be off.
const rounding = 1e-14
