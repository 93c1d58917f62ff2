package proj

import (
	"fmt"
	"math"
)

// A Projection maps WGS84 geodetic longitude and latitude to the plane and back. It is immutable and safe for concurrent
// use. All slices of a call have one length.
type Projection interface {
	// Forward writes into x and y the place of each point; NaN where a coordinate is not finite, |lat| > 90, or the point
	// has no place in the domain. Any longitude; the same place for the same point whatever turns its longitude has.
	Forward(lon, lat, x, y []float64)
	// Inverse is the other way; NaN outside the domain. It gives longitudes within ±180, or for a geographic system those
	// of the plane.
	Inverse(x, y, lon, lat []float64)
	// Domain is the part of the plane that is a picture of the Earth: each of its points is of one place. X1 is outside it.
	Domain() Rect
	// Around is a rectangle that holds the places of all points within so many radians of a point, measured on the sphere
	// of authalic latitudes. It may be infinite.
	Around(lon, lat, radius float64) Rect
}

// A Rect is a rectangle of the plane: X0 ≤ x ≤ X1 and Y0 ≤ y ≤ Y1.
type Rect struct{ X0, Y0, X1, Y1 float64 }

// everything is a rectangle that leaves nothing out.
func everything() Rect {
	inf := math.Inf(1)
	return Rect{-inf, -inf, inf, inf}
}

// Clip is the part of r in s; it is empty where the two are apart.
func (r Rect) Clip(s Rect) Rect {
	return Rect{max(r.X0, s.X0), max(r.Y0, s.Y0), min(r.X1, s.X1), min(r.Y1, s.Y1)}
}

// Empty reports a rectangle without a point.
func (r Rect) Empty() bool { return !(r.X0 <= r.X1 && r.Y0 <= r.Y1) }

// A CRS is a coordinate reference system.
type CRS struct {
	Code       int    // of EPSG
	Name       string // in the EPSG registry
	Geographic bool   // x and y are longitude and latitude in degrees; otherwise metres
	system     system
}

// A system is what distinguishes one CRS from the next.
type system interface {
	projection(west float64) Projection
	conversion() string  // of the WKT, with the coordinate system behind it; "" if geographic
	parameters() mapping // of the CF grid mapping
}

// Known lists the codes, for people.
const Known = "EPSG:4326, 3031, 3413, 3976, 5041, 5042 (polar stereographic), 32601 to 32660 and 32701 to 32760 (UTM)"

// FromCode finds a system by its EPSG code; false if it is not among the known ones.
func FromCode(code int) (*CRS, bool) {
	c := &CRS{Code: code}
	switch {
	case code == 4326:
		c.Name, c.Geographic, c.system = "WGS 84", true, geographic{}
	case code == 3031:
		c.Name, c.system = "WGS 84 / Antarctic Polar Stereographic", variantB("Antarctic Polar Stereographic", -71, 0)
	case code == 3413:
		c.Name, c.system = "WGS 84 / NSIDC Sea Ice Polar Stereographic North", variantB("US NSIDC Sea Ice polar stereographic north", 70, -45)
	case code == 3976:
		c.Name, c.system = "WGS 84 / NSIDC Sea Ice Polar Stereographic South", variantB("US NSIDC Sea Ice polar stereographic south", -70, 0)
	case code == 5041:
		c.Name, c.system = "WGS 84 / UPS North (E,N)", variantA("Universal Polar Stereographic North", 90, 0.994, 2e6)
	case code == 5042:
		c.Name, c.system = "WGS 84 / UPS South (E,N)", variantA("Universal Polar Stereographic South", -90, 0.994, 2e6)
	case code > 32600 && code <= 32660:
		c.system = utm{zone: code - 32600}
		c.Name = fmt.Sprintf("WGS 84 / UTM zone %dN", code-32600)
	case code > 32700 && code <= 32760:
		c.system = utm{zone: code - 32700, south: true}
		c.Name = fmt.Sprintf("WGS 84 / UTM zone %dS", code-32700)
	default:
		return nil, false
	}
	return c, true
}

// String is the code with its authority: "EPSG:3031".
func (c *CRS) String() string { return fmt.Sprintf("EPSG:%d", c.Code) }

// Projection is the way to the plane. Of a geographic system the plane begins at the longitude west; the others do not look
// at it.
func (c *CRS) Projection(west float64) Projection { return c.system.projection(west) }

const (
	radian = math.Pi / 180
	degree = 180 / math.Pi
)

// beyond is how much a distance may differ between the authalic sphere and that of conformal latitudes, by which Around
// reckons: the scale from one to the other is within 0.3 % of 1.
const beyond = 1.01
