package stored

import (
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// cornersOf gives the corners of each cell of a shard whose cells are rows and columns, by slot: half a step from the
// centre to those of its neighbours. nil for other shards, whose cells are drawn by their centres alone.
func cornersOf(dims []core.Dim, lon, lat []float64) func(slot int) [4]core.LonLat {
	if len(dims) != 2 || dims[0].Shard < 2 || dims[1].Shard < 2 {
		return nil
	}
	rows, cols := int(dims[0].Shard), int(dims[1].Shard)
	at := func(i int) sphere.Vec { return sphere.FromLonLat(lon[i], lat[i]) }
	// step is half the way to the next cell, or, where that is void or there is none, from the one before.
	step := func(i, by int, first, last bool) sphere.Vec {
		if last || !first && math.IsNaN(lon[i+by]) {
			return at(i).Sub(at(i - by)).Mul(0.5)
		}
		return at(i + by).Sub(at(i)).Mul(0.5)
	}
	return func(i int) [4]core.LonLat {
		right := step(i, 1, i%cols == 0, i%cols == cols-1)
		down := step(i, cols, i < cols, i >= (rows-1)*cols)
		var out [4]core.LonLat
		for k, v := range [4]sphere.Vec{right.Add(down), right.Sub(down), right.Add(down).Mul(-1), down.Sub(right)} {
			out[k].Lon, out[k].Lat = at(i).Add(v).LonLat()
		}
		return out
	}
}
