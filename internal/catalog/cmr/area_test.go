package cmr

import (
	"math"
	"math/rand/v2"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/sharedtest"
)

// blob is a star of a random shape around a place.
func blob(r *rand.Rand, lon, lat, radius float64, n int) []core.LonLat {
	g := newGnomonic(sphere.FromLonLat(lon, lat))
	ring := make([]core.LonLat, n)
	for i := range ring {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
		d := math.Tan(radius * math.Pi / 180 * (0.2 + 0.8*r.Float64()))
		ring[i].Lon, ring[i].Lat = g.inverse([2]float64{d * cos, d * sin}).LonLat()
	}
	return ring
}

// holds gives what a search for the area would find: a granule at p or not.
func (a *area) holds(t *testing.T) func(p core.LonLat) bool {
	if a.box == nil && len(a.polygons) == 0 {
		return func(core.LonLat) bool { return true }
	}
	if a.box != nil {
		return func(p core.LonLat) bool { return a.box.Contains(p.Lon, p.Lat) }
	}
	var regions []*sphere.Region
	for _, ring := range a.polygons {
		r, err := sphere.NewRegion(core.Region{Polygons: []core.Polygon{{ring}}}, sphere.GeodeticSpherical)
		require.NoError(t, err)
		regions = append(regions, r)
	}
	return func(p core.LonLat) bool {
		return slices.ContainsFunc(regions, func(r *sphere.Region) bool { return r.Contains(sphere.FromLonLat(p.Lon, p.Lat)) })
	}
}

// The area that is asked for contains the region and its margin, whichever sphere the region's edges are of.
func TestAreaContainsRegion(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	kinds := map[string]int{}
	for trial := range 160 {
		lon, lat := 360*r.Float64()-180, math.Asin(2*r.Float64()-1)*180/math.Pi
		if trial%5 == 0 {
			lat = math.Copysign(85+5*r.Float64(), lat)
		}
		region := core.Region{}
		for k := range 1 + r.IntN(3) {
			region.Polygons = append(region.Polygons, core.Polygon{blob(r, lon+float64(30*k), lat*0.9, math.Pow(10, 1.6*r.Float64()-0.5), 3+r.IntN(60))})
		}
		if r.IntN(2) == 0 {
			region.Margin = 300e3 * r.Float64()
		}
		if trial%7 == 0 {
			west, south := lon, max(lat-10, -90)
			box, err := geometry.Box(west, south, west+300*r.Float64(), min(south+20*r.Float64(), 90))
			require.NoError(t, err)
			box.Margin, region = region.Margin, box
		}
		a, err := areaOf(region, false)
		require.NoError(t, err)
		for _, ring := range a.polygons {
			require.LessOrEqual(t, len(ring), maxVertices)
		}
		require.LessOrEqual(t, len(a.polygons), maxPolygons)
		switch {
		case a.box != nil:
			kinds["box"]++
		case len(a.polygons) > 1:
			kinds["polygons"]++
		case len(a.polygons) == 1:
			kinds["polygon"]++
		}
		holds := a.holds(t)
		for _, latitude := range []sphere.Latitude{sphere.AuthalicWGS84, sphere.GeodeticSpherical} {
			inside, err := sphere.NewRegion(region, latitude)
			require.NoError(t, err)
			around := inside.Cap()
			for range 60 {
				p := near(r, region, around)
				if !inside.Contains(latitude.Point(p.Lon, p.Lat)) {
					continue
				}
				require.True(t, holds(p), "trial %d: %v is in the region, not in the area %v", trial, p, a.polygons)
			}
		}
	}
	require.Greater(t, kinds["box"], 0)
	require.Greater(t, kinds["polygon"], 40)
	require.Greater(t, kinds["polygons"], 10)
}

// near is a place at or around a vertex of a region.
func near(r *rand.Rand, region core.Region, around sphere.Cap) core.LonLat {
	p := region.Polygons[r.IntN(len(region.Polygons))][0]
	i := r.IntN(len(p))
	a, b := p[i], p[(i+1)%len(p)]
	va, vb := sphere.FromLonLat(a.Lon, a.Lat), sphere.FromLonLat(b.Lon, b.Lat)
	v := va.Mul(1 - r.Float64()).Add(vb.Mul(r.Float64() + 1e-9)).Unit()
	g := newGnomonic(v)
	d := sphere.MarginAngle(region.Margin)*1.3*r.Float64() + around.Radius*0.05*r.Float64()
	sin, cos := math.Sincos(2 * math.Pi * r.Float64())
	var q core.LonLat
	q.Lon, q.Lat = g.inverse([2]float64{math.Tan(d) * cos, math.Tan(d) * sin}).LonLat()
	return q
}

func TestAreas(t *testing.T) {
	box := func(w, s, e, n float64) core.Region {
		r, err := geometry.Box(w, s, e, n)
		require.NoError(t, err)
		return r
	}
	text := func(region core.Region, flat bool) url.Values {
		a, err := areaOf(region, flat)
		require.NoError(t, err)
		v := url.Values{}
		a.set(v)
		return v
	}
	require.Empty(t, text(core.Region{}, false))
	require.Empty(t, text(box(-180, -90, 180, 90), false))
	like := func(v url.Values, want ...float64) {
		got, err := numbersOf(strings.ReplaceAll(v.Get("bounding_box"), ",", " "))
		require.NoError(t, err)
		require.InDeltaSlice(t, want, got, 1e-4)
	}
	like(text(box(-180, -30, 180, 30), false), -180, -30, 180, 30) // a band around the Earth
	like(text(box(170, -10, 190, 10), true), 170, -10, -170, 10)   // planar footprints are asked for by box
	like(text(box(-180, -90, 180, -60), true), -180, -90, 180, -60)
	require.Len(t, text(box(-180, -90, 180, -60), false)["polygon[]"], 1, "a cap fits a polygon")

	two := box(0, 0, 1, 1)
	two.Polygons = append(two.Polygons, box(40, 0, 41, 1).Polygons...)
	v := text(two, false)
	require.Len(t, v["polygon[]"], 2)
	require.Equal(t, "true", v.Get("options[polygon][or]"))

	two.Oriented = true
	require.NotEmpty(t, text(two, false).Get("bounding_box"))
	_, err := areaOf(core.Region{Polygons: []core.Polygon{{{{Lon: 0, Lat: 99}}}}}, false)
	require.Error(t, err)

	data, err := os.ReadFile(sharedtest.Dir(t, "data", "zagg", "antarctic_88s.geojson"))
	require.NoError(t, err)
	shapes, err := geometry.ParseGeoJSON(data)
	require.NoError(t, err)
	ring, _, err := geometry.Reader{}.Region(shapes)
	require.NoError(t, err)
	v = text(ring, false)
	require.Len(t, v["polygon[]"], 8, "a ring is not the cap inside it")
}

func TestSolidAngle(t *testing.T) {
	octant := []sphere.Vec{{X: 1}, {Y: 1}, {Z: 1}}
	require.InDelta(t, math.Pi/2, solidAngle(octant), 1e-12)
}
