//go:build cgo

package h3

import (
	"compress/gzip"
	"encoding/json"
	"math"
	"os"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/sharedtest"
)

// vectors are points and cells of the Python package h3.
type vectors struct {
	Points []struct {
		Lat, Lon float64
		Cells    []string // resolutions 0, 1, …
	}
	Cells []struct {
		Cell, Int, Parent0 string
		Parent             *string
		Res                int
		Center             [2]float64 // latitude, longitude
		Boundary           [][2]float64
		Pentagon           bool
		Children           []string
	}
}

func readVectors(t *testing.T) (v vectors) {
	t.Helper()
	f, err := os.Open(sharedtest.Dir(t, "vectors", "h3.json.gz"))
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	require.NoError(t, json.NewDecoder(z).Decode(&v))
	require.NotEmpty(t, v.Points)
	require.NotEmpty(t, v.Cells)
	return v
}

func TestPointVectors(t *testing.T) {
	v := readVectors(t)
	for child := range len(v.Points[0].Cells) {
		parent := max(child-4, 0)
		g := gridOf(t, parent, child)
		for _, p := range v.Points {
			want, ok := cellFromKey(core.ShardKey(p.Cells[child]))
			require.True(t, ok)
			slot := []int32{-1}
			require.NoError(t, g.Locate(t.Context(), want.parent(parent).key(), []float64{p.Lon}, []float64{p.Lat}, slot))
			require.Equal(t, int32(want.slot(parent)), slot[0], "lon %v lat %v: not %s", p.Lon, p.Lat, want)
			names, err := g.Names(t.Context(), []float64{p.Lon}, []float64{p.Lat})
			require.NoError(t, err)
			require.Equal(t, p.Cells[child], string(names[1].Data))
		}
	}
}

func TestCellVectors(t *testing.T) {
	for _, v := range readVectors(t).Cells {
		c, ok := cellFromKey(core.ShardKey(v.Cell))
		require.True(t, ok)
		require.Equal(t, v.Int, strconv.FormatUint(uint64(c), 10))
		require.Equal(t, v.Res, c.resolution())
		require.Equal(t, v.Pentagon, c.isPentagon())
		require.Equal(t, v.Parent0, c.parent(0).String())
		if v.Parent != nil {
			require.Equal(t, *v.Parent, c.parent(v.Res-1).String())
		}
		var children []string
		for d := 0; d < 7 && v.Res < maxResolution; d++ {
			if child := c.child(d); !child.isVoid() {
				children = append(children, child.String())
			}
		}
		if len(v.Children) > 0 {
			require.Equal(t, v.Children, children)
		}
		shards, err := gridOf(t, v.Res, v.Res).Shards(t.Context(), []core.ShardKey{core.ShardKey(v.Cell)})
		require.NoError(t, err)
		require.Equal(t, v.Cell, shards[0].Label)
		outline := shards[0].Outline.Polygons[0][0]
		require.Len(t, outline, len(v.Boundary))
		for i, at := range v.Boundary {
			requireNear(t, at, sphere.FromLonLat(outline[i].Lon, outline[i].Lat))
		}
		center, err := centerOf(c)
		require.NoError(t, err)
		requireNear(t, v.Center, center)
	}
}

// requireNear allows 1e-9 degrees, and near the poles what H3 leaves undetermined by taking an arc sine there.
func requireNear(t *testing.T, latLon [2]float64, p sphere.Vec) {
	t.Helper()
	want := sphere.FromLonLat(latLon[1], latLon[0])
	require.LessOrEqual(t, sphere.Angle(want, p), 1e-9/degree+1e-15/math.Hypot(p.X, p.Y))
}
