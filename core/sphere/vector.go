package sphere

// Vectors, and the conversion between them and longitudes and latitudes.

import "math"

// A Vec is a vector in space: x towards (0°E, 0°N), y towards (90°E, 0°N), z towards the north pole. Points of the
// sphere have length 1; no function checks that.
type Vec struct{ X, Y, Z float64 }

const (
	radian = math.Pi / 180
	degree = 180 / math.Pi
)

// FromLonLat is the point at a longitude and a latitude of the sphere, both in degrees. Any finite longitude will do.
// The poles come out exact, so that all longitudes of a pole are one point.
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

// LonLat is the longitude in [-180, 180] and the latitude in [-90, 90] of a vector of any length, in degrees of the
// sphere. The longitude of an exact pole is 0.
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

// Chord2 is the square of the straight distance |v-w|²: 4 sin²(angle/2) for points of the sphere, in [0, 4]. Unlike
// an angle from a scalar product it is accurate for points close together.
func (v Vec) Chord2(w Vec) float64 {
	d := v.Sub(w)
	return d.Dot(d)
}

// Angle is the angle between two vectors in radians, in [0, π], accurate at both ends.
func Angle(v, w Vec) float64 { return math.Atan2(v.Cross(w).Norm(), v.Dot(w)) }

// chord2 is the square of the chord of an angle in [0, π].
func chord2(angle float64) float64 {
	s := 2 * math.Sin(min(angle, math.Pi)/2)
	return s * s
}
