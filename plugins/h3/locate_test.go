//go:build cgo

package h3

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	uber "github.com/uber/h3-go/v4"

	"github.com/englacial/zagg/core/sphere"
)

func gridOf(t testing.TB, parent, child int) *grid {
	t.Helper()
	g, err := newGrid(Config{ParentResolution: parent, ChunkInner: parent, ChildResolution: child})
	require.NoError(t, err)
	return g
}

// around is a random point within some radii of a place.
func around(r *rand.Rand, center sphere.Vec, radius float64) (lon, lat float64) {
	d := radius * math.Sqrt(r.Float64())
	side := sphere.Vec{X: r.NormFloat64(), Y: r.NormFloat64(), Z: r.NormFloat64()}.Cross(center).Unit()
	return center.Mul(math.Cos(d)).Add(side.Mul(math.Sin(d))).LonLat()
}

// TestLocateIsH3: the slot is that of H3's cell, for all resolutions and kinds of shards, and points on borders.
func TestLocateIsH3(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 6))
	fast, points, inside, outsideHexagon := 0, 0, 0, 0
	for i := range 1000 {
		parent := i % 16
		child := min(parent+r.IntN(maxDepth+1), maxResolution)
		g := gridOf(t, parent, child)
		shard := anyCell(r, parent)
		l, err := g.locator(shard)
		require.NoError(t, err)
		require.Equal(t, shard.isPentagon(), l.lattice == nil, shard)
		if l.lattice != nil {
			fast++
		}
		at, err := g.ico.tileOf(shard)
		require.NoError(t, err)
		const n = 64
		lon, lat, slot := make([]float64, n), make([]float64, n), make([]int32, n)
		for k := range n {
			lon[k], lat[k] = around(r, at.center, at.outer(child)*1.05)
			switch r.IntN(6) {
			case 0: // a corner or a side of a cell
				c, err := cellOf(turn(lon[k]), lat[k], child)
				require.NoError(t, err)
				b, err := uber.CellToBoundary(uber.Cell(c))
				require.NoError(t, err)
				lon[k], lat[k] = b[0].Lng, b[0].Lat
			case 1:
				lon[k] += 360 * float64(r.IntN(5)-2)
			}
		}
		require.NoError(t, g.Locate(t.Context(), shard.key(), lon, lat, slot))
		for k := range n {
			c, err := uber.LatLngToCell(uber.LatLng{Lat: lat[k], Lng: turn(lon[k])}, child)
			require.NoError(t, err)
			want := int32(-1)
			if cellID(c).parent(parent) == shard {
				want = int32(cellID(c).slot(parent))
				inside++
				if coarse, err := uber.LatLngToCell(uber.LatLng{Lat: lat[k], Lng: lon[k]}, parent); err == nil && cellID(coarse) != shard && child > parent+2 {
					outsideHexagon++
				}
			}
			require.Equal(t, want, slot[k], "shard %s, child %d, lon %v, lat %v", shard, child, lon[k], lat[k])
			points++
		}
	}
	t.Logf("%d shards of 1000 by lattice; %d of %d points inside, %d of them outside the hexagon", fast, inside, points, outsideHexagon)
}

// TestHexagonsAreNotShards: 6 to 7 points in 100 lie outside the hexagon of their shard.
func TestHexagonsAreNotShards(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	const n = 20000
	outside := 0
	for range n {
		lon, lat := 360*r.Float64()-180, math.Asin(2*r.Float64()-1)*degree
		cell, err := cellOf(lon, lat, 9)
		require.NoError(t, err)
		hexagon, err := cellOf(lon, lat, 5)
		require.NoError(t, err)
		if cell.parent(5) != hexagon {
			outside++
		}
	}
	t.Logf("%.1f %%", 100*float64(outside)/n)
	require.InDelta(t, 0.065, float64(outside)/n, 0.01)
}

// TestLocateRefuses: what is no place is nowhere.
func TestLocateRefuses(t *testing.T) {
	g := gridOf(t, 0, 3)
	c, err := cellOf(0, 90, 3)
	require.NoError(t, err)
	c = c.parent(0) // which is not H3's cell of resolution 0 there
	lon := []float64{0, math.NaN(), math.Inf(1), 0, 0, math.Inf(-1), 1e300, 123, -400}
	lat := []float64{90, 89, 89, math.NaN(), 90.001, 89, 89, 90, 89.9}
	slot := make([]int32, len(lon))
	require.NoError(t, g.Locate(t.Context(), c.key(), lon, lat, slot))
	for i, s := range slot {
		require.Equal(t, i == 0 || i > 5, s >= 0, i)
	}
	require.Equal(t, slot[0], slot[7])
	require.Error(t, g.Locate(t.Context(), c.key(), lon, lat[1:], slot))
	require.Error(t, g.Locate(t.Context(), "8", lon, lat, slot))
	require.NoError(t, g.Locate(t.Context(), c.key(), nil, nil, nil))
}

func BenchmarkLocate(b *testing.B) {
	for _, c := range []struct {
		parent, child int
		lon, lat      float64
		grow          float64
	}{{5, 9, 106.2, -75.1, 1}, {5, 9, 106.2, -75.1, 2}, {4, 12, -45, 70, 1}, {0, 5, 106.2, -75.1, 1}} {
		b.Run(fmt.Sprintf("%d-%d grow %v", c.parent, c.child, c.grow), func(b *testing.B) {
			g := gridOf(b, c.parent, c.child)
			cell, err := cellOf(c.lon, c.lat, c.child)
			require.NoError(b, err)
			shard := cell.parent(c.parent)
			at, err := g.ico.tileOf(shard)
			require.NoError(b, err)
			const n = 1 << 14
			lon, lat, slot := make([]float64, n), make([]float64, n), make([]int32, n)
			r := rand.New(rand.NewPCG(1, 2))
			for i := range n {
				lon[i], lat[i] = around(r, at.center, at.inner(c.child)*c.grow)
			}
			key := shard.key()
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, g.Locate(b.Context(), key, lon, lat, slot))
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/n, "ns/point")
		})
	}
}

// BenchmarkSetUp is what a call of Locate costs before its first point.
func BenchmarkSetUp(b *testing.B) {
	g := gridOf(b, 5, 9)
	cell, err := cellOf(106.2, -75.1, 5)
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, err := g.newLocator(cell)
		require.NoError(b, err)
	}
}
