package proj

import "math"

// geographic is EPSG:4326: the plane of longitude and latitude.
type geographic struct{}

func (geographic) projection(west float64) Projection { return plate{west} }

// A plate is the plane of longitudes from west, one turn of them, and latitudes.
type plate struct{ west float64 }

// southEdge is where places end in the south. A row of cells holds its upper border and not its lower one, so the pole would
// fall below the last row; it and what is within 0.1 mm of it is taken for the edge.
const southEdge = -90 + 1e-9

// Forward implements Projection. A longitude in the plane is not changed by a bit.
func (p plate) Forward(lon, lat, x, y []float64) {
	for i, l := range lon {
		if d := l - p.west; !(d >= 0 && d < 360) {
			l = p.turn(l)
		}
		b := max(lat[i], southEdge) // NaN stays
		if !(lat[i] >= -90 && b <= 90) || l-l != 0 {
			l, b = math.NaN(), math.NaN()
		}
		x[i], y[i] = l, b
	}
}

// turn moves a longitude into [west, west+360).
func (p plate) turn(lon float64) float64 {
	lon = math.Mod(lon, 360)
	lon -= 360 * math.Floor((lon-p.west)/360)
	if d := lon - p.west; d < 0 || d >= 360 { // by rounding
		return p.west
	}
	return lon
}

// Inverse implements Projection.
func (p plate) Inverse(x, y, lon, lat []float64) {
	d := p.Domain()
	for i := range x {
		lon[i], lat[i] = x[i], y[i]
		if !(x[i] >= d.X0 && x[i] <= d.X1 && y[i] >= d.Y0 && y[i] <= d.Y1) {
			lon[i], lat[i] = math.NaN(), math.NaN()
		}
	}
}

// Domain implements Projection.
func (p plate) Domain() Rect { return Rect{p.west, -90, p.west + 360, 90} }

// Around implements Projection.
func (p plate) Around(lon, lat, radius float64) Rect {
	high := (radius*beyond + 1e-12) * degree
	r := Rect{math.Inf(-1), lat - high, math.Inf(1), lat + high}
	if r.Y0 <= -90 || r.Y1 >= 90 {
		return r // over a pole
	}
	wide := math.Asin(min(math.Sin(high*radian)/math.Cos(lat*radian), 1))*degree*beyond + 1e-9
	if x := p.turn(lon); x-wide > p.west && x+wide < p.west+360 {
		r.X0, r.X1 = x-wide, x+wide
	}
	return r
}
