package sphere

// Bounds of regions in longitude and latitude. A box is larger than its region, never smaller: readers use it to
// leave out rows before they ask the region itself.

import (
	"cmp"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
)

// A Box is bounds in WGS84 geodetic degrees. Its longitudes run east from West and may pass ±180, so that a box
// across the antimeridian is no special case. The borders belong to it.
type Box struct {
	West, Width  float64 // West in [-180, 180), Width in [0, 360]
	South, North float64
}

// World is the box of everything.
func World() Box { return Box{West: -180, Width: 360, South: -90, North: 90} }

// Contains reports whether a point is in the box; any longitude. Never for coordinates that are not finite.
func (b *Box) Contains(lon, lat float64) bool {
	d := lon - b.West
	return lat >= b.South && lat <= b.North && (d >= 0 && d <= b.Width || b.turned(lon))
}

// turned is Contains of a longitude that is not in the box as it is written.
func (b *Box) turned(lon float64) bool {
	d := lon - b.West
	if d < -360 || d >= 720 {
		d = math.Mod(lon, 360) - b.West // exact, so the difference is only off by the rounding of a small number
	}
	if d < 0 {
		d += 360
	}
	if d >= 360 {
		d -= 360
	}
	return d >= 0 && d <= b.Width
}

// boxSlack is added on every side, degrees: 0.1 mm, more than the rounding of any of the steps here.
const boxSlack = 1e-9

// Bounds is a box that contains every point of a region, whichever way a grid maps latitudes to its sphere (edges that
// are great circles of another sphere run elsewhere). A region without polygons is the whole Earth, as in a core.Query.
// Errors are those of NewRegion.
func Bounds(region core.Region) (Box, error) {
	if len(region.Polygons) == 0 {
		return World(), nil
	}
	b := bounder{south: 90, north: -90}
	for _, latitude := range []Latitude{AuthalicWGS84, GeodeticSpherical} {
		r, err := NewRegion(region, latitude)
		if err != nil {
			return Box{}, err
		}
		b.add(r, latitude)
	}
	return b.box(), nil
}

// A bounder collects the latitudes and the runs of longitude that the arcs of a region cover.
type bounder struct {
	south, north float64
	around       bool // all longitudes
	runs         []run
}

// A run of longitude, from start in [0, 360) eastwards.
type run struct{ start, width float64 }

func (b *bounder) add(r *Region, latitude Latitude) {
	margin := (r.margin + r.slack) * degree
	for i := range r.arcs {
		arc := r.arcs[i]
		top := arc.topLat()
		bottom := -arc.mirror().topLat()
		b.south = min(b.south, latitude.FromSphere(max(bottom-margin, -90)))
		b.north = max(b.north, latitude.FromSphere(min(top+margin, 90)))
		b.addLongitudes(&arc, max(math.Abs(top), math.Abs(bottom)), margin)
	}
	if r.Contains(Vec{Z: 1}) {
		b.north, b.around = 90, true
	}
	if r.Contains(Vec{Z: -1}) {
		b.south, b.around = -90, true
	}
}

// addLongitudes adds those within the margin (degrees) of an arc that comes as close to a pole as the latitude steepest.
func (b *bounder) addLongitudes(arc *Arc, steepest, margin float64) {
	if steepest+margin > 90-1e-9 && margin > 0 {
		b.around = true
		return
	}
	west, _ := arc.A.LonLat()
	east, _ := arc.B.LonLat()
	switch {
	case atPole(arc.A):
		west = east
	case atPole(arc.B):
		east = west
	}
	width := math.Remainder(east-west, 360)
	if width < 0 {
		west, width = west+width, -width
	}
	if width > 180-1e-9 {
		b.around = true // over a pole, to one side of it or the other
		return
	}
	wide := boxSlack
	if margin > 0 {
		wide += math.Asin(min(math.Sin(margin*radian)/math.Cos(steepest*radian), 1)) * degree
	}
	west = math.Mod(west-wide+720, 360)
	b.runs = append(b.runs, run{west, width + 2*wide})
}

// atPole reports a pole, where the longitude of a point says nothing.
func atPole(p Vec) bool { return math.Abs(p.X) < rounding && math.Abs(p.Y) < rounding }

// box is the bounds collected: the latitudes, and all longitudes but the widest gap between the runs.
func (b *bounder) box() Box {
	out := World()
	out.South, out.North = max(b.south-boxSlack, -90), min(b.north+boxSlack, 90)
	if b.around || len(b.runs) == 0 {
		return out
	}
	slices.SortFunc(b.runs, func(x, y run) int { return cmp.Compare(x.start, y.start) })
	end := math.Inf(-1) // of what is covered before a run; at first, by the runs that pass 360
	for _, r := range b.runs {
		end = max(end, r.start+r.width-360)
	}
	gap := 0.0
	for _, r := range b.runs {
		if r.start-end > gap {
			gap = r.start - end
			out.West, out.Width = r.start, 360-gap
		}
		end = max(end, r.start+r.width)
	}
	if out.West >= 180 {
		out.West -= 360
	}
	return out
}
