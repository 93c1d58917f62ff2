package gridkit

import (
	"context"
	"math"

	"github.com/englacial/zagg/core"
)

// Bounds are the longitudes and latitudes around a shard, in degrees. Every point of the shard is within Width east of West, whatever
// turn its longitude has.
type Bounds struct {
	West, Width  float64
	South, North float64
}

// MostGathered is how many points one call of Gather takes.
const MostGathered = 512

// Gather sets all slots to -1 and lists the points that may be in the shard: those within the bounds, and those whose longitude is so
// large that this cannot be told. It takes at most MostGathered points, and returns how many it has listed. There is no branch on any
// point, because which of them are inside is hard for a processor to predict.
func (b *Bounds) Gather(inside *[MostGathered]int32, lon, lat []float64, slot []int32) int {
	n := 0
	for i, x := range lon {
		y := lat[i]
		slot[i] = -1
		d := x - b.West
		d -= 360 * math.Floor(d*(1.0/360))
		// Beyond 1e5 the difference is no longer exact enough for bounds with a slack of 1e-9. NaN is in none.
		inside[n&(MostGathered-1)] = int32(i)
		n += one(y >= b.South) & one(y <= b.North) & (one(d <= b.Width) | one(math.Abs(x) > 1e5))
	}
	return n
}

func one(b bool) int {
	if b {
		return 1
	}
	return 0
}

// EachSlot calls do for each of some slots of a shard that has n, and its place in the list. It ends with the first error: the
// context's, one of do, or Invalid for a slot that the shard does not have.
func EachSlot(ctx context.Context, op string, key core.ShardKey, slots []int32, n int64, do func(i int, slot int32) error) error {
	const run = 1 << 14 // slots between two looks at the context
	for i, slot := range slots {
		if i%run == 0 {
			if err := ctx.Err(); err != nil {
				return err
			}
		}
		if slot < 0 || int64(slot) >= n {
			return core.Errorf(core.Invalid, op, string(key), "no slot %d in a shard of %d", slot, n)
		}
		if err := do(i, slot); err != nil {
			return err
		}
	}
	return nil
}
