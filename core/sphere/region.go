package sphere

// Compiling a core.Region: vertices to arcs, rings to insides, and the caps and spans that make questions cheap.

import (
	"errors"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
)

// A Region is a core.Region on the sphere, compiled for questions. It is immutable and safe for concurrent use.
type Region struct {
	arcs   []Arc     // every edge, and the arcs and points of rings of two and one vertices
	lines  []segment // what arcs stand for, parallel to them, where they are planar; the zero segment and nil: the arc is the edge
	bodies []body
	spans  []span  // of the edges of polygons with many
	margin float64 // angle
	slack  float64 // the greatest angle by which an arc is off its line
	tests  tests   // for margin and slack
}

// A body is the inside of one polygon, without its border, and a cap around it. Its edges are arcs first…last-1:
// those of rings that enclose something.
type body struct {
	shape
	around      Cap
	width       float64 // no inner point is farther from the border, as a chord
	first, last int32
	overlaps    bool // the shape lies over itself, so that crossing an edge may not change sides
}

// A shape tells whether a point that is on none of its edges is inside.
type shape interface{ contains(p Vec) bool }

// A polygon has great-circle edges; its inside is where an odd number of rings say so.
type polygon []*ring

// A mixed shape has rings of both kinds of edges.
type mixed struct {
	polygon polygon
	planar  *planar
}

func (s mixed) contains(p Vec) bool { return s.polygon.contains(p) != s.planar.contains(p) }

// NewRegion compiles a region for a grid that maps latitudes in the given way. Longitudes may have any finite value,
// and rings may be closed by a repeated vertex or not.
//
// Errors (core.Invalid) name the polygon, ring and vertex: coordinates that are not finite or |lat| > 90, an empty
// ring, an edge between opposite points of the sphere, a planar edge longer than 360°, sides that cannot be told
// apart, a margin that is negative or not finite. A region with too many edges for the index (2²⁹) is
// core.Unsupported.
func NewRegion(region core.Region, latitude Latitude) (*Region, error) {
	if !(region.Margin >= 0) || math.IsInf(region.Margin, 0) {
		return nil, core.Errorf(core.Invalid, "sphere.NewRegion", "margin", "%v is not a distance in metres", region.Margin)
	}
	if region.Straight != nil && (len(region.Straight) != region.Rings() || region.Oriented) {
		return nil, core.Errorf(core.Invalid, "sphere.NewRegion", "straight", "%d rings are said to be straight or not; want one word for each of %d, and a region that is not oriented", len(region.Straight), region.Rings())
	}
	r := &Region{margin: MarginAngle(region.Margin)}
	if !region.Planar {
		r.arcs = make([]Arc, 0, countVertices(region.Polygons)) // which hardly ever moves: rings keep parts of it
	}
	rings := 0
	for i, p := range region.Polygons {
		from := rings
		straight := func(ring int) bool { return region.PlanarRing(from + ring) }
		rings += len(p)
		if err := checkPolygon(p, i, straight); err != nil {
			return nil, err
		}
		b := body{first: int32(len(r.arcs))}
		if err := r.addPolygon(p, i, straight, latitude, region.Oriented, &b); err != nil {
			return nil, err
		}
		if len(r.arcs) > math.MaxInt32/4 {
			return nil, core.Errorf(core.Unsupported, "sphere.NewRegion", "", "polygon %d: the region has more than %d edges", i, math.MaxInt32/4)
		}
		if b.shape != nil {
			b.around = r.capOf(&b)
			b.width = r.width(b.shape, b.around)
			r.bodies = append(r.bodies, b)
			r.addSpans(b.first, b.last)
		}
	}
	if r.lines != nil {
		r.padLines()
	}
	r.tests = testsOf(r.margin, r.slack)
	return r, nil
}

func countVertices(polygons []core.Polygon) int {
	n := 0
	for _, p := range polygons {
		for _, ring := range p {
			n += len(ring)
		}
	}
	return n
}

// checkPolygon refuses what no ring may have; polygons and rings are counted from 0, as in GeoJSON.
func checkPolygon(p core.Polygon, index int, straight func(ring int) bool) error {
	for j, ring := range p {
		if len(ring) == 0 {
			return badRing(index, j, "it has no vertices")
		}
		for k, v := range ring {
			if !(math.Abs(v.Lat) <= 90) || math.IsNaN(v.Lon) || math.IsInf(v.Lon, 0) {
				return badRing(index, j, "vertex %d is longitude %v, latitude %v; want finite degrees and a latitude within ±90", k, v.Lon, v.Lat)
			}
			if next := ring[(k+1)%len(ring)]; straight(j) && math.Abs(next.Lon-v.Lon) > 360 {
				return badRing(index, j, "the edge from vertex %d goes from longitude %v to %v, more than once around", k, v.Lon, next.Lon)
			}
		}
	}
	return nil
}

func badRing(polygon, ring int, format string, args ...any) error {
	args = append([]any{polygon, ring}, args...)
	return core.Errorf(core.Invalid, "sphere.NewRegion", "", "polygon %d, ring %d: "+format, args...)
}

// addPolygon adds the edges of a polygon, first those of rings that enclose something, and puts its inside into b.
func (r *Region) addPolygon(p core.Polygon, index int, straight func(ring int) bool, latitude Latitude, oriented bool, b *body) error {
	var inside polygon
	flat := &planar{latitude: latitude}
	var arcs []Arc // of rings that enclose nothing
	var lines []segment
	for j, vertices := range p {
		switch n := len(vertices); {
		case straight(j) && n > 2:
			ring := r.addPlanarRing(vertices, latitude)
			flat.rings = append(flat.rings, ring)
			b.overlaps = b.overlaps || ring.east-ring.west > 360
		case straight(j): // an arc, or a point
			ring := unroll(vertices)
			lines = append(lines, segment{ring.vertices[0], ring.vertices[n-1], latitude})
		default:
			ring, rest, err := r.addRing(vertices, latitude, oriented)
			if err != nil {
				return badRing(index, j, "%w", err)
			}
			if arcs = append(arcs, rest...); ring != nil {
				inside = append(inside, ring)
			}
		}
	}
	b.last = int32(len(r.arcs))
	r.arcs = append(r.arcs, arcs...)
	for _, l := range lines {
		r.addLine(l)
	}
	if oriented && len(inside) > 0 {
		inside.orientHoles()
	}
	switch {
	case len(inside) > 0 && len(flat.rings) > 0:
		b.shape = mixed{inside, flat}
	case len(inside) > 0:
		b.shape = inside
	case len(flat.rings) > 0:
		b.shape = flat
	}
	return nil
}

// addPlanarRing adds the edges of a ring that are straight in longitude and latitude.
func (r *Region) addPlanarRing(vertices []core.LonLat, latitude Latitude) planarRing {
	ring := unroll(vertices)
	for i, n := 0, len(vertices); i < n; i++ {
		r.addLine(segment{ring.vertices[i], ring.vertices[(i+1)%n], latitude})
	}
	return ring
}

// addRing adds the great-circle edges of a ring that encloses something. Those of one that does not are the rest.
func (r *Region) addRing(vertices []core.LonLat, latitude Latitude, oriented bool) (ring *ring, rest []Arc, err error) {
	start := len(r.arcs)
	all, err := appendRing(r.arcs, vertices, latitude)
	if err != nil {
		return nil, nil, err
	}
	arcs := all[start:]
	if len(arcs) >= 3 {
		if ring, err = newRing(arcs, oriented); err != nil {
			return nil, nil, err
		}
	}
	switch {
	case ring != nil:
		r.arcs = all
		return ring, nil, nil
	case len(vertices) >= 3 && goesAround(vertices):
		return nil, nil, errors.New("its longitudes go all around, but as great circles its edges run back over themselves: edges that are straight in longitude and latitude must be said to be planar")
	}
	return nil, slices.Clone(arcs), nil
}

// goesAround reports whether longitudes, as they are written, span a full turn.
func goesAround(vertices []core.LonLat) bool {
	west, east := vertices[0].Lon, vertices[0].Lon
	for _, v := range vertices {
		west, east = min(west, v.Lon), max(east, v.Lon)
	}
	return east-west >= 360
}

// appendRing adds the arcs from vertex to vertex, and from the last to the first if there are more than two. Repeated
// vertices give one; a ring of one is an arc of no length.
func appendRing(arcs []Arc, vertices []core.LonLat, latitude Latitude) ([]Arc, error) {
	start, from := len(arcs), 0
	first := latitude.Point(vertices[0].Lon, vertices[0].Lat)
	last := first
	join := func(to Vec) error {
		arc, ok := NewArc(last, to)
		if !ok {
			v := vertices[from]
			return core.Errorf(core.Invalid, "", "", "the edge from longitude %v, latitude %v goes to the opposite point of the sphere: add a vertex between", v.Lon, v.Lat)
		}
		arcs = append(arcs, arc)
		return nil
	}
	same := func(a, b Vec) bool { return a.Chord2(b) <= rounding*rounding }
	for i, v := range vertices[1:] {
		p := latitude.Point(v.Lon, v.Lat)
		if same(last, p) {
			continue
		}
		if err := join(p); err != nil {
			return nil, err
		}
		last, from = p, i+1
	}
	n := len(arcs) - start
	if n > 1 && same(last, first) { // the vertex that closes the ring
		n--
		last = arcs[start+n].A
		arcs = arcs[:start+n]
	}
	if n == 0 || n > 1 {
		if err := join(first); err != nil {
			return nil, err
		}
	}
	return arcs, nil
}

// orientHoles makes the parity of the rings right for oriented polygons: inside is the left of the first ring, and
// crossing a further ring, however it winds, changes sides.
func (s polygon) orientHoles() {
	shell := s[0].arcs[0]
	at := shell.A.Add(shell.B).Unit()
	for _, hole := range s[1:] {
		hole.flip = false
		hole.flip = hole.contains(at)
	}
}

func (s polygon) contains(p Vec) bool {
	odd := false
	for _, ring := range s {
		odd = odd != ring.contains(p)
	}
	return odd
}

// Contains reports whether p is in the region, border and margin included.
func (r *Region) Contains(p Vec) bool {
	reach := NewReach(r.margin + r.slack + rounding)
	for i := range r.arcs {
		if r.arcs[i].Within(p, reach) {
			return true
		}
	}
	return r.inside(p)
}

// inside reports whether p, which is on no edge, is inside a polygon.
func (r *Region) inside(p Vec) bool {
	for i := range r.bodies {
		if b := &r.bodies[i]; b.around.Contains(p) && b.contains(p) {
			return true
		}
	}
	return false
}

// Distance is the angle from p to the region, 0 inside, in radians; π for an empty region.
func (r *Region) Distance(p Vec) float64 {
	if r.inside(p) {
		return 0
	}
	d := math.Pi
	for i := range r.arcs {
		d = min(d, r.arcs[i].Distance(p))
	}
	return max(0, d-r.margin-r.slack)
}

// Empty reports a region of no polygons.
func (r *Region) Empty() bool { return len(r.arcs) == 0 }

// capOf is a cap that contains a body.
func (r *Region) capOf(b *body) Cap {
	if p, ok := b.shape.(polygon); ok && len(p) == 1 && p[0].around != nil {
		return *p[0].around
	}
	return capOf(r.arcs[b.first:b.last], b.shape)
}

// Cap is a cap that contains the region.
func (r *Region) Cap() Cap {
	if len(r.bodies) == 1 && r.bodies[0].first == 0 && int(r.bodies[0].last) == len(r.arcs) {
		return r.bodies[0].around.Grow(r.margin + r.slack)
	}
	c := capOf(r.arcs, inside(r.inside))
	return c.Grow(r.margin + r.slack)
}

type inside func(p Vec) bool

func (f inside) contains(p Vec) bool { return f(p) }

// capOf is a cap that contains arcs and the shape that they bound.
func capOf(arcs []Arc, s shape) Cap {
	points := make([]Vec, 0, 2*len(arcs))
	for i := range arcs {
		points = append(points, arcs[i].A, arcs[i].B)
	}
	c := CapAround(points...)
	// A cap smaller than a hemisphere is convex: it holds the arcs. What lies outside it is all inside or all outside.
	if c.Radius > math.Pi/2-1e-6 || s.contains(c.Center.Mul(-1)) {
		return Full()
	}
	return c
}
