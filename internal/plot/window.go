package plot

import (
	"math"
	"strings"

	"github.com/englacial/zagg/core"
)

// A Plane is a projection of the Earth to a plane in km, x to the right and y up, whatever is drawn in it.
type Plane struct{ projection }

// PlaneNames are what PlaneOf takes: polar stereographic ones, equal-area ones, and plate carrée.
func PlaneNames() []string {
	return []string{"north", "south", "equal-north", "equal-south", "equal", "plate"}
}

// PlaneOf is the plane of a name.
func PlaneOf(name string) (Plane, error) {
	switch name {
	case "north", "south":
		return Plane{newStereographic(name == "south")}, nil
	case "equal-north", "equal-south":
		return Plane{newAzimuthal(name == "equal-south")}, nil
	case "equal":
		return Plane{newCylindrical()}, nil
	case "plate":
		return Plane{plate{}}, nil
	}
	return Plane{}, core.Errorf(core.Invalid, "plot.PlaneOf", name, "no such projection; have %s", strings.Join(PlaneNames(), ", "))
}

// Title names the plane for people.
func (p Plane) Title() string { return p.name() }

// Forward is where a place lies in the plane.
func (p Plane) Forward(lon, lat float64) (x, y float64) { return p.forward(lon, lat) }

// Inverse is the place of a point of the plane; what is beyond the Earth's edge is moved to it.
func (p Plane) Inverse(x, y float64) (lon, lat float64) {
	if c := p.circle(); c > 0 {
		x = max(-c/2, min(x, c/2))
	}
	lon, lat = p.inverse(x, y)
	return lon, max(-90, min(lat, 90))
}

// Stretch is how many km of the plane a km on the ground is at a latitude, about.
func (p Plane) Stretch(lat float64) float64 {
	sx, sy := p.stretch(lat)
	return math.Sqrt(sx * sy)
}

// ColorTable is the colours of a name of ColorNames, least value first: three bytes each, red, green and blue.
func ColorTable(name string) ([][3]uint8, error) {
	colors, err := colorsOf(name)
	table := make([][3]uint8, len(colors))
	for i, c := range colors {
		table[i] = [3]uint8{c.R, c.G, c.B}
	}
	return table, err
}

// A Window is a rectangle of a plane into which values are painted: a pixel gets the value of the cell that its centre lies in, or
// the mean of the cells whose centres lie in it where cells are smaller.
type Window struct {
	plane Plane
	view  view // a pixel wider on the left and at the top
	sum   []float64
	count []int32
	area  []float64 // of cells that are drawn by their outlines; NaN: none
}

// windowEdge are the pixels left of and above a window in which cells are painted too, because what they show reaches into it.
const windowEdge = leastDot - 1

// NewWindow is a square window of so many pixels to a side; x0 and y1 are its upper left corner, scale pixels to a km.
func NewWindow(p Plane, x0, y1, scale float64, side int) *Window {
	const more = float64(windowEdge)
	w := &Window{plane: p, view: view{x0: x0 - more/scale, y1: y1 + more/scale, scale: scale, w: side + windowEdge, h: side + windowEdge}}
	w.sum, w.count, w.area = make([]float64, w.view.w*w.view.h), make([]int32, w.view.w*w.view.h), make([]float64, w.view.w*w.view.h)
	repeat(w.area, []float64{math.NaN()})
	return w
}

// Centres paints cells by points of the plane.
func (w *Window) Centres(x, y []float64, values []float32) {
	v := &w.view
	for i := range values {
		px, py := v.pixel(x[i], y[i])
		if !(px >= 0 && py >= 0 && px < float64(v.w) && py < float64(v.h)) {
			continue
		}
		at := int(py)*v.w + int(px)
		w.sum[at] += float64(values[i])
		w.count[at]++
	}
}

// Holds reports whether a cell around a point of the plane, of a size in km, can reach into the window.
func (w *Window) Holds(x, y, size float64) bool {
	v := &w.view
	px, py := v.pixel(x, y)
	r := size * v.scale
	in := func(px float64) bool {
		return px > -r && py > -r && px < float64(v.w)+r && py < float64(v.h)+r
	}
	c := w.plane.circle() * v.scale
	return in(px) || c > 0 && (in(px-c) || in(px+c))
}

// Outline paints a cell with a ring of corners around a centre in the plane.
func (w *Window) Outline(ring []core.LonLat, x, y float64, value float32) {
	v := &w.view
	turn := w.plane.circle()
	points := make([][2]float64, len(ring))
	low, high := math.Inf(1), math.Inf(-1)
	for i, c := range ring {
		px, py := w.plane.forward(c.Lon, c.Lat)
		if turn > 0 { // a cell on the seam stays with its centre, and is drawn at both sides of it
			px -= turn * math.Round((px-x)/turn)
		}
		low, high = min(low, px), max(high, px)
		points[i][0], points[i][1] = v.pixel(px, py)
	}
	paint := func(at int) { w.area[at] = float64(value) }
	v.fill(points, paint)
	if turn > 0 && (low < -turn/2 || high > turn/2) {
		shift := turn * v.scale
		if low >= -turn/2 {
			shift = -shift
		}
		for i := range points {
			points[i][0] += shift
		}
		v.fill(points, paint)
	}
	w.dot(x, y, value)
}

// dot marks the pixel of a centre, so that a cell too small to hold the centre of any pixel can be seen.
func (w *Window) dot(x, y float64, value float32) {
	px, py := w.view.pixel(x, y)
	if px >= 0 && py >= 0 && px < float64(w.view.w) && py < float64(w.view.h) {
		at := int(py)*w.view.w + int(px)
		w.sum[at] += float64(value)
		w.count[at]++
	}
}

// Values are the pixels row by row from the upper left one; NaN where there is no cell. A single pixel with a value is made two wide
// and high where nothing else is.
func (w *Window) Values() []float32 {
	v := &w.view
	side := v.w - windowEdge
	out := make([]float32, side*side)
	for y := range side {
		for x := range side {
			i := (y+windowEdge)*v.w + x + windowEdge
			a := w.area[i]
			for k := 0; k < leastDot*leastDot && a != a; k++ {
				if j := i - k%leastDot - k/leastDot*v.w; w.area[j] != w.area[j] && w.count[j] > 0 {
					a = w.sum[j] / float64(w.count[j])
				}
			}
			out[y*side+x] = float32(a)
		}
	}
	return out
}

// Square paints a cell of which only centre and size are known.
func (w *Window) Square(x, y, size float64, value float32) {
	px, py := w.view.pixel(x, y)
	r := size * w.view.scale / 2
	w.view.fill(corners(px-r, py-r, px+r, py+r), func(at int) { w.area[at] = float64(value) })
	w.dot(x, y, value)
}

// Widest is how much longer than it is on the ground a line can be in the plane at a latitude, beside Stretch.
func (p Plane) Widest(lat float64) float64 {
	sx, sy := p.stretch(lat)
	return max(sx, sy, 2) / math.Sqrt(sx*sy)
}

// Wraps reports whether longitudes lie side by side, so that there is a seam.
func (p Plane) Wraps() bool { return p.circle() > 0 }
