package proj

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/wroge/wgs84/v2"

	"github.com/englacial/zagg/core/sphere"
)

var codes = []int{4326, 3031, 3413, 3976, 5041, 5042, 32601, 32618, 32733, 32660, 32701}

func crs(t testing.TB, code int) *CRS {
	t.Helper()
	c, ok := FromCode(code)
	require.True(t, ok, code)
	return c
}

func forward(p Projection, lon, lat float64) (x, y float64) {
	out := make([]float64, 2)
	p.Forward([]float64{lon}, []float64{lat}, out[:1], out[1:])
	return out[0], out[1]
}

func inverse(p Projection, x, y float64) (lon, lat float64) {
	out := make([]float64, 2)
	p.Inverse([]float64{x}, []float64{y}, out[:1], out[1:])
	return out[0], out[1]
}

// Examples worked in IOGP Publication 373-7-2, to the centimetres that it gives, and the corners of the NSIDC's grids of
// 25 km sea ice (their documentation gives latitudes and longitudes to 0.01°).
func TestWorkedExamples(t *testing.T) {
	for _, c := range []struct {
		p              Projection
		lon, lat, x, y float64
		within         float64
	}{
		{variantA("", 90, 0.994, 2e6), 44, 73, 3320416.75, 632668.43, 0.005},
		{&polar{parallel: -71, origin: 70, offset: 6e6, scale: variantB("", -71, 70).scale}, 120, -75, 7255380.79, 7053389.56, 0.005},
		{crs(t, 3413).Projection(0), 168.35, 30.98, -3850000, 5850000, 3000},
		{crs(t, 3976).Projection(0), 317.76, -39.23, -3950000, 4350000, 3000},
	} {
		x, y := forward(c.p, c.lon, c.lat)
		require.InDelta(t, c.x, x, c.within)
		require.InDelta(t, c.y, y, c.within)
	}
}

// Borders between cells often run along these lines: their points are on them to the last bit.
func TestExactLines(t *testing.T) {
	south, north := crs(t, 3031).Projection(0), crs(t, 3413).Projection(0)
	for _, lon := range []float64{0, 180, -180, 360, -540} {
		x, y := forward(south, lon, -77.7)
		require.Zero(t, x)
		require.Equal(t, lon == 0 || lon == 360, y > 0)
	}
	for _, lon := range []float64{45, -135, 225} {
		_, y := forward(north, lon, 81)
		require.Zero(t, y)
	}
	for _, p := range []Projection{south, crs(t, 3976).Projection(0)} {
		x, y := forward(p, 123, -90)
		require.Zero(t, x)
		require.Zero(t, y)
	}
	x, _ := forward(crs(t, 32618).Projection(0), -75, 40)
	require.Equal(t, 500000.0, x)
	_, y := forward(crs(t, 32618).Projection(0), -77, 0)
	require.Zero(t, y)
}

// somewhere is a place on Earth, often near a pole or the antimeridian; for UTM often near the zone.
func somewhere(r *rand.Rand, c *CRS) (lon, lat float64) {
	lon, lat = 360*r.Float64()-180, math.Asin(2*r.Float64()-1)*degree
	tiny := math.Exp(-30 * r.Float64())
	switch r.IntN(6) {
	case 0:
		lat = math.Copysign(90-tiny, lat)
	case 1:
		lon = math.Copysign(180-tiny, lon)
	case 2, 3:
		if u, ok := c.system.(utm); ok {
			lon = u.middle() + 10*r.NormFloat64()
		}
	}
	return lon, lat
}

// There and back again: to 1e-12 degrees, measured on the ground.
func TestRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for _, code := range codes {
		c := crs(t, code)
		p, placed := c.Projection(-180), 0
		d := p.Domain()
		for range 6000 {
			lon, lat := somewhere(r, c)
			x, y := forward(p, lon, lat)
			if math.IsNaN(x) {
				require.True(t, math.IsNaN(y))
				require.NotEqual(t, 4326, code)
				continue
			}
			placed++
			require.True(t, x >= d.X0 && x < d.X1 && y >= d.Y0 && y <= d.Y1)
			lon2, lat2 := inverse(p, x, y)
			if code == 4326 {
				lat = max(lat, southEdge)
			}
			require.InDelta(t, lat, lat2, 1e-12, "%d %v %v", code, lon, lat)
			require.InDelta(t, 0, math.Remainder(lon2-lon, 360)*math.Cos(lat*radian), 1e-12, "%d %v %v", code, lon, lat)
		}
		require.Greater(t, placed, 1800, code)
	}
}

// On the plane: back and there again, all over the domain.
func TestPlaneRoundTrip(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, code := range codes {
		p := crs(t, code).Projection(-180)
		d := p.Domain()
		for i := range 5000 {
			x, y := d.X0+r.Float64()*(d.X1-d.X0), d.Y0+r.Float64()*(d.Y1-d.Y0)
			if i%2 == 0 && code != 4326 { // near the middle
				f := math.Exp(-20 * r.Float64())
				x, y = (d.X0+d.X1)/2+f*(x-(d.X0+d.X1)/2), (d.Y0+d.Y1)/2+f*(y-(d.Y0+d.Y1)/2)
			}
			lon, lat := inverse(p, x, y)
			require.True(t, math.Abs(lon) <= 180 && math.Abs(lat) <= 90, "%d %v %v", code, x, y)
			x2, y2 := forward(p, lon, lat)
			// A latitude near the other pole is 1e-14 degrees coarse, and that is much in the plane.
			off := 1e-8 + 2e-15*(math.Hypot(x, y)+math.Hypot(x, y)*math.Hypot(x, y)/6e6)
			require.InDelta(t, x, x2, off, "%d %v %v", code, x, y)
			require.InDelta(t, y, y2, off, "%d %v %v", code, x, y)
		}
	}
}

// An independent implementation of transverse Mercator agrees to a micrometre near the zone. (Its inverse does not: two
// signs in it cost 6 mm, see docs/decisions.)
func TestAgainstWGS84Library(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, code := range []int{32601, 32618, 32660, 32701, 32733} {
		u := crs(t, code).system.(utm)
		p := u.projection(0)
		other := wgs84.TransverseMercator{Lonf: u.middle(), Scale: utmScale, Eastf: utmEast, Northf: u.falseNorthing()}
		for range 5000 {
			lon, lat := u.middle()+12*r.Float64()-6, 168*r.Float64()-84
			x, y := forward(p, lon, lat)
			x2, y2, _ := other.FromGeographic(lon, lat, 0, wgs84.Spheroid{A: semimajor, Fi: inverseFlattening})
			require.InDelta(t, x2, x, 1e-6)
			require.InDelta(t, y2, y, 1e-6)
		}
	}
}

// The functions behind: against formulas as they are written down.
func TestEllipsoid(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 4))
	for range 10000 {
		angle := 800*r.Float64() - 400
		sin, cos := sincos(angle)
		s, c := math.Sincos(angle * radian)
		require.InDelta(t, s, sin, 2e-15)
		require.InDelta(t, c, cos, 2e-15)
		require.InDelta(t, 1, sin*sin+cos*cos, 5e-16)

		colat := 180 * r.Float64()
		if r.IntN(2) == 0 {
			colat = math.Exp(-40*r.Float64()) * 49
		}
		es := eccentricity * math.Cos(colat*radian)
		want := math.Tan(colat/2*radian) * math.Pow((1+es)/(1-es), eccentricity/2)
		require.InEpsilon(t, want, tangent(colat), 1e-14*(1+1/(180-colat)))
		require.InEpsilon(t, colat*radian, colatitude(2*math.Atan(want)), 1e-14)
	}
	for _, bad := range []float64{-1e-9, 180.001, math.NaN(), math.Inf(1), math.Inf(-1)} {
		require.True(t, math.IsNaN(tangent(bad)), bad)
	}
	for angle, want := range map[float64][2]float64{0: {0, 1}, 90: {1, 0}, -90: {-1, 0}, 180: {0, -1}, -180: {0, -1}, 270: {-1, 0}, 360: {0, 1}} {
		sin, cos := sincos(angle)
		require.True(t, sin == want[0] && cos == want[1], angle)
	}
}

// What is no place has none; turns of longitude change nothing.
func TestNoPlace(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, code := range codes {
		p := crs(t, code).Projection(-180)
		for _, bad := range [][2]float64{{nan, 0}, {0, nan}, {nan, nan}, {inf, -80}, {-inf, 80}, {0, inf}, {0, -inf}, {0, 90.0001}, {0, -91}} {
			x, y := forward(p, bad[0], bad[1])
			require.True(t, math.IsNaN(x) && math.IsNaN(y), "%d %v", code, bad)
			if bad[0]-bad[0] != 0 || bad[1]-bad[1] != 0 {
				lon, lat := inverse(p, bad[0], bad[1])
				require.True(t, math.IsNaN(lon) && math.IsNaN(lat), "%d %v", code, bad)
			}
		}
		d := p.Domain()
		for _, out := range [][2]float64{{d.X0 - 1, d.Y0 + 1}, {d.X1 + 1, d.Y0 + 1}, {d.X0 + 1, d.Y0 - 1}, {d.X0 + 1, d.Y1 + 1}} {
			lon, lat := inverse(p, out[0], out[1])
			require.True(t, math.IsNaN(lon) && math.IsNaN(lat), "%d %v", code, out)
		}
		for _, lon := range []float64{-75.25, 10, 179.5, -180} {
			x, y := forward(p, lon, 55.5)
			for _, turns := range []float64{1, -1, 3, 1000, -1e9} {
				x2, y2 := forward(p, lon+360*turns, 55.5)
				require.True(t, x == x2 && y == y2 || math.IsNaN(x) && math.IsNaN(x2), "%d %v %v", code, lon, turns)
			}
		}
		for _, lon := range []float64{math.MaxFloat64, -1e300, 1e17} {
			x, y := forward(p, lon, 55.5)
			x2, y2 := forward(p, math.Mod(lon, 360), 55.5)
			require.True(t, x == x2 && y == y2 || math.IsNaN(x) && math.IsNaN(x2), "%d %v", code, lon)
		}
	}
	x, _ := forward(crs(t, 3031).Projection(0), 0, 89.9999)
	require.True(t, math.IsNaN(x), "the other pole")
}

// A plane of longitudes begins where it is told.
func TestTurns(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 5))
	for _, west := range []float64{-180, 0, -360, 360, 10.1, 170} {
		p := plate{west}
		for i := range 2000 {
			lon := 1440*r.Float64() - 720
			if i%2 == 0 {
				lon = west + 360*float64(r.IntN(5)-2) + math.Copysign(math.Exp(-50*r.Float64()), r.NormFloat64())
			}
			x, _ := forward(p, lon, 1)
			require.True(t, x >= west && x-west < 360, "%v %v", west, lon)
			require.InDelta(t, 0, math.Remainder(x-lon, 360), 2e-13)
			if lon-west >= 0 && lon-west < 360 {
				require.Equal(t, lon, x)
			}
		}
	}
	_, y := forward(plate{0}, 5, -90)
	require.Equal(t, southEdge, y)
	_, y = forward(plate{0}, 5, 90)
	require.Equal(t, 90.0, y)
}

// Around leaves no point of a cap out, and is not much larger.
func TestAround(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	way := sphere.AuthalicWGS84
	for _, code := range codes {
		c := crs(t, code)
		p, finite := c.Projection(-180), 0
		for range 1500 {
			lon, lat := somewhere(r, c)
			radius := math.Exp(-14 * r.Float64())
			rect := p.Around(lon, lat, radius)
			require.False(t, rect.Empty())
			at := way.Point(lon, lat)
			aside := at.Cross(sphere.Vec{X: 0.3, Y: -0.8, Z: 0.5}).Unit()
			up := at.Cross(aside)
			found, whole := Rect{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}, radius < 0.1 && code != 4326
			for k := range 40 {
				s, co := math.Sincos(2 * math.Pi * float64(k) / 40)
				rs, rc := math.Sincos(radius)
				l, b := at.Mul(rc).Add(aside.Mul(rs * s)).Add(up.Mul(rs * co)).LonLat()
				x, y := forward(p, l, way.FromSphere(b))
				if math.IsNaN(x) {
					whole = false
					continue
				}
				require.True(t, x >= rect.X0 && x <= rect.X1 && y >= rect.Y0 && y <= rect.Y1, "EPSG:%d %v %v ±%v: %v, %v not in %v", code, lon, lat, radius, x, y, rect)
				found = Rect{min(found.X0, x), min(found.Y0, y), max(found.X1, x), max(found.Y1, y)}
			}
			if whole && max(math.Abs(found.X0), math.Abs(found.X1), math.Abs(found.Y0), math.Abs(found.Y1)) < 2e7 {
				finite++
				require.Less(t, rect.X1-rect.X0, 1.2*(found.X1-found.X0)+1, "EPSG:%d %v %v ±%v", code, lon, lat, radius)
				require.Less(t, rect.Y1-rect.Y0, 1.2*(found.Y1-found.Y0)+1, "EPSG:%d %v %v ±%v", code, lon, lat, radius)
			}
		}
		require.True(t, code == 4326 || finite > 100, code)
	}
}

func TestUnknownCodes(t *testing.T) {
	for _, code := range []int{0, -3031, 3857, 3995, 32600, 32661, 32700, 32761, 1 << 40} {
		_, ok := FromCode(code)
		require.False(t, ok, code)
	}
}

// A map's parameters are in its text; the texts themselves are compared with those of PROJ elsewhere.
func TestDescriptions(t *testing.T) {
	for _, code := range codes {
		c := crs(t, code)
		require.Equal(t, fmt.Sprintf("EPSG:%d", code), c.String())
		m := c.GridMapping()
		require.Equal(t, c.WKT(), m["crs_wkt"])
		require.Equal(t, c.WKT(), m["spatial_ref"])
		require.Contains(t, c.WKT(), fmt.Sprintf(`ID["EPSG",%d]]`, code))
		require.Contains(t, c.WKT(), c.Name)
		require.Equal(t, code == 4326, c.Geographic)
		depth := 0
		for _, r := range c.WKT() {
			switch r {
			case '[':
				depth++
			case ']':
				depth--
			}
		}
		require.Zero(t, depth)
	}
	require.Equal(t, -71.0, crs(t, 3031).GridMapping()["standard_parallel"])
	require.Equal(t, 0.994, crs(t, 5042).GridMapping()["scale_factor_at_projection_origin"])
	require.Equal(t, -75.0, crs(t, 32618).GridMapping()["longitude_of_central_meridian"])
}

func BenchmarkForward(b *testing.B) { benchmark(b, Projection.Forward) }
func BenchmarkInverse(b *testing.B) {
	benchmark(b, func(p Projection, lon, lat, x, y []float64) { p.Inverse(x, y, lon, lat) })
}

func benchmark(b *testing.B, run func(p Projection, lon, lat, x, y []float64)) {
	for _, code := range []int{4326, 3031, 32618} {
		b.Run(fmt.Sprint(code), func(b *testing.B) {
			const n = 512
			var lon, lat, x, y [n]float64
			r := rand.New(rand.NewPCG(1, 2))
			for i := range lon {
				lon[i], lat[i] = -75+3*r.NormFloat64(), -60-30*r.Float64()
			}
			p := crs(b, code).Projection(-180)
			p.Forward(lon[:], lat[:], x[:], y[:])
			for b.Loop() {
				run(p, lon[:], lat[:], x[:], y[:])
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/point")
			b.ReportAllocs()
		})
	}
}
