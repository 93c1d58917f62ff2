package rectilinear

import (
	"encoding/json"
	"math"
	"math/big"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

const polar = `{"crs":"EPSG:3031","resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[256,256]}`

func gridOf(t testing.TB, config string) *grid {
	t.Helper()
	return newGrid(parsed(t, config))
}

// locate is the slots of points in one shard.
func locate(t testing.TB, g *grid, key core.ShardKey, points ...core.LonLat) []int32 {
	t.Helper()
	lon, lat, slot := make([]float64, len(points)), make([]float64, len(points)), make([]int32, len(points))
	for i, p := range points {
		lon[i], lat[i] = p.Lon, p.Lat
	}
	require.NoError(t, g.Locate(t.Context(), key, lon, lat, slot))
	return slot
}

func TestKeys(t *testing.T) {
	g := gridOf(t, polar)
	for spelling, want := range map[core.ShardKey]core.ShardKey{"0": "0", "24": "24", "0024": "24", "4/4": "24", "2,3": "13", "0/3": "3", "2/03": "13"} {
		shards, err := g.Shards(t.Context(), []core.ShardKey{spelling})
		require.NoError(t, err, spelling)
		require.Equal(t, want, shards[0].Key, spelling)
		require.Equal(t, string(want), shards[0].Label)
		require.Nil(t, shards[0].Path)
	}
	for _, bad := range []core.ShardKey{"", "25", "-1", "+1", "1.0", "1e1", "5/0", "0/5", "1/2/3", "/", "1/", " 1", "0x1", "99999999999999999999", "1_0", "12683825400535580678"} {
		_, err := g.Shards(t.Context(), []core.ShardKey{bad})
		require.Equal(t, core.Invalid, core.CodeOf(err), bad)
		require.ErrorContains(t, err, "want a ", bad)
	}
	_, err := g.Shards(t.Context(), []core.ShardKey{core.ShardKey(make([]byte, 500))})
	require.Less(t, len(err.Error()), 600)
}

// The decision at borders between cells is that of exact arithmetic.
func TestCellOf(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 20000 {
		size := math.Exp(20*r.Float64() - 12)
		if r.IntN(2) == 0 {
			size = []float64{0.1, 0.0001, 5000, 1.0 / 3, 0.7, 1e-9}[r.IntN(6)]
		}
		n := float64(r.Int64N(maxSide))
		d := n * size
		for range r.IntN(4) {
			d = math.Nextafter(d, math.Inf(r.IntN(2)*2-1))
		}
		if r.IntN(4) == 0 {
			d = -d
		}
		quotient := new(big.Rat).Quo(new(big.Rat).SetFloat64(d), new(big.Rat).SetFloat64(size))
		floor := new(big.Int).Div(quotient.Num(), quotient.Denom()) // Euclidean: the denominator is positive
		want, _ := new(big.Float).SetInt(floor).Float64()
		require.Equal(t, want, cellOf(d, size, 1/size), "%v / %v", d, size)
	}
	require.True(t, math.IsNaN(cellOf(math.NaN(), 1, 1)))
	// As numpy has it: (-76.5 - -76.6) // 0.0001 is 999, because the difference is a little less than 0.1.
	west, east := -76.6, -76.5
	require.Equal(t, 999.0, cellOf(east-west, 0.0001, 1/0.0001))
}

// Left and upper borders belong to a cell, right and lower ones to the next; the grid's last ones to nobody, but for the
// pole.
func TestBorders(t *testing.T) {
	g := gridOf(t, `{"crs":"EPSG:4326","resolution":1,"bounds":[-180,-90,180,90],"chunk_shape":[180,360]}`)
	at := func(lon, lat float64) int32 { return locate(t, g, "0", core.LonLat{Lon: lon, Lat: lat})[0] }
	require.Equal(t, int32(0), at(-180, 90))
	require.Equal(t, int32(0), at(180, 90), "a turn further")
	require.Equal(t, int32(0), at(-180, 89.5))
	require.Equal(t, int32(360), at(-180, 89))
	require.Equal(t, int32(361), at(-179, 89))
	require.Equal(t, int32(360), at(math.Nextafter(-179, -180), 89))
	require.Equal(t, int32(1), at(-179, math.Nextafter(89, 90)))
	require.Equal(t, int32(359), at(180-1e-13, 90))
	require.Equal(t, int32(359), at(-180-1e-13, 90))
	require.Equal(t, int32(179*360+180), at(0, -90), "the south pole is in the last row")
	require.Equal(t, int32(179*360), at(540, -90))

	g = gridOf(t, polar)
	require.Equal(t, []int32{-1, -1, -1, 128*256 + 128}, append(locate(t, g, "0", core.LonLat{Lat: -90}), append(locate(t, g, "11", core.LonLat{Lat: -90}), append(locate(t, g, "13", core.LonLat{Lat: -90}), locate(t, g, "12", core.LonLat{Lat: -90})...)...)...))
	// Along the meridian 0 x is 0, the left border of column 640, on either side of the pole.
	require.Equal(t, []int32{28*256 + 128, 228*256 + 128}, locate(t, g, "12", unproject(g, 0, 497500), unproject(g, 0, -502500)))
	none := locate(t, g, "4", unproject(g, 3.2e6+0.001, 3e6), unproject(g, 3e6, 3.2e6+0.001), core.LonLat{Lat: 60})
	require.Equal(t, []int32{-1, -1, -1}, none)
}

func unproject(g *grid, x, y float64) core.LonLat {
	lon, lat := make([]float64, 1), make([]float64, 1)
	g.plane.Inverse([]float64{x}, []float64{y}, lon, lat)
	return core.LonLat{Lon: lon[0], Lat: lat[0]}
}

// Slots, names and cells tell the same story, in every projection.
func TestNamesAndSlots(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, config := range []string{polar,
		`{"crs":"EPSG:4326","resolution":[3,2],"bounds":[-170,-80,190,85],"chunk_shape":[20,30]}`,
		`{"crs":"EPSG:32733","resolution":10000,"bounds":[-500000,1000000,1500000,9000000],"chunk_shape":[100,50]}`,
	} {
		g := gridOf(t, config)
		const n = 3000
		lon, lat := make([]float64, n), make([]float64, n)
		for i := range n {
			p := unproject(g, g.config.XMin+r.Float64()*float64(g.config.Shape[1])*g.config.ResX, g.config.YMax-r.Float64()*float64(g.config.Shape[0])*g.config.ResY)
			if lon[i], lat[i] = p.Lon, p.Lat; math.IsNaN(p.Lon) { // below the south pole
				lon[i], lat[i] = 1, 1
			}
		}
		lon[0], lat[1], lat[2] = math.NaN(), 91, math.Inf(-1)
		lon[3], lat[3] = 100, 89.99 // outside each
		cols, err := g.Names(t.Context(), lon, lat)
		require.NoError(t, err)
		id, row, col := core.View[int64](cols[0].Data), core.View[int64](cols[1].Data), core.View[int64](cols[2].Data)
		x, y, shard := core.View[float64](cols[3].Data), core.View[float64](cols[4].Data), core.View[int64](cols[5].Data)
		require.Equal(t, []int64{0, 0, 0, -1}, id[:4])
		require.Equal(t, []int64{0, 0, 0, -1}, shard[:4])
		slot := make([]int32, n)
		for key := range g.shards[0] * g.shards[1] {
			p := place{key / g.shards[1], key % g.shards[1]}
			require.NoError(t, g.Locate(t.Context(), g.key(p), lon, lat, slot))
			for i, s := range slot {
				if i < 4 || shard[i] != key {
					require.Equal(t, int32(-1), s)
					continue
				}
				c := &g.config
				require.Equal(t, row[i], p.row*c.Shard[0]+int64(s)/c.Shard[1])
				require.Equal(t, col[i], p.col*c.Shard[1]+int64(s)%c.Shard[1])
				require.Equal(t, id[i], row[i]*c.Shape[1]+col[i])
				require.InDelta(t, c.XMin+(float64(col[i])+0.5)*c.ResX, x[i], c.ResX*0.5000001)
				require.InDelta(t, c.YMax-(float64(row[i])+0.5)*c.ResY, y[i], c.ResY*0.5000001)
			}
		}
	}
}

// A grid made larger than the Earth has void cells, and a cell that ends beyond a pole has its centre on this side.
func TestVoidCells(t *testing.T) {
	g := gridOf(t, `{"crs":"EPSG:4326","resolution":[10,7],"bounds":[-180,-90,180,90],"chunk_shape":[13,20]}`)
	require.Equal(t, [2]int64{26, 40}, g.config.Shape) // 182 by 400 degrees
	void := 0
	for key := range g.shards[0] * g.shards[1] {
		cols, err := g.Cells(t.Context(), g.key(place{key / g.shards[1], key % g.shards[1]}))
		require.NoError(t, err)
		lon, lat := core.View[float64](cols[0].Data), core.View[float64](cols[1].Data)
		for i := range lon {
			require.Equal(t, math.IsNaN(lon[i]), math.IsNaN(lat[i]))
			if math.IsNaN(lon[i]) {
				void++
				continue
			}
			require.True(t, lat[i] >= -90 && lat[i] <= 90 && lon[i] < 180)
		}
		if key == 3 {
			require.Equal(t, -87.5, lat[len(lat)-20]) // from -85 to -92
		}
	}
	require.Equal(t, 26*4, void)
	// Shards with nothing at all are known, and never covered.
	far := gridOf(t, `{"crs":"EPSG:4326","resolution":1,"bounds":[-180,-80,180,120],"chunk_shape":[20,100]}`)
	require.Equal(t, block{1, 0, 9, 4}, far.lively)
	shards, err := far.Shards(t.Context(), []core.ShardKey{"0"})
	require.NoError(t, err)
	require.Zero(t, shards[0].AreaKM2)
	region, err := sphere.NewRegion(shards[0].Outline, sphere.AuthalicWGS84)
	require.NoError(t, err)
	require.Less(t, region.Cap().Radius, 1.7)
	covers, err := far.Cover(t.Context(), []core.Region{{Polygons: []core.Polygon{{{{Lon: 0, Lat: 0}}}}, Margin: 3e7}})
	require.NoError(t, err)
	require.Len(t, covers[0], 36)
}

// All shards of a globe have the Earth's area; small shards of a projection together that of a large one.
func TestAreas(t *testing.T) {
	total := func(config string) float64 {
		g := gridOf(t, config)
		sum := 0.0
		for key := range g.shards[0] * g.shards[1] {
			shards, err := g.Shards(t.Context(), []core.ShardKey{g.key(place{key / g.shards[1], key % g.shards[1]})})
			require.NoError(t, err)
			require.Greater(t, shards[0].AreaKM2, 0.0)
			sum += shards[0].AreaKM2
		}
		return sum
	}
	globe := total(`{"crs":"EPSG:4326","resolution":1,"bounds":[-180,-90,180,90],"chunk_shape":[30,40]}`)
	require.InEpsilon(t, 4*math.Pi*6371.0088*6371.0088, globe, 1e-9)
	for _, c := range [][2]string{
		{`{"crs":"EPSG:3031","resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[1280,1280]}`, `{"crs":"EPSG:3031","resolution":5000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[64,64]}`},
		{`{"crs":"EPSG:32618","resolution":5000,"bounds":[0,0,1000000,9000000],"chunk_shape":[1800,200]}`, `{"crs":"EPSG:32618","resolution":5000,"bounds":[0,0,1000000,9000000],"chunk_shape":[50,50]}`},
	} {
		require.InEpsilon(t, total(c[1]), total(c[0]), 2e-4)
	}
	// At the standard parallel a kilometre of the plane is one on the ground.
	g := gridOf(t, `{"crs":"EPSG:3031","resolution":1000,"bounds":[0,2082000,10000,2092000],"chunk_shape":[10,10]}`)
	shards, err := g.Shards(t.Context(), []core.ShardKey{"0"})
	require.NoError(t, err)
	require.InEpsilon(t, 100, shards[0].AreaKM2, 1e-3)
}

// What CF and GDAL look for is there.
func TestFrame(t *testing.T) {
	f := gridOf(t, `{"crs":"EPSG:3031","resolution":[5000,2500],"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[256,256],"chunk_inner":[64,128]}`).Info().Frame
	require.Equal(t, "rectilinear", f.Group)
	require.Empty(t, f.Coords)
	y, x := f.Dims[0], f.Dims[1]
	require.Equal(t, core.Dim{Name: "y", Size: 2560, Shard: 256, Chunk: 64, Axis: y.Axis}, y)
	require.Equal(t, core.Dim{Name: "x", Size: 1280, Shard: 256, Chunk: 128, Axis: x.Axis}, x)
	require.Equal(t, []float64{3198750, -2500, -3197500, 5000}, []float64{y.Axis.Start, y.Axis.Step, x.Axis.Start, x.Axis.Step})
	require.JSONEq(t, `{"axis":"Y","units":"m","standard_name":"projection_y_coordinate","long_name":"y coordinate of projection"}`, string(y.Axis.Attrs))
	require.JSONEq(t, `{"crs":"EPSG:3031","resolution":[5000,2500],"bounds":[-3200000,-3200000,3200000,3200000],"coordinates":"spatial_ref"}`, string(f.Attrs))
	require.JSONEq(t, `{"grid_mapping":"spatial_ref"}`, string(f.VarAttrs))
	require.Len(t, f.Scalars, 1)
	var attrs map[string]any
	require.NoError(t, json.Unmarshal(f.Scalars[0].Attrs, &attrs))
	require.Equal(t, "polar_stereographic", attrs["grid_mapping_name"])
	require.Equal(t, "-3200000 5000 0 3200000 0 -2500", attrs["GeoTransform"])

	f = gridOf(t, `{"crs":"EPSG:4326","resolution":1,"bounds":[-180,-90,180,90],"chunk_shape":[30,40]}`).Info().Frame
	require.JSONEq(t, `{"axis":"X","units":"degrees_east","standard_name":"longitude","long_name":"longitude"}`, string(f.Dims[1].Axis.Attrs))
	require.JSONEq(t, `{"axis":"Y","units":"degrees_north","standard_name":"latitude","long_name":"latitude"}`, string(f.Dims[0].Axis.Attrs))
}

func TestRefusals(t *testing.T) {
	g := gridOf(t, polar)
	require.Equal(t, core.Invalid, core.CodeOf(g.Locate(t.Context(), "0", make([]float64, 2), make([]float64, 1), make([]int32, 2))))
	require.Equal(t, core.Invalid, core.CodeOf(g.Locate(t.Context(), "nonsense", nil, nil, nil)))
	_, err := g.Cells(t.Context(), "25")
	require.Equal(t, core.Invalid, core.CodeOf(err))
	_, err = g.Names(t.Context(), make([]float64, 1), nil)
	require.Equal(t, core.Invalid, core.CodeOf(err))
	_, err = Plugin().Grids[0].New(t.Context(), core.Config(`{}`))
	require.ErrorContains(t, err, "crs: missing")
	_, err = g.Cover(t.Context(), []core.Region{{Polygons: []core.Polygon{{{{Lat: 91}}}}}})
	require.ErrorContains(t, err, "region 0: ")
	fine := gridOf(t, `{"crs":"EPSG:4326","resolution":0.01,"bounds":[-180,-90,180,90],"chunk_shape":[1,1]}`)
	_, err = fine.Cover(t.Context(), []core.Region{{Polygons: []core.Polygon{{{{}}}}, Margin: 3e7}})
	require.Equal(t, core.Unsupported, core.CodeOf(err))
}

// Of tiles of all shapes in all projections: what cap and inner promise.
func TestTileFactors(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for _, config := range []string{polar,
		`{"crs":"EPSG:3413","resolution":50000,"bounds":[-20000000,-20000000,20000000,20000000]}`,
		`{"crs":"EPSG:4326","resolution":1,"bounds":[-180,-90,180,90]}`,
		`{"crs":"EPSG:32633","resolution":10000,"bounds":[-2500000,-9000000,3500000,12000000]}`,
	} {
		g := gridOf(t, config)
		c := &g.config
		whole := c.rect(0, 0, c.Shape[0], c.Shape[1]).Clip(g.domain)
		small := 0
		for range 800 {
			wide := (whole.X1 - whole.X0) * math.Exp(-10*r.Float64())
			high := min((whole.Y1-whole.Y0)*0.9, wide*math.Exp(2*r.NormFloat64()))
			rect := whole
			rect.X0 += r.Float64() * (whole.X1 - whole.X0 - wide)
			rect.Y0 += r.Float64() * (whole.Y1 - whole.Y0 - high)
			rect.X1, rect.Y1 = rect.X0+wide, rect.Y0+high
			tile := g.tileOf(rect)
			q, ok := g.quad(&tile)
			around, alike := g.rough(rect)
			require.Equal(t, ok, alike)
			if !ok {
				continue
			}
			small++
			require.InDelta(t, q.Outer, around.Outer, 1e-15)
			const steps = 24
			lon, lat := g.border(rect, steps)
			for i := range lon {
				p := latitude.Point(lon[i], lat[i])
				d := math.Sqrt(q.Center.Chord2(p))
				require.True(t, q.Inner < d && d < q.Outer, "%s %+v: %v < %v < %v", config, rect, q.Inner, d, q.Outer)
				arc, _ := sphere.NewArc(q.Corners[i/steps], q.Corners[(i/steps+1)%4])
				require.Less(t, arc.Distance(p), q.Bulge, "%s %+v", config, rect)
			}
			quarters := g.split(&tile)
			for i := range quarters {
				again := g.tileOf(quarters[i].rect)
				for k := range again.at {
					require.Less(t, again.at[k].Chord2(quarters[i].at[k]), 1e-24)
				}
			}
		}
		require.Greater(t, small, 400, config)
	}
}
