package coretest

import (
	"math"
	"math/rand/v2"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// Geometry for making inputs: geodetic latitudes are taken as those of a sphere. Distances are off by up to 0.7 % from
// those on the sphere to which a grid maps latitudes, and great circles run elsewhere: what must be exact is asked of
// inside, which knows.

const halfTurn = math.Pi * sphere.EarthRadius // metres from a place to the opposite one

// move is the place a distance in metres from p in a direction, radians from north to east.
func move(p core.LonLat, bearing, metres float64) core.LonLat {
	at := sphere.FromLonLat(p.Lon, p.Lat)
	sl, cl := math.Sincos(p.Lon * math.Pi / 180)
	east := sphere.Vec{X: -sl, Y: cl}
	north := at.Cross(east)
	sb, cb := math.Sincos(bearing)
	sd, cd := math.Sincos(metres / sphere.EarthRadius)
	lon, lat := at.Mul(cd).Add(north.Mul(cb * sd)).Add(east.Mul(sb * sd)).LonLat()
	return core.LonLat{Lon: lon, Lat: lat}
}

// nearby is a place within so many metres of p, uniform by area where the earth is flat.
func nearby(r *rand.Rand, p core.LonLat, metres float64) core.LonLat {
	return move(p, 2*math.Pi*r.Float64(), metres*math.Sqrt(r.Float64()))
}

// anywhere is a place on Earth, uniform by area.
func anywhere(r *rand.Rand) core.LonLat {
	return core.LonLat{Lon: 360*r.Float64() - 180, Lat: math.Asin(2*r.Float64()-1) * 180 / math.Pi}
}

// between is the place at a fraction of the way from a to b, straight in longitude and latitude and the short way.
func between(a, b core.LonLat, f float64) core.LonLat {
	return core.LonLat{Lon: a.Lon + f*math.Remainder(b.Lon-a.Lon, 360), Lat: a.Lat + f*(b.Lat-a.Lat)}
}

// onArc is the place at a fraction of the great circle from a to b.
func onArc(a, b core.LonLat, f float64) core.LonLat {
	v, w := sphere.FromLonLat(a.Lon, a.Lat), sphere.FromLonLat(b.Lon, b.Lat)
	angle := sphere.Angle(v, w)
	if angle < 1e-12 {
		return a
	}
	lon, lat := v.Mul(math.Sin((1 - f) * angle)).Add(w.Mul(math.Sin(f * angle))).LonLat()
	return core.LonLat{Lon: lon, Lat: lat}
}

// pointRegion is one place and what is within a margin of it.
func pointRegion(p core.LonLat, margin float64) core.Region {
	return core.Region{Polygons: []core.Polygon{{{p}}}, Margin: margin}
}

// inside reports places that are in a region for certain, whichever way a grid maps latitudes to its sphere; false for a
// region that is not valid. Not for planar regions: sphere makes them a little larger.
func inside(region core.Region) func(core.LonLat) bool {
	region.Margin = max(0, 0.999*region.Margin-0.001)
	authalic, err := sphere.NewRegion(region, sphere.AuthalicWGS84)
	spherical, err2 := sphere.NewRegion(region, sphere.GeodeticSpherical)
	return func(p core.LonLat) bool {
		return err == nil && err2 == nil &&
			authalic.Contains(sphere.AuthalicWGS84.Point(p.Lon, p.Lat)) && spherical.Contains(sphere.GeodeticSpherical.Point(p.Lon, p.Lat))
	}
}
