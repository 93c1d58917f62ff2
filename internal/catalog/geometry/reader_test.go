package geometry

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

func ringOf(n ...float64) []core.LonLat {
	var out []core.LonLat
	for i := 0; i < len(n); i += 2 {
		out = append(out, core.LonLat{Lon: n[i], Lat: n[i+1]})
	}
	return out
}

func shape(rings ...[]core.LonLat) []Shape { return []Shape{{Rings: rings, Polygon: true}} }

// along is a ring of steps of longitude at the latitudes of a function.
func along(from, to, step float64, lat func(lon float64) float64) []core.LonLat {
	var out []core.LonLat
	for lon := from; lon <= to; lon += step {
		out = append(out, core.LonLat{Lon: lon, Lat: lat(lon)})
	}
	return out
}

func at(lat float64) func(float64) float64 { return func(float64) float64 { return lat } }

// compile reads shapes and compiles the region.
func compile(t *testing.T, r Reader, shapes []Shape) (*sphere.Region, []Reading) {
	region, readings, err := r.Region(shapes)
	require.NoError(t, err)
	out, err := sphere.NewRegion(region, sphere.AuthalicWGS84)
	require.NoError(t, err)
	return out, readings
}

func box(t *testing.T, west, south, east, north float64) *sphere.Region {
	region, err := Box(west, south, east, north)
	require.NoError(t, err)
	out, err := sphere.NewRegion(region, sphere.AuthalicWGS84)
	require.NoError(t, err)
	return out
}

// everywhere is points spread evenly over the sphere.
func everywhere(n int) []sphere.Vec {
	out := make([]sphere.Vec, n)
	for i := range out {
		z := 1 - (2*float64(i)+1)/float64(n)
		s, c := math.Sincos(float64(i) * math.Pi * (3 - math.Sqrt(5)))
		out[i] = sphere.Vec{X: math.Sqrt(1-z*z) * c, Y: math.Sqrt(1-z*z) * s, Z: z}
	}
	return out
}

// equal compares regions at many points, those near a border left out.
func equal(t *testing.T, want, got *sphere.Region, msg string) {
	differ := 0
	for _, p := range everywhere(400) {
		if want.Contains(p) != got.Contains(p) {
			differ++
		}
	}
	require.LessOrEqual(t, differ, 1, msg)
}

// reversed, turned and shifted spellings of a ring, closed or not.
func spellings(ring []core.LonLat) map[string][]core.LonLat {
	back := slices.Clone(ring)
	slices.Reverse(back)
	out := map[string][]core.LonLat{"closed": append(slices.Clone(ring), ring[0]), "backwards": back}
	k := len(ring) / 3
	out["from another vertex"] = append(slices.Clone(ring[k:]), ring[:k]...)
	for _, by := range []float64{-360, 360} {
		moved := slices.Clone(ring)
		for i := range moved {
			moved[i].Lon += by
		}
		out[fmt.Sprintf("moved by %v", by)] = moved
	}
	twice := []core.LonLat{}
	for _, v := range ring {
		twice = append(twice, v, v)
	}
	out["each vertex twice"] = twice
	return out
}

// A box across the antimeridian is that box, however it is written; only where winding says the long way it is refused.
func TestBoxAcrossTheAntimeridian(t *testing.T) {
	const west, south, east, north = 162, -78.95, -156.5, -75.7
	want := box(t, west, south, east, north)
	ring := ringOf(west, south, east, south, east, north, west, north)
	dense := ringOf(west, south, 172, south, -178, south, east, south, east, -77, east, north, -170, north, 179, north, west, north, west, -77.1)
	for name, r := range spellings(ring) {
		_, readings, err := Reader{}.Region(shape(slices.Clone(r)))
		if name == "backwards" {
			require.ErrorContains(t, err, "ring 0")
			require.ErrorContains(t, err, "--bbox=162,-78.95,-156.5,-75.7")
			require.ErrorContains(t, err, "--bbox=-156.5,-78.95,162,-75.7")
			continue
		}
		require.NoError(t, err, name)
		require.Len(t, readings, 1)
		require.InDelta(t, 41.5/360*2*math.Pi*6371.0088*6371.0088*(math.Sin(78.9*radian)-math.Sin(75.6*radian)), readings[0].AreaKM2, 3e4)
		require.Contains(t, readings[0].Warning(), "antimeridian")
		got, _ := compile(t, Reader{}, shape(r))
		equal(t, want, got, name)
	}
	oneEach := ringOf(west, south, 179, south, east, south, east, north, -179, north, west, north)
	for name, r := range spellings(oneEach) {
		got, _ := compile(t, Reader{}, shape(r))
		equal(t, want, got, "a vertex on each side, "+name)
	}
	for name, r := range spellings(dense) {
		got, _ := compile(t, Reader{}, shape(r))
		equal(t, want, got, "dense, "+name)
	}
	// Each vertex may be spelled with or without a turn.
	for k := range 16 {
		r := slices.Clone(ring)
		for i := range r {
			if k>>i&1 == 1 {
				r[i].Lon += 360
			}
		}
		region, _, err := Reader{Wound: true}.Region(shape(r))
		require.NoError(t, err)
		got, err := sphere.NewRegion(region, sphere.AuthalicWGS84)
		require.NoError(t, err)
		equal(t, want, got, fmt.Sprint(r))
	}
	// A footprint loses nothing: it is the belt.
	back := spellings(ring)["backwards"]
	got, readings := compile(t, Reader{Footprint: true}, shape(back))
	equal(t, box(t, -180, south, 180, north), got, "belt")
	require.Contains(t, AmbiguityText(readings), "ring 0: ")
	// In files of our own winding is to be trusted.
	got, _ = compile(t, Reader{Wound: true, Footprint: true, Edges: EdgesPlanar}, shape(ringOf(-156.5, south, 162, south, 162, north, -156.5, north)))
	equal(t, box(t, east, south, west, north), got, "wide")
}

func TestRefused(t *testing.T) {
	for name, c := range map[string]struct {
		shapes []Shape
		edges  Edges
		words  []string
	}{
		"a wide box":                    {shape(ringOf(-179, -10, 179, -10, 179, 10, -179, 10)), EdgesAuto, []string{"ring 0", "358", "--bbox=-179,-10,179,10"}},
		"a wide box in a feature":       {[]Shape{{Place: "feature 3 (sea)", Rings: [][]core.LonLat{ringOf(-120, 0, 120, 0, 120, 10, -120, 10)}, Polygon: true}}, EdgesAuto, []string{"feature 3 (sea), ring 0", "--bbox"}},
		"a wide hole":                   {shape(ringOf(-180, -90, 180, -90, 180, 90, -180, 90), ringOf(-120, 10, 120, 10, 120, 0, -120, 0)), EdgesAuto, []string{"ring 1", "--bbox=-120"}},
		"two points":                    {shape(ringOf(1, 2, 3, 4, 1, 2)), EdgesAuto, []string{"ring 0", "no area", "line"}},
		"one point":                     {shape(ringOf(1, 2, 1, 2, 1, 2)), EdgesAuto, []string{"no area"}},
		"a meridian":                    {shape(ringOf(1, 2, 1, 3, 1, 5)), EdgesAuto, []string{"no area"}},
		"a parallel":                    {shape(ringOf(10, 60, 20, 60, 30, 60)), EdgesAuto, []string{"no area"}},
		"a slanted line":                {shape(ringOf(10, 60, 20, 70, 15, 65)), EdgesAuto, []string{"no area"}},
		"a great circle to and fro":     {shape(ringOf(0, 0, 90, 45, 180, 0, 90, 45)), EdgesAuto, nil},
		"a hole without area":           {shape(ringOf(0, 0, 9, 0, 9, 9), ringOf(1, 1, 2, 2, 1, 1)), EdgesAuto, []string{"ring 1", "no area"}},
		"the equator":                   {shape(along(-180, 170, 10, at(0))), EdgesAuto, []string{"same size", "--bbox"}},
		"the equator as great circles":  {shape(along(-180, 170, 10, at(0))), EdgesGeodesic, []string{"ring 0"}},
		"most of the Earth":             {shape(append(along(-179, 179, 1, func(l float64) float64 { return -60 + l/1000 }), reversed(along(-179, 179, 1, at(60)))...)), EdgesAuto, []string{"both poles", "--bbox"}},
		"opposite points":               {shape(ringOf(0, 10, 180, -10, 90, 30)), EdgesAuto, []string{"ring 0", "opposite"}},
		"a flat map with a long step":   {shape(ringOf(-180, -60, 100, -65, 180, -60, 180, -80, -180, -80)), EdgesAuto, []string{"half a turn"}},
		"twice around in planar edges":  {shape(ringOf(0, 0, 120, 1, 240, 2, 360, 3, 480, 4, 600, 5, 720, 6)), EdgesPlanar, []string{"around 2 times"}},
		"a parallel with planar edges":  {shape(ringOf(10, 60, 20, 60, 30, 60)), EdgesPlanar, []string{"no area"}},
		"the antimeridian with no area": {shape(ringOf(180, 10, -180, 20, 180, 30)), EdgesAuto, []string{"no area"}},
	} {
		_, _, err := Reader{Edges: c.edges}.Region(c.shapes)
		require.Error(t, err, name)
		require.Equal(t, core.Invalid, core.CodeOf(err), name)
		for _, w := range c.words {
			require.ErrorContains(t, err, w, name)
		}
	}
}

func reversed(r []core.LonLat) []core.LonLat {
	out := slices.Clone(r)
	slices.Reverse(out)
	return out
}

// A ring around a pole is the cap, in whatever way it meets the antimeridian.
func TestRingsAroundAPole(t *testing.T) {
	wave := func(mean float64) func(float64) float64 {
		return func(lon float64) float64 { return mean + 2*math.Sin(3*lon*radian) }
	}
	for _, pole := range []float64{-90, 90} {
		for name, lat := range map[string]func(float64) float64{"parallel": at(pole * 7 / 9), "wave": wave(pole * 7 / 9)} {
			once := along(-180, 175, 5, lat)
			want, _ := compile(t, Reader{Edges: EdgesGeodesic}, shape(once))
			require.True(t, want.Contains(sphere.Vec{Z: pole / 90}))
			withPole := func(ring []core.LonLat, end ...float64) []core.LonLat {
				return append(slices.Clone(ring), ringOf(end...)...)
			}
			twice, from0 := along(-180, 180, 5, lat), along(0, 360, 5, lat)
			for how, ring := range map[string][]core.LonLat{
				"once": once, "twice": twice, "from 0 to 360": from0, "from 0": along(0, 355, 5, lat),
				"from -100 to 260":  along(-100, 260, 5, lat),
				"closed at 180":     withPole(along(-180, 175, 5, lat), 180, lat(180)),
				"along the pole":    withPole(twice, 180, pole, -180, pole),
				"by steps":          withPole(twice, 180, pole, 90, pole, 0, pole, -90, pole, -180, pole),
				"pole from 0":       withPole(from0, 360, pole, 0, pole),
				"to the pole":       withPole(twice, 0, pole),
				"by both meridians": withPole(twice, 180, pole*8/9, 180, pole, -180, pole, -180, pole*8/9),
			} {
				for spelling, r := range spellings(ring) {
					for _, edges := range []Edges{EdgesAuto, EdgesPlanar} {
						if how == "to the pole" && edges == EdgesPlanar {
							continue // a straight line to longitude 0 is another thing
						}
						got, readings := compile(t, Reader{Edges: edges}, shape(r))
						equalish(t, want, got, fmt.Sprint(pole, name, how, spelling, edges))
						require.NotEmpty(t, readings[0].Text())
					}
				}
			}
		}
	}
	for _, ring := range [][]core.LonLat{ringOf(-180, -70, 0, -70, 180, -70), ringOf(0, -70, 120, -70, 240, -70), ringOf(-180, -70, -90, -70, 0, -70, 90, -70, 180, -70, -180, -70)} {
		got, readings := compile(t, Reader{}, shape(ring))
		equal(t, box(t, -180, -90, 180, -70), got, fmt.Sprint(ring))
		require.Equal(t, "south", readings[0].Pole)
	}
}

// equalish is equal for rings whose edges are drawn in two ways.
func equalish(t *testing.T, want, got *sphere.Region, msg string) {
	differ := 0
	points := everywhere(80)
	for _, p := range points {
		if want.Contains(p) != got.Contains(p) {
			differ++
		}
	}
	require.LessOrEqual(t, differ, 1, msg)
}

// Shapes of a flat map are what the map shows.
func TestFlatMaps(t *testing.T) {
	for name, c := range map[string]struct {
		ring []core.LonLat
		want *sphere.Region
		km2  float64
	}{
		"the world":            {ringOf(-180, -90, 180, -90, 180, 90, -180, 90), box(t, -180, -90, 180, 90), 510065625},
		"the world by steps":   {ringOf(-180, -90, 0, -90, 180, -90, 180, 90, 0, 90, -180, 90), box(t, -180, -90, 180, 90), 510065625},
		"the world from 0":     {ringOf(0, -90, 360, -90, 360, 90, 0, 90), box(t, -180, -90, 180, 90), 510065625},
		"a belt":               {ringOf(-180, -60, 180, -60, 180, 60, -180, 60), box(t, -180, -60, 180, 60), 441233923},
		"a belt by steps":      {ringOf(-180, -60, 0, -60, 180, -60, 180, 60, 0, 60, -180, 60), box(t, -180, -60, 180, 60), 441233923},
		"a belt off the pole":  {ringOf(-180, -89, 180, -89, 180, -60, -180, -60), box(t, -180, -89, 180, -60), 34376659},
		"a sector":             {ringOf(10, -90, 50, -90, 50, -70, 10, -70), box(t, 10, -90, 50, -70), 1722927},
		"a sector over 180":    {ringOf(170, -90, -170, -90, -170, -70, 170, -70), box(t, 170, -90, -170, -70), 861463},
		"a box at 180":         {ringOf(170, 10, 180, 10, 180, 20, 170, 20), box(t, 170, 10, 180, 20), 1188552},
		"a box of half a turn": {ringOf(-90, 10, 90, 10, 90, 20, -90, 20), box(t, -90, 10, 90, 20), 21393934},
	} {
		for spelling, r := range spellings(c.ring) {
			if name == "a sector over 180" && spelling == "backwards" {
				continue // refused
			}
			got, readings := compile(t, Reader{}, shape(r))
			equal(t, c.want, got, name+", "+spelling)
			require.InEpsilon(t, c.km2, readings[0].AreaKM2, 0.002)
		}
	}
}

// What is read is read the same again, with the word of a catalog file or without.
func TestReadingAgain(t *testing.T) {
	shapes := append(shape(ringOf(162, -78.95, -156.5, -78.95, -156.5, -75.7, 162, -75.7)),
		Shape{Rings: [][]core.LonLat{along(-180, 180, 10, at(-70)), ringOf(0, -80, 10, -82, 20, -80)}, Polygon: true},
		Shape{Rings: [][]core.LonLat{ringOf(170, -60, -160, -60, -175, -50)}, Polygon: true},
		Shape{Rings: [][]core.LonLat{ringOf(170, 0, -170, 5, -160, 0)}}, Shape{Rings: [][]core.LonLat{ringOf(1, 1)}})
	region, _, err := Reader{}.Region(shapes)
	require.NoError(t, err)
	require.Equal(t, []bool{true, true, false, false, false, false, false}, region.Straight)
	parsed, err := ParseWKB(AppendWKB(nil, region.Polygons))
	require.NoError(t, err)
	again, _, err := Reader{}.Region(parsed)
	require.NoError(t, err)
	require.Equal(t, region, again)
	marked, err := Reader{Footprint: true, Wound: true}.Marked(parsed, "1100000")
	require.NoError(t, err)
	require.Equal(t, region, marked)
	for _, word := range []string{"", "110000", "11000x0"} {
		_, err = Reader{}.Marked(parsed, word)
		require.ErrorContains(t, err, "0 or 1")
	}
}

// One shape does not change how another is read: the union is the union of each.
func TestUnion(t *testing.T) {
	shapes := []Shape{
		{Rings: [][]core.LonLat{along(-175, 175, 10, at(-70))}, Polygon: true},
		{Rings: [][]core.LonLat{ringOf(10, 0, 15, 0, 15, 5, 10, 5)}, Polygon: true},
		{Rings: [][]core.LonLat{ringOf(170, -60, -160, -60, -175, -50)}, Polygon: true},
		{Rings: [][]core.LonLat{ringOf(-60, 60, 60, 60, 50, 40, -50, 40)}, Polygon: true},
		{Rings: [][]core.LonLat{ringOf(162, -78.95, -156.5, -78.95, -156.5, -75.7, 162, -75.7)}, Polygon: true},
		{Rings: [][]core.LonLat{ringOf(100, 10, 140, 5, 150, 40, 100, 45), ringOf(110, 20, 130, 20, 130, 30, 110, 30), ringOf(135, 20, 140, 25, 138, 30)}, Polygon: true},
	}
	var parts []*sphere.Region
	for _, s := range shapes {
		part, _ := compile(t, Reader{}, []Shape{s})
		parts = append(parts, part)
	}
	whole, _ := compile(t, Reader{}, shapes)
	for _, p := range everywhere(5000) {
		want := slices.ContainsFunc(parts, func(r *sphere.Region) bool { return r.Contains(p) })
		if want != whole.Contains(p) { // 8 m around straight edges of any part
			require.Less(t, whole.Distance(p), 1e-5)
		}
	}
	require.False(t, whole.Contains(sphere.AuthalicWGS84.Point(120, 25)), "a hole along parallels in a shape of great circles")
	require.False(t, whole.Contains(sphere.AuthalicWGS84.Point(137.5, 25)), "a hole of great circles")
	require.True(t, whole.Contains(sphere.AuthalicWGS84.Point(105, 25)))
}

// Any ring moved by a rotation of the sphere encloses the same places, moved: no longitude is special.
func TestRotations(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 3))
	points := everywhere(800)
	turns := 25
	if testing.Short() {
		turns = 5
	}
	for i := range turns {
		ring := star(r, 3+r.IntN(30), 0.05+1.2*r.Float64())
		want, wantReadings := compile(t, Reader{}, shape(lonLats(ring)))
		u, v, w := rotation(r)
		turn := func(p sphere.Vec) sphere.Vec { return u.Mul(p.X).Add(v.Mul(p.Y)).Add(w.Mul(p.Z)) }
		moved := make([]sphere.Vec, len(ring))
		for k, p := range ring {
			moved[k] = turn(p)
		}
		for spelling, s := range spellings(lonLats(moved)) {
			got, readings := compile(t, Reader{}, shape(s))
			require.InEpsilon(t, wantReadings[0].AreaKM2+1, readings[0].AreaKM2+1, 1e-6)
			for _, p := range points {
				require.Equal(t, want.Contains(p), got.Contains(turn(p)), "ring %d, %s", i, spelling)
			}
		}
		// Vertices added along edges are on them.
		dense := []sphere.Vec{}
		for k, p := range moved {
			q := moved[(k+1)%len(moved)]
			dense = append(dense, p, p.Mul(2).Add(q).Unit(), p.Add(q.Mul(2)).Unit())
		}
		got, _ := compile(t, Reader{}, shape(lonLats(dense)))
		for _, p := range points {
			require.Equal(t, want.Contains(p), got.Contains(turn(p)), "ring %d, dense", i)
		}
	}
}

// star is a ring around a point, as far as a radius.
func star(r *rand.Rand, n int, radius float64) []sphere.Vec {
	u, v, w := rotation(r)
	out := make([]sphere.Vec, n)
	for i := range out {
		s, c := math.Sincos(2 * math.Pi * (float64(i) + 0.8*r.Float64()) / float64(n))
		d := radius * (0.3 + 0.7*r.Float64())
		out[i] = w.Mul(math.Cos(d)).Add(u.Mul(c).Add(v.Mul(s)).Mul(math.Sin(d)))
	}
	return out
}

func rotation(r *rand.Rand) (u, v, w sphere.Vec) {
	random := func() sphere.Vec {
		return sphere.Vec{X: r.NormFloat64(), Y: r.NormFloat64(), Z: r.NormFloat64()}.Unit()
	}
	w = random()
	u = w.Cross(random()).Unit()
	return u, w.Cross(u), w
}

// lonLats are points of the authalic sphere in geodetic degrees.
func lonLats(points []sphere.Vec) []core.LonLat {
	out := make([]core.LonLat, len(points))
	for i, p := range points {
		lon, lat := p.LonLat()
		out[i] = core.LonLat{Lon: lon, Lat: sphere.AuthalicWGS84.FromSphere(lat)}
	}
	return out
}
