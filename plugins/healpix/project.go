package healpix

import (
	"math"

	"github.com/englacial/zagg/core/sphere"
)

// The HEALPix projection (Górski et al. 2005, ApJ 622, 759, section 5; Calabretta & Roukema 2007, MNRAS 381, 865). A
// point of the sphere becomes a base cell (face) and u, v in [0, 1] on it: u towards the north-east and v towards the
// north-west, from the south corner.

const (
	radian = math.Pi / 180
	degree = 180 / math.Pi
	// bandLimit is the latitude of the sphere, asin 2/3 in degrees, beyond which the polar caps begin.
	bandLimit = 41.810314895778596
	sqrt6     = 2.449489742783178
)

// turn is the same longitude in [0, 360).
func turn(lon float64) float64 {
	if lon >= 0 && lon < 360 {
		return lon
	}
	if lon < -360 || lon >= 360 {
		lon = math.Mod(lon, 360)
	}
	if lon < 0 {
		lon += 360
	}
	if lon >= 360 { // a tiny negative longitude rounds up
		return 0
	}
	return lon
}

// project maps a finite longitude and a latitude of the sphere within ±90, both in degrees, to a place on a face.
func project(lon, lat float64) (face int, u, v float64) {
	t := turn(lon) / 90
	if math.Abs(lat) <= bandLimit {
		return projectBand(t, math.Sin(lat*radian))
	}
	// √(3(1-|z|)) without the cancellation near the poles.
	return projectPolar(t, sqrt6*math.Sin((90-math.Abs(lat))/2*radian), lat < 0)
}

// projectBand is the equatorial part, |z| ≤ 2/3, where z is the sine of the latitude and t the longitude in quarter
// turns.
func projectBand(t, z float64) (face int, u, v float64) {
	p, q := 0.5+t-0.75*z, 0.5+t+0.75*z
	ip, iq := math.Floor(p), math.Floor(q)
	u, v = q-iq, 1-(p-ip)
	switch {
	case ip == iq:
		return int(ip)&3 | 4, u, v
	case ip < iq:
		return int(ip) & 3, u, v
	}
	return int(iq)&3 + 8, u, v
}

// projectPolar is a polar cap, where s is √(3(1-|z|)) and t the longitude in quarter turns.
func projectPolar(t, s float64, south bool) (face int, u, v float64) {
	j := min(int(t), 3)
	a := (t - float64(j)) * s
	c := s - a
	if south {
		return j + 8, a, c
	}
	return j, 1 - c, 1 - a
}

// nestOf is the nested id of the cell at a place on a face.
func nestOf(face int, u, v float64, order int) uint64 {
	x, y := gridIndex(u, order), gridIndex(v, order)
	return uint64(face)<<(2*order) | spread(x) | spread(y)<<1
}

// gridIndex is the row or column, of 2^order, that a coordinate on a face lies in. Coordinates on the far border
// belong to the last.
func gridIndex(u float64, order int) uint64 {
	i := int64(u * float64(uint64(1)<<order))
	return uint64(max(0, min(i, 1<<order-1)))
}

// A spot is a point of the sphere as the inverse projection gives it, with what is exact there near the poles.
type spot struct {
	lon      float64 // degrees in [0, 360)
	sin, cos float64 // of the latitude
	r        float64 // in the polar caps √(3(1-|sin|)), which is 0 at the pole; -1 in the band
}

// unproject is the inverse of project. u and v may also lie on the border of the face.
func unproject(face int, u, v float64) spot {
	row, column := face>>2, face&3
	jr := float64(row+2) - u - v
	f := float64(2*column + 1)
	if row == 1 {
		f = float64(2 * column)
	}
	s := spot{r: -1}
	if jr >= 1 && jr <= 3 {
		s.sin = (2 - jr) * (2.0 / 3)
		s.cos = math.Sqrt((1 - s.sin) * (1 + s.sin))
		s.lon = turn(45 * (f + u - v))
		return s
	}
	r := jr
	if jr > 3 {
		r = 4 - jr
	}
	// On the border row exact coordinates avoid a division of rounding errors.
	if row == 0 {
		r = (1 - u) + (1 - v)
	} else if row == 2 {
		r = u + v
	}
	s.sin = math.Copysign(1-r*r/3, 2-jr)
	s.cos = r * math.Sqrt((2-r*r/3)/3)
	s.r = r
	if r > 0 {
		s.lon = turn(45 * (f + (u-v)/r))
	} else {
		s.lon = turn(45 * f)
	}
	return s
}

// lat is the latitude of the sphere in degrees. In the polar caps it is computed from the pole, where the arc sine
// loses digits.
func (s spot) lat() float64 {
	if s.r < 0 {
		return math.Asin(s.sin) * degree
	}
	return math.Copysign(90-2*math.Asin(s.r/sqrt6)*degree, s.sin)
}

// vec is the point as a vector.
func (s spot) vec() sphere.Vec {
	sl, cl := math.Sincos(s.lon * radian)
	return sphere.Vec{X: s.cos * cl, Y: s.cos * sl, Z: s.sin}
}

// A square is a cell by its place: row y and column x of the 2^order by 2^order cells on a face.
type square struct {
	order int
	face  int
	x, y  uint64
}

func squareOf(c cellID) square {
	return square{c.order, c.base(), squeeze(c.nest & (1<<(2*c.order) - 1)), squeeze(c.nest & (1<<(2*c.order) - 1) >> 1)}
}

func (q square) cell() cellID {
	return cellID{q.order, uint64(q.face)<<(2*q.order) | spread(q.x) | spread(q.y)<<1}
}

// at is the point of the cell at fractions of its sides: (0, 0) is the south corner, (1, 0) the east one.
func (q square) at(fu, fv float64) spot {
	side := 1 / float64(uint64(1)<<q.order)
	return unproject(q.face, (float64(q.x)+fu)*side, (float64(q.y)+fv)*side)
}

// child is one of the four children, 0…3: south, east, west, north.
func (q square) child(i int) square {
	return square{q.order + 1, q.face, q.x<<1 | uint64(i&1), q.y<<1 | uint64(i>>1)}
}
