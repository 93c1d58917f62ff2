package selection

import (
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// boxed is west, south, east and north, in degrees; the borders belong to it.
type boxed [4]float64

func (b boxed) keep(lon, lat []float64, rows []int32) []int32 {
	kept := rows[:0]
	for _, r := range rows {
		if b.has(lon[r], lat[r]) {
			kept = append(kept, r)
		}
	}
	return kept
}

// has compares numbers as they are written, so that a border is exactly where it was put.
func (b boxed) has(lon, lat float64) bool {
	west, south, east, north := b[0], b[1], b[2], b[3]
	if !(lat >= south && lat <= north) {
		return false
	}
	for _, x := range [3]float64{lon, lon - 360, lon + 360} {
		switch {
		case west <= east && x >= west && x <= east:
			return true
		case west > east && x >= -180 && x <= 180 && (x >= west || x <= east):
			return true
		}
	}
	return false
}

// runRows is how many consecutive rows are held against the area together: along a track they are near each other.
const runRows = 256

// nearEdge is the angle from an edge, in radians, within which straight lines of longitude and latitude and the arcs that stand for them in a
// sphere.Region may differ: far more than they do.
const nearEdge = 1e-4

// inArea is polygons on the sphere, their borders included.
type inArea struct {
	on     *sphere.Region
	whole  sphere.Piece
	bounds sphere.Box
	planar []core.Polygon // where all edges are straight in longitude and latitude; nil: they are great circles
}

func (a *inArea) keep(lon, lat []float64, rows []int32) []int32 {
	kept := rows[:0]
	at := make([]sphere.Vec, 0, runRows)
	whole := a.whole
	var buf []int32
	for from := 0; from < len(rows); from += runRows {
		run := rows[from:min(from+runRows, len(rows))]
		at = at[:0]
		for _, r := range run {
			at = append(at, sphere.AuthalicWGS84.Point(lon[r], lat[r]))
		}
		piece, relation := whole.Clip(sphere.CapAround(at...), buf)
		switch relation {
		case sphere.Apart:
		case sphere.Covers:
			kept = append(kept, run...)
		default:
			for k, r := range run {
				if a.has(&piece, at[k], lon[r], lat[r]) {
					kept = append(kept, r)
				}
			}
		}
		buf = piece.Memory()
	}
	return kept
}

func (a *inArea) has(p *sphere.Piece, at sphere.Vec, lon, lat float64) bool {
	if !a.bounds.Contains(lon, lat) {
		return false
	}
	if a.planar != nil {
		if p.Within(at, nearEdge) {
			return inPlanar(a.planar, lon, lat)
		}
		return p.Inside(at)
	}
	return p.Within(at, 0) || p.Inside(at)
}

// planarRings are the polygons of a region all of whose edges are straight in longitude and latitude; nil for any other.
func planarRings(r *core.Region) []core.Polygon {
	if r.Oriented || r.Margin > 0 {
		return nil
	}
	for k := range r.Rings() {
		if !r.PlanarRing(k) {
			return nil
		}
	}
	return r.Polygons
}

// inPlanar reports whether a point is in one of the polygons, an odd number of whose rings say so, or on a ring.
func inPlanar(polygons []core.Polygon, lon, lat float64) bool {
	for _, rings := range polygons {
		inside := false
		for _, ring := range rings {
			west, east := math.Inf(1), math.Inf(-1)
			for _, v := range ring {
				west, east = min(west, v.Lon), max(east, v.Lon)
			}
			for x := lon - 360*math.Floor((lon-west)/360); x <= east; x += 360 {
				in, on := inRing(ring, x, lat)
				if on {
					return true
				}
				inside = inside != in
			}
		}
		if inside {
			return true
		}
	}
	return false
}

// inRing tells by crossings of the meridian to the north.
func inRing(ring []core.LonLat, x, y float64) (in, on bool) {
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		if a.Lon == b.Lon {
			if x == a.Lon && y >= min(a.Lat, b.Lat) && y <= max(a.Lat, b.Lat) {
				return false, true
			}
			continue
		}
		if x < min(a.Lon, b.Lon) || x > max(a.Lon, b.Lon) {
			continue
		}
		at := a.Lat + (x-a.Lon)/(b.Lon-a.Lon)*(b.Lat-a.Lat)
		if a.Lat == b.Lat {
			at = a.Lat
		}
		switch {
		case at == y:
			return false, true
		case at > y && (x >= a.Lon) != (x >= b.Lon):
			in = !in
		}
	}
	return in, false
}
