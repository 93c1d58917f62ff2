package geometry

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

const radian = math.Pi / 180

// How edges run, in the words of a Reading.
const (
	greatCircles  = "great circles"
	straightEdges = "straight in longitude and latitude"
)

// A Reading is how a ring was read. JSON as shard maps have it.
type Reading struct {
	Place        string  `json:"ring"`                   // "feature 2 (Totten), ring 0"
	Edges        string  `json:"edges"`                  // how they run
	Antimeridian bool    `json:"antimeridian,omitempty"` // it crosses it
	Pole         string  `json:"pole,omitempty"`         // that is inside: "north", "south", "both"
	AreaKM2      float64 `json:"area_km2"`               // as it was read, on the sphere
	OtherKM2     float64 `json:"other_km2,omitempty"`    // if it differs much: as it might have been read
	Other        string  `json:"other,omitempty"`        // how that would have been
	Doubt        string  `json:"doubt,omitempty"`        // of a footprint: why it was taken larger than it is
}

// other notes another reading, if its area differs much.
func (r *Reading) other(km2 float64, how string) {
	r.OtherKM2, r.Other = km2, how
}

// settle keeps the other reading only if it is one: larger or smaller by a quarter, and by more than a lake.
func (r *Reading) settle() {
	low, high := min(r.AreaKM2, r.OtherKM2), max(r.AreaKM2, r.OtherKM2)
	if high <= 1.25*low || high-low < 100 {
		r.OtherKM2, r.Other = 0, ""
	}
}

// BoxReading is the reading of a Box.
func BoxReading(place string, box core.Region) Reading {
	ring := box.Polygons[0][0]
	return Reading{Place: place, Edges: straightEdges, Antimeridian: crosses(ring), Pole: polesOf(ring), AreaKM2: areaKM2(sweep(ring, 0))}
}

// Text says how the ring was read.
func (r *Reading) Text() string {
	parts := []string{"edges are " + r.Edges}
	if r.Pole == "both" {
		parts = append(parts, "both poles inside")
	} else if r.Pole != "" {
		parts = append(parts, "the "+r.Pole+" pole inside")
	} else if r.Antimeridian {
		parts = append(parts, "across the antimeridian")
	}
	return strings.Join(append(parts, thousands(r.AreaKM2)+" km²"), ", ")
}

// Warning is what a person should know where another reading would differ much; "": nothing.
func (r *Reading) Warning() string {
	if r.Other == "" {
		return ""
	}
	return fmt.Sprintf("%s was read so: %s; %s it would be %s km²", r.Place, r.Text(), r.Other, thousands(r.OtherKM2))
}

// mostWarnings is how many rings of an area are warned of one by one.
const mostWarnings = 5

// Warnings are those of the rings that might have been read quite differently; of many, the first ones and how many more there are.
func Warnings(readings []Reading) []string {
	var out []string
	for i := range readings {
		if w := readings[i].Warning(); w != "" {
			out = append(out, w)
		}
	}
	if more := len(out) - mostWarnings; more > 0 {
		out = append(out[:mostWarnings], fmt.Sprintf("%d more rings were read in one of two ways that differ much; zagg shardmap info lists rings", more))
	}
	return out
}

// ringName is the place of ring k of a shape.
func ringName(place string, k int) string {
	if place == "" {
		return "ring " + strconv.Itoa(k)
	}
	return place + ", ring " + strconv.Itoa(k)
}

func poleName(lat float64) string {
	if lat > 0 {
		return "north"
	}
	return "south"
}

// polesOf says which poles a ring of a flat map runs along.
func polesOf(w []core.LonLat) string {
	south, north := 90.0, -90.0
	for _, v := range w {
		south, north = min(south, v.Lat), max(north, v.Lat)
	}
	switch {
	case south == -90 && north == 90:
		return "both"
	case north == 90:
		return "north"
	case south == -90:
		return "south"
	}
	return ""
}

// crosses reports whether an unrolled ring has places on both sides of the antimeridian.
func crosses(u []core.LonLat) bool {
	west, east := math.Inf(1), math.Inf(-1)
	for _, v := range u {
		west, east = min(west, v.Lon), max(east, v.Lon)
	}
	next := 360*math.Ceil((west-180)/360) + 180 // the first antimeridian that is not west of it
	return west < next && next < east || west == next && east > next+360
}

// sweep is the area, in steradians, on the left of a ring drawn straight in longitude and latitude, positive where it is
// wound counter-clockwise; of one that comes out net degrees east of where it began, what lies under it from the equator.
func sweep(points []core.LonLat, net float64) float64 {
	sum := 0.0
	for i, a := range points {
		b := points[(i+1)%len(points)]
		if i+1 == len(points) {
			b.Lon += net
		}
		if a.Lon != b.Lon {
			sum += (b.Lon - a.Lon) * radian * meanSine(a.Lat, b.Lat)
		}
	}
	if net != 0 {
		return sum
	}
	return -sum
}

// meanSine is the mean of the sine of authalic latitudes between two geodetic ones, by Simpson's rule.
func meanSine(a, b float64) float64 {
	sine := func(lat float64) float64 { return sphere.AuthalicWGS84.Point(0, lat).Z }
	if a == b {
		return sine(a)
	}
	n := max(1, int(math.Ceil(math.Abs(b-a)/5)))
	sum := 0.0
	for i := range n {
		p, q := a+(b-a)*float64(i)/float64(n), a+(b-a)*float64(i+1)/float64(n)
		sum += (sine(p) + 4*sine((p+q)/2) + sine(q)) / 6
	}
	return sum / float64(n)
}

func areaKM2(steradians float64) float64 {
	const km = sphere.EarthRadius / 1000
	return math.Round(math.Abs(steradians)*km*km*1000) / 1000
}

// thousands is a whole number with commas, or three digits of a small one.
func thousands(v float64) string {
	if v < 100 {
		return strconv.FormatFloat(v, 'g', 3, 64)
	}
	text := strconv.FormatFloat(math.Round(v), 'f', 0, 64)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// AmbiguityText are the doubts of readings, in a line; "": there are none.
func AmbiguityText(readings []Reading) string {
	var out []string
	for i := range readings {
		if r := &readings[i]; r.Doubt != "" {
			out = append(out, r.Place+": "+r.Doubt)
		}
	}
	return strings.Join(out, "; ")
}
