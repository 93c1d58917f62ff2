package sphere

import (
	"math"

	"github.com/englacial/zagg/core"
)

// planarStep is the longest piece, in degrees of longitude or latitude, into which a straight line in longitude and
// latitude is cut.
const planarStep = 0.125

// planarSlack is more than the angle by which a piece of great circle leaves such a line: an eighth of the second
// derivative across it, at most step²/4 = 1.2e-6 (near the poles, where the line turns with the meridians), and half a
// percent for the authalic latitude. It is 8 m.
const planarSlack = 1.25e-6

// A planar is a polygon with edges straight in longitude and geodetic latitude, in the longitudes it was written with.
type planar struct {
	rings      [][]core.LonLat
	west, east float64
	latitude   Latitude
}

// contains reports whether a point of the sphere is inside: an odd number of edges lie north of it, in any turn of its
// longitude.
func (s *planar) contains(p Vec) bool {
	lon, lat := p.LonLat()
	lat = s.latitude.FromSphere(lat)
	for lon += 360 * math.Ceil((s.west-lon)/360); lon <= s.east; lon += 360 {
		if s.oddNorth(lon, lat) {
			return true
		}
	}
	return false
}

func (s *planar) oddNorth(lon, lat float64) bool {
	odd := false
	for _, ring := range s.rings {
		for i, a := range ring {
			b := ring[(i+1)%len(ring)]
			if (a.Lon > lon) == (b.Lon > lon) {
				continue
			}
			if a.Lat+(lon-a.Lon)/(b.Lon-a.Lon)*(b.Lat-a.Lat) > lat {
				odd = !odd
			}
		}
	}
	return odd
}

// planarArcs cuts a straight line into arcs.
func planarArcs(a, b core.LonLat, latitude Latitude) []Arc {
	n := int(math.Ceil(max(math.Abs(b.Lon-a.Lon), math.Abs(b.Lat-a.Lat)) / planarStep))
	n = max(n, 1)
	arcs := make([]Arc, 0, n)
	from := latitude.Point(a.Lon, a.Lat)
	for i := 1; i <= n; i++ {
		t := float64(i) / float64(n)
		to := latitude.Point(b.Lon, b.Lat)
		if i < n {
			to = latitude.Point(a.Lon+t*(b.Lon-a.Lon), a.Lat+t*(b.Lat-a.Lat))
		}
		if arc, ok := NewArc(from, to); ok {
			arcs = append(arcs, arc)
		}
		from = to
	}
	return arcs
}
