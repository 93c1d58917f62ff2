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
		return core.LonLat{}, bad("longitude %v, latitude %v is no place", lon, lat)
	case math.Abs(lat) > 90:
		return core.LonLat{}, bad("longitude %v, latitude %v: a latitude is within ±90; are the two exchanged, or is this another reference system?", lon, lat)
	case math.Abs(lon) > 720:
		return core.LonLat{}, bad("longitude %v, latitude %v is not in degrees", lon, lat)
	}
	return core.LonLat{Lon: lon, Lat: lat}, nil
}

// ring is the ring without the vertex that closes it and without repetitions.
func ring(points []core.LonLat) []core.LonLat {
	out := slices.Compact(points)
	for len(out) > 1 && out[0] == out[len(out)-1] {
		out = out[:len(out)-1]
	}
	return out
}

// Polygon is a polygon of rings as they are written, closed or not. Shells that enclose nothing (CMR has them) become arcs; holes that
// enclose nothing take nothing away and go.
func Polygon(rings [][]core.LonLat) (core.Polygon, error) {
	var p core.Polygon
	for i, r := range rings {
		if r = ring(r); len(r) == 0 {
			return nil, bad("ring %d has no vertices", i)
		}
		if i == 0 || len(r) > 2 && len(p[0]) > 2 {
			p = append(p, r)
		}
	}
	if len(p) == 0 {
		return nil, bad("a polygon has no rings")
	}
	return p, nil
}

// Line is a line as arcs.
func Line(points []core.LonLat) ([]core.Polygon, error) {
	points = slices.Compact(points)
	if len(points) == 0 {
		return nil, bad("a line has no vertices")
	}
	if len(points) == 1 {
		return []core.Polygon{{points}}, nil
	}
	out := make([]core.Polygon, 0, len(points)-1)
	for i := range points[1:] {
		out = append(out, core.Polygon{{points[i], points[i+1]}})
	}
	return out, nil
}

// Flat reports whether polygons that do not say so mean edges that are straight in longitude and latitude: boxes along
// meridians and parallels, and shapes that run along the frame of a flat world map (a side from -180 to 180 at one
// latitude, or along a pole), which great circles would make collapse.
func Flat(polygons []core.Polygon) bool {
	return slices.ContainsFunc(polygons, func(p core.Polygon) bool {
		return len(p[0]) == 4 && isBox(p[0]) || slices.ContainsFunc(p, alongFrame)
	})
}

func isBox(r []core.LonLat) bool {
	for i, a := range r {
		b := r[(i+1)%len(r)]
		if (a.Lon == b.Lon) == (a.Lat == b.Lat) {
			return false
		}
	}
	return true
}

func alongFrame(r []core.LonLat) bool {
	if len(r) < 3 {
		return false
	}
	for i, a := range r {
		b := r[(i+1)%len(r)]
		if a.Lat == b.Lat && math.Abs(a.Lon-b.Lon) == 360 || math.Abs(a.Lat) == 90 && a.Lat == b.Lat && a.Lon != b.Lon {
			return true
		}
	}
	return false
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
	p := ring([]core.LonLat{{Lon: west, Lat: south}, {Lon: east, Lat: south}, {Lon: east, Lat: north}, {Lon: west, Lat: north}})
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

// The kinds of edges. Auto: planar for polygons that are Flat, geodesic for all else.
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

// Region is the polygons with edges of a kind.
func (e Edges) Region(polygons []core.Polygon) core.Region {
	return core.Region{Polygons: polygons, Planar: e == EdgesPlanar || e == EdgesAuto && Flat(polygons)}
}
