package sphere

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// closedAuthalic is the authalic latitude by the closed form (Snyder 1987, eq. 3-11, 3-12), radians.
func closedAuthalic(phi float64) float64 {
	const f = 1 / InverseFlattening
	e2 := f * (2 - f)
	e := math.Sqrt(e2)
	q := func(s float64) float64 { return (1 - e2) * (s/(1-e2*s*s) + math.Atanh(e*s)/e) }
	return math.Asin(q(math.Sin(phi)) / q(1))
}

// colatitude is the angle of authalic latitude from the pole for an angle of geodetic latitude from the pole, radians: of
// q(π/2)-q(φ) as an integral, so that no digit is lost near the pole.
func colatitude(theta float64) float64 {
	const f = 1 / InverseFlattening
	e2 := f * (2 - f)
	e := math.Sqrt(e2)
	density := func(x float64) float64 {
		c := math.Cos(x)
		return 2 * (1 - e2) * math.Sin(x) / ((1 - e2*c*c) * (1 - e2*c*c))
	}
	gap := 0.0
	const steps = 64
	h := theta / steps
	for i := range steps { // Gauss-Legendre with three points
		middle := (float64(i) + 0.5) * h
		for _, g := range [][2]float64{{-math.Sqrt(0.6), 5.0 / 18}, {0, 8.0 / 18}, {math.Sqrt(0.6), 5.0 / 18}} {
			gap += g[1] * h * density(middle+g[0]*h/2)
		}
	}
	whole := (1 - e2) * (1/(1-e2) + math.Atanh(e)/e)
	return 2 * math.Asin(math.Sqrt(gap/(2*whole)))
}

// TestAuthalicNearPoles: to 1e-13 rad up to the pole.
func TestAuthalicNearPoles(t *testing.T) {
	for i := range 400 {
		theta := 30 * math.Exp(-float64(i)/20) // degrees from the pole
		require.InDelta(t, colatitude(theta*radian), (90-Authalic(90-theta))*radian, 2e-15+1e-16*90)
		require.InDelta(t, colatitude(theta*radian), (90+Authalic(theta-90))*radian, 2e-15+1e-16*90)
	}
}

func TestAuthalic(t *testing.T) {
	for i := range 2000 {
		lat := 85 * float64(i) / 2000 // beyond it asin of the closed form loses digits
		require.InDelta(t, closedAuthalic(lat*radian), Authalic(lat)*radian, 1e-14+1e-15/math.Cos(lat*radian))
		require.InDelta(t, lat, Geodetic(Authalic(lat)), 5e-14)
		require.Equal(t, -Authalic(lat), Authalic(-lat))
		require.Equal(t, -Geodetic(lat), Geodetic(-lat))
	}
	for _, lat := range []float64{85, 89, 89.9999999, 90 - 1e-12} {
		require.InDelta(t, lat, Geodetic(Authalic(lat)), 5e-14)
	}
	for _, lat := range []float64{0, 90, -90, math.Inf(1), math.Inf(-1)} {
		require.Equal(t, lat, Authalic(lat))
		require.Equal(t, lat, Geodetic(lat))
	}
	require.True(t, math.IsNaN(Authalic(math.NaN())))
	require.True(t, math.IsNaN(Geodetic(math.NaN())))
	require.Greater(t, Authalic(95), 90.0)
	below, above := math.Nextafter(90, 0), math.Nextafter(90, 100)
	require.LessOrEqual(t, Geodetic(below), 90.0)
	require.GreaterOrEqual(t, Authalic(above), 89.99)
	// 45°: the greatest difference of the two latitudes (0.1283°).
	require.InDelta(t, 0.1283, 45-Authalic(45), 5e-5)
}

func TestVec(t *testing.T) {
	require.Equal(t, Vec{Z: 1}, FromLonLat(123, 90))
	require.Equal(t, Vec{Z: -1}, FromLonLat(-3, -90))
	r := rand.New(rand.NewPCG(1, 1))
	for range 1000 {
		lon, lat := r.Float64()*360-180, math.Asin(2*r.Float64()-1)*degree
		v := FromLonLat(lon, lat)
		require.InDelta(t, 1, v.Norm(), 1e-15)
		x, y := v.LonLat()
		require.InDelta(t, lon, x, 1e-9)
		require.InDelta(t, lat, y, 1e-12)
	}
	a, b := FromLonLat(10, 20), FromLonLat(10, 20+1e-9)
	require.InEpsilon(t, 1e-9*radian, Angle(a, b), 1e-5)
	require.InDelta(t, math.Pi, Angle(a, a.Mul(-1)), 1e-15)
	require.Equal(t, Vec{}, Vec{}.Unit())
}

// randomVec is uniform on the sphere.
func randomVec(r *rand.Rand) Vec {
	return Vec{r.NormFloat64(), r.NormFloat64(), r.NormFloat64()}.Unit()
}

// along is the point a fraction along an arc.
func along(e *Arc, f float64) Vec { return e.A.Mul(1 - f).Add(e.B.Mul(f)).Unit() }

func TestArcDistance(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for i := range 2000 {
		a := randomVec(r)
		b := randomVec(r)
		if i%2 == 0 { // short ones too
			b = a.Add(b.Mul(1e-4)).Unit()
		}
		e, ok := NewArc(a, b)
		require.True(t, ok)
		p := randomVec(r)
		if i%3 == 0 {
			p = a.Add(p.Mul(1e-4)).Unit()
		}
		least := math.Pi
		for k := range 201 {
			least = min(least, Angle(p, along(&e, float64(k)/200)))
		}
		d := e.Distance(p)
		require.LessOrEqual(t, d, least+1e-12)
		require.GreaterOrEqual(t, d, least-Angle(a, b)/100)
		require.True(t, e.Within(p, NewReach(d*(1+1e-9)+1e-15)))
		if d > 1e-7 {
			require.False(t, e.Within(p, NewReach(d*(1-1e-7))))
		}
	}
	point, ok := NewArc(Vec{X: 1}, Vec{X: 1})
	require.True(t, ok)
	require.True(t, point.IsPoint())
	require.InDelta(t, math.Pi/2, point.Distance(Vec{Z: 1}), 1e-15)
	_, ok = NewArc(Vec{X: 1}, Vec{X: -1})
	require.False(t, ok)
}

func TestCap(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for range 200 {
		center := randomVec(r)
		var points []Vec
		for range 10 {
			points = append(points, center.Add(randomVec(r).Mul(0.3)).Unit())
		}
		c := CapAround(points...)
		for _, p := range points {
			require.True(t, c.Contains(p))
		}
		require.False(t, c.Contains(c.Center.Mul(-1)))
	}
	require.Equal(t, Full(), CapAround())
	require.Equal(t, Full(), CapAround(Vec{X: 1}, Vec{X: -1}))
	full := Full()
	require.True(t, full.Contains(Vec{X: -1}))
	require.Equal(t, math.Pi, Cap{Radius: 3}.Grow(1).Radius)
}

// square is a ring of lon/lat corners, counter-clockwise.
func square(west, south, east, north float64) []core.LonLat {
	return []core.LonLat{{Lon: west, Lat: south}, {Lon: east, Lat: south}, {Lon: east, Lat: north}, {Lon: west, Lat: north}}
}

// An at is a longitude and a latitude.
type at [2]float64

func line(points ...at) []core.LonLat {
	var ring []core.LonLat
	for _, p := range points {
		ring = append(ring, core.LonLat{Lon: p[0], Lat: p[1]})
	}
	return ring
}

func reversed(ring []core.LonLat) []core.LonLat {
	var out []core.LonLat
	for i := range ring {
		out = append(out, ring[len(ring)-1-i])
	}
	return out
}

func polygons(rings ...[]core.LonLat) []core.Polygon {
	p := core.Polygon{}
	return []core.Polygon{append(p, rings...)}
}

func TestContains(t *testing.T) {
	polar := []core.LonLat{{Lon: 0, Lat: -70}, {Lon: 90, Lat: -75}, {Lon: 180, Lat: -70}, {Lon: 270, Lat: -72}}
	for _, c := range []struct {
		name   string
		region core.Region
		in     []at
		out    []at
	}{
		{"square", core.Region{Polygons: polygons(square(10, 10, 20, 20))}, []at{{15, 15}, {375, 15}, {10, 10}, {20, 20}}, []at{{9, 15}, {15, 21}, {-165, -15}, {0, 90}}},
		{"closed", core.Region{Polygons: polygons(append(square(10, 10, 20, 20), line(at{10, 10})...))}, []at{{15, 15}}, []at{{9, 15}}},
		{"wound the other way", core.Region{Polygons: polygons(reversed(square(10, 10, 20, 20)))}, []at{{15, 15}}, []at{{9, 15}, {0, -90}}},
		{"oriented", core.Region{Polygons: polygons(square(10, 10, 20, 20)), Oriented: true}, []at{{15, 15}}, []at{{9, 15}}},
		{"oriented outside", core.Region{Polygons: polygons(reversed(square(10, 10, 20, 20))), Oriented: true}, []at{{9, 15}, {0, 90}, {0, -90}}, []at{{15, 15}}},
		{"hole", core.Region{Polygons: polygons(square(0, 0, 30, 30), square(10, 10, 20, 20), square(14, 14, 16, 16))}, []at{{5, 5}, {15, 15}}, []at{{12, 12}, {40, 5}}},
		{"oriented hole", core.Region{Polygons: polygons(square(0, 0, 30, 30), reversed(square(10, 10, 20, 20))), Oriented: true}, []at{{5, 5}}, []at{{12, 12}, {40, 5}}},
		{"oriented hole wound as the shell", core.Region{Polygons: polygons(square(0, 0, 30, 30), square(10, 10, 20, 20)), Oriented: true}, []at{{5, 5}}, []at{{12, 12}, {40, 5}}},
		{"antimeridian", core.Region{Polygons: polygons(square(170, -5, 190, 5))}, []at{{180, 0}, {-180, 0}, {-175, 1}, {900, 1}}, []at{{0, 0}, {169, 0}, {-169, 0}}},
		{"antimeridian spelled -170", core.Region{Polygons: polygons(square(170, -5, -170, 5))}, []at{{180, 0}, {-175, 1}}, []at{{0, 0}, {169, 0}}},
		{"pole", core.Region{Polygons: polygons(polar)}, []at{{0, -90}, {123, -80}, {45, -85}}, []at{{0, 90}, {0, -60}, {0, 0}}},
		{"two polygons", core.Region{Polygons: append(polygons(square(0, 0, 1, 1)), polygons(square(5, 5, 6, 6))...)}, []at{{.5, .5}, {5.5, 5.5}}, []at{{3, 3}}},
		{"overlapping parts are a union", core.Region{Polygons: append(polygons(square(0, 0, 10, 10)), polygons(square(5, 5, 15, 15))...)}, []at{{2, 2}, {7, 7}, {12, 12}}, []at{{12, 2}, {2, 12}}},
		{"a hole is of its own part", core.Region{Polygons: append(polygons(square(0, 0, 30, 30), square(10, 10, 20, 20)), polygons(square(14, 14, 16, 16))...)}, []at{{5, 5}, {15, 15}}, []at{{12, 12}}},
		{"a hole over a pole", core.Region{Polygons: polygons(line(at{0, 60}, at{90, 60}, at{180, 60}, at{270, 60}), line(at{0, 80}, at{120, 80}, at{240, 80}))}, []at{{0, 70}, {45, 75}}, []at{{0, 90}, {60, 85}, {0, 50}}},
		{"vertex at a pole", core.Region{Polygons: polygons(line(at{77, 90}, at{0, 70}, at{40, 70}))}, []at{{20, 80}, {0, 90}, {20, 89.999}}, []at{{-10, 80}, {200, 89.999}}},
		{"edge through a pole", core.Region{Polygons: polygons(line(at{0, 70}, at{180, 75}, at{90, 60}))}, []at{{90, 80}, {45, 89}}, []at{{270, 89}, {-90, 80}}},
		{"tiny", core.Region{Polygons: polygons(square(20, 40, 20+6e-8, 40+6e-8))}, []at{{20 + 3e-8, 40 + 3e-8}}, []at{{20 - 2e-6, 40}, {20, 40 + 2e-6}, {-160, -40}}},
		{"tiny at the antimeridian", core.Region{Polygons: polygons(square(180-3e-8, -3e-8, -180+3e-8, 3e-8))}, []at{{180, 0}, {-180, 1e-8}}, []at{{180 - 2e-6, 0}, {0, 0}}},
		{"half way around", core.Region{Polygons: polygons(line(at{-90, -10}, at{0, -10}, at{90, -10}, at{90, 10}, at{0, 10}, at{-90, 10}))}, []at{{0, 0}, {80, 5}}, []at{{180, 0}, {100, 0}, {0, 20}}},
		{"nearly opposite ends", core.Region{Polygons: polygons(line(at{0, 0}, at{179.999, 0}, at{90, 30}))}, []at{{90, 10}, {1, 0.1}}, []at{{90, -10}, {-90, 0}, {90, 31}}},
		{"bow tie", core.Region{Polygons: polygons(line(at{0, 0}, at{10, 10}, at{10, 0}, at{0, 10}))}, []at{{1, 5}, {9, 5}}, []at{{5, 1}, {5, 9}, {180, 0}}},
		{"point", core.Region{Polygons: polygons(line(at{10, 10})), Margin: 1000}, []at{{10, 10}, {10.008, 10}}, []at{{10.02, 10}}},
		{"point without margin", core.Region{Polygons: polygons(line(at{10, 10}))}, []at{{10, 10}, {370, 10}}, []at{{10, 10.0001}}},
		{"arc", core.Region{Polygons: polygons(line(at{10, 0}, at{20, 0})), Margin: 11_000}, []at{{15, 0.09}, {9.91, 0}}, []at{{15, 0.12}, {9.85, 0}}},
		{"margin", core.Region{Polygons: polygons(square(10, 10, 20, 20)), Margin: 111_000}, []at{{9.2, 15}, {15, 9.2}, {15, 15}}, []at{{8.8, 15}}},
		{"planar", core.Region{Polygons: polygons(square(0, 60, 60, 70)), Planar: true}, []at{{30, 60.1}, {30, 69.9}}, []at{{30, 59.9}, {30, 70.1}, {61, 65}}},
		{"planar world", core.Region{Polygons: polygons(square(-180, -90, 180, 90)), Planar: true}, []at{{0, 0}, {180, 5}, {0, 90}, {77, -90}, {1e6, 3}}, nil},
		{"planar south", core.Region{Polygons: polygons(square(-180, -90, 180, -60)), Planar: true}, []at{{0, -90}, {10, -60.5}, {180, -70}}, []at{{0, -59.5}, {0, 90}}},
		{"planar north of", core.Region{Polygons: polygons(square(-180, -60, 180, 90)), Planar: true}, []at{{0, 90}, {10, -59.5}}, []at{{0, -60.5}}},
		{"planar hole", core.Region{Polygons: polygons(square(350, 0, 380, 30), square(355, 5, 365, 10)), Planar: true}, []at{{-9, 1}, {15, 29}}, []at{{0, 7}}},
		{"nothing", core.Region{}, nil, []at{{0, 0}}},
		{"spike", core.Region{Polygons: polygons(line(at{0, 0}, at{10, 0}, at{5, 0}))}, []at{{5, 0}}, []at{{5, 1}, {0, 90}, {180, 0}}},
		{"repeated vertices", core.Region{Polygons: polygons(line(at{0, 0}, at{0, 0}, at{10, 0}, at{10, 10}, at{10, 10}, at{0, 0}))}, []at{{6, 3}}, []at{{3, 6}}},
	} {
		for _, latitude := range []Latitude{AuthalicWGS84, GeodeticSpherical} {
			r, err := NewRegion(c.region, latitude)
			require.NoError(t, err, c.name)
			box, err := Bounds(c.region)
			require.NoError(t, err, c.name)
			around := r.Cap()
			for _, p := range c.in {
				v := latitude.Point(p[0], p[1])
				require.True(t, r.Contains(v), "%s %v", c.name, p)
				require.Less(t, r.Distance(v), 1e-8, "%s %v", c.name, p)
				require.True(t, box.Contains(p[0], p[1]), "%s %v %v", c.name, p, box)
				require.True(t, around.Contains(v), "%s %v", c.name, p)
				require.NotEqual(t, Apart, r.Relate(Cap{Center: v, Radius: 1e-9}))
			}
			for _, p := range c.out {
				v := latitude.Point(p[0], p[1])
				require.False(t, r.Contains(v), "%s %v", c.name, p)
				require.Greater(t, r.Distance(v), 1e-8, "%s %v", c.name, p)
				require.NotEqual(t, Covers, r.Relate(Cap{Center: v, Radius: 1e-9}))
			}
		}
	}
}

func TestNewRegionRefuses(t *testing.T) {
	nan := math.NaN()
	for name, region := range map[string]core.Region{
		"polygon 0, ring 0: it has no vertices": {Polygons: polygons(nil)},
		"vertex 1":                              {Polygons: polygons([]core.LonLat{{Lon: 1, Lat: 1}, {Lon: nan, Lat: 0}})},
		"vertex 0":                              {Polygons: polygons([]core.LonLat{{Lon: 1, Lat: 90.1}})},
		"polygon 1, ring 0: vertex 0":           {Polygons: append(polygons(square(0, 0, 1, 1)), polygons([]core.LonLat{{Lon: math.Inf(1)}})...)},
		"opposite point":                        {Polygons: polygons([]core.LonLat{{Lon: 0, Lat: 10}, {Lon: 180, Lat: -10}})},
		"longitude 0, latitude 10":              {Polygons: polygons([]core.LonLat{{Lon: 0, Lat: 10}, {Lon: 180, Lat: -10}})},
		"must be said to be planar":             {Polygons: polygons(square(-180, -90, 180, -60))},
		"sides cannot be told apart":            {Polygons: polygons(append(square(0, 0, 40, 40), square(0, 0, 40, 40)...))},
		"more than once around":                 {Polygons: polygons([]core.LonLat{{Lon: 0, Lat: 10}, {Lon: 1e6, Lat: -10}}), Planar: true},
		"-1 is not a distance":                  {Margin: -1},
		"NaN is not a distance":                 {Margin: nan},
		"+Inf is not a distance":                {Margin: math.Inf(1)},
	} {
		_, err := NewRegion(region, AuthalicWGS84)
		require.ErrorContains(t, err, name)
		require.Equal(t, core.Invalid, core.CodeOf(err))
		_, err = Bounds(region)
		if len(region.Polygons) > 0 {
			require.ErrorContains(t, err, name)
		}
	}
}

// starRing is a star-shaped ring around a centre, and another way to see whether a point is in it: by triangles.
func starRing(r *rand.Rand, center Vec, n int) ([]core.LonLat, func(Vec) bool) {
	east := Vec{Z: 1}.Cross(center).Unit()
	north := center.Cross(east)
	points := make([]Vec, n)
	ring := make([]core.LonLat, n)
	for i := range n {
		a := 2 * math.Pi * (float64(i) + 0.5*r.Float64()) / float64(n)
		d := 0.02 + 0.4*r.Float64()
		points[i] = center.Add(east.Mul(d * math.Cos(a))).Add(north.Mul(d * math.Sin(a))).Unit()
		ring[i].Lon, ring[i].Lat = points[i].LonLat()
	}
	return ring, func(p Vec) bool {
		if p.Dot(center) < 0 {
			return false
		}
		for i, a := range points {
			b := points[(i+1)%n]
			// p is in the triangle center, a, b.
			if center.Cross(a).Dot(p) >= 0 && a.Cross(b).Dot(p) >= 0 && b.Cross(center).Dot(p) >= 0 {
				return true
			}
		}
		return false
	}
}

func TestStars(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for i := range 120 {
		center := randomVec(r)
		if i%10 == 0 {
			center = Vec{1e-3 * r.NormFloat64(), 1e-3 * r.NormFloat64(), float64(1 - 2*(i/10%2))}.Unit()
		}
		ring, in := starRing(r, center, 3+r.IntN(20))
		region := core.Region{Polygons: polygons(ring), Oriented: i%3 == 0, Margin: float64(i%4) * 50_000}
		compiled, err := NewRegion(region, GeodeticSpherical)
		require.NoError(t, err)
		box, err := Bounds(region)
		require.NoError(t, err)
		around := compiled.Cap()
		for range 300 {
			p := center.Add(randomVec(r).Mul(0.6)).Unit()
			got := compiled.Contains(p)
			if in(p) != got {
				require.True(t, got)
				require.LessOrEqual(t, compiled.Distance(p), 1e-12)
				require.Positive(t, region.Margin)
			}
			if got {
				lon, lat := p.LonLat()
				require.True(t, box.Contains(lon+360*float64(r.IntN(5)-2), lat), "%v %v", box, p)
				require.True(t, around.Contains(p))
			}
			c := Cap{Center: p, Radius: 0.2 * r.Float64()}
			switch relation := compiled.Relate(c); relation {
			case Covers, Apart:
				for range 20 {
					q := p.Add(randomVec(r).Mul(math.Sin(c.Radius) * 0.5)).Unit()
					if Angle(p, q) <= c.Radius {
						require.Equal(t, relation == Covers, compiled.Contains(q))
					}
				}
			}
		}
	}
}

// TestBoundsBothLatitudes: the box holds the region of either latitude convention.
func TestBoundsBothLatitudes(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for i := range 200 {
		center := randomVec(r)
		ring, _ := starRing(r, center, 3+r.IntN(6))
		region := core.Region{Polygons: polygons(ring), Margin: float64(i%2) * 20_000}
		box, err := Bounds(region)
		require.NoError(t, err)
		for _, latitude := range []Latitude{AuthalicWGS84, GeodeticSpherical} {
			compiled, err := NewRegion(region, latitude)
			require.NoError(t, err)
			for range 200 {
				p := center.Add(randomVec(r).Mul(0.6)).Unit()
				if compiled.Contains(p) {
					lon, lat := p.LonLat()
					require.True(t, box.Contains(lon, latitude.FromSphere(lat)))
				}
			}
		}
	}
}

func TestBoundsAreTight(t *testing.T) {
	for _, c := range []struct {
		region core.Region
		want   Box
	}{
		{core.Region{}, World()},
		{core.Region{Polygons: polygons(square(170, -5, 190, 5)), Planar: true}, Box{170, 20, -5, 5}},
		{core.Region{Polygons: append(polygons(square(170, -5, 180, 5)), polygons(square(-180, -5, -170, 5))...), Planar: true}, Box{170, 20, -5, 5}},
		{core.Region{Polygons: append(polygons(square(-10, -5, -5, 5)), polygons(square(20, -5, 30, 5))...), Planar: true}, Box{-10, 40, -5, 5}},
		{core.Region{Polygons: polygons(square(-180, -90, 180, -60)), Planar: true}, Box{-180, 360, -90, -60}},
		{core.Region{Polygons: polygons([]core.LonLat{{Lon: 5, Lat: 80}, {Lon: -175, Lat: 80}})}, Box{-180, 360, 80, 90}},
		{core.Region{Polygons: polygons([]core.LonLat{{Lon: 725, Lat: 1}})}, Box{5, 0, 1, 1}},
	} {
		got, err := Bounds(c.region)
		require.NoError(t, err)
		const tolerance = 2e-3 // the slack of planar edges
		require.InDelta(t, 0, math.Remainder(got.West-c.want.West, 360), tolerance)
		require.InDelta(t, c.want.Width, got.Width, tolerance)
		require.InDelta(t, c.want.South, got.South, tolerance)
		require.InDelta(t, c.want.North, got.North, tolerance)
	}
	world := World()
	for _, p := range []core.LonLat{{Lon: math.NaN()}, {Lat: math.NaN()}, {Lon: math.Inf(1)}, {Lat: 91}} {
		require.False(t, world.Contains(p.Lon, p.Lat))
	}
	require.True(t, world.Contains(1e6, -90))
}

// TestPlanarSlack: pieces of great circle stay within the slack of the straight line they stand for.
func TestPlanarSlack(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	worst := 0.0
	for range 3000 {
		a := core.LonLat{Lon: 360 * r.Float64(), Lat: 180*r.Float64() - 90}
		b := core.LonLat{Lon: a.Lon + 40*r.Float64() - 20, Lat: max(-90, min(90, a.Lat+40*r.Float64()-20))}
		for _, latitude := range []Latitude{AuthalicWGS84, GeodeticSpherical} {
			var region Region
			region.addLine(segment{a, b, latitude})
			f := r.Float64()
			p := latitude.Point(a.Lon+f*(b.Lon-a.Lon), a.Lat+f*(b.Lat-a.Lat))
			d := math.Pi
			for i := range region.arcs {
				d = min(d, region.arcs[i].Distance(p))
			}
			worst = max(worst, d)
			require.LessOrEqual(t, d, region.slack+rounding)
		}
	}
	require.Less(t, worst, planarSlack)
}

// FuzzRegion: any region is compiled or refused, and what the box says agrees with what the region says.
func FuzzRegion(f *testing.F) {
	f.Add([]byte{10, 10, 20, 10, 20, 20, 10, 20}, uint8(0), 0.0, 15.0, 15.0)
	f.Add([]byte{255, 90, 1, 90, 128, 181}, uint8(1), 1e5, -179.0, 89.0)
	f.Add([]byte{0, 0, 0, 0, 180, 0, 90, 90}, uint8(7), 5.0, 1e6, -90.0)
	f.Fuzz(func(t *testing.T, coordinates []byte, kind uint8, margin, lon, lat float64) {
		if len(coordinates) > 60 {
			return
		}
		var ring []core.LonLat
		for i := 0; i+1 < len(coordinates); i += 2 {
			ring = append(ring, core.LonLat{Lon: 2 * float64(int8(coordinates[i])), Lat: float64(coordinates[i+1]) - 90})
		}
		region := core.Region{Polygons: polygons(ring), Margin: margin, Planar: kind&1 != 0, Oriented: kind&2 != 0}
		if n := len(ring) / 2; kind&4 != 0 && n > 2 {
			region.Polygons = polygons(ring[:n], ring[n:])
		}
		latitude := Latitude(kind >> 3 & 1)
		r, err := NewRegion(region, latitude)
		if err != nil {
			require.Equal(t, core.Invalid, core.CodeOf(err))
			return
		}
		box, err := Bounds(region)
		if err != nil || !(math.Abs(lat) <= 90) || math.Abs(lon) > 1e9 || math.IsNaN(lon) {
			return
		}
		p := latitude.Point(lon, lat)
		if r.Contains(p) {
			require.True(t, box.Contains(lon, lat), "%v %v", region, box)
			around := r.Cap()
			around = around.Grow(1e-9)
			require.True(t, around.Contains(p))
			require.NotEqual(t, Apart, r.Relate(Cap{p, 1e-8}))
		}
	})
}
