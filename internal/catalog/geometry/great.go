package geometry

import (
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// evenly is the area, in steradians, by which the sides of a ring may differ from half of the sphere and still be called
// equal: a thousandth of the Earth's surface, more than the ways to map latitudes to a sphere differ by.
const evenly = 4 * math.Pi / 1000

func errEven() error {
	return core.Errorf(core.Invalid, "", "", "it divides the Earth in two sides of the same size, either of which may be meant: split it into smaller polygons, or say a --bbox")
}

// great reads a ring with great-circle edges.
func (r Reader) great(w []core.LonLat) (readRing, error) {
	places := 0
	for i := range w {
		if !same(w[i], w[(i+1)%len(w)]) {
			places++
		}
	}
	if places < 3 {
		return r.noArea(w)
	}
	out := readRing{points: w, Reading: Reading{Edges: greatCircles}}
	if r.Footprint && narrow(w) {
		return out, nil // its smaller side is certain, and its edges count also where it has none
	}
	in, err := sphere.Enclose(w, sphere.AuthalicWGS84)
	u, net, _ := unroll(w)
	switch {
	case err != nil:
		return readRing{}, err
	case in.Area == 0 || net == 0 && oneLine(u):
		return r.noArea(w)
	case math.Abs(in.Area-2*math.Pi) < evenly:
		return readRing{}, errEven()
	case in.North && in.South:
		return readRing{}, core.Errorf(core.Invalid, "", "", "its smaller side has both poles (%s km²), while a flat map shows the larger (%s km²): split it into polygons smaller than half of the Earth, or say a --bbox",
			thousands(areaKM2(in.Area)), thousands(areaKM2(4*math.Pi-in.Area)))
	}
	if r.Footprint {
		return out, nil
	}
	out.AreaKM2, out.Antimeridian = areaKM2(in.Area), net != 0 || crosses(u)
	switch {
	case in.North:
		out.Pole = poleName(90)
	case in.South:
		out.Pole = poleName(-90)
	}
	out.other(areaKM2(sweep(w, 0)), "as drawn on a flat map")
	return out, nil
}

// narrow reports a ring that is surely within a hemisphere: it spans less than half of the longitudes, and so does not
// go around a pole.
func narrow(w []core.LonLat) bool {
	lon, west, east := w[0].Lon, w[0].Lon, w[0].Lon
	for i := range w {
		lon += shorter(w[(i+1)%len(w)].Lon - w[i].Lon)
		west, east = min(west, lon), max(east, lon)
	}
	return east-west < 175
}
