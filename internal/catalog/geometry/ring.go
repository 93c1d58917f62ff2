package geometry

import (
	"math"
	"slices"

	"github.com/englacial/zagg/core"
)

// Limits of what is read; beyond them it is no footprint or area, but an attempt on memory.
const (
	maxDepth  = 8
	maxBytes  = 256 << 20
	maxPoints = 1 << 24
)

// bad is what is wrong with a text or bytes.
func bad(format string, args ...any) error {
	return core.Errorf(core.Corrupt, "", "", format, args...)
}

func unsupported(format string, args ...any) error {
	return core.Errorf(core.Unsupported, "", "", format, args...)
}

// Vertex is a point if it is one: finite, a latitude within ±90, a longitude in degrees.
func Vertex(lon, lat float64) (core.LonLat, error) {
	switch {
	case math.IsNaN(lon) || math.IsInf(lon, 0) || math.IsNaN(lat) || math.IsInf(lat, 0):
		return core.LonLat{}, bad("longitude %v, latitude %v is not a place", lon, lat)
	case math.Abs(lat) > 90:
		return core.LonLat{}, bad("longitude %v, latitude %v: a latitude is within ±90; are the two exchanged, or is this another reference system?", lon, lat)
	case math.Abs(lon) > 720:
		return core.LonLat{}, bad("longitude %v, latitude %v is not in degrees", lon, lat)
	}
	return core.LonLat{Lon: lon, Lat: lat}, nil
}

// open is a ring without the vertex that closes it and without repetitions, as it is written otherwise.
func open(points []core.LonLat) []core.LonLat {
	out := points
	for i := range points[1:] {
		if points[i] == points[i+1] {
			out = slices.Compact(slices.Clone(points))
			break
		}
	}
	for len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	return out
}

// Box is the region between two meridians, eastward from west to east, and two parallels.
func Box(west, south, east, north float64) (core.Region, error) {
	for _, c := range []core.LonLat{{Lon: west, Lat: south}, {Lon: east, Lat: north}} {
		if _, err := Vertex(c.Lon, c.Lat); err != nil {
			return core.Region{}, err
		}
	}
	if south > north {
		return core.Region{}, bad("the box's south, %v, is north of its north, %v", south, north)
	}
	if west > east {
		east += 360
	}
	if west > east || east-west > 360 {
		return core.Region{}, bad("a box from longitude %v to %v goes around more than once", west, east)
	}
	p := open([]core.LonLat{{Lon: west, Lat: south}, {Lon: east, Lat: south}, {Lon: east, Lat: north}, {Lon: west, Lat: north}})
	return core.Region{Polygons: []core.Polygon{{p}}, Planar: true}, nil
}

// Bounds is the box around the vertices in longitude and latitude as they are written: west, south, east, north. It is
// what catalogs note beside a shape, not a promise that edges stay inside.
func Bounds(polygons []core.Polygon) [4]float64 {
	b := [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, p := range polygons {
		for _, r := range p {
			for _, v := range r {
				b = [4]float64{min(b[0], v.Lon), min(b[1], v.Lat), max(b[2], v.Lon), max(b[3], v.Lat)}
			}
		}
	}
	return b
}

// Edges is how sides of polygons run that do not say so themselves.
type Edges uint8

// The kinds of edges. Auto: each ring as a Reader finds it.
const (
	EdgesAuto Edges = iota
	EdgesGeodesic
	EdgesPlanar
)

// ParseEdges reads "auto" or "", "geodesic" and "planar".
func ParseEdges(text string) (Edges, error) {
	switch text {
	case "", "auto":
		return EdgesAuto, nil
	case "geodesic":
		return EdgesGeodesic, nil
	case "planar":
		return EdgesPlanar, nil
	}
	return 0, core.Errorf(core.Invalid, "", "", "edges are %.40q; have auto, geodesic, planar", text)
}
