package proj

import (
	"fmt"
	"math"

	"github.com/englacial/zagg/core/sphere"
)

// A Plane is a map projection that a CF grid mapping describes, of which no more is known than both ways of it. All slices of a call have
// one length; NaN is where there is no place.
type Plane interface {
	Forward(lon, lat, x, y []float64)
	Inverse(x, y, lon, lat []float64)
}

// PlaneOf is the plane of a grid mapping on WGS84, by the attributes that CF conventions 1.11, appendix F, give it: polar stereographic, transverse
// Mercator, Lambert's azimuthal equal-area over a pole and cylindrical equal-area. Those of CRS.GridMapping give that CRS.
func PlaneOf(attrs map[string]any) (Plane, error) {
	a := attributes{attrs: attrs}
	name, _ := attrs["grid_mapping_name"].(string)
	var p Plane
	switch name {
	case "polar_stereographic":
		p = a.polar()
	case "transverse_mercator":
		p = a.transverse()
	case "lambert_azimuthal_equal_area":
		p = a.azimuthal()
	case "lambert_cylindrical_equal_area":
		p = a.cylindrical()
	default:
		return nil, fmt.Errorf("grid_mapping_name %q is not one of polar_stereographic, transverse_mercator, lambert_azimuthal_equal_area, lambert_cylindrical_equal_area", name)
	}
	const same = 1e-5 // in metres and in the inverse flattening: GRS 1980 is as good as WGS84
	if math.Abs(a.number("semi_major_axis", semimajor)-semimajor) > same || math.Abs(a.number("inverse_flattening", inverseFlattening)-inverseFlattening) > same || attrs["earth_radius"] != nil {
		a.failf("it is on another ellipsoid than WGS84")
	}
	if a.number("longitude_of_prime_meridian", 0) != 0 {
		a.failf("its prime meridian is not that of Greenwich")
	}
	moved := movedPlane{p, a.number("false_easting", 0), a.number("false_northing", 0)}
	return moved, a.err
}

// attributes reads numbers of a grid mapping and keeps the first thing that is wrong.
type attributes struct {
	attrs map[string]any
	err   error
}

func (a *attributes) failf(format string, args ...any) {
	if a.err == nil {
		a.err = fmt.Errorf(format, args...)
	}
}

// number is an attribute, or what stands for it where it is not there.
func (a *attributes) number(name string, otherwise float64) float64 {
	switch v := a.attrs[name].(type) {
	case nil:
		return otherwise
	case float64:
		return v
	default:
		a.failf("%s is %v, not a number", name, v)
		return otherwise
	}
}

// pole is 90 or -90, where the plane is to be around one.
func (a *attributes) pole() float64 {
	lat := a.number("latitude_of_projection_origin", math.NaN())
	if math.Abs(lat) != 90 {
		a.failf("latitude_of_projection_origin is %v; only those of poles, 90 and -90, are known", a.attrs["latitude_of_projection_origin"])
		return 90
	}
	return lat
}

func (a *attributes) polar() Plane {
	pole := a.pole()
	if parallel, ok := a.attrs["standard_parallel"]; ok && math.Abs(a.number("standard_parallel", 90)) < 90 {
		p := variantB("", a.number("standard_parallel", 90), a.number("straight_vertical_longitude_from_pole", 0))
		if p.parallel*pole < 0 {
			a.failf("standard_parallel is %v, and latitude_of_projection_origin %v", parallel, pole)
		}
		return p
	}
	p := variantA("", pole, a.number("scale_factor_at_projection_origin", 1), 0)
	p.origin = a.number("straight_vertical_longitude_from_pole", 0)
	return p
}

func (a *attributes) transverse() Plane {
	t := &transverse{middle: a.number("longitude_of_central_meridian", 0), scale: a.number("scale_factor_at_central_meridian", 1) * rectifyingRadius}
	var x, y [1]float64
	t.Forward([]float64{t.middle}, []float64{a.number("latitude_of_projection_origin", 0)}, x[:], y[:])
	t.north = -y[0]
	return t
}

func (a *attributes) azimuthal() Plane {
	return azimuthal{pole: math.Copysign(1, a.pole()), origin: a.number("longitude_of_projection_origin", 0)}
}

func (a *attributes) cylindrical() Plane {
	k := a.number("scale_factor_at_projection_origin", math.NaN())
	if k != k {
		sin, cos := math.Sincos(a.number("standard_parallel", 0) * radian)
		k = cos / math.Sqrt(1-eccentricity*eccentricity*sin*sin)
	}
	return cylindrical{origin: a.number("longitude_of_central_meridian", 0), wide: semimajor * k}
}

// A movedPlane has a false easting and northing.
type movedPlane struct {
	Plane
	east, north float64
}

func (m movedPlane) Forward(lon, lat, x, y []float64) {
	m.Plane.Forward(lon, lat, x, y)
	for i := range x {
		x[i], y[i] = x[i]+m.east, y[i]+m.north
	}
}

func (m movedPlane) Inverse(x, y, lon, lat []float64) {
	dx, dy := make([]float64, len(x)), make([]float64, len(y))
	for i := range x {
		dx[i], dy[i] = x[i]-m.east, y[i]-m.north
	}
	m.Plane.Inverse(dx, dy, lon, lat)
}

// authalicRadius is that of the sphere with the area of WGS84, metres.
const authalicRadius = 6371007.1809184747

// An azimuthal is Lambert's equal-area projection with a pole in the middle (IOGP Guidance Note 7-2, section 3.3, method 9820).
type azimuthal struct{ pole, origin float64 }

func (p azimuthal) Forward(lon, lat, x, y []float64) {
	for i, l := range lat {
		sin, cos := sincos(east(lon[i], p.origin))
		r := 2 * authalicRadius * math.Sin((90-p.pole*sphere.Authalic(l))/2*radian)
		x[i], y[i] = r*sin, -p.pole*r*cos
	}
}

func (p azimuthal) Inverse(x, y, lon, lat []float64) {
	for i := range x {
		dx, dy := x[i], -p.pole*y[i]
		lat[i] = sphere.Geodetic(p.pole * (90 - 2*math.Asin(math.Hypot(dx, dy)/(2*authalicRadius))*degree))
		lon[i] = math.Remainder(math.Atan2(dx, dy)*degree+p.origin, 360)
	}
}

// A cylindrical is Lambert's equal-area projection to a cylinder (method 9835); wide is the radius of that cylinder, metres.
type cylindrical struct{ origin, wide float64 }

func (p cylindrical) Forward(lon, lat, x, y []float64) {
	for i, l := range lat {
		x[i] = p.wide * math.Remainder(east(lon[i], p.origin), 360) * radian
		y[i] = authalicRadius * authalicRadius / p.wide * math.Sin(sphere.Authalic(l)*radian)
	}
}

func (p cylindrical) Inverse(x, y, lon, lat []float64) {
	for i := range x {
		lon[i] = math.Remainder(p.origin+x[i]/p.wide*degree, 360)
		lat[i] = sphere.Geodetic(math.Asin(y[i]/authalicRadius*p.wide/authalicRadius) * degree)
	}
}
