package selection

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/config"
)

func inPlace(t *testing.T, c config.Selection) *Selection {
	s, err := InPlace(&c)
	require.NoError(t, err)
	return s
}

// keep is which of some places are chosen.
func keep(t *testing.T, s *Selection, points ...core.LonLat) []bool {
	b := &core.Batch{}
	rows := make([]int32, len(points))
	for i, p := range points {
		b.Lon, b.Lat, rows[i] = append(b.Lon, p.Lon), append(b.Lat, p.Lat), int32(i)
	}
	kept, err := s.Keep(b, rows)
	require.NoError(t, err)
	out := make([]bool, len(points))
	for _, r := range kept {
		out[r] = true
	}
	return out
}

func polygon(ring ...[2]float64) json.RawMessage {
	doc, err := json.Marshal(map[string]any{"type": "Polygon", "coordinates": [][][2]float64{append(ring, ring[0])}})
	if err != nil {
		panic(err)
	}
	return doc
}

func TestBox(t *testing.T) {
	next := math.Nextafter
	s := inPlace(t, config.Selection{Box: &[4]float64{9.5, -71.5, 13, -70.2}})
	require.Equal(t, []bool{true, true, true, false, false, false, true, true}, keep(t, s, core.LonLat{Lon: 9.5, Lat: -71.5}, core.LonLat{Lon: 13, Lat: -70.2}, core.LonLat{Lon: 10, Lat: -71},
		core.LonLat{Lon: next(9.5, 0), Lat: -71}, core.LonLat{Lon: 10, Lat: next(-70.2, 0)}, core.LonLat{Lon: next(13, 20), Lat: -71}, core.LonLat{Lon: 370, Lat: -71}, core.LonLat{Lon: -350, Lat: -71}))
	across := inPlace(t, config.Selection{Box: &[4]float64{179, -10, -179, 10}})
	require.Equal(t, []bool{true, true, true, true, false, false, true}, keep(t, across, core.LonLat{Lon: 179}, core.LonLat{Lon: -179}, core.LonLat{Lon: 180}, core.LonLat{Lon: -180}, core.LonLat{Lon: next(179, 0)}, core.LonLat{Lon: 0}, core.LonLat{Lon: 181}))
	all := inPlace(t, config.Selection{Box: &[4]float64{-180, -90, 180, 90}})
	require.Equal(t, []bool{true, true, true}, keep(t, all, core.LonLat{Lon: 180, Lat: 90}, core.LonLat{Lon: 359, Lat: -90}, core.LonLat{}))
}

// What is chosen in runs of rows is what each point alone is, wherever it lies.
func TestAreaIsThatOfEachPoint(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, ring := range [][][2]float64{
		{{9, -72}, {14, -71.5}, {9.5, -70.1}}, {{170, 60}, {-170, 62}, {-175, 70}, {172, 68}}, {{0, 80}, {90, 80}, {180, 80}, {-90, 80}}, {{10, 0}, {20, 3}, {12, 9}, {16, 4}},
	} {
		s := inPlace(t, config.Selection{Area: polygon(ring...)})
		on, err := sphere.NewRegion(s.Region, sphere.AuthalicWGS84)
		require.NoError(t, err)
		var points []core.LonLat
		for range 400 {
			v := ring[rng.IntN(len(ring))]
			for range 20 {
				points = append(points, core.LonLat{Lon: v[0] + 8*rng.NormFloat64(), Lat: max(-90, min(90, v[1]+4*rng.NormFloat64()))})
			}
		}
		got := keep(t, s, points...)
		some := 0
		for i, p := range points {
			require.Equal(t, on.Contains(sphere.AuthalicWGS84.Point(p.Lon, p.Lat)), got[i], "%v %v", ring, p)
			if got[i] {
				some++
			}
		}
		require.NotZero(t, some)
	}
}

// Edges that are straight in longitude and latitude are where they are written, not where arcs stand for them.
func TestStraightEdges(t *testing.T) {
	ring := [][2]float64{{-60, 60}, {-20, 60}, {-20, 75}, {-60, 75}}
	s := inPlace(t, config.Selection{Area: polygon(ring...)})
	require.True(t, s.Region.PlanarRing(0))
	rng := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		p := core.LonLat{Lon: -60 + 40*rng.Float64(), Lat: 75 + rng.NormFloat64()*1e-6}
		require.Equal(t, []bool{p.Lat <= 75}, keep(t, s, p), "%v", p)
	}
	require.Equal(t, []bool{true, true, true, false}, keep(t, s, core.LonLat{Lon: -60, Lat: 60}, core.LonLat{Lon: -20, Lat: 70}, core.LonLat{Lon: 330, Lat: 75}, core.LonLat{Lon: -40, Lat: math.Nextafter(60, 0)}))
}

// A span is from its start to before its end. What has no valid time is in none.
func TestTimes(t *testing.T) {
	s := &Selection{Time: "t", From: 10, To: 20}
	b := &core.Batch{Lon: make([]float64, 7), Lat: make([]float64, 7), Columns: []core.Column{core.ColumnOf("t", []float64{9.999, 10, 15, math.NaN(), 19.999, 20, 12})}}
	b.Columns[0].Fill = core.Raw([]float64{12})
	kept, err := s.Keep(b, []int32{0, 1, 2, 3, 4, 5, 6})
	require.NoError(t, err)
	require.Equal(t, []int32{1, 2, 4}, kept)
	_, err = (&Selection{Time: "u"}).Keep(b, []int32{0})
	require.ErrorContains(t, err, "no such column")
}

func TestClocks(t *testing.T) {
	at := func(s string) time.Time {
		v, err := time.Parse(time.RFC3339, s)
		require.NoError(t, err)
		return v
	}
	gps := config.ClockOf("t", "seconds since 1980-01-06 00:00:00")
	require.Equal(t, 1198800018.0, gps.At(at("2018-01-01T00:00:00Z")), "18 seconds were inserted since")
	utc := *gps
	utc.UTC = true
	require.Equal(t, 1198800000.0, utc.At(at("2018-01-01T00:00:00Z")))
	days := config.ClockOf("t", "days since 2018-01-01T00:00:00Z")
	require.Equal(t, 365.5, days.At(at("2019-01-01T12:00:00Z")))
	require.Nil(t, config.ClockOf("h", "m"))
}

func TestRefused(t *testing.T) {
	for _, c := range []config.Selection{
		{Area: json.RawMessage(`{"type":"Nonsense"}`)}, {Area: json.RawMessage(`{"type":"Polygon","coordinates":[]}`)}, {Box: &[4]float64{0, 10, 1, 5}},
	} {
		_, err := InPlace(&c)
		require.Error(t, err)
	}
	var none *Selection
	require.True(t, none.All())
}
