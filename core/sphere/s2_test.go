package sphere

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/golang/geo/r3"
	"github.com/golang/geo/s1"
	"github.com/golang/geo/s2"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func s2Point(v Vec) s2.Point { return s2.Point{Vector: r3.Vector{X: v.X, Y: v.Y, Z: v.Z}} }

// randomRing is a simple ring around a place: wide or tiny, near a pole, over the antimeridian, with vertices on the
// meridians and parallels that people choose.
func randomRing(r *rand.Rand) []Vec {
	center := randomVec(r)
	switch r.IntN(5) {
	case 0:
		center = Vec{1e-4 * r.NormFloat64(), 1e-4 * r.NormFloat64(), math.Copysign(1, r.NormFloat64())}.Unit()
	case 1:
		center = FromLonLat(180+0.1*r.NormFloat64(), 120*r.Float64()-60)
	}
	size := math.Exp(-r.Float64()*20) * 1.2 // 1.2 rad … 2.5e-9 rad
	east := Vec{Z: 1}.Cross(center).Unit()
	north := center.Cross(east)
	n := 3 + r.IntN(12)
	var out []Vec
	for i := range n {
		a := 2 * math.Pi * (float64(i) + 0.8*r.Float64()) / float64(n)
		d := math.Tan(size * (0.2 + 0.8*r.Float64()))
		p := center.Add(east.Mul(d * math.Cos(a))).Add(north.Mul(d * math.Sin(a))).Unit()
		if lon, lat := p.LonLat(); size > 0.1 && r.IntN(3) == 0 {
			p = FromLonLat(math.Round(lon), math.Round(lat))
		}
		out = append(out, p)
	}
	return out
}

// TestContainsAsS2: what is inside of rings is what S2 says, where S2's polygon is valid.
func TestContainsAsS2(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 22))
	checked := 0
	for i := range 2000 {
		points := randomRing(r)
		if i%2 == 0 { // clockwise
			for a, b := 0, len(points)-1; a < b; a, b = a+1, b-1 {
				points[a], points[b] = points[b], points[a]
			}
		}
		ring := make([]core.LonLat, len(points))
		vertices := make([]s2.Point, len(points))
		for k, p := range points {
			ring[k].Lon, ring[k].Lat = p.LonLat()
			vertices[k] = s2Point(GeodeticSpherical.Point(ring[k].Lon, ring[k].Lat))
		}
		loop := s2.LoopFromPoints(vertices)
		if loop.Validate() != nil {
			continue
		}
		oriented := i%3 == 0
		if !oriented {
			loop.Normalize()
		}
		region, err := NewRegion(core.Region{Polygons: polygons(ring), Oriented: oriented}, GeodeticSpherical)
		require.NoError(t, err)
		around := region.Cap()
		for range 40 {
			p := points[r.IntN(len(points))].Mul(r.Float64()).Add(points[r.IntN(len(points))].Mul(r.Float64())).Add(points[r.IntN(len(points))].Mul(r.Float64() - 0.3)).Unit()
			if r.IntN(8) == 0 {
				p = randomVec(r)
			}
			near := math.Inf(1) // to the border, by S2
			for k := range vertices {
				near = min(near, float64(s2.DistanceFromSegment(s2Point(p), vertices[k], vertices[(k+1)%len(vertices)])))
			}
			if near < 1e-12 {
				continue
			}
			checked++
			in := loop.ContainsPoint(s2Point(p))
			require.Equal(t, in, region.Contains(p), "%v in %v", p, ring)
			if in {
				require.Zero(t, region.Distance(p))
				require.True(t, around.Contains(p))
			} else {
				require.InDelta(t, near, region.Distance(p), 1e-14+1e-9*near)
			}
		}
	}
	require.Greater(t, checked, 40_000)
}

// TestPiecesAsS2: cells with great-circle sides meet a polygon as S2 says, seen by pieces of pieces.
func TestPiecesAsS2(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 24))
	met, apart := 0, 0
	for range 1500 {
		points := randomRing(r)
		vertices := make([]s2.Point, len(points))
		ring := make([]core.LonLat, len(points))
		for k, p := range points {
			ring[k].Lon, ring[k].Lat = p.LonLat()
			vertices[k] = s2Point(GeodeticSpherical.Point(ring[k].Lon, ring[k].Lat))
		}
		loop := s2.LoopFromPoints(vertices)
		if loop.Validate() != nil {
			continue
		}
		loop.Normalize()
		region, err := NewRegion(core.Region{Polygons: polygons(ring)}, GeodeticSpherical)
		require.NoError(t, err)
		whole := region.Piece()
		for range 10 {
			q := randomQuad(r, points)
			cell := s2.LoopFromPoints([]s2.Point{s2Point(q.Corners[0]), s2Point(q.Corners[1]), s2Point(q.Corners[2]), s2Point(q.Corners[3])})
			want := loop.Intersects(cell)
			var piece, edges Piece
			relation := whole.ClipDisc(&q.Disc, &piece)
			switch relation {
			case Covers:
				require.True(t, want)
			case Apart:
				require.False(t, want)
			case Near:
				yes := piece.Touch(&q.Disc, &edges) || edges.Meets(&q)
				if !yes && !edges.Empty() {
					continue // as close as rounding
				}
				require.Equal(t, want, yes || piece.Inside(q.Center), "%v %v", ring, q)
			}
			if want {
				met++
			} else {
				apart++
			}
		}
	}
	require.Greater(t, met, 1000)
	require.Greater(t, apart, 1000)
}

// randomQuad is a rhombus near some of a ring's vertices, of a size like the ring's.
func randomQuad(r *rand.Rand, ring []Vec) Quad {
	a, b := ring[r.IntN(len(ring))], ring[r.IntN(len(ring))]
	size := math.Exp(-3*r.Float64()) * max(Angle(a, b), 1e-10) / 2
	size = min(size, 0.5)
	center := a.Add(b.Sub(a).Mul(r.Float64())).Add(randomVec(r).Mul(size * 2 * r.Float64())).Unit()
	x := randomVec(r).Cross(center).Unit()
	y := center.Cross(x)
	long, short := math.Tan(size), math.Tan(size*(0.5+0.5*r.Float64()))
	q := Quad{Disc: Disc{Center: center}}
	for i, d := range []Vec{x.Mul(long), y.Mul(short), x.Mul(-long), y.Mul(-short)} {
		q.Corners[i] = center.Add(d).Unit()
	}
	q.Outer = math.Sqrt(center.Chord2(q.Corners[0])) * (1 + 1e-9)
	q.Inner = 2.0
	for i := range q.Corners {
		d := float64(s2.DistanceFromSegment(s2Point(center), s2Point(q.Corners[i]), s2Point(q.Corners[(i+1)%4])))
		q.Inner = min(q.Inner, s1.Angle(d*0.999).Radians())
	}
	return q
}
