package healpix

// Locating points: from longitude and latitude to the slot of a shard.
//
// A point costs no trigonometric function. The projection is evaluated by polynomials, and where their error could
// decide between two cells the formulas of project.go do. Points along tracks are close together, so the next points
// are first compared with the surroundings of the last one (reach.go).

import (
	"context"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/sphere"
)

// curves are the two parts of the projection as polynomials of geodetic latitude. With x the latitude in units of
// 45°, the sine of the sphere's latitude is x·band(x²) for |x| up to 42.1/45; with x the angle from the pole in the
// same units, √(3(1-|sin|)) is x·polar(x²) up to 48.3/45.
type curves struct {
	band, polar           polynomial
	bandSlope, polarSlope polynomial
	limit                 float64 // geodetic latitude of bandLimit, degrees
}

// curvesOf are the curves of a kind of latitude.
func curvesOf(latitude sphere.Latitude) curves {
	c := fitted(latitude)
	c.bandSlope, c.polarSlope = c.band.slope(), c.polar.slope()
	return c
}

// fitted gives coefficients found by interpolation at Chebyshev nodes of x² with 50 digits. The relative error is
// below 1.5e-15, the authalic sine being that of the closed form (Snyder 1987, eq. 3-12).
func fitted(latitude sphere.Latitude) curves {
	if latitude == sphere.GeodeticSpherical {
		return curves{
			band: polynomial{
				0.7853981633974483096, -0.08074551218828078164, 0.002490394570192718463, -0.00003657620418216174236,
				3.133616889681892559e-7, -1.757247503689928544e-9, 6.948223928926274734e-12, -2.02488159787802879e-14,
			},
			polar: polynomial{
				0.9619123726213980717, -0.02472316298512098301, 0.000190631123599062171, -6.999456013608297649e-7,
				1.499172349760401058e-9, -2.101738348026661213e-12, 2.077649412951112014e-15, -1.521736861328559549e-18,
			},
			limit: bandLimit,
		}
	}
	return curves{
		band: polynomial{
			0.7818875030650179235, -0.07823208700966057149, 0.001823377392343201688, 0.00004823539013527002767,
			-5.588128749214564319e-6, 2.107203453959919239e-7, 8.561841654823154055e-11, -3.905107188165977602e-10,
		},
		polar: polynomial{
			0.9662284335204065938, -0.02684252640266740763, 0.0005590949522963652757, -0.00003474141717556519986,
			2.097221763252240525e-6, -1.085430557245069134e-7, 5.671836920786451404e-9, -2.549967117822913236e-10,
		},
		limit: sphere.Geodetic(bandLimit),
	}
}

// near is how close to a border of cells, in sides of a base cell, the polynomials are not trusted and the formulas
// decide. The polynomials are off by less than 4e-15; near is 0.6 µm on the ground.
const near = 1e-13

// A locator finds the slots of points in one shard. It is immutable.
type locator struct {
	bounds     gridkit.Bounds
	face       int
	x, y       uint32 // of the shard at its order
	depth      int
	mask       uint32
	side, near float64 // 2^child order; how close to a border in cells
	order      int
	latitude   sphere.Latitude
	curves     *curves

	polarReach, bandReach float64 // see bends
}

func (g *grid) locator(shard cellID) locator {
	q := squareOf(shard)
	const slack = 1e-9 // degrees
	west, east := q.at(0, 1).lon-slack, q.at(1, 0).lon+slack
	l := locator{
		bounds: gridkit.Bounds{
			West: west, Width: turn(east - west),
			South: max(g.config.Latitude.FromSphere(q.at(0, 0).lat())-slack, -90),
			North: min(g.config.Latitude.FromSphere(q.at(1, 1).lat())+slack, 90),
		},
		face: q.face, x: uint32(q.x), y: uint32(q.y),
		depth: g.depth, mask: 1<<g.depth - 1,
		side:  float64(uint64(1) << g.config.ChildOrder),
		order: g.config.ChildOrder, latitude: g.config.Latitude, curves: &g.curves,
	}
	l.near = near * l.side
	l.polarReach, l.bandReach = bends(l.side)
	return l
}

// Locate implements core.Grid. Most of the points given may lie outside the shard: they are first compared with its
// latitudes and longitudes.
func (g *grid) Locate(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
	if len(lon) != len(lat) || len(lon) != len(slot) {
		return core.Errorf(core.Invalid, "healpix.Locate", string(key), "%d longitudes, %d latitudes, room for %d slots", len(lon), len(lat), len(slot))
	}
	shard, err := g.shardFromKey(key)
	if err != nil {
		return err
	}
	l := g.locator(shard)
	const run = 1 << 16
	for len(lon) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(run, len(lon))
		l.locate(lon[:n], lat[:n], slot[:n])
		lon, lat, slot = lon[n:], lat[n:], slot[n:]
	}
	return nil
}

// locate collects the points within the shard's bounds, and then finds the slots of those.
func (l *locator) locate(lon, lat []float64, slot []int32) {
	var inside [gridkit.MostGathered]int32
	var near reach
	last, alike := int32(-1), true // most points lie where the ones before do
	for len(lon) > 0 {
		n := min(len(inside), len(lon))
		x, y, out := lon[:n], lat[:n], slot[:n]
		found, known := inside[:l.bounds.Gather(&inside, x, y, out)], 0
		for _, i := range found {
			if near.most > 0 && near.holds(x[i:i+1], y[i:i+1]) == 1 {
				out[i] = last
				known++
				continue
			}
			was := last
			if alike {
				last = l.slot(x[i], y[i], &near)
			} else {
				last = l.slot(x[i], y[i], nil)
			}
			if out[i] = last; last >= 0 && last == was {
				known++
			}
		}
		if alike = known >= len(found)/2; !alike {
			near.most = 0
		}
		lon, lat, slot = lon[n:], lat[n:], slot[n:]
	}
}

// slot is the slot of a point with a latitude within ±90, -1 outside of the shard. If near is not nil it is set to
// where all points have the same slot.
func (l *locator) slot(lon, lat float64, near *reach) int32 {
	if near != nil {
		near.most = 0
	}
	if lon-lon != 0 {
		return -1
	}
	face, x, y := l.cell(lon, lat, near)
	return l.slotOf(face, x, y)
}

// cell is the cell of a point on Earth: its face, column and row. If near is not nil it is set to where all points
// are in this cell.
func (l *locator) cell(lon, lat float64, near *reach) (face int, x, y uint32) {
	t := turn(lon) * (1.0 / 90)
	var u, v, height float64
	switch a := math.Abs(lat); {
	case a < l.curves.limit-1e-9:
		x := lat * (1.0 / 45)
		height = x * l.curves.band.at(x*x)
		face, u, v = projectBand(t, height)
	case a > l.curves.limit+1e-9:
		x := (90 - a) * (1.0 / 45)
		height = x * l.curves.polar.at(x*x)
		face, u, v = projectPolar(t, height, lat < 0)
	default:
		return l.exactCell(lon, lat)
	}
	fx, fy := u*l.side, v*l.side
	x, y = uint32(int64(fx)), uint32(int64(fy))
	fx, fy = fx-float64(x), fy-float64(y)
	if min(fx, fy) < l.near || max(fx, fy) > 1-l.near {
		return l.exactCell(lon, lat)
	}
	if near != nil {
		near.set(l, lon, lat, t, height)
	}
	return face, x, y
}

// exact is the slot computed by the formulas.
func (l *locator) exact(lon, lat float64) int32 { return l.slotOf(l.exactCell(lon, lat)) }

// exactCell is the cell computed by the formulas.
func (l *locator) exactCell(lon, lat float64) (face int, x, y uint32) {
	face, u, v := project(lon, l.latitude.ToSphere(lat))
	return face, uint32(gridIndex(u, l.order)), uint32(gridIndex(v, l.order))
}

// slotOf is the slot of a cell, -1 if it is in another shard.
func (l *locator) slotOf(face int, x, y uint32) int32 {
	if face != l.face || x>>l.depth != l.x || y>>l.depth != l.y {
		return -1
	}
	return slotOf(x&l.mask, y&l.mask)
}
