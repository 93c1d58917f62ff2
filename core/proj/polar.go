package proj

import "math"

// A polar is a polar stereographic projection of the ellipsoid (IOGP Publication 373-7-2, Geomatics Guidance Note 7-2,
// section 3.3): conformal, with the pole in the middle.
type polar struct {
	name     string  // of the conversion in the EPSG registry
	parallel float64 // variant B: latitude of the standard parallel; variant A: ±90
	origin   float64 // longitude that runs down from the pole in the north, and up in the south
	k        float64 // variant A: scale at the pole; 0: variant B
	offset   float64 // false easting and northing
	scale    float64 // ρ/t, metres
}

// variantB is true to scale along a parallel.
func variantB(name string, parallel, origin float64) *polar {
	sin, cos := sincos(math.Abs(parallel))
	m := cos / math.Sqrt(1-eccentricity*eccentricity*sin*sin)
	return &polar{name: name, parallel: parallel, origin: origin, scale: semimajor * m / tangent(90-math.Abs(parallel))}
}

// variantA has a given scale at the pole.
func variantA(name string, pole, k, offset float64) *polar {
	e := eccentricity
	return &polar{name: name, parallel: pole, k: k, offset: offset,
		scale: 2 * semimajor * k / math.Sqrt(math.Pow(1+e, 1+e)*math.Pow(1-e, 1-e))}
}

func (p *polar) projection(float64) Projection { return p }

// polarReach is how far from the pole in metres, along x and y, the plane goes: to 14° from the other pole.
const polarReach = 1e8

// Domain implements Projection.
func (p *polar) Domain() Rect {
	return Rect{p.offset - polarReach, p.offset - polarReach, p.offset + polarReach, p.offset + polarReach}
}

// pole is the latitude's sign at the pole in the middle.
func (p *polar) pole() float64 { return math.Copysign(1, p.parallel) }

// Forward implements Projection.
func (p *polar) Forward(lon, lat, x, y []float64) {
	pole := p.pole()
	for i, l := range lat {
		sin, cos := sincos(east(lon[i], p.origin))
		r := p.scale * tangent(90-pole*l)
		dx, dy := r*sin, -pole*r*cos
		if !(math.Abs(dx) < polarReach && math.Abs(dy) <= polarReach) {
			dx, dy = math.NaN(), math.NaN()
		}
		x[i], y[i] = p.offset+dx, p.offset+dy
	}
}

// Inverse implements Projection.
func (p *polar) Inverse(x, y, lon, lat []float64) {
	pole := p.pole()
	for i := range x {
		dx, dy := x[i]-p.offset, -pole*(y[i]-p.offset)
		if !(math.Abs(dx) <= polarReach && math.Abs(dy) <= polarReach) {
			dx, dy = math.NaN(), math.NaN()
		}
		lat[i] = pole * (90 - degree*colatitude(2*math.Atan(math.Hypot(dx, dy)/p.scale)))
		lon[i] = math.Remainder(math.Atan2(dx, dy)*degree+p.origin, 360)
	}
}

// Around implements Projection. A circle of the sphere of conformal latitudes is one of the plane; the ends of a diameter
// are on the line to the pole.
func (p *polar) Around(lon, lat, radius float64) Rect {
	sin, cos := sincos(east(lon, p.origin))
	middle := 2 * math.Atan(tangent(90-p.pole()*lat))
	radius = radius*beyond + 1e-12
	if !(middle+radius < math.Pi-1e-3) {
		return everything()
	}
	near, far := math.Tan((middle-radius)/2), math.Tan((middle+radius)/2)
	at, r := (near+far)/2*p.scale, (far-near)/2*p.scale
	x, y := p.offset+at*sin, p.offset-p.pole()*at*cos
	return Rect{x - r, y - r, x + r, y + r}
}
