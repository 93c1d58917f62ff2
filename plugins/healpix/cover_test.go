package healpix

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

type coverageFile struct {
	Polygons []struct {
		Name, Rule string
		Oriented   bool
		Rings      []struct{ Lat, Lon []float64 }
		Variants   []struct {
			Edges, Lat string
			Orders     map[string]struct {
				N          int
				In, Either []uint64
			}
		}
	}
}

func TestCoverageVectors(t *testing.T) {
	var file coverageFile
	readVectors(t, "coverage.json.gz", &file)
	for _, p := range file.Polygons {
		for _, v := range p.Variants {
			region := core.Region{Oriented: p.Oriented, Planar: v.Edges == "planar"}
			for i, r := range p.Rings {
				var ring []core.LonLat
				for k := range r.Lat {
					ring = append(ring, core.LonLat{Lon: r.Lon[k], Lat: r.Lat[k]})
				}
				if i == 0 || p.Rule == "union" {
					region.Polygons = append(region.Polygons, nil)
				}
				last := len(region.Polygons) - 1
				region.Polygons[last] = append(region.Polygons[last], ring)
			}
			latitude := sphere.AuthalicWGS84
			if v.Lat == "spherical" {
				latitude = sphere.GeodeticSpherical
			}
			for order := 4; order <= 9; order++ {
				want := v.Orders[string(rune('0'+order))]
				g := newGrid(Config{ParentOrder: order, ChunkInner: order, ChildOrder: order, Latitude: latitude})
				covers, err := g.Cover(t.Context(), []core.Region{region})
				require.NoError(t, err)
				got := map[uint64]bool{}
				for _, k := range covers[0] {
					c, err := g.shardFromKey(k)
					require.NoError(t, err)
					got[c.nest] = true
				}
				extra := len(got)
				for i := 0; i+1 < len(want.In); i += 2 {
					for n := want.In[i]; n <= want.In[i+1]; n++ {
						require.True(t, got[n], "%s %s %s order %d misses %d", p.Name, v.Edges, v.Lat, order, n)
						extra--
					}
				}
				for i := 0; i+1 < len(want.Either); i += 2 {
					for n := want.Either[i]; n <= want.Either[i+1]; n++ {
						if got[n] {
							extra--
						}
					}
				}
				if extra > 0 {
					t.Logf("%s %s %s order %d: %d of %d too many (%.2f%%)", p.Name, v.Edges, v.Lat, order, extra, want.N, 100*float64(extra)/float64(want.N))
				}
			}
		}
	}
}

// TestCapFactors samples cells of all shapes.
func TestCapFactors(t *testing.T) {
	outer, inner := 0.0, 9.0
	for order := range 7 {
		for n := range cellCount(order) {
			q := squareOf(cellID{order, n})
			around := q.cap()
			center, in := around.Center, q.inner(around.Center)
			far, close := 0.0, 9.0
			for side := range 4 {
				for i := range 16 {
					d := sphere.Angle(center, q.border(side, float64(i)/16).vec())
					far, close = max(far, d), min(close, d)
				}
			}
			outer = max(outer, far/(around.Radius/outerFactor))
			inner = min(inner, close/(in/innerFactor))
		}
		t.Log(order, outer, inner)
	}
	_ = math.Pi
}
