//go:build cgo

package h3

import (
	"math"

	uber "github.com/uber/h3-go/v4"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// H3 lives on an icosahedron whose twelve vertices are centres of pentagons. Each face has the plane that touches the
// sphere in the face's middle; the central projection of the face to that plane has a lattice of hexagons, which goes on
// over an edge as if the neighbour were folded out. So cells are hexagons of one size on the flat faces, and the centres
// of a cell's children are in its centre and one spacing of their resolution from it. It follows, in the plane and in
// units of the spacing of centres of a cell's own resolution, that the cells below a cell
//
//   - have no point farther than outerReach from its centre: six resolutions below none is farther than 0.6009, with all
//     that further ones can add, the sum of their spacings;
//   - cover every point nearer than innerReach to its centre, because the cells below its neighbours stay 0.4363 away;
//   - have no point farther than overflow from its hexagon, by the same sum 0.0834.
//
// A test finds these numbers anew. On the sphere, a way in the plane is shorter by a factor between cos²θ across and cos θ
// along the circle at angle θ from the face's middle: a point at a distance d in the plane is at most d·cos θ away for
// the least θ on the way, and every point nearer than d·cos²θ is nearer than d in the plane, for the greatest θ.
const (
	outerReach   = 0.6012
	innerReach   = 0.4360
	overflow     = 0.0836
	hexagonOuter = 0.57736 // of a hexagon alone: 1/√3
	hexagonInner = 0.5

	baseSpacing = 0.38196601125010500003 // of resolution 0, in the plane: half the way from a face's middle to its corners
	maxTilt     = 0.6523581397843682     // from a face's middle to its corners, radians
)

// spacing is the distance between the centres of neighbours of a resolution, in the plane of a face.
func spacing(resolution int) float64 { return baseSpacing * math.Pow(7, -0.5*float64(resolution)) }

// An icosahedron is the twenty faces that H3 uses.
type icosahedron struct{ faces []face }

// A face is a triangle; its corners follow each other in either sense.
type face struct {
	middle  sphere.Vec
	corners [3]sphere.Vec
}

// newIcosahedron finds the faces from the centres of the pentagons.
func newIcosahedron() (*icosahedron, error) {
	pentagons, err := uber.Pentagons(0)
	if err != nil {
		return nil, core.Errorf(core.Internal, "h3.Pentagons", "", "%w", err)
	}
	var at []sphere.Vec
	for _, p := range pentagons {
		center, err := centerOf(cellID(p))
		if err != nil {
			return nil, err
		}
		at = append(at, center)
	}
	near := func(a, b sphere.Vec) bool { return a.Dot(b) > 0.4 } // 1/√5, or else negative
	var ico icosahedron
	for i, a := range at {
		for j, b := range at[:i] {
			for _, c := range at[:j] {
				if near(a, b) && near(b, c) && near(c, a) {
					ico.faces = append(ico.faces, face{a.Add(b).Add(c).Unit(), [3]sphere.Vec{a, b, c}})
				}
			}
		}
	}
	if len(ico.faces) != 20 {
		return nil, core.Errorf(core.Internal, "h3.Pentagons", "", "%d faces instead of 20", len(ico.faces))
	}
	return &ico, nil
}

// nearest is the face on which a point lies, and the angle between the point and the face's middle.
func (ico *icosahedron) nearest(p sphere.Vec) (*face, float64) {
	best := &ico.faces[0]
	for i := range ico.faces {
		if f := &ico.faces[i]; p.Dot(f.middle) > p.Dot(best.middle) {
			best = f
		}
	}
	return best, sphere.Angle(p, best.middle)
}

// centerOf is the centre of a cell.
func centerOf(c cellID) (sphere.Vec, error) {
	at, err := uber.CellToLatLng(uber.Cell(c))
	if err != nil {
		return sphere.Vec{}, core.Errorf(core.Internal, "h3.CellToLatLng", c.String(), "%w", err)
	}
	return sphere.FromLonLat(at.Lng, at.Lat), nil
}

// A tile is a cell with its place on the sphere.
type tile struct {
	cell   cellID
	center sphere.Vec
	tilt   float64 // from the middle of the face
}

func (ico *icosahedron) tileOf(c cellID) (tile, error) {
	center, err := centerOf(c)
	_, tilt := ico.nearest(center)
	return tile{c, center, tilt}, err
}

// outer is a radius (radians) around the centre within which all points of the cells of a resolution below the tile
// lie, or of the tile itself if it has that resolution.
func (t *tile) outer(resolution int) float64 {
	reach := outerReach
	if t.cell.resolution() == resolution {
		reach = hexagonOuter
	}
	return t.atMost(reach) + t.rounding()
}

// inner is a radius (radians) around the centre within which all points belong to those cells; 0 at worst.
func (t *tile) inner(resolution int) float64 {
	reach := innerReach
	if t.cell.resolution() == resolution {
		reach = hexagonInner
	}
	reach *= spacing(t.cell.resolution())
	scale := math.Cos(min(t.tilt+reach, maxTilt))
	return max(reach*scale*scale-t.rounding(), 0)
}

// atMost is an angle that is at least as large as a distance of so many spacings from the centre.
func (t *tile) atMost(reach float64) float64 {
	reach *= spacing(t.cell.resolution())
	return reach * math.Cos(max(t.tilt-reach, 0))
}

// rounding is more than the angle by which H3 is off. H3 takes the arc cosine of the angle from a face's middle and
// the arc sine for latitudes, so that is up to a metre near those middles and the poles, and micrometres elsewhere.
func (t *tile) rounding() float64 {
	const ulps, least = 1e-15, 1e-8
	reach := outerReach * spacing(t.cell.resolution())
	middle := max(t.tilt-reach, least)
	pole := max(math.Hypot(t.center.X, t.center.Y)-reach, least)
	return 1e-14 + ulps/middle + ulps/pole
}
