package geometry

import (
	"math"

	"github.com/englacial/zagg/core"
)

// shorter is a step of longitude by the shorter way; one of half a turn keeps its direction.
func shorter(step float64) float64 {
	if math.Abs(step) <= 180 {
		return step
	}
	return math.Remainder(step, 360)
}

// fullTurn reports a step of a whole turn along a parallel.
func fullTurn(a, b core.LonLat) bool {
	return a.Lat == b.Lat && math.Abs(b.Lon-a.Lon) == 360 && math.Abs(a.Lat) != 90
}

// alongPole reports an edge that stays at a pole.
func alongPole(a, b core.LonLat) bool { return a.Lat == b.Lat && math.Abs(a.Lat) == 90 }

// same reports whether two vertices are one point of the sphere.
func same(a, b core.LonLat) bool {
	return a.Lat == b.Lat && (math.Abs(a.Lat) == 90 || math.Mod(b.Lon-a.Lon, 360) == 0)
}

// rectilinear reports a ring all of whose edges follow meridians and parallels.
func rectilinear(w []core.LonLat) bool {
	for i, a := range w {
		b := w[(i+1)%len(w)]
		if a.Lat != b.Lat && math.Mod(b.Lon-a.Lon, 360) != 0 {
			return false
		}
	}
	return len(w) > 1
}

// polar reports a ring with an edge from one longitude to another at a pole: on the sphere it has no length, so that
// longitudes there only mean something on a flat map.
func polar(w []core.LonLat) bool {
	for i, a := range w {
		if b := w[(i+1)%len(w)]; alongPole(a, b) && a.Lon != b.Lon {
			return true
		}
	}
	return false
}

// framed reports a ring along two meridians 360° apart: the sides of a flat map.
func framed(w []core.LonLat) bool {
	west, east := math.Inf(1), math.Inf(-1)
	for _, v := range w {
		west, east = min(west, v.Lon), max(east, v.Lon)
	}
	if east-west != 360 {
		return false
	}
	var sides [2]bool
	for i, a := range w {
		b := w[(i+1)%len(w)]
		sides[0] = sides[0] || a.Lon == west && b.Lon == west
		sides[1] = sides[1] || a.Lon == east && b.Lon == east
	}
	return sides[0] && sides[1]
}

// framed reads a ring of a flat map as it is written.
func (r Reader) framed(w []core.LonLat) (readRing, error) {
	for i, a := range w {
		b := w[(i+1)%len(w)]
		if step := math.Abs(b.Lon - a.Lon); step > 180 && !fullTurn(a, b) && !alongPole(a, b) {
			return readRing{}, core.Errorf(core.Invalid, "", "", "the edge from longitude %v to %v, latitude %v to %v, is longer than half a turn, so that it may go either way: add vertices between", a.Lon, b.Lon, a.Lat, b.Lat)
		}
	}
	return r.flatRing(w, Reading{Edges: straightEdges, Pole: polesOf(w)})
}

// flat reads a ring with edges straight in longitude and latitude.
func (r Reader) flat(w []core.LonLat, hole bool) (readRing, error) {
	u, net, long := unroll(w)
	reading := Reading{Edges: straightEdges, Antimeridian: crosses(u), Pole: polesOf(u)}
	switch {
	case math.Abs(net) > 360:
		return readRing{}, core.Errorf(core.Invalid, "", "", "it goes around %v times; split it", math.Abs(net)/360)
	case net != 0:
		return r.cap(w, u, net)
	case long && ambiguous(w, u, hole):
		return r.eitherWay(w, u, reading)
	case long:
		reading.other(areaKM2(sweep(w, 0)), "with longitudes as they are written")
	}
	return r.flatRing(u, reading)
}

// flatRing is a ring that closes on a flat map.
func (r Reader) flatRing(u []core.LonLat, reading Reading) (readRing, error) {
	area := math.Abs(sweep(u, 0))
	if len(u) < 3 || area < leastFlat || oneLine(u) {
		return r.noArea(u)
	}
	reading.AreaKM2 = areaKM2(area)
	return readRing{reading, u, true}, nil
}

// leastFlat is less than the area, in steradians, of any ring that a person would draw: 0.04 mm².
const leastFlat = 1e-18

// unroll makes longitudes go on by the shorter steps. net is how far the ring comes out from where it began, whole turns;
// long says that a step was longer. Along a pole, where longitudes mean nothing, steps are such that the ring closes.
func unroll(w []core.LonLat) (u []core.LonLat, net float64, long bool) {
	steps := make([]float64, len(w))
	pole := -1
	for i, a := range w {
		b := w[(i+1)%len(w)]
		steps[i] = b.Lon - a.Lon
		if alongPole(a, b) {
			pole = i
		} else if math.Abs(steps[i]) > 180 {
			steps[i] = shorter(steps[i])
			long = long || math.Mod(b.Lon-a.Lon, 360) != 0
		}
		net += steps[i]
	}
	net = 360 * math.Round(net/360)
	if pole >= 0 {
		steps[pole] -= net
		net = 0
	}
	lon := w[0].Lon
	for i, a := range w {
		if v := (core.LonLat{Lon: lon, Lat: a.Lat}); len(u) == 0 || u[len(u)-1] != v {
			u = append(u, v)
		}
		if lon += steps[i]; i+1 < len(w) && math.Abs(lon-w[i+1].Lon) < 1e-9 {
			lon = w[i+1].Lon // without what rounding has added
		}
	}
	for net == 0 && len(u) > 1 && u[len(u)-1] == u[0] {
		u = u[:len(u)-1]
	}
	return u, net, long
}

// ambiguous reports whether a ring unrolled by shorter steps may also mean the longer ones, by its winding: as written it is
// a proper outline, which passes each longitude twice and never turns back on a parallel, and wound as RFC 7946 has it, while
// the unrolled one is not.
func ambiguous(w, u []core.LonLat, hole bool) bool {
	west, east, path := math.Inf(1), math.Inf(-1), 0.0
	for i, a := range w {
		west, east = min(west, a.Lon), max(east, a.Lon)
		b, c := w[(i+1)%len(w)], w[(i+2)%len(w)]
		if path += math.Abs(b.Lon - a.Lon); a.Lat == b.Lat && b.Lat == c.Lat && (b.Lon-a.Lon)*(c.Lon-b.Lon) < 0 {
			return false
		}
	}
	if path > 2*(east-west)+1e-9 {
		return false
	}
	written, unrolled := sweep(w, 0), sweep(u, 0)
	if hole {
		written, unrolled = -written, -unrolled
	}
	return written > 0 && unrolled < 0
}

// eitherWay reads a ring that may go either way around.
func (r Reader) eitherWay(w, u []core.LonLat, reading Reading) (readRing, error) {
	short, long := Bounds([]core.Polygon{{u}}), Bounds([]core.Polygon{{w}})
	switch {
	case r.Wound:
		return r.flatRing(w, reading)
	case r.Footprint:
		belt := []core.LonLat{{Lon: -180, Lat: short[1]}, {Lon: 180, Lat: short[1]}, {Lon: 180, Lat: short[3]}, {Lon: -180, Lat: short[3]}}
		out, err := r.flatRing(belt, Reading{Edges: straightEdges})
		out.Doubt = "by its winding the outline goes the longer way around, by the steps of its longitudes the shorter: it was taken for the whole belt between its parallels"
		return out, err
	}
	const box = "--bbox=%v,%v,%v,%v"
	return readRing{}, core.Errorf(core.Invalid, "", "", "a step of more than 180° of longitude goes the shorter way around, which makes it %.6g° wide (%s km²), but its winding (RFC 7946: counter-clockwise) means the %.6g° of the longer way (%s km²); "+
		"say "+box+" for the wide box, "+box+" for the narrow one", short[2]-short[0], thousands(areaKM2(sweep(u, 0))), long[2]-long[0], thousands(areaKM2(sweep(w, 0))),
		long[0], long[1], long[2], long[3], turned(short[0]), short[1], turned(short[2]), short[3])
}

// turned is a longitude within ±180.
func turned(lon float64) float64 { return math.Remainder(lon, 360) }

// cap reads a ring that goes around a pole: on a flat map it closes along that pole whose side of it is smaller.
func (r Reader) cap(w, u []core.LonLat, net float64) (readRing, error) {
	mean := sweep(u, net) / (net * radian) // of the sine of its latitudes
	if math.Abs(mean) < evenly/(2*math.Pi) {
		return readRing{}, errEven()
	}
	pole := math.Copysign(90, mean)
	if end := (core.LonLat{Lon: u[0].Lon + net, Lat: u[0].Lat}); u[len(u)-1] != end {
		u = append(u, end)
	}
	u = append(u, core.LonLat{Lon: u[0].Lon + net, Lat: pole}, core.LonLat{Lon: u[0].Lon, Lat: pole})
	reading := Reading{Edges: straightEdges, Pole: poleName(pole), Antimeridian: true}
	reading.other(areaKM2(sweep(w, 0)), "as drawn on a flat map")
	return r.flatRing(u, reading)
}

// oneLine reports whether all vertices of a ring are on one line of a flat map.
func oneLine(u []core.LonLat) bool {
	a, far := u[0], u[0]
	distance := func(v core.LonLat) float64 { return math.Hypot(v.Lon-a.Lon, v.Lat-a.Lat) }
	for _, v := range u {
		if distance(v) > distance(far) {
			far = v
		}
	}
	length := distance(far)
	for _, v := range u {
		if math.Abs((far.Lon-a.Lon)*(v.Lat-a.Lat)-(far.Lat-a.Lat)*(v.Lon-a.Lon)) > 1e-12*length*max(length, 1e-3) {
			return false
		}
	}
	return true
}
