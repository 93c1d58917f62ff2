//go:build cgo

package h3

import (
	"math"
	"math/cmplx"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	uber "github.com/uber/h3-go/v4"

	"github.com/englacial/zagg/core/sphere"
)

// sixDeep is the centres six resolutions below a hexagon of spacing 1 whose neighbours are at units, and the spacing there.
func sixDeep() (centers []complex128, spacing float64) {
	turn, angle := math.Asin(math.Sqrt(3.0/28)), 0.0
	centers, spacing = []complex128{0}, 1
	for k := range 6 {
		spacing /= math.Sqrt(7)
		angle += turn * float64(1-k%2*2)
		next := make([]complex128, 0, 7*len(centers))
		for _, c := range centers {
			next = append(next, c)
			for i := range 6 {
				next = append(next, c+cmplx.Rect(spacing, angle+float64(i)*math.Pi/3))
			}
		}
		centers = next
	}
	return centers, spacing
}

// fromHexagon is the distance of a point to the hexagon, 0 inside.
func fromHexagon(z complex128) float64 {
	inside, least := true, 9.0
	for i := range 6 {
		u := cmplx.Rect(1, float64(i)*math.Pi/3)
		z := z / u // the side is at 0.5, from -1/√12 to 1/√12
		inside = inside && real(z) <= 0.5
		least = min(least, math.Hypot(real(z)-0.5, max(math.Abs(imag(z))-1/math.Sqrt(12), 0)))
	}
	if inside {
		return 0
	}
	return least
}

// TestPlaneBounds finds the numbers of the plane: exactly for six resolutions, and by the sum of all further spacings
// beyond. The mirror image, which shards of odd resolution are, has the same.
func TestPlaneBounds(t *testing.T) {
	centers, spacing := sixDeep()
	rest := spacing / (math.Sqrt(7) - 1) // Σ of the spacings from the next resolution on, as more is added than a hexagon
	require.Greater(t, rest, spacing/math.Sqrt(3))
	outer, inner, over := 0.0, 1.0, 0.0
	for _, c := range centers {
		outer, over = max(outer, cmplx.Abs(c)+rest), max(over, fromHexagon(c)+rest)
		for i := range 6 {
			inner = min(inner, cmplx.Abs(c+cmplx.Rect(1, float64(i)*math.Pi/3))-rest)
		}
	}
	t.Logf("at most %.5f from the centre, %.5f from the hexagon; all within %.5f", outer, over, inner)
	require.Less(t, outer, outerReach)
	require.Less(t, over, overflow)
	require.Greater(t, inner, innerReach)
	require.Greater(t, outer, outerReach-0.001)
	require.Greater(t, over, overflow-0.001)
	require.Less(t, inner, innerReach+0.001)
}

// TestStepsOfH3: what the bounds rest on. Children's centres are at most one spacing away, by the icosahedron's surface:
// the sphere's distance divided by the greatest and least scale on the way.
func TestStepsOfH3(t *testing.T) {
	ico, err := newIcosahedron()
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(4, 4))
	for i := range 10000 {
		c := anyCell(r, i%15)
		at, err := ico.tileOf(c)
		require.NoError(t, err)
		for digit := range 7 {
			child := c.child(digit)
			if child.isVoid() {
				continue
			}
			to, err := ico.tileOf(child)
			require.NoError(t, err)
			step := spacing(child.resolution())
			d := sphere.Angle(at.center, to.center)
			if digit == 0 {
				require.LessOrEqual(t, d, at.rounding()+to.rounding())
				continue
			}
			near, far := max(min(at.tilt, to.tilt)-step, 0), min(max(at.tilt, to.tilt)+step, maxTilt)
			require.LessOrEqual(t, d, step*math.Cos(near)+at.rounding()+to.rounding(), c)
			require.GreaterOrEqual(t, d, step*math.Cos(far)*math.Cos(far)-at.rounding()-to.rounding(), c)
		}
	}
}

// TestTilesHoldTheirCells: random descendants, most of them at the rim, and the corners of their hexagons are within
// outer, and what is within inner is a descendant.
func TestTilesHoldTheirCells(t *testing.T) {
	ico, err := newIcosahedron()
	require.NoError(t, err)
	r := rand.New(rand.NewPCG(5, 5))
	worst, best := 0.0, 9.0
	for i := range 20000 {
		c := anyCell(r, i%16)
		at, err := ico.tileOf(c)
		require.NoError(t, err)
		child := min(c.resolution()+r.IntN(7), maxResolution)
		d := c
		for rim := r.IntN(7); d.resolution() < child; {
			digit := rim
			if r.IntN(3) == 0 {
				digit = r.IntN(7)
			}
			if next := d.child(digit); !next.isVoid() {
				d = next
			} else {
				d = d.child(0)
			}
		}
		boundary, err := uber.CellToBoundary(uber.Cell(d))
		require.NoError(t, err)
		for _, v := range boundary {
			angle := sphere.Angle(at.center, sphere.FromLonLat(v.Lng, v.Lat))
			require.LessOrEqual(t, angle, at.outer(child), "%s %s", c, d)
			worst = max(worst, angle/at.outer(child))
		}
		inner := at.inner(child)
		p := at.center.Add(sphere.Vec{X: r.NormFloat64(), Y: r.NormFloat64(), Z: r.NormFloat64()}.Cross(at.center).Unit().Mul(math.Tan(inner * 0.999999))).Unit()
		lon, lat := p.LonLat()
		e, err := cellOf(lon, lat, child)
		require.NoError(t, err)
		require.Equal(t, c, e.parent(c.resolution()), "%s at %v %v of resolution %d", c, lon, lat, child)
		best = min(best, inner/at.outer(child))
	}
	t.Logf("the farthest corner was at %.4f of the bound; inner is at least %.3f of outer", worst, best)
}
