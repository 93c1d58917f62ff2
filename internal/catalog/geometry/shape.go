package geometry

import (
	"slices"

	"github.com/englacial/zagg/core"
)

// A Shape is a point, a line or a polygon as its source writes it; a Reader says what it is on the sphere.
type Shape struct {
	Place   string          // where it is in its source: "feature 2 (Totten), polygon 0"; "": it is all there is
	Rings   [][]core.LonLat // of a polygon the shell and then holes, closed or not; else one line or point
	Polygon bool
}

// within says of shapes that they are parts of something.
func within(place string, shapes []Shape) []Shape {
	for i := range shapes {
		if shapes[i].Place == "" {
			shapes[i].Place = place
		} else {
			shapes[i].Place = place + ", " + shapes[i].Place
		}
	}
	return shapes
}

// pointShapes are points, one shape each.
func pointShapes(points []core.LonLat) []Shape {
	out := make([]Shape, len(points))
	for i := range points {
		out[i] = Shape{Rings: [][]core.LonLat{points[i : i+1]}}
	}
	return out
}

// LineShape is a line of one vertex or more.
func LineShape(points []core.LonLat) ([]Shape, error) {
	if len(points) == 0 {
		return nil, bad("a line has no vertices")
	}
	return []Shape{{Rings: [][]core.LonLat{points}}}, nil
}

// PolygonShape is a polygon with rings that have vertices.
func PolygonShape(rings [][]core.LonLat) ([]Shape, error) {
	for i, r := range rings {
		if len(r) == 0 {
			return nil, bad("ring %d has no vertices", i)
		}
	}
	if len(rings) == 0 {
		return nil, bad("a polygon has no rings")
	}
	return []Shape{{Rings: rings, Polygon: true}}, nil
}

// Union is two regions in one. The margin is the larger of theirs.
func Union(a, b core.Region) core.Region {
	out := core.Region{Polygons: slices.Concat(a.Polygons, b.Polygons), Margin: max(a.Margin, b.Margin)}
	var straight []bool
	for _, r := range []core.Region{a, b} {
		for k := range r.Rings() {
			straight = append(straight, r.PlanarRing(k))
		}
	}
	out.Straight = straight
	return settled(out)
}

// settled is a region that says in the shortest way which rings are straight.
func settled(r core.Region) core.Region {
	if !slices.Contains(r.Straight, true) {
		r.Straight = nil
	} else if !slices.Contains(r.Straight, false) {
		r.Planar, r.Straight = true, nil
	}
	return r
}
