package proj

import "math"

// utm is a zone of the Universal Transverse Mercator system.
type utm struct {
	zone  int // 1 to 60
	south bool
}

const (
	utmScale = 0.9996
	utmEast  = 500_000.0 // false easting
)

func (u utm) middle() float64 { return float64(6*u.zone - 183) }

func (u utm) falseNorthing() float64 {
	if u.south {
		return 1e7
	}
	return 0
}

func (u utm) projection(float64) Projection {
	return &transverse{middle: u.middle(), east: utmEast, north: u.falseNorthing(), scale: utmScale * rectifyingRadius}
}

// A transverse is a transverse Mercator projection of the ellipsoid with the equator as origin (IOGP Guidance Note 7-2,
// section 3.5.3; Karney 2011, Transverse Mercator with an accuracy of a few nanometers, J. Geodesy 85, 475): the sphere of
// conformal latitudes in spherical coordinates ξ', η' of which the central meridian is the equator, and then a series by
// which ξ becomes proportional to distance along that meridian.
type transverse struct {
	middle      float64 // central meridian
	east, north float64 // false easting and northing
	scale       float64 // metres per unit of ξ and η
}

// Where the plane ends, in metres from its origin: the series is good to well below a nanometre so far from the central
// meridian, and in the north and south it leaves out 100 km at the far side of the Earth, where the plane closes.
const (
	transverseEast  = 3_000_000.0
	transverseNorth = 19_900_000.0
)

// Domain implements Projection.
func (t *transverse) Domain() Rect {
	return Rect{t.east - transverseEast, t.north - transverseNorth, t.east + transverseEast, t.north + transverseNorth}
}

// Forward implements Projection.
func (t *transverse) Forward(lon, lat, x, y []float64) {
	for i, l := range lat {
		s, ok := t.onSphere(lon[i], l)
		xi, eta := s.series(&toRectifying)
		dx, dy := t.scale*eta, t.scale*xi
		if !ok || !(math.Abs(dx) < transverseEast && math.Abs(dy) <= transverseNorth) {
			dx, dy = math.NaN(), math.NaN()
		}
		x[i], y[i] = t.east+dx, t.north+dy
	}
}

// Inverse implements Projection.
func (t *transverse) Inverse(x, y, lon, lat []float64) {
	for i := range x {
		dx, dy := x[i]-t.east, y[i]-t.north
		if !(math.Abs(dx) <= transverseEast && math.Abs(dy) <= transverseNorth) {
			lon[i], lat[i] = math.NaN(), math.NaN()
			continue
		}
		xi, eta := spot{xi: dy / t.scale, eta: dx / t.scale}.withFunctions().series(&fromRectifying)
		sin, cos := math.Sincos(xi)
		sinh := math.Sinh(eta)
		c := colatitude(math.Atan2(math.Hypot(sinh, cos), math.Abs(sin)))
		lat[i] = math.Copysign(90-c*degree, sin)
		lon[i] = math.Remainder(math.Atan2(sinh, cos)*degree+t.middle, 360)
	}
}

// A spot is a point of the sphere of conformal latitudes in the coordinates ξ', η', with their circular and hyperbolic
// functions.
type spot struct{ xi, eta, sin, cos, sinh, cosh float64 }

func (s spot) withFunctions() spot {
	s.sin, s.cos = math.Sincos(s.xi)
	s.sinh, s.cosh = math.Sinh(s.eta), math.Cosh(s.eta)
	return s
}

// farEta is a little more than η' where the plane ends. Far beyond, the series gives places in the middle of the plane.
const farEta = 0.48

// onSphere is the spot of a point; false for coordinates that are none and beyond farEta. No function of ξ' and η' is computed from them:
// they are quotients of those of latitude and longitude.
func (t *transverse) onSphere(lon, lat float64) (spot, bool) {
	h := tangent(90 - math.Abs(lat))
	if h-h != 0 {
		return spot{}, false
	}
	unit := 1 / (1 + h*h)
	sinLat, cosLat := math.Copysign((1-h)*(1+h)*unit, lat), 2*h*unit
	sinLon, cosLon := sincos(east(lon, t.middle))
	u, v := cosLat*cosLon, cosLat*sinLon
	r := math.Hypot(sinLat, u)
	s := spot{sin: sinLat / r, cos: u / r, sinh: v / r, cosh: 1 / r}
	s.xi, s.eta = math.Atan2(sinLat, u), math.Asinh(s.sinh)
	return s, math.Abs(s.eta) < farEta // not NaN
}

// series is ζ + Σ c_k sin 2kζ for the complex ζ = ξ + iη, by Clenshaw's recurrence.
func (s spot) series(c *[6]float64) (xi, eta float64) {
	sinRe, sinIm := 2*s.sin*s.cos*(s.cosh*s.cosh+s.sinh*s.sinh), 2*s.sinh*s.cosh*(s.cos*s.cos-s.sin*s.sin)
	cosRe, cosIm := 2*(s.cos*s.cos-s.sin*s.sin)*(s.cosh*s.cosh+s.sinh*s.sinh), -8*s.sin*s.cos*s.sinh*s.cosh
	var aRe, aIm, bRe, bIm float64 // b_k, b_(k+1); cosRe and cosIm are twice the cosine
	for k := 5; k >= 0; k-- {
		aRe, aIm, bRe, bIm = c[k]+cosRe*aRe-cosIm*aIm-bRe, cosRe*aIm+cosIm*aRe-bIm, aRe, aIm
	}
	return s.xi + sinRe*aRe - sinIm*aIm, s.eta + sinRe*aIm + sinIm*aRe
}

// rectifyingRadius is a quarter of the meridian of WGS84 divided by π/2, metres.
const rectifyingRadius = 6367449.145823415309

// toRectifying are the Fourier coefficients of sin 2kχ in rectifying minus conformal latitude, fromRectifying those of
// sin 2kμ in the difference the other way, radians, from the exact relations with 50 digits (in Karney 2011, eq. 35 and 36,
// they are series in the third flattening).
var (
	toRectifying = [6]float64{
		0.00083773182062446983032, 7.6085277735724891564e-7, 1.1976455032424921006e-9,
		2.4291706803973131502e-12, 5.7118183691541052774e-15, 1.4799980270526208354e-17,
	}
	fromRectifying = [6]float64{
		-0.00083773216405794867707, -5.9058701522203651815e-8, -1.6734826653438249274e-10,
		-2.1647981104903861808e-13, -3.787930968839601126e-16, -7.2367692879655708268e-19,
	}
)

// Around implements Projection. In ξ', η' a circle is one of a Mercator map; the series moves its points by little more or
// less than its middle.
func (t *transverse) Around(lon, lat, radius float64) Rect {
	s, ok := t.onSphere(lon, lat)
	radius = radius*beyond + 1e-12
	north := math.Atan(s.sinh) // the latitude if the central meridian is the equator
	wide := math.Abs(north) + radius
	if !ok || !(wide < 1) {
		return everything()
	}
	far := math.Asinh(math.Tan(wide)) - math.Abs(s.eta)
	along := math.Asin(math.Sin(radius) / math.Cos(north))
	far, along = far+0.01*(far+along), along+0.01*(far+along)
	xi, eta := s.series(&toRectifying)
	if math.Abs(xi)+along >= math.Pi {
		return everything()
	}
	return Rect{t.east + t.scale*(eta-far), t.north + t.scale*(xi-along), t.east + t.scale*(eta+far), t.north + t.scale*(xi+along)}
}
