package healpix

// Reusing the last point's cell. Points along a track are many to a cell, and for most of them it is enough to see
// that they are within the cell of the point before.

import "math"

// A reach is the surroundings of a point in which the borders of its cell are known. The projection is taken to be
// linear in latitude there, which is off by at most curved of a cell; points that close to a border are not held.
type reach struct {
	lon, lat float64 // of the point, degrees
	most     float64 // degrees of latitude around it; 0: there are none
	polar    bool
	t, s     float64 // of the point, as projectPolar or projectBand has them: quarter turns, and height or 3/4 of the sine
	slope    float64 // of s with degrees of latitude
	side     float64 // of a base cell, in cells
	p, q     float64 // middle of the cell
	half     float64 // of the cell's side, but for what is too close to the border
}

// curved is how far the projection may be from linear, in cells.
const curved = 0.002

// The second derivatives of s, for a degree², are below these: in a polar cap √6/4 times the sine of half the angle
// from the pole, in the band 3/4 of the sine, each times (π/180)² and one hundredth more for the geodetic latitude.
const (
	polarBend = 1e-4
	bandBend  = 2e-4
)

// holds is how many points, from the first one on, certainly lie in the same cell. NaN never does.
func (r *reach) holds(lon, lat []float64) int {
	x, y, most, t0, s0, slope, side, p0, q0, half := r.lon, r.lat, r.most, r.t, r.s, r.slope, r.side, r.p, r.q, r.half
	lat = lat[:len(lon)]
	for i, at := range lon {
		dy := lat[i] - y
		if !(math.Abs(dy) < most) {
			return i
		}
		t, s := t0+(at-x)*(1.0/90), s0+dy*slope
		p, q := t-s, t+s
		if r.polar {
			p = t * s
			q = s - p
		}
		if !(math.Abs(p*side-p0) < half && math.Abs(q*side-q0) < half) {
			return i
		}
	}
	return len(lon)
}

// bends are how many degrees of latitude from a point the projection is linear enough, in a polar cap and in the
// band; at most as many as a cell has.
func bends(side float64) (polar, band float64) {
	cell := 90 / side
	return min(cell, math.Sqrt(2*curved/(polarBend*side))), min(cell, math.Sqrt(2*curved/(bandBend*side)))
}

// set makes the reach of a point, given its latitude's height (see curves.heights) and its longitude in quarter
// turns. No point beyond the border of the polar cap or beyond a pole is held, nor one whose longitude is a turn more
// or less.
func (r *reach) set(l *locator, lon, lat, t, height float64) {
	c, side, a := l.curves, l.side, math.Abs(lat)
	*r = reach{lon: lon, lat: lat, side: side, half: 0.5 - curved - l.near, polar: a > c.limit}
	if r.polar {
		x := (90 - a) * (1.0 / 45)
		r.t, r.s, r.slope = t-float64(min(int(t), 3)), height, -c.polarSlope.at(x*x)*(1.0/45)
		if lat < 0 {
			r.slope = -r.slope
		}
		r.most = min(l.polarReach, a-c.limit, 90-a)
		p := r.t * r.s
		r.p, r.q = middle(p*side), middle((r.s-p)*side)
		return
	}
	x := lat * (1.0 / 45)
	r.t, r.s, r.slope = 0.5+t, 0.75*height, 0.75*c.bandSlope.at(x*x)*(1.0/45)
	r.most = min(l.bandReach, c.limit-a)
	r.p, r.q = middle((r.t-r.s)*side), middle((r.t+r.s)*side)
}

// middle is the middle of the cell in which a coordinate lies, in cells.
func middle(u float64) float64 { return math.Floor(u) + 0.5 }

// A polynomial is its coefficients, the constant first.
type polynomial [8]float64

func (p *polynomial) at(t float64) float64 {
	return p[0] + t*(p[1]+t*(p[2]+t*(p[3]+t*(p[4]+t*(p[5]+t*(p[6]+t*p[7]))))))
}

// slope is the polynomial of the derivative of x·p(x²) by x, in x².
func (p *polynomial) slope() polynomial {
	var d polynomial
	for i, v := range p {
		d[i] = float64(2*i+1) * v
	}
	return d
}
