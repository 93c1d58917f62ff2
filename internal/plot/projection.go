package plot

import (
	"math"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// A projection maps the Earth to a plane in km, x to the right and y up.
type projection interface {
	forward(lon, lat float64) (x, y float64)
	inverse(x, y float64) (lon, lat float64)
	// stretch is how many km of the plane one km on the ground is, along x and along y.
	stretch(lat float64) (sx, sy float64)
	// circle is the width of all longitudes where they lie side by side, km; 0 where they run together in a pole.
	circle() float64
	name() string
}

// A polar projection has a pole in its middle: around it longitudes are angles.
type polar struct {
	south bool
	lon0  float64 // points down in the north, up in the south
}

// around is what all polar projections are.
type around interface{ middle() polar }

func (p polar) middle() polar { return p }

// turned is the point at a distance from the pole.
func (p polar) turned(lon, r float64) (x, y float64) {
	sin, cos := math.Sincos((lon - p.lon0) * degree)
	return r * sin, -p.sign() * r * cos
}

func (p polar) longitude(x, y float64) float64 {
	return wrap(math.Atan2(x, -p.sign()*y)/degree+p.lon0, 0)
}

// sign is 1 in the north and -1 in the south.
func (p polar) sign() float64 {
	if p.south {
		return -1
	}
	return 1
}

func (p polar) side() string {
	if p.south {
		return "south"
	}
	return "north"
}

const (
	majorKM      = 6378.137 // WGS84
	eccentricity = 0.0818191908426215
	earthKM      = 6371.0088 // mean radius
	degreeKM     = earthKM * degree
	degree       = math.Pi / 180 // in radians
)

// polarFrom is the latitude from which on a polar projection is used, if all data lies beyond it on one side.
const polarFrom = 55

// ProjectionNames are what Data.Projection may be.
func ProjectionNames() []string {
	return []string{"auto", "plate", "north", "south", "equal-north", "equal-south"}
}

// projectionOf is the projection of a name.
func projectionOf(name string, lon, lat []float64) (projection, error) {
	switch name {
	case "", "auto":
		return chooseProjection(lon, lat), nil
	case "plate":
		return choosePlate(lon, lat), nil
	case "north", "south", "equal-north", "equal-south":
		_, hemisphere, equal := strings.Cut(name, "-")
		if !equal {
			hemisphere = name
		}
		if hemisphere == "north" && slices.Min(lat) < -10 || hemisphere == "south" && slices.Max(lat) > 10 {
			return nil, core.Errorf(core.Invalid, "plot.Map", name, "a polar map of the %s cannot show cells beyond 10° on the other side of the equator", hemisphere)
		}
		if equal {
			return newAzimuthal(hemisphere == "south"), nil
		}
		return newStereographic(hemisphere == "south"), nil
	}
	return nil, core.Errorf(core.Invalid, "plot.Map", name, "no such projection; have %s", strings.Join(ProjectionNames(), ", "))
}

func chooseProjection(lon, lat []float64) projection {
	low, high := slices.Min(lat), slices.Max(lat)
	switch {
	case high <= -polarFrom:
		return newStereographic(true)
	case low >= polarFrom:
		return newStereographic(false)
	}
	return choosePlate(lon, lat)
}

func choosePlate(lon, lat []float64) plate {
	low, high := slices.Min(lat), slices.Max(lat)
	gap, center := widestGap(lon)
	if gap < 45 {
		return plate{}
	}
	p := plate{center: center, parallel: math.Round((low + high) / 2)}
	if 360-gap > 120 || high-low > 60 {
		p.parallel = 0 // no parallel stands for all of it
	}
	return p
}

// widestGap is the widest range of longitudes without a point (to 0.1°), and the middle of what remains.
func widestGap(lon []float64) (gap, center float64) {
	const bins = 3600
	var used [bins]bool
	for _, l := range lon {
		used[(int(math.Floor(wrap(l, 180)*10))+bins)%bins] = true // wrap leaves -1e-15 as it is
	}
	first := slices.Index(used[:], true)
	run, best, end := 0, 0, first
	for i := range bins {
		at := (first + 1 + i) % bins
		if used[at] {
			run = 0
			continue
		}
		if run++; run > best {
			best, end = run, at
		}
	}
	// The gap ends with bin end: the data begins behind it and fills bins-best bins.
	return float64(best) / 10, wrap(float64(end+1)/10+float64(bins-best)/20, 0)
}

// wrap moves a longitude into [center-180, center+180).
func wrap(lon, center float64) float64 {
	return lon - 360*math.Floor((lon-center+180)/360)
}

// plate is the equirectangular projection of the sphere, true to scale along one parallel and all meridians: the plate
// carrée where that is the equator.
type plate struct{ center, parallel float64 }

func (p plate) forward(lon, lat float64) (x, y float64) {
	return (wrap(lon, p.center) - p.center) * degreeKM * math.Cos(p.parallel*degree), lat * degreeKM
}

func (p plate) inverse(x, y float64) (lon, lat float64) {
	return x/(degreeKM*math.Cos(p.parallel*degree)) + p.center, y / degreeKM
}

func (p plate) stretch(lat float64) (sx, sy float64) {
	// Beyond 88° a cell would be wider than it can be drawn.
	return math.Cos(p.parallel*degree) / max(math.Cos(lat*degree), math.Cos(88*degree)), 1
}

func (p plate) circle() float64 { return 360 * degreeKM * math.Cos(p.parallel*degree) }

func (p plate) name() string {
	if p.parallel == 0 {
		return "plate carrée"
	}
	return "equirectangular, true scale at " + latitude(p.parallel, 0)
}

// stereographic is the polar stereographic projection of the WGS84 ellipsoid (Snyder, p. 161).
type stereographic struct {
	polar
	parallel float64 // of true scale, > 0
	factor   float64 // a·m/t at the parallel
}

// newStereographic is that of EPSG:3031 in the south and of EPSG:3413 in the north.
func newStereographic(south bool) stereographic {
	s := stereographic{polar: polar{south: south, lon0: -45}, parallel: 70}
	if south {
		s.lon0, s.parallel = 0, 71
	}
	s.factor = majorKM * parallelRadius(s.parallel) / conformal(s.parallel)
	return s
}

// parallelRadius is the radius of a parallel in units of the semi-major axis (Snyder 14-15).
func parallelRadius(lat float64) float64 {
	sin, cos := math.Sincos(lat * degree)
	return cos / math.Sqrt(1-eccentricity*eccentricity*sin*sin)
}

// conformal is t of Snyder 15-9: tan of half the conformal colatitude.
func conformal(lat float64) float64 {
	es := eccentricity * math.Sin(lat*degree)
	return math.Tan(math.Pi/4-lat*degree/2) / math.Pow((1-es)/(1+es), eccentricity/2)
}

func (s stereographic) forward(lon, lat float64) (x, y float64) {
	return s.turned(lon, s.factor*conformal(s.sign()*lat))
}

func (s stereographic) inverse(x, y float64) (lon, lat float64) {
	t := math.Hypot(x, y) / s.factor
	phi := math.Pi/2 - 2*math.Atan(t)
	for range 6 { // Snyder 7-9 converges by a factor of 300 a step
		es := eccentricity * math.Sin(phi)
		phi = math.Pi/2 - 2*math.Atan(t*math.Pow((1-es)/(1+es), eccentricity/2))
	}
	return s.longitude(x, y), s.sign() * phi / degree
}

func (s stereographic) circle() float64 { return 0 }

func (s stereographic) stretch(lat float64) (sx, sy float64) {
	lat = min(math.Abs(lat), 89.999)
	k := s.factor * conformal(lat) / (majorKM * parallelRadius(lat))
	return k, k
}

func (s stereographic) name() string {
	if s.south {
		return "polar stereographic, true scale at 71°S"
	}
	return "polar stereographic, true scale at 70°N"
}
