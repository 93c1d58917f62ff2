package sphere

import "math"

// A Vec is a vector in space: x towards (0°E, 0°N), y towards (90°E, 0°N), z towards the north pole. Points of the
// sphere are of length 1.
type Vec struct{ X, Y, Z float64 }

const (
	radian = math.Pi / 180
	degree = 180 / math.Pi
)

// FromLonLat is the point at a longitude and a latitude of the sphere in degrees. The poles come out exact.
func FromLonLat(lon, lat float64) Vec {
	if lat == 90 || lat == -90 {
		return Vec{Z: math.Copysign(1, lat)}
	}
	if lon > 360 || lon < -360 {
		lon = math.Mod(lon, 360) // exact, as the product with π/180 would not be
	}
	sl, cl := math.Sincos(lon * radian)
	sb, cb := math.Sincos(lat * radian)
	return Vec{cb * cl, cb * sl, sb}
}

// LonLat is the longitude in [-180, 180] and latitude of the sphere of a vector of any length, in degrees.
func (v Vec) LonLat() (lon, lat float64) {
	return math.Atan2(v.Y, v.X) * degree, math.Atan2(v.Z, math.Hypot(v.X, v.Y)) * degree
}

// Add is v + w.
func (v Vec) Add(w Vec) Vec { return Vec{v.X + w.X, v.Y + w.Y, v.Z + w.Z} }

// Sub is v - w.
func (v Vec) Sub(w Vec) Vec { return Vec{v.X - w.X, v.Y - w.Y, v.Z - w.Z} }

// Mul is k v.
func (v Vec) Mul(k float64) Vec { return Vec{k * v.X, k * v.Y, k * v.Z} }

// Dot is the scalar product.
func (v Vec) Dot(w Vec) float64 { return v.X*w.X + v.Y*w.Y + v.Z*w.Z }

// Cross is the vector product.
func (v Vec) Cross(w Vec) Vec {
	return Vec{v.Y*w.Z - v.Z*w.Y, v.Z*w.X - v.X*w.Z, v.X*w.Y - v.Y*w.X}
}

// Norm is the length.
func (v Vec) Norm() float64 { return math.Sqrt(v.Dot(v)) }

// Unit is v made of length 1; the zero vector stays zero.
func (v Vec) Unit() Vec {
	if n := v.Norm(); n > 0 {
		return v.Mul(1 / n)
	}
	return v
}

// Chord2 is the square of the straight distance |v-w|². Unlike an angle from a dot product it is accurate for points
// close together.
func (v Vec) Chord2(w Vec) float64 {
	d := v.Sub(w)
	return d.Dot(d)
}

// Angle is the angular distance of two points in radians, accurate at 0 and π alike.
func Angle(v, w Vec) float64 { return math.Atan2(v.Cross(w).Norm(), v.Dot(w)) }

// chord2 is the square of the chord of an angle in [0, π].
func chord2(angle float64) float64 {
	s := 2 * math.Sin(min(angle, math.Pi)/2)
	return s * s
}
