package coretest

import (
	"math"
	"math/rand/v2"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// An area is a region with places that are in it for certain.
type area struct {
	what   string
	region core.Region
	points []core.LonLat
	at     func(*rand.Rand) core.LonLat // gives places that may be in it
	in     func(core.LonLat) bool       // says of those which are
}

// pointsOf is how many places an area has.
func pointsOf(c *check) int {
	if c.Short {
		return 10
	}
	return 24
}

// fill adds places in the region of those that at gives, and those that are exactly in it.
func (a area) fill(c *check, at func(*rand.Rand) core.LonLat, exactly ...core.LonLat) area {
	a.at = at
	if a.in == nil {
		a.in = inside(a.region)
	}
	a.points = a.more(c, pointsOf(c), exactly)
	return a
}

// more adds to points of an area until there are n, or none can be found.
func (a *area) more(c *check, n int, points []core.LonLat) []core.LonLat {
	points = slices.Clip(points)
	for tries := 0; len(points) < n && tries < 40*n && a.at != nil; tries++ {
		if p := a.at(c.rand); math.Abs(p.Lat) <= 90 && a.in(p) {
			points = append(points, p)
		}
	}
	return points
}

// edge is a place in an area, at its border: from a place inside, in some direction, as far as it goes.
func (a *area) edge(c *check) core.LonLat {
	p, bearing := a.points[c.rand.IntN(len(a.points))], 2*math.Pi*c.rand.Float64()
	if a.in == nil || !a.in(p) {
		return p
	}
	far := 1e-3
	for far < halfTurn && a.in(move(p, bearing, far)) {
		far *= 2
	}
	near := far / 2
	if far == 1e-3 {
		return p
	}
	for range 12 {
		if middle := (near + far) / 2; a.in(move(p, bearing, middle)) {
			near = middle
		} else {
			far = middle
		}
	}
	return move(p, bearing, near)
}

// An anchor is a place in the domain, with the length of the sides of shards there, metres.
type anchor struct {
	at   core.LonLat
	side float64
}

// each makes areas around some places in the domain.
func (g *gridSuite) each(c *check, n int, kind func(*check, anchor) []area) []area {
	return around(c, g.homes, n, kind)
}

// around makes areas around some places of shards.
func around(c *check, homes []home, n int, kind func(*check, anchor) []area) (areas []area) {
	for i := range n {
		h := &homes[i%len(homes)]
		areas = append(areas, kind(c, anchor{h.inside[c.rand.IntN(len(h.inside))], h.side})...)
	}
	return areas
}

// awayFromPoles are the known shards that are away from the poles, where those of many grids come to a point; all, if none is.
func (g *gridSuite) awayFromPoles() []home {
	away := slices.DeleteFunc(slices.Clone(g.homes), func(h home) bool {
		return halfTurn/180*(90-math.Abs(h.center().Lat)) < 3*h.side
	})
	if len(away) == 0 {
		return g.homes
	}
	return away
}

func (g *gridSuite) pointAreas(c *check) []area   { return g.each(c, c.few(300), pointsAt) }
func (g *gridSuite) capAreas(c *check) []area     { return g.each(c, c.few(15), capsAt) }
func (g *gridSuite) trackAreas(c *check) []area   { return g.each(c, c.few(15), tracksAt) }
func (g *gridSuite) boxAreas(c *check) []area     { return g.each(c, c.few(15), boxesAt) }
func (g *gridSuite) polygonAreas(c *check) []area { return g.each(c, c.few(15), polygonsAt) }

// poleAreas are areas that contain a pole, or come near to one.
func (g *gridSuite) poleAreas(c *check) (areas []area) {
	for _, pole := range g.poles {
		for range c.few(2) {
			a := anchor{pole, g.homes[c.rand.IntN(len(g.homes))].side}
			areas = append(areas, slices.Concat(capsAt(c, a), tracksAt(c, a), overPole(c, a), polygonsAt(c, a), polarBox(c, a))...)
			a.at = nearby(c.rand, pole, a.side)
			areas = append(areas, slices.Concat(capsAt(c, a), tracksAt(c, a), polygonsAt(c, a), boxesAt(c, a))...)
		}
	}
	return areas
}

// seamAreas are areas on both sides of the antimeridian, with longitudes written in several ways.
func (g *gridSuite) seamAreas(c *check) (areas []area) {
	for range c.few(10) {
		for _, p := range g.seam[:min(len(g.seam), 1)] {
			p = g.seam[c.rand.IntN(len(g.seam))]
			a := anchor{p, g.homes[c.rand.IntN(len(g.homes))].side}
			areas = append(areas, slices.Concat(pointsAt(c, a), capsAt(c, a), tracksAt(c, a), boxesAt(c, a), polygonsAt(c, a))...)
		}
	}
	return areas
}

// givenAreas are those of the options.
func (g *gridSuite) givenAreas(c *check) (areas []area) {
	for _, region := range g.Regions {
		r, err := sphere.NewRegion(region, sphere.AuthalicWGS84)
		c.must(err, "GridOptions.Regions")
		around := r.Cap()
		lon, lat := around.Center.LonLat()
		in := inside(region) // of planar regions, who are asked for with no margin, also what is 8 m outside
		areas = append(areas, area{what: "given region", region: region}.fill(c, func(r *rand.Rand) core.LonLat {
			p := nearby(r, core.LonLat{Lon: lon, Lat: lat}, around.Radius*sphere.EarthRadius)
			if !in(p) {
				p.Lat = math.NaN()
			}
			return p
		}))
	}
	return areas
}

// pointsAt is a point near the place.
func pointsAt(c *check, a anchor) []area {
	p := nearby(c.rand, a.at, a.side)
	return []area{{what: "point", region: pointRegion(p, 0), points: []core.LonLat{p}}}
}

// capsAt are points with margins, from a hair's breadth to some shards.
func capsAt(c *check, a anchor) (areas []area) {
	for _, size := range []float64{1e-6, 0.05, 0.5, 1.5, 4} {
		p := nearby(c.rand, a.at, 0.3*a.side)
		radius := min(size*a.side, 0.45*halfTurn)
		areas = append(areas, area{what: "cap", region: pointRegion(p, radius)}.fill(c, func(r *rand.Rand) core.LonLat {
			return nearby(r, p, radius)
		}, p))
	}
	return areas
}

// tracksAt are arcs, alone and one after the other, with no margin and with some. Along a meridian any point is on the
// arc, whichever way a grid maps latitudes.
func tracksAt(c *check, a anchor) (areas []area) {
	for _, margin := range []float64{0, 0.1 * a.side, 2 * a.side} {
		margin = min(margin, 0.2*halfTurn)
		bearing, length := 2*math.Pi*c.rand.Float64(), min(a.side*12*c.rand.Float64(), 0.4*halfTurn)
		path := []core.LonLat{nearby(c.rand, a.at, a.side/4)}
		region := core.Region{Margin: margin}
		for k := range 3 {
			path = append(path, move(path[k], bearing+0.2*c.rand.NormFloat64(), length/3))
			region.Polygons = append(region.Polygons, core.Polygon{{path[k], path[k+1]}})
		}
		areas = append(areas, area{what: "track", region: region}.fill(c, func(r *rand.Rand) core.LonLat {
			k := r.IntN(3)
			return nearby(r, onArc(path[k], path[k+1], r.Float64()), margin)
		}, path...))
	}
	from, to := a.at, a.at
	span := min(5*a.side/halfTurn*180, 40)
	from.Lat, to.Lat = max(from.Lat-span*c.rand.Float64(), -90), min(to.Lat+span*c.rand.Float64(), 90)
	areas = append(areas, area{what: "track along a meridian", region: core.Region{Polygons: []core.Polygon{{{from, to}}}, Margin: 0.02 * a.side}}.fill(c, func(r *rand.Rand) core.LonLat {
		return core.LonLat{Lon: from.Lon, Lat: from.Lat + r.Float64()*(to.Lat-from.Lat)}
	}, from, to))
	return areas
}

// overPole is a track across a pole.
func overPole(c *check, a anchor) []area {
	span := min(a.side*3/halfTurn*180, 60)
	lat := math.Copysign(90-span, a.at.Lat)
	lon := 360*c.rand.Float64() - 180
	from, to := core.LonLat{Lon: lon, Lat: lat}, core.LonLat{Lon: lon + 180, Lat: lat}
	region := core.Region{Polygons: []core.Polygon{{{from, to}}}, Margin: 0.01 * a.side}
	return []area{area{what: "track over a pole", region: region}.fill(c, func(r *rand.Rand) core.LonLat {
		return core.LonLat{Lon: lon + 180*float64(r.IntN(2)), Lat: math.Copysign(90-span*r.Float64(), a.at.Lat)}
	}, from, to, a.at)}
}

// minPlanar is the side of the smallest shards, metres, for which regions with straight lines in longitude and latitude
// are made: package sphere draws those up to 8 m wide.
const minPlanar = 1000

// polarBox is all longitudes from a parallel to a pole.
func polarBox(c *check, a anchor) []area {
	if a.side < minPlanar {
		return nil
	}
	span := min(a.side*3/halfTurn*180, 60)
	edge := math.Copysign(90-span, a.at.Lat)
	ring := []core.LonLat{{Lon: -180, Lat: edge}, {Lon: 180, Lat: edge}, {Lon: 180, Lat: a.at.Lat}, {Lon: -180, Lat: a.at.Lat}}
	return []area{area{what: "polar box", region: core.Region{Polygons: []core.Polygon{{ring}}, Planar: true}, in: planarInside(ring)}.fill(c, func(r *rand.Rand) core.LonLat {
		return core.LonLat{Lon: 360*r.Float64() - 180, Lat: math.Copysign(90-span*r.Float64(), a.at.Lat)}
	})}
}

// boxesAt are boxes in longitude and latitude.
func boxesAt(c *check, a anchor) (areas []area) {
	if a.side < minPlanar {
		return nil
	}
	for _, size := range []float64{0.02, 1, 4} {
		areas = append(areas, boxAt(c, a.at, size*a.side))
	}
	return areas
}

// boxAt is a box around a place, of about so many metres, with longitudes of any turn.
func boxAt(c *check, at core.LonLat, size float64) area {
	height := min(size/halfTurn*180*(0.5+c.rand.Float64()), 60)
	width := min(height/max(math.Cos(at.Lat*math.Pi/180), 1e-3)*(0.5+c.rand.Float64()), 350)
	west := at.Lon - width*c.rand.Float64() + 360*float64(c.rand.IntN(3)-1)
	south := max(-90, at.Lat-height*c.rand.Float64())
	north := min(90, south+height)
	ring := []core.LonLat{{Lon: west, Lat: south}, {Lon: west + width, Lat: south}, {Lon: west + width, Lat: north}, {Lon: west, Lat: north}}
	in := planarInside(ring)
	if c.rand.IntN(2) == 0 {
		slices.Reverse(ring)
	}
	if c.rand.IntN(2) == 0 {
		ring = append(ring, ring[0])
	}
	return area{what: "box", region: core.Region{Polygons: []core.Polygon{{ring}}, Planar: true}, in: in}.fill(c, func(r *rand.Rand) core.LonLat {
		return core.LonLat{Lon: west + width*r.Float64(), Lat: south + (north-south)*r.Float64()}
	}, ring...)
}

// planarInside reports places in a ring whose sides are straight in longitude and latitude, which has no more than 360°
// of longitude.
func planarInside(ring []core.LonLat) func(core.LonLat) bool {
	west := ring[0].Lon
	for _, v := range ring {
		west = min(west, v.Lon)
	}
	ring = slices.Clone(ring)
	return func(p core.LonLat) bool {
		lon := west + math.Mod(math.Mod(p.Lon-west, 360)+360, 360)
		odd := false
		a := ring[len(ring)-1]
		for _, b := range ring {
			if (a.Lon > lon) != (b.Lon > lon) && a.Lat+(lon-a.Lon)/(b.Lon-a.Lon)*(b.Lat-a.Lat) > p.Lat {
				odd = !odd
			}
			a = b
		}
		return odd
	}
}

// polygonsAt are stars: one, one with a hole, one that winds the other way, two with a margin, one that is planar.
func polygonsAt(c *check, a anchor) (areas []area) {
	side := min(a.side, 0.1*halfTurn)
	sizes := []float64{0.1, 1, 3}
	if c.Short {
		sizes = sizes[c.rand.IntN(3):][:1]
	}
	for _, size := range sizes {
		radius := size * side
		ring := star(c.rand, a.at, radius, 8)
		near := func(r *rand.Rand) core.LonLat { return nearby(r, a.at, 1.6*radius) }
		add := func(what string, region core.Region, exactly ...core.LonLat) {
			areas = append(areas, area{what: what, region: region}.fill(c, near, exactly...))
		}
		add("polygon", core.Region{Polygons: []core.Polygon{{ring}}}, ring...)
		hole := star(c.rand, a.at, 0.3*radius, 6)
		add("polygon with a hole", core.Region{Polygons: []core.Polygon{{ring, hole}}})
		left := slices.Clone(ring) // counter-clockwise: stars go from north to east
		slices.Reverse(left)
		add("oriented polygon", core.Region{Polygons: []core.Polygon{{left}}, Oriented: true}, ring...)
		second := star(c.rand, move(a.at, 1, 2*radius), radius/2, 5)
		add("polygons with a margin", core.Region{Polygons: []core.Polygon{{ring}, {second}}, Margin: radius / 3})
	}
	return append(areas, flatStar(c, a)...)
}

// star is a ring around a place, whose vertices are 0.7 to 1.4 times the radius away; from north to east.
func star(r *rand.Rand, at core.LonLat, radius float64, n int) []core.LonLat {
	ring := make([]core.LonLat, n)
	for i := range ring {
		ring[i] = move(at, 2*math.Pi*(float64(i)+0.5*r.Float64())/float64(n), radius*(0.7+0.7*r.Float64()))
	}
	return ring
}

// flatStar is a star whose sides are straight in longitude and latitude.
func flatStar(c *check, a anchor) []area {
	height := min(1.5*a.side/halfTurn*180, 60, 89.9-math.Abs(a.at.Lat))
	if height <= 0 || a.side < minPlanar {
		return nil
	}
	width := min(height/math.Cos(a.at.Lat*math.Pi/180), 150)
	ring := make([]core.LonLat, 7)
	for i := range ring {
		s, co := math.Sincos(2 * math.Pi * (float64(i) + 0.5*c.rand.Float64()) / 7)
		far := 0.3 + 0.7*c.rand.Float64()
		ring[i] = core.LonLat{Lon: a.at.Lon + width*s*far, Lat: a.at.Lat + height*co*far}
	}
	return []area{area{what: "planar polygon", region: core.Region{Polygons: []core.Polygon{{ring}}, Planar: true}, in: planarInside(ring)}.fill(c, func(r *rand.Rand) core.LonLat {
		return core.LonLat{Lon: a.at.Lon + width*(2*r.Float64()-1), Lat: a.at.Lat + height*(2*r.Float64()-1)}
	}, ring...)}
}
