package geometry

import (
	"slices"

	"github.com/englacial/zagg/core"
)

// A Reader decides how shapes lie on the sphere, ring by ring: how edges run, which way they go around, and which side is
// inside. It is the one place where longitudes and latitudes as people write them become a region.
//
//   - An edge is the shorter arc of a great circle. Of a ring the smaller side is the inside, however it is wound and
//     wherever it begins.
//   - Edges are straight in longitude and latitude, if EdgesAuto is to decide, in rings all of whose edges follow meridians
//     and parallels, and in rings along the frame of a flat map: along a pole, or along two meridians 360° apart.
//   - A step of more than 180° of longitude goes the shorter way around. A box for which counter-clockwise winding (RFC
//     7946, 3.1.6) says the longer way is ambiguous.
//   - Longitudes that differ by full turns are one: a ring from -180 to 180, both written, goes around a pole, and is the
//     cap of that pole which is smaller.
//   - A ring without area is an error, and so is one that has no sound reading: its sides are equally large, or the smaller
//     one has both poles, where a flat map shows the other side.
type Reader struct {
	Edges Edges
	// Footprint is for what a catalog says of a granule. It may be too large, never too small, and one bad outline must not
	// stop a catalog: what has no area is its edges, an ambiguous box is the whole belt between its parallels.
	Footprint bool
	// Wound is for sources in which winding is to be trusted, so that boxes may be wider than 180°: files of our own.
	Wound bool
}

// Region is the union of shapes, and how each ring of an area was read; of footprints only what is doubtful is told. Errors
// (core.Invalid) name the shape and ring, and the way out.
func (r Reader) Region(shapes []Shape) (core.Region, []Reading, error) {
	b := builder{Reader: r}
	for i := range shapes {
		for k := range shapes[i].Rings {
			if err := b.addRing(&shapes[i], k); err != nil {
				return core.Region{}, nil, err
			}
		}
	}
	return b.region(), b.readings, nil
}

// A builder gathers polygons and how the edges of their rings run.
type builder struct {
	Reader
	polygons []core.Polygon
	straight []bool
	readings []Reading
}

func (b *builder) region() core.Region {
	return settled(core.Region{Polygons: b.polygons, Straight: b.straight})
}

// addRing adds ring k of a shape, as a polygon or as a hole of the last one.
func (b *builder) addRing(s *Shape, k int) error {
	if !s.Polygon {
		b.addLine(s.Rings[k])
		return nil
	}
	one, err := b.read(s.Rings[k], k > 0)
	if err != nil {
		return core.Errorf(core.Invalid, "", "", "%s: %w", ringName(s.Place, k), err)
	}
	last := len(b.polygons) - 1
	switch {
	case k == 0:
		b.polygons = append(b.polygons, core.Polygon{one.points})
	case len(one.points) < 3 || len(b.polygons[last][0]) < 3:
		return nil // a hole of a footprint that takes nothing away
	default:
		b.polygons[last] = append(b.polygons[last], one.points)
	}
	b.straight = append(b.straight, one.straight)
	if !b.Footprint || one.Doubt != "" {
		one.Place = ringName(s.Place, k)
		one.settle()
		b.readings = append(b.readings, one.Reading)
	}
	return nil
}

// addLine adds a point, or the edges of a line.
func (b *builder) addLine(points []core.LonLat) {
	points = slices.Compact(slices.Clone(points))
	if len(points) == 1 {
		b.polygons, b.straight = append(b.polygons, core.Polygon{points}), append(b.straight, b.Edges == EdgesPlanar)
		return
	}
	for i, from := range points[:len(points)-1] {
		to := points[i+1]
		around := fullTurn(from, to) // along a parallel; as a great circle it would be a point
		straight := b.Edges == EdgesPlanar || b.Edges == EdgesAuto && around
		if straight && !around {
			to.Lon = from.Lon + shorter(to.Lon-from.Lon)
		}
		b.polygons, b.straight = append(b.polygons, core.Polygon{{from, to}}), append(b.straight, straight)
	}
}

// A readRing is a ring as a region has it.
type readRing struct {
	Reading
	points   []core.LonLat
	straight bool
}

// read reads a ring as it is written.
func (r Reader) read(points []core.LonLat, hole bool) (readRing, error) {
	w := open(points)
	switch {
	case r.Edges == EdgesGeodesic:
		return r.great(w)
	case framed(w):
		return r.framed(w)
	case r.Edges == EdgesPlanar || rectilinear(w) || polar(w):
		return r.flat(w, hole)
	}
	return r.great(w)
}

// noArea is the error of a ring that encloses nothing.
func (r Reader) noArea(w []core.LonLat) (readRing, error) {
	switch {
	case r.Footprint:
	case len(w) > 2 && !oneLine(w):
		return readRing{}, core.Errorf(core.Invalid, "", "", "it has no area, because its edges run back over themselves; write it as a line, or, if they are straight in longitude and latitude, say --edges planar")
	default:
		return readRing{}, core.Errorf(core.Invalid, "", "", "it has no area: its %d vertices are on one line; write it as a line or a point, or leave it out", len(w))
	}
	return readRing{points: w, straight: r.Edges == EdgesPlanar}, nil
}

// Marked is Region for shapes of which a word of 0 and 1 says, ring by ring, whether edges are straight.
func (r Reader) Marked(shapes []Shape, word string) (core.Region, error) {
	b := builder{Reader: r}
	for i := range shapes {
		s := &shapes[i]
		for k := range s.Rings {
			if len(word) == 0 || word[0] != '0' && word[0] != '1' {
				return core.Region{}, core.Errorf(core.Corrupt, "", "", "its rings are said to be straight by %q, not by a 0 or 1 for each", word)
			}
			b.Edges = EdgesGeodesic
			if word[0] == '1' {
				b.Edges = EdgesPlanar
			}
			word = word[1:]
			if err := b.addRing(s, k); err != nil {
				return core.Region{}, err
			}
		}
	}
	return b.region(), nil
}
