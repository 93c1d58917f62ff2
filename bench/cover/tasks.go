package main

import (
	"context"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"

	"github.com/englacial/zagg/bench/internal/peer"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

const radian = math.Pi / 180

// groundTrack is a point of ICESat-2's ground track (92°, 1387 revolutions in 91 days) at an argument of latitude u, metres
// to the right of it.
func groundTrack(u, node, right float64) core.LonLat {
	const inclination, turns = 92 * radian, 91.0 / 1387
	s, c := math.Sincos(u)
	si, ci := math.Sincos(inclination)
	a := right / sphere.EarthRadius
	x, y, z := c, ci*s+si*a, si*s-ci*a
	lat := math.Atan2(z, math.Hypot(x, y)*(1-1/sphere.InverseFlattening)*(1-1/sphere.InverseFlattening)) / radian
	return core.LonLat{Lon: math.Remainder((math.Atan2(y, x)-turns*u)/radian+node, 360), Lat: lat}
}

// footprint is an outline of 48 vertices, 7.4 km wide, of a fourteenth of a revolution.
func footprint(r *rand.Rand) core.Region {
	from, node := float64(r.IntN(14))*2*math.Pi/14+0.01, 360*r.Float64()
	ring := make([]core.LonLat, 0, 48)
	for i := range 48 {
		f, right := float64(i)/23, -3700.0
		if i >= 24 {
			f, right = float64(47-i)/23, 3700
		}
		ring = append(ring, groundTrack(from+f*2*math.Pi/14, node, right))
	}
	return core.Region{Polygons: []core.Polygon{{ring}}}
}

// makers make the tasks and the files that peers read.
func makers() map[string]func(context.Context, options, string) (*peer.Task, error) {
	return map[string]func(context.Context, options, string) (*peer.Task, error){
		"footprints6": footprints6, "footprints12": footprints12, "basins6": basins6, "points12": points12,
	}
}

func footprints6(ctx context.Context, o options, dir string) (*peer.Task, error) {
	return footprintTask(ctx, o, dir, "footprints6", 6)
}

func footprints12(ctx context.Context, o options, dir string) (*peer.Task, error) {
	return footprintTask(ctx, o, dir, "footprints12", 12)
}

func footprintTask(ctx context.Context, o options, dir, name string, order int) (*peer.Task, error) {
	r := rand.New(rand.NewPCG(1, 2))
	regions := make([]core.Region, o.footprints)
	for i := range regions {
		regions[i] = footprint(r)
	}
	grid, err := newGrid(ctx, order, order, "authalic-wgs84")
	if err != nil {
		return nil, err
	}
	t := &peer.Task{
		Name: name, Unit: "footprint", Units: len(regions), Input: filepath.Join(dir, name),
		Ours:  func() (float64, error) { return coverAll(ctx, grid, regions) },
		Peers: []string{"mortie-" + name[len("footprints"):], "mortie-moc-" + name[len("footprints"):]},
		Close: 1e-3, Loose: "moc",
	}
	return t, writeRings(t.Input, regions)
}

// basins6 is 27 sectors of a ragged Antarctica, as many vertices in all as the drainage basins have that are in use.
func basins6(ctx context.Context, _ options, dir string) (*peer.Task, error) {
	const basins, vertices = 27, 1_240_000 / 27
	r := rand.New(rand.NewPCG(3, 4))
	var phases [40]float64
	for i := range phases {
		phases[i] = 2 * math.Pi * r.Float64()
	}
	ragged := func(x float64) float64 { // within ±1
		sum := 0.0
		for i, phase := range phases {
			sum += math.Sin(x*math.Pow(1.3, float64(i))+phase) * math.Pow(0.8, float64(i))
		}
		return sum / 5
	}
	side := func(k int, lat float64) core.LonLat {
		return core.LonLat{Lon: 360*float64(k%basins)/basins + 3*ragged(lat+100*float64(k%basins)), Lat: lat}
	}
	coast := func(lon float64) float64 { return -70 + 3*ragged(lon/10) }
	region := core.Region{}
	for k := range basins {
		var ring []core.LonLat
		third := vertices / 3
		a, b := side(k, coast(360*float64(k)/basins)), side(k+1, coast(360*float64((k+1)%basins)/basins))
		b.Lon += math.Round((a.Lon+360.0/basins-b.Lon)/360) * 360
		for i := range third {
			ring = append(ring, side(k, -88+(a.Lat+88)*float64(i)/float64(third)))
		}
		for i := range vertices - 2*third {
			f := float64(i) / float64(vertices-2*third)
			lon := a.Lon + f*(b.Lon-a.Lon)
			ring = append(ring, core.LonLat{Lon: lon, Lat: (a.Lat+f*(b.Lat-a.Lat))*(1-4*f*(1-f)) + coast(lon)*4*f*(1-f)})
		}
		for i := range third {
			ring = append(ring, side(k+1, b.Lat+(-88-b.Lat)*float64(i)/float64(third)))
		}
		region.Polygons = append(region.Polygons, core.Polygon{ring})
	}
	grid, err := newGrid(ctx, 6, 6, "authalic-wgs84")
	if err != nil {
		return nil, err
	}
	t := &peer.Task{
		Name: "basins6", Unit: "basin", Units: basins, Input: filepath.Join(dir, "basins6"),
		Ours:  func() (float64, error) { return coverAll(ctx, grid, []core.Region{region}) },
		Peers: []string{"mortie-union-6"}, Close: 0.01, // mortie counts crossings of all rings, and may lose cells where they overlap
	}
	return t, writeRings(t.Input, []core.Region{region})
}

// points12 locates points of one base cell, polar cap and equatorial band, which is a shard of order 0.
func points12(ctx context.Context, o options, dir string) (*peer.Task, error) {
	grid, err := newGrid(ctx, 0, 12, "authalic-wgs84")
	if err != nil {
		return nil, err
	}
	const key = "decimal:1"
	shards, err := grid.Shards(ctx, []core.ShardKey{key})
	if err != nil {
		return nil, err
	}
	r := rand.New(rand.NewPCG(5, 6))
	lon, lat, slot := make([]float64, 0, o.points), make([]float64, 0, o.points), make([]int32, o.points)
	for len(lon) < o.points {
		n := min(1<<16, o.points-len(lon))
		from := len(lon)
		for range n {
			lon, lat = append(lon, 90*r.Float64()), append(lat, math.Asin(r.Float64())/radian)
		}
		if err := grid.Locate(ctx, shards[0].Key, lon[from:], lat[from:], slot[:n]); err != nil {
			return nil, err
		}
		kept := from
		for i, s := range slot[:n] {
			if s >= 0 {
				lon[kept], lat[kept] = lon[from+i], lat[from+i]
				kept++
			}
		}
		lon, lat = lon[:kept], lat[:kept]
	}
	t := &peer.Task{
		Name: "points12", Unit: "point", Units: o.points, Input: filepath.Join(dir, "points12"),
		Peers: []string{"healpy-12", "cdshealpix-12", "mortie-points-12"}, Close: 1e-2, // healpy and cdshealpix take latitudes as spherical
		Ours: func() (float64, error) {
			if err := grid.Locate(ctx, shards[0].Key, lon, lat, slot); err != nil {
				return 0, err
			}
			sum := 0.0
			for _, s := range slot {
				sum += float64(s)
			}
			return sum, nil
		},
	}
	f, err := os.Create(t.Input)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.Write(core.Raw(lon)); err != nil {
		return nil, err
	}
	_, err = f.Write(core.Raw(lat))
	return t, err
}
