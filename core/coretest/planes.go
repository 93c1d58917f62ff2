package coretest

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/proj"
	"github.com/englacial/zagg/core/sphere"
)

// A direction is what an axis runs along in its plane.
type direction int

const (
	alongX direction = iota
	alongY
)

// axes are the axes of a frame and the plane that they are of.
type axes struct {
	frame   *core.Frame
	along   map[int]direction // by dimension, of axes that the plane has
	plane   proj.Plane        // nil: longitudes and latitudes themselves
	metres  float64           // of one unit of the axes in a plane
	slack   float64           // how far apart two places may be that are one, in units of the axes
	unknown map[string]string // why others are not known, by their names
}

// axesOf finds what is said of the axes: in their units, and for metres in the grid mapping.
func axesOf(f *core.Frame) *axes {
	a := &axes{frame: f, along: map[int]direction{}, metres: 1, slack: 1e-9, unknown: map[string]string{}}
	inPlane := map[int]direction{}
	for k, d := range f.Dims {
		if d.Axis == nil {
			continue
		}
		switch units := strings.ReplaceAll(strings.ToLower(d.Axis.Units), "degrees", "degree"); units {
		case "degree_east", "degree_e", "degreee":
			a.along[k] = alongX
		case "degree_north", "degree_n", "degreen":
			a.along[k] = alongY
		case "m", "metre", "meter", "metres", "meters", "km", "kilometre", "kilometer", "kilometres", "kilometers":
			if strings.HasPrefix(units, "k") {
				a.metres = 1000
			}
			if to, ok := directionOf(d.Axis); ok {
				inPlane[k] = to
				continue
			}
			a.unknown[d.Axis.Name] = "it is neither x nor y, as standard_name projection_x_coordinate, or axis X, says"
		default:
			a.unknown[d.Axis.Name] = fmt.Sprintf("its units are %q, neither degrees_east and degrees_north nor m", d.Axis.Units)
		}
	}
	if len(inPlane) == 0 {
		return a
	}
	plane, err := planeOf(f)
	if err == nil && len(a.along) > 0 {
		err = fmt.Errorf("other axes are of degrees")
	}
	if err != nil {
		for k := range inPlane {
			a.unknown[f.Dims[k].Axis.Name] = err.Error()
		}
		return a
	}
	a.plane, a.along, a.slack = plane, inPlane, 1e-3/a.metres
	return a
}

// directionOf is what an axis says of itself, or by its name.
func directionOf(a *core.Axis) (direction, bool) {
	var attrs struct {
		StandardName string `json:"standard_name"`
		Axis         string `json:"axis"`
	}
	_ = json.Unmarshal(a.Attrs, &attrs) // checkInfo has looked at it
	switch {
	case attrs.StandardName == "projection_x_coordinate", attrs.Axis == "X":
		return alongX, true
	case attrs.StandardName == "projection_y_coordinate", attrs.Axis == "Y":
		return alongY, true
	case strings.EqualFold(a.Name, "x"):
		return alongX, true
	case strings.EqualFold(a.Name, "y"):
		return alongY, true
	}
	return 0, false
}

// planeOf is the plane of the grid mapping that variables refer to, or of the only one.
func planeOf(f *core.Frame) (proj.Plane, error) {
	var refers struct {
		Name string `json:"grid_mapping"`
	}
	if len(f.VarAttrs) > 0 {
		if err := json.Unmarshal(f.VarAttrs, &refers); err != nil {
			return nil, fmt.Errorf("VarAttrs: %w", err)
		}
	}
	for _, s := range f.Scalars {
		var attrs map[string]any
		if json.Unmarshal(s.Attrs, &attrs) != nil || attrs["grid_mapping_name"] == nil || refers.Name != "" && s.Name != refers.Name {
			continue
		}
		plane, err := proj.PlaneOf(attrs)
		if err != nil {
			return nil, fmt.Errorf("the projection of grid mapping %s is not known: %w", s.Name, err)
		}
		return plane, nil
	}
	return nil, fmt.Errorf("no variable in Frame.Scalars is a CF grid mapping, which would say the projection")
}

func (a *axes) none() bool         { return len(a.along)+len(a.unknown) == 0 }
func (a *axes) geographic() bool   { return a.plane == nil }
func (a *axes) knows(dim int) bool { _, ok := a.along[dim]; return ok }
func (a *axes) whole(dims int) bool {
	return dims == 2 && len(a.along) == 2 && a.along[0] != a.along[1]
}
func (a *axes) axis(k int) core.Axis { return *a.frame.Dims[k].Axis }

// why says which axes are not held against cells.
func (a *axes) why() string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(a.unknown)) {
		all = append(all, "axis "+name+": "+a.unknown[name])
	}
	return strings.Join(all, "; ")
}

// place is where places on Earth are in the plane of the axes.
func (a *axes) place(lon, lat []float64) (x, y []float64) {
	if a.geographic() {
		return lon, lat
	}
	x, y = make([]float64, len(lon)), make([]float64, len(lon))
	a.plane.Forward(lon, lat, x, y)
	for i := range x {
		x[i], y[i] = x[i]/a.metres, y[i]/a.metres
	}
	return x, y
}

// areas are the areas that the cells of a shard have together, km²: with latitudes as they are on a sphere, and as they are authalic. NaN
// in lon are void slots.
func (a *axes) areas(g *gridSuite, h *home, lon []float64) (areas [2]float64) {
	for k, sphereLat := range []func(float64) float64{func(l float64) float64 { return l }, sphere.AuthalicWGS84.ToSphere} {
		if a.geographic() {
			for slot := range lon {
				if lon[slot] == lon[slot] {
					areas[k] += a.boxArea(g.placeOf(h, slot), sphereLat)
				}
			}
			continue
		}
		areas[k] = a.bordered(g, h, lon, sphereLat)
	}
	return areas
}

const radiusKM = sphere.EarthRadius / 1e3

// boxArea is the area of a cell between two meridians and two parallels, km².
func (a *axes) boxArea(place []int64, sphereLat func(float64) float64) float64 {
	wide, high := 0.0, 0.0
	for k, to := range a.along {
		axis := a.axis(k)
		if to == alongX {
			wide = math.Abs(axis.Step) * math.Pi / 180
			continue
		}
		at := axis.Start + float64(place[k])*axis.Step
		edge := func(lat float64) float64 {
			return math.Sin(sphereLat(max(-90, min(90, lat))) * math.Pi / 180)
		}
		high = math.Abs(edge(at+axis.Step/2) - edge(at-axis.Step/2))
	}
	return radiusKM * radiusKM * wide * high
}

// bordered is the area of what is inside the border around the cells of a shard that are not void, km²: triangles from the nearer pole to short pieces
// of it.
func (a *axes) bordered(g *gridSuite, h *home, lon []float64, sphereLat func(float64) float64) float64 {
	rows, cols := int(g.info.Frame.Dims[0].Shard), int(g.info.Frame.Dims[1].Shard)
	lively := func(r, c int) bool {
		return r >= 0 && r < rows && c >= 0 && c < cols && lon[r*cols+c] == lon[r*cols+c]
	}
	b := border{axes: a, pole: math.Copysign(1, h.center().Lat), sphereLat: sphereLat, pieces: 1 + 512/min(rows, cols)}
	for r := range rows {
		for c := range cols {
			if !lively(r, c) {
				continue
			}
			place := g.placeOf(h, r*cols+c)
			at := func(dr, dc float64) [2]float64 { return [2]float64{float64(place[0]) + dr, float64(place[1]) + dc} }
			for _, side := range []struct {
				apart    bool
				from, to [2]float64
			}{
				{!lively(r-1, c), at(-0.5, -0.5), at(-0.5, 0.5)}, {!lively(r, c+1), at(-0.5, 0.5), at(0.5, 0.5)},
				{!lively(r+1, c), at(0.5, 0.5), at(0.5, -0.5)}, {!lively(r, c-1), at(0.5, -0.5), at(-0.5, -0.5)},
			} {
				if side.apart {
					b.add(side.from, side.to)
				}
			}
		}
	}
	return radiusKM * radiusKM * math.Abs(b.sum)
}

// A border sums up the triangles of its pieces.
type border struct {
	*axes
	pole      float64 // 1 or -1
	sphereLat func(float64) float64
	pieces    int // of a side of a cell
	sum       float64
}

// add adds a side, from one place in the arrays to another, in cells.
func (b *border) add(from, to [2]float64) {
	n := b.pieces + 1
	x, y, lon, lat := make([]float64, n), make([]float64, n), make([]float64, n), make([]float64, n)
	for i := range n {
		f := float64(i) / float64(b.pieces)
		for k, along := range b.along {
			axis := b.axis(k)
			v := b.metres * (axis.Start + (from[k]+f*(to[k]-from[k]))*axis.Step)
			if along == alongX {
				x[i] = v
			} else {
				y[i] = v
			}
		}
	}
	b.plane.Inverse(x, y, lon, lat)
	half := func(lat float64) float64 { return math.Tan((90 - b.pole*b.sphereLat(lat)) / 2 * math.Pi / 180) }
	for i := range b.pieces {
		t := half(lat[i]) * half(lat[i+1])
		sin, cos := math.Sincos(math.Remainder(lon[i+1]-lon[i], 360) * math.Pi / 180)
		b.sum += 2 * math.Atan2(t*sin, 1+t*cos)
	}
}
