package plot

import (
	"math"

	"github.com/englacial/zagg/core/sphere"
)

// authalicKM is the radius of the sphere that has the area of the ellipsoid.
const authalicKM = 6371.0071809

// azimuthal is Lambert's azimuthal equal-area projection of the ellipsoid around a pole (Snyder, p. 187): that of EPSG:6931 and
// EPSG:6932, the EASE-Grids 2.0 of the two hemispheres.
type azimuthal struct{ polar }

func newAzimuthal(south bool) azimuthal { return azimuthal{polar{south: south}} }

func (a azimuthal) forward(lon, lat float64) (x, y float64) {
	r := 2 * authalicKM * math.Sin((90-a.sign()*sphere.Authalic(lat))*degree/2)
	return a.turned(lon, r)
}

func (a azimuthal) inverse(x, y float64) (lon, lat float64) {
	colatitude := 2 * math.Asin(min(1, math.Hypot(x, y)/(2*authalicKM))) / degree
	return a.longitude(x, y), a.sign() * sphere.Geodetic(90-colatitude)
}

// stretch is that of areas: along a parallel it is more, along a meridian less.
func (a azimuthal) stretch(float64) (sx, sy float64) { return 1, 1 }

func (a azimuthal) circle() float64 { return 0 }

func (a azimuthal) name() string { return "Lambert azimuthal equal-area, " + a.side() }

// cylindrical is the cylindrical equal-area projection of the ellipsoid, true to scale at 30° (Snyder, p. 81): that of EPSG:6933,
// the global EASE-Grid 2.0.
type cylindrical struct{ factor float64 } // k₀ of Snyder 10-13

func newCylindrical() cylindrical { return cylindrical{parallelRadius(30)} }

func (c cylindrical) forward(lon, lat float64) (x, y float64) {
	return wrap(lon, 0) * degree * majorKM * c.factor, authalicKM * authalicKM * math.Sin(sphere.Authalic(lat)*degree) / (majorKM * c.factor)
}

func (c cylindrical) inverse(x, y float64) (lon, lat float64) {
	sin := y * majorKM * c.factor / (authalicKM * authalicKM)
	return x / (degree * majorKM * c.factor), sphere.Geodetic(math.Asin(max(-1, min(sin, 1))) / degree)
}

func (c cylindrical) stretch(lat float64) (sx, sy float64) {
	sx = c.factor / max(math.Cos(lat*degree), math.Cos(88*degree))
	return sx, 1 / sx
}

func (c cylindrical) circle() float64 { return 2 * math.Pi * majorKM * c.factor }

func (c cylindrical) name() string { return "cylindrical equal-area, true scale at 30°" }
