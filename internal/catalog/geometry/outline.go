package geometry

import (
	"cmp"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// An xy is a longitude and latitude of a flat map.
type xy = [2]float64

// A GeoJSON is a Polygon or MultiPolygon.
type GeoJSON struct {
	Type        string `json:"type"`
	Coordinates any    `json:"coordinates"`
}

// OutlineGeoJSON is an outline as RFC 7946 has it: valid polygons (OGC 06-103r4), shells counter-clockwise, in longitudes
// within ±180, cut at the antimeridian, and around a pole closed along it. Arcs of great circles that turn much come with
// vertices between. The margin is left out.
func OutlineGeoJSON(outline *core.Region) GeoJSON {
	out := [][][]xy{}
	ring := 0
	for _, p := range outline.Polygons {
		var rings []flatRing
		for _, vertices := range p {
			rings = append(rings, flatten(vertices, outline.PlanarRing(ring)))
			ring++
		}
		out = append(out, onMap(rings)...)
	}
	if len(out) == 1 {
		return GeoJSON{"Polygon", out[0]}
	}
	return GeoJSON{"MultiPolygon", out}
}

// A flatRing is a ring on a flat map, where longitudes go on without jumps.
type flatRing struct {
	points []xy
	net    float64 // how far it comes out from where it began: ±360 for one around a pole
	pole   float64 // the latitude of that pole
}

// onMap is what a shell and holes enclose, in longitudes within ±180.
func onMap(rings []flatRing) [][][]xy {
	around := slices.ContainsFunc(rings, func(r flatRing) bool { return r.net != 0 })
	var drawn [][]xy
	for k, r := range rings {
		if len(r.points) < 3 {
			continue
		}
		copies := [][]xy{r.beside(rings[0].points)}
		if around { // drawn over several turns, of which one will be cut out: the map has no seam but its frame
			copies = r.turns(2)
		}
		for _, c := range copies {
			if (twiceArea(c) < 0) != (k > 0) {
				slices.Reverse(c)
			}
			drawn = append(drawn, c)
		}
	}
	if around {
		return cutTurn(drawn, 0)
	}
	return cut(drawn)
}

// beside is the ring moved by turns to where another one is.
func (r *flatRing) beside(other []xy) []xy {
	west := slices.MinFunc(other, func(a, b xy) int { return cmp.Compare(a[0], b[0]) })[0]
	first := slices.MinFunc(r.points, func(a, b xy) int { return cmp.Compare(a[0], b[0]) })[0]
	by := 360 * math.Ceil((west-first)/360)
	out := make([]xy, len(r.points))
	for i, v := range r.points {
		out[i] = xy{v[0] + by, v[1]}
	}
	return out
}

// turns are copies of a ring so many turns to either side; one around a pole is a curve over all of them, closed there.
func (r *flatRing) turns(n int) [][]xy {
	var out [][]xy
	var curve []xy
	for k := -n; k <= n; k++ {
		by := 360 * float64(k)
		if r.net != 0 {
			by = r.net * float64(k)
		}
		moved := make([]xy, len(r.points))
		for i, v := range r.points {
			moved[i] = xy{v[0] + by, v[1]}
		}
		out, curve = append(out, moved), append(curve, moved...)
	}
	if r.net == 0 {
		return out
	}
	return [][]xy{append(curve, xy{curve[len(curve)-1][0], r.pole}, xy{curve[0][0], r.pole})}
}

// flatten puts a ring on a flat map.
func flatten(ring []core.LonLat, planar bool) flatRing {
	if !planar {
		return unrollAtPoles(addVerticesBetween(ring))
	}
	out := make([]xy, len(ring))
	for i, v := range ring {
		out[i] = xy{v.Lon, v.Lat}
	}
	return flatRing{points: out}
}

// The longest piece of a great circle that is drawn as a straight line spans so many degrees of longitude; what comes closer
// to a pole than so many radians goes through it.
const (
	longestTurn = 15
	polarMiss   = 1e-9
)

// addVerticesBetween puts vertices between those of a ring of great circles, where its longitudes turn much. A vertex at a pole, or an edge
// over it, gets the pole.
func addVerticesBetween(ring []core.LonLat) []core.LonLat {
	var out []core.LonLat
	var add func(a, b core.LonLat, deep int)
	add = func(a, b core.LonLat, deep int) { // what is between a and b
		if math.Abs(a.Lat) == 90 || math.Abs(b.Lat) == 90 || math.Abs(math.Remainder(b.Lon-a.Lon, 360)) <= longestTurn || deep == 0 {
			return
		}
		middle := sphere.FromLonLat(a.Lon, a.Lat).Add(sphere.FromLonLat(b.Lon, b.Lat)).Unit()
		var m core.LonLat
		if m.Lon, m.Lat = middle.LonLat(); math.Hypot(middle.X, middle.Y) < polarMiss {
			m.Lat = math.Copysign(90, m.Lat)
		}
		add(a, m, deep-1)
		out = append(out, m)
		add(m, b, deep-1)
	}
	for i, v := range ring {
		if math.Abs(v.Lat) > 90-polarMiss*degree {
			v.Lat = math.Copysign(90, v.Lat)
		}
		out = append(out, v)
		add(v, ring[(i+1)%len(ring)], 40)
	}
	return out
}

const degree = 180 / math.Pi

// unrollAtPoles makes longitudes go on. A vertex at a pole is there at the longitudes of both its neighbours, which are as
// far apart as makes the ring close.
func unrollAtPoles(ring []core.LonLat) flatRing {
	from := slices.IndexFunc(ring, func(v core.LonLat) bool { return math.Abs(v.Lat) < 90 })
	if from < 0 {
		return flatRing{}
	}
	var out []xy
	lon, lats := math.Remainder(ring[from].Lon, 360), 0.0
	last, pole := ring[from].Lon, 0
	for i := range ring {
		v := ring[(from+i)%len(ring)]
		if lats += v.Lat; math.Abs(v.Lat) == 90 {
			out = append(out, xy{lon, v.Lat}) // and, once it is known, at the next longitude
			pole = len(out)
			continue
		}
		lon += math.Remainder(v.Lon-last, 360)
		if last = v.Lon; pole > 0 && pole == len(out) {
			out = append(out, xy{lon, out[pole-1][1]})
		}
		out = append(out, xy{lon, v.Lat})
	}
	if pole == len(out) { // the last vertex is at the pole
		out = append(out, xy{lon + math.Remainder(ring[from].Lon-last, 360), out[pole-1][1]})
	}
	net := 360 * math.Round((lon+math.Remainder(ring[from].Lon-last, 360)-out[0][0])/360)
	if pole > 0 {
		for i := pole; i < len(out); i++ { // the way along the pole is the other one
			out[i][0] -= net
		}
		net = 0
	}
	return flatRing{points: slices.Compact(out), net: net, pole: math.Copysign(90, lats)}
}

// OnMap is what a ring of great circles encloses, as polygons of a map of longitudes within ±180 and latitudes, as
// OutlineGeoJSON cuts them.
func OnMap(ring []core.LonLat) []core.Polygon {
	low, high := 180.0, -180.0
	poles := false
	for _, v := range ring {
		low, high = min(low, v.Lon), max(high, v.Lon)
		poles = poles || math.Abs(v.Lat) > 90-polarMiss*degree
	}
	if !poles && low >= -180 && high <= 180 && high-low <= longestTurn { // most are
		if clockwise(ring) {
			ring = slices.Clone(ring)
			slices.Reverse(ring)
		}
		return []core.Polygon{{ring}}
	}
	var out []core.Polygon
	for _, p := range onMap([]flatRing{flatten(ring, false)}) {
		var polygon core.Polygon
		for _, closed := range p {
			r := make([]core.LonLat, len(closed)-1)
			for i := range r {
				r[i] = core.LonLat{Lon: closed[i][0], Lat: closed[i][1]}
			}
			polygon = append(polygon, r)
		}
		out = append(out, polygon)
	}
	return out
}

func clockwise(ring []core.LonLat) bool {
	area := 0.0
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		area += (a.Lon-ring[0].Lon)*(b.Lat-ring[0].Lat) - (b.Lon-ring[0].Lon)*(a.Lat-ring[0].Lat)
	}
	return area < 0
}
