package cmr

import (
	"math"

	"github.com/englacial/zagg/core"
)

// orbitParameters are a collection's (UMM-C SpatialExtent.OrbitParameters).
type orbitParameters struct {
	SwathWidth            float64
	SwathWidthUnit        string
	OrbitPeriod           float64
	OrbitPeriodUnit       string
	InclinationAngle      float64
	StartCircularLatitude float64
}

// orbit is a granule's part of one (UMM-G HorizontalSpatialDomain.Orbit): between two latitudes, each passed going up (A)
// or down (D); the ascending crossing is the longitude at which the orbit crosses the equator northward.
type orbit struct {
	AscendingCrossing *float64
	StartLatitude     *float64
	StartDirection    string
	EndLatitude       *float64
	EndDirection      string
}

// How far a granule may be from what its orbit says: across, the swath is not centred and the orbit not a circle (ICESat-2
// granules lie up to 10 km beside it); along, granules are cut by time and start up to 1.5° of the orbit off their latitudes.
const (
	acrossMargin = 25e3 // metres beside half the swath
	alongMargin  = 2.5  // degrees of the orbit
	orbitStep    = 3.0  // degrees of the orbit between vertices
	siderealDay  = 86164.0905
)

// region is the swath of a part of an orbit: arcs along the ground track of a circular orbit over the turning Earth, with
// a margin.
func (o *orbit) region(p *orbitParameters) (core.Region, error) {
	if o.AscendingCrossing == nil || o.StartLatitude == nil || o.EndLatitude == nil {
		return core.Region{}, bad("its orbit lacks a crossing or latitude")
	}
	period, ok := p.seconds()
	if !ok || !(p.InclinationAngle > 0 && p.InclinationAngle < 180) || !(p.SwathWidth >= 0) {
		return core.Region{}, bad("its footprint is an orbit, and the collection lacks usable orbit parameters")
	}
	from, err := phase(*o.StartLatitude, o.StartDirection, p.InclinationAngle)
	if err != nil {
		return core.Region{}, err
	}
	to, err := phase(*o.EndLatitude, o.EndDirection, p.InclinationAngle)
	if err != nil {
		return core.Region{}, err
	}
	for to <= from {
		to += 360
	}
	r := core.Region{Margin: p.swath()/2 + acrossMargin}
	starts := []float64{from}
	if from < 0 { // at the orbit's end or before its beginning: metadata mean either
		starts = append(starts, from+360)
	}
	for _, start := range starts {
		last := track(*o.AscendingCrossing, p.InclinationAngle, period, start-alongMargin)
		n := int(math.Ceil((to - from + 2*alongMargin) / orbitStep))
		for k := 1; k <= n; k++ {
			next := track(*o.AscendingCrossing, p.InclinationAngle, period, start-alongMargin+float64(k)*orbitStep)
			r.Polygons = append(r.Polygons, core.Polygon{{last, next}})
			last = next
		}
	}
	return r, nil
}

func (p *orbitParameters) seconds() (float64, bool) {
	s := p.OrbitPeriod
	switch p.OrbitPeriodUnit {
	case "Decimal Minute", "":
		s *= 60
	case "Second":
	default:
		return 0, false
	}
	return s, s > 1000 && s < 1e6
}

func (p *orbitParameters) swath() float64 {
	if p.SwathWidthUnit == "Meter" {
		return p.SwathWidth
	}
	return p.SwathWidth * 1000
}

// phase is where on the orbit, in degrees from the ascending crossing, a latitude is passed: in [-90, 90] going up, in
// [90, 270] going down.
func phase(lat float64, direction string, inclination float64) (float64, error) {
	if !(math.Abs(lat) <= 90) {
		return 0, bad("its orbit has latitude %v", lat)
	}
	sin := math.Sin(lat*math.Pi/180) / math.Sin(inclination*math.Pi/180)
	u := math.Asin(max(-1, min(1, sin))) * 180 / math.Pi
	switch direction {
	case "A":
		return u, nil
	case "D":
		return 180 - u, nil
	}
	return 0, bad("its orbit goes in direction %.10q, neither A nor D", direction)
}

// track is the point below a satellite on a circular orbit.
func track(crossing, inclination, period, phase float64) core.LonLat {
	su, cu := math.Sincos(phase * math.Pi / 180)
	si, ci := math.Sincos(inclination * math.Pi / 180)
	lon := math.Atan2(ci*su, cu)*180/math.Pi + crossing - 360/siderealDay*period*phase/360
	lat := math.Asin(max(-1, min(1, si*su))) * 180 / math.Pi
	return core.LonLat{Lon: math.Remainder(lon, 360), Lat: lat}
}
