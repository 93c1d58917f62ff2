package healpix

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// anyPoint is uniform on the sphere, or close to a pole, the edge of a polar cap, or a border of base cells.
func anyPoint(r *rand.Rand) (lon, lat float64) {
	lon, lat = 720*r.Float64()-360, math.Asin(2*r.Float64()-1)*degree
	tiny := math.Exp(-35*r.Float64()) * (1 - 2*float64(r.IntN(2)))
	switch r.IntN(10) {
	case 0:
		lat = math.Copysign(90-math.Abs(tiny), lat)
	case 1:
		lat = math.Copysign(bandLimit, lat) + tiny
	case 2:
		lat = math.Copysign(sphere.Geodetic(bandLimit), lat) + tiny
	case 3:
		lon = 45*float64(r.IntN(17)-8) + tiny
	case 4:
		lat = tiny
	}
	return lon, lat
}

// borderPoint is on, or a few roundings beside, the border of a cell.
func borderPoint(r *rand.Rand, order int, latitude sphere.Latitude) (lon, lat float64) {
	q := squareOf(cellID{order, r.Uint64N(cellCount(order))})
	s := q.border(r.IntN(4), float64(r.IntN(3))/2*r.Float64())
	lon, lat = s.lon, latitude.FromSphere(s.lat())
	for range r.IntN(4) {
		lon, lat = math.Nextafter(lon, 360*r.Float64()), math.Nextafter(lat, 180*r.Float64()-90)
	}
	if r.IntN(2) == 0 {
		lat += 1e-13 * r.NormFloat64()
	}
	return lon, max(-90, min(90, lat))
}

// TestLocateIsTheFormulas: with all its short cuts, Locate gives the slots of the plain formulas.
func TestLocateIsTheFormulas(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	const n = 250
	points := 1_000_000
	if testing.Short() {
		points /= 20
	}
	lon, lat, slot := make([]float64, n), make([]float64, n), make([]int32, n)
	for done := 0; done < points; done += n {
		order := r.IntN(25)
		parent := max(0, order-r.IntN(maxDepth+1))
		latitude := sphere.Latitude(r.IntN(2))
		g := newGrid(Config{ParentOrder: parent, ChunkInner: parent, ChildOrder: order, Latitude: latitude})
		// All points near the first, so that a good part of them falls into its shard.
		near := math.Exp2(-float64(parent)) * 90
		for i := range n {
			switch {
			case i == 0:
				lon[i], lat[i] = anyPoint(r)
			case i%5 == 0:
				lon[i], lat[i] = borderPoint(r, order, latitude)
			case i%5 == 1:
				lon[i], lat[i] = anyPoint(r)
			default:
				lat[i] = max(-90, min(90, lat[0]+near*r.NormFloat64()))
				lon[i] = lon[0] + near*r.NormFloat64()/max(0.01, math.Cos(lat[i]*radian))
			}
		}
		for k := range 6 { // the shards of the first points: any, near, border
			shard := g.shardOf(lon[k], lat[k])
			require.NoError(t, g.Locate(t.Context(), shard, lon, lat, slot))
			c, err := g.shardFromKey(shard)
			require.NoError(t, err)
			for i := range n {
				face, u, v := project(lon[i], latitude.ToSphere(lat[i]))
				id := cellID{order, nestOf(face, u, v, order)}
				want := int32(-1)
				if id.parent(parent) == c {
					want = int32(id.nest & (1<<(2*(order-parent)) - 1))
				}
				if slot[i] != want {
					t.Fatalf("order %d, %v, lon %v lat %v: slot %d, formulas %d", order, latitude, lon[i], lat[i], slot[i], want)
				}
			}
		}
	}
}

// TestCurves: the polynomials give the place on a face to a small part of the distance below which they are not used.
func TestCurves(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 10))
	for _, latitude := range []sphere.Latitude{sphere.AuthalicWGS84, sphere.GeodeticSpherical} {
		c := curvesOf(latitude)
		for range 200_000 {
			_, lat := anyPoint(r)
			if lat = math.Abs(lat); lat < c.limit {
				x := lat / 45
				require.InDelta(t, math.Sin(latitude.ToSphere(lat)*radian), x*c.band.at(x*x), near/50)
			} else {
				x := (90 - lat) / 45
				want := sqrt6 * math.Sin((90-latitude.ToSphere(lat))/2*radian)
				require.InDelta(t, want, x*c.polar.at(x*x), near/50)
			}
		}
	}
}

// TestCellsAreLocated: the centre of each cell is in its slot, and nowhere else.
func TestCellsAreLocated(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 11))
	for _, c := range []Config{{0, 0, 0, true, 0}, {0, 0, 5, true, 1}, {1, 1, 6, false, 0}, {6, 6, 12, true, 0}, {6, 6, 12, true, 1}, {20, 20, 24, true, 0}, {24, 26, 29, true, 0}, {29, 29, 29, true, 1}} {
		g := newGrid(c)
		for i := range 24 {
			nest := r.Uint64N(cellCount(c.ParentOrder))
			if i < 12 { // the pole and equator corners of each base cell
				nest = uint64(i+1)<<(2*c.ParentOrder) - 1 // north
				if i >= 8 {
					nest = uint64(i) << (2 * c.ParentOrder) // south
				}
			}
			shard := cellID{c.ParentOrder, nest}
			columns, err := g.Cells(t.Context(), keyOf(shard))
			require.NoError(t, err)
			checkCells(t, g, shard, columns)
		}
	}
}

func checkCells(t *testing.T, g *grid, shard cellID, columns []core.Column) {
	t.Helper()
	names := []string{"lon", "lat"}
	for _, f := range g.info.Frame.Coords {
		names = append(names, f.Name)
	}
	require.Len(t, columns, len(names))
	n := int(g.info.Frame.Slots())
	for i, c := range columns {
		require.Equal(t, names[i], c.Name)
		require.Equal(t, n, c.Rows())
		if i >= 2 {
			require.Equal(t, g.info.Frame.Coords[i-2].Type, c.Type)
		}
	}
	lon, lat, words := core.View[float64](columns[0].Data), core.View[float64](columns[1].Data), core.View[uint64](columns[2].Data)
	slot := make([]int32, n)
	require.NoError(t, g.Locate(t.Context(), keyOf(shard), lon, lat, slot))
	named, err := g.Names(t.Context(), lon, lat)
	require.NoError(t, err)
	ids, morton := core.View[uint64](named[0].Data), core.View[uint64](named[1].Data)
	for i, s := range slot {
		if int(s) != i || ids[i] != shard.nest<<(2*g.depth)+uint64(i) || morton[i] != words[i] {
			t.Fatalf("shard %s: centre %d (%v, %v) is in slot %d, cell %d", shard.decimal(), i, lon[i], lat[i], s, ids[i])
		}
		if lon[i] < 0 || lon[i] >= 360 || math.Abs(lat[i]) > 90 {
			t.Fatalf("centre %v, %v", lon[i], lat[i])
		}
	}
	if g.config.EmitCellIDs {
		require.Equal(t, ids, core.View[uint64](columns[3].Data))
	}
	elsewhere := keyOf(cellID{shard.order, (shard.nest + 1) % cellCount(shard.order)})
	require.NoError(t, g.Locate(t.Context(), elsewhere, lon, lat, slot))
	for _, s := range slot {
		require.Equal(t, int32(-1), s)
	}
}

// TestOneShardEach: a point is in one slot of one shard, and that is the one it is named by.
func TestOneShardEach(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 12))
	g := newGrid(Config{ParentOrder: 2, ChunkInner: 2, ChildOrder: 9})
	const n = 2000
	lon, lat := make([]float64, n), make([]float64, n)
	for i := range n {
		if lon[i], lat[i] = anyPoint(r); i%2 == 0 {
			lon[i], lat[i] = borderPoint(r, 3, 0)
		}
	}
	names, err := g.Names(t.Context(), lon, lat)
	require.NoError(t, err)
	shards := core.View[uint64](names[3].Data)
	found, slot := make([]int, n), make([]int32, n)
	for nest := range cellCount(2) {
		c := cellID{2, nest}
		require.NoError(t, g.Locate(t.Context(), keyOf(c), lon, lat, slot))
		for i, s := range slot {
			if s >= 0 {
				found[i]++
				require.Equal(t, c.word(), shards[i])
			}
		}
	}
	for i := range found {
		require.Equal(t, 1, found[i], "lon %v lat %v", lon[i], lat[i])
	}
}

func TestOddCoordinates(t *testing.T) {
	g := newGrid(Config{ParentOrder: 0, ChunkInner: 0, ChildOrder: 4})
	nan, inf := math.NaN(), math.Inf(1)
	lon := []float64{nan, 0, inf, -inf, 0, 0, 0, 0, nan, 10, 1e6, -1e6, 1e15, math.MaxFloat64}
	lat := []float64{0, nan, 0, 0, inf, -inf, 90.00001, -91, nan, 0, 5, 5, 5, 5}
	names, err := g.Names(t.Context(), lon, lat)
	require.NoError(t, err)
	found, slot := make([]int, len(lon)), make([]int32, len(lon))
	for nest := range cellCount(0) {
		require.NoError(t, g.Locate(t.Context(), keyOf(cellID{0, nest}), lon, lat, slot))
		for i, s := range slot {
			require.GreaterOrEqual(t, s, int32(-1))
			if s >= 0 {
				found[i]++
			}
		}
	}
	for i := range lon {
		valid := i >= 9
		if valid {
			require.Equal(t, 1, found[i], "%v %v", lon[i], lat[i])
		} else {
			require.Zero(t, found[i], "%v %v", lon[i], lat[i])
			require.Zero(t, core.View[uint64](names[1].Data)[i])
			require.Equal(t, names[2].Offsets[i], names[2].Offsets[i+1])
		}
		require.Equal(t, valid, core.View[uint64](names[3].Data)[i] != 0)
	}
	// Turns change nothing: 1e6 = 2777·360 + 280.
	require.Equal(t, g.shardOf(280, 5), g.shardOf(1e6, 5))
}

func TestLocateRefuses(t *testing.T) {
	g := newGrid(Config{ParentOrder: 3, ChunkInner: 3, ChildOrder: 5})
	key := keyOf(cellID{3, 0})
	require.Equal(t, core.Invalid, core.CodeOf(g.Locate(t.Context(), key, make([]float64, 2), make([]float64, 1), make([]int32, 2))))
	require.Equal(t, core.Invalid, core.CodeOf(g.Locate(t.Context(), key, make([]float64, 2), make([]float64, 2), make([]int32, 1))))
	require.Equal(t, core.Invalid, core.CodeOf(g.Locate(t.Context(), "nonsense", nil, nil, nil)))
	_, err := g.Cells(t.Context(), "0")
	require.Equal(t, core.Invalid, core.CodeOf(err))
	_, err = g.Names(t.Context(), make([]float64, 1), nil)
	require.Equal(t, core.Invalid, core.CodeOf(err))
	require.NoError(t, g.Locate(t.Context(), key, nil, nil, nil))
}

// TestOutlines: an outline, and its box, contains every point located, up to the border; and it is tight.
func TestOutlines(t *testing.T) {
	r := rand.New(rand.NewPCG(13, 13))
	for i := range 400 {
		order := r.IntN(14)
		latitude := sphere.Latitude(i & 1)
		g := newGrid(Config{ParentOrder: order, ChunkInner: order, ChildOrder: order, Latitude: latitude})
		nest := r.Uint64N(cellCount(order))
		if i%4 == 0 { // at a pole
			nest = uint64(r.IntN(4)+1)<<(2*order) - 1
		}
		c := cellID{order, nest}
		shards, err := g.Shards(t.Context(), []core.ShardKey{keyOf(c)})
		require.NoError(t, err)
		outline := shards[0].Outline
		region, err := sphere.NewRegion(outline, latitude)
		require.NoError(t, err)
		// A reader that asks does not know how the grid maps latitudes.
		other, err := sphere.NewRegion(outline, 1-latitude)
		require.NoError(t, err)
		box, err := sphere.Bounds(outline)
		require.NoError(t, err)
		q := squareOf(c)
		for k := range 200 {
			s := q.at(r.Float64(), r.Float64())
			if k%2 == 0 {
				s = q.border(r.IntN(4), r.Float64())
			}
			lon, lat := s.lon, latitude.FromSphere(s.lat())
			require.True(t, region.Contains(latitude.Point(lon, lat)), "order %d nest %d lon %v lat %v", order, nest, lon, lat)
			require.True(t, other.Contains((1-latitude).Point(lon, lat)), "order %d nest %d lon %v lat %v", order, nest, lon, lat)
			require.True(t, box.Contains(lon-360, lat))
		}
		side := 6371e3 * math.Sqrt(4*math.Pi/float64(cellCount(order)))
		require.Less(t, outline.Margin, 0.01*side+0.01)
		for _, f := range []float64{-0.05, 1.05} {
			require.False(t, region.Contains(q.at(0.5, f).vec()))
		}
	}
}

func TestConcurrent(t *testing.T) {
	g := newGrid(Config{ParentOrder: 3, ChunkInner: 3, ChildOrder: 8, EmitCellIDs: true})
	var wait sync.WaitGroup
	for i := range 8 {
		wait.Go(func() {
			key := core.ShardKey(fmt.Sprintf("nested:%d", i))
			columns, err := g.Cells(t.Context(), key)
			if err != nil {
				t.Error(err)
				return
			}
			slot := make([]int32, columns[0].Rows())
			err = g.Locate(t.Context(), key, core.View[float64](columns[0].Data), core.View[float64](columns[1].Data), slot)
			for k, s := range slot {
				if err != nil || int(s) != k {
					t.Error(err, k, s)
					return
				}
			}
		})
	}
	wait.Wait()
}
