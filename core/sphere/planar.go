package sphere

// Regions whose edges are straight in longitude and latitude, as GeoJSON (RFC 7946) and the catalogs of map services
// mean them. Such an edge is cut into short arcs, and the region remembers by how much they may be off.

import (
	"math"

	"github.com/englacial/zagg/core"
)

// planarStep is the longest piece, in degrees of longitude or latitude, into which a straight line in longitude and
// latitude is cut.
const planarStep = 0.125

// planarSlack is more than the angle by which a piece of great circle leaves such a line: an eighth of the second
// derivative across it, at most step²/4 = 1.2e-6 (near the poles, where the line turns with the meridians), and half a
// percent for the authalic latitude. It is 8 m.
const planarSlack = 1.25e-6

// A planar is a polygon with edges straight in longitude and geodetic latitude; its inside is where an odd number of
// its rings contain the place.
type planar struct {
	rings    []planarRing
	latitude Latitude
}

// A planarRing is a ring unrolled from its first vertex, which is within ±180.
type planarRing struct {
	vertices   []core.LonLat
	west, east float64
}

// unroll moves the first vertex to within ±180 and the others by the same whole turns, so that edges keep the
// direction in which they were written: from 170 to 190 is 20° eastwards, from 170 to -170 is 340° westwards.
func unroll(vertices []core.LonLat) planarRing {
	start := math.Remainder(vertices[0].Lon, 360)
	r := planarRing{make([]core.LonLat, len(vertices)), start, start}
	for i, v := range vertices {
		lon := start + (v.Lon - vertices[0].Lon)
		r.vertices[i] = core.LonLat{Lon: lon, Lat: v.Lat}
		r.west, r.east = min(r.west, lon), max(r.east, lon)
	}
	return r
}

func (s *planar) contains(p Vec) bool {
	lon, lat := p.LonLat()
	lat = s.latitude.FromSphere(lat)
	odd := false
	for i := range s.rings {
		odd = odd != s.rings[i].contains(lon, lat)
	}
	return odd
}

// contains reports whether for some whole turn of the longitude an odd number of edges lie north of a point.
func (r *planarRing) contains(lon, lat float64) bool {
	for lon += 360 * math.Ceil((r.west-lon)/360); lon <= r.east; lon += 360 {
		if r.oddNorth(lon, lat) {
			return true
		}
	}
	return false
}

// oddNorth counts the edges that a line from the place to the north crosses. An edge has its western end and not its
// eastern one, so that a line through a vertex crosses one of the two edges that meet there.
func (r *planarRing) oddNorth(lon, lat float64) bool {
	odd := false
	a := r.vertices[len(r.vertices)-1]
	for _, b := range r.vertices {
		if (a.Lon > lon) != (b.Lon > lon) && a.Lat+(lon-a.Lon)/(b.Lon-a.Lon)*(b.Lat-a.Lat) > lat {
			odd = !odd
		}
		a = b
	}
	return odd
}

// A segment is straight in longitude and geodetic latitude.
type segment struct {
	a, b     core.LonLat
	latitude Latitude
}

// size is the line's length in degrees along the longer of its two coordinates.
func (l *segment) size() float64 { return max(math.Abs(l.b.Lon-l.a.Lon), math.Abs(l.b.Lat-l.a.Lat)) }

// slack is more than the angle, in radians, by which the arc between the ends leaves the line. It grows with the
// square of the length; lines are at most planarStep long.
func (l *segment) slack() float64 {
	part := l.size() / planarStep
	return planarSlack * part * part
}

func (l *segment) arc() (Arc, bool) {
	return NewArc(l.latitude.Point(l.a.Lon, l.a.Lat), l.latitude.Point(l.b.Lon, l.b.Lat))
}

// halves cuts the line in the middle.
func (l *segment) halves() [2]segment {
	middle := core.LonLat{Lon: l.a.Lon + (l.b.Lon-l.a.Lon)/2, Lat: l.a.Lat + (l.b.Lat-l.a.Lat)/2}
	return [2]segment{{l.a, middle, l.latitude}, {middle, l.b, l.latitude}}
}

// addLine cuts a line into pieces and adds their arcs.
func (r *Region) addLine(whole segment) {
	r.padLines()
	n := max(1, int(math.Ceil(whole.size()/planarStep)))
	a, b := whole.a, whole.b
	from := a
	for i := 1; i <= n; i++ {
		to := b
		if t := float64(i) / float64(n); i < n {
			to = core.LonLat{Lon: a.Lon + t*(b.Lon-a.Lon), Lat: a.Lat + t*(b.Lat-a.Lat)}
		}
		piece := segment{from, to, whole.latitude}
		// Along a pole all pieces are one point.
		if arc, ok := piece.arc(); ok && (i == 1 || !arc.IsPoint()) {
			r.arcs = append(r.arcs, arc)
			r.lines = append(r.lines, piece)
			r.slack = max(r.slack, piece.slack())
		}
		from = to
	}
}

// padLines adds the zero segment, which says that the arc is the edge itself, for the arcs added since the last line.
func (r *Region) padLines() {
	for len(r.lines) < len(r.arcs) {
		r.lines = append(r.lines, segment{})
	}
}
