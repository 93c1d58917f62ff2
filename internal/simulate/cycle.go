package simulate

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

// What a generated cycle has: the granules, shards and most granules of a shard of ATL06's cycle 22 over Antarctica, as the record in
// docs/performance.md counted them, and about its pairs.
const (
	cycleGranules = 4153
	cycleShards   = 1742
	cycleMost     = 396
	cyclePairs    = 100_000
)

// Cycle is made up like an orbit cycle over a continent at a pole: for each shard, in the order of their keys, the addresses of its
// granules. Tracks touch a circle around the pole, so that there shards have most granules; at the coast they have few. The same seed
// makes the same.
func Cycle(seed uint64) [][]string {
	random := rand.New(rand.NewPCG(seed, 22))
	c := newContinent()
	for g := range cycleGranules {
		c.cross(random, fmt.Sprintf("s3://cycle/ATL06_%04d.h5", g))
	}
	for i, list := range c.lists {
		random.Shuffle(len(list), func(a, b int) { list[a], list[b] = list[b], list[a] })
		keep := min(len(list), cycleMost)
		if keep == 0 { // a shard of a plan has a granule
			list, keep = []string{fmt.Sprintf("s3://cycle/ATL06_%04d.h5", random.IntN(cycleGranules))}, 1
		}
		c.lists[i] = slices.Sorted(slices.Values(list[:keep]))
	}
	c.fit(random)
	return c.lists
}

// A continent is a disc of square shards around a hole, in Morton order.
type continent struct {
	at    map[[2]int]int // place in lists
	far   float64        // of the shard that is farthest from the pole
	lists [][]string
}

// pole is the radius of the circle that tracks touch, in shards of some 125 km.
const pole = 1.8

func newContinent() *continent {
	const half = 32
	var cells [][2]int
	for x := -half; x < half; x++ {
		for y := -half; y < half; y++ {
			cells = append(cells, [2]int{x, y})
		}
	}
	far := func(c [2]int) float64 { return math.Hypot(float64(c[0])+0.5, float64(c[1])+0.5) }
	slices.SortStableFunc(cells, func(a, b [2]int) int { return cmp.Compare(far(a), far(b)) })
	cells = slices.DeleteFunc(cells, func(c [2]int) bool { return far(c) < pole })[:cycleShards]
	c := &continent{at: map[[2]int]int{}, far: far(cells[len(cells)-1]), lists: make([][]string, cycleShards)}
	slices.SortFunc(cells, func(a, b [2]int) int {
		return cmp.Compare(morton(a[0]+half, a[1]+half), morton(b[0]+half, b[1]+half))
	})
	for i, cell := range cells {
		c.at[cell] = i
	}
	return c
}

// morton interleaves the bits of two numbers.
func morton(x, y int) (m int) {
	for bit := range 8 {
		m |= (x>>bit&1)<<(2*bit) | (y>>bit&1)<<(2*bit+1)
	}
	return m
}

// cross adds a granule to the shards that it crosses: a part of a line that touches the circle around the pole.
func (c *continent) cross(random *rand.Rand, granule string) {
	const step, part = 0.05, 0.48
	sin, cos := math.Sincos(2 * math.Pi * random.Float64())
	from := c.far * (2*random.Float64()*(1-part) - 1)
	seen := map[int]bool{}
	for along := from; along < from+2*part*c.far; along += step {
		x, y := pole*cos-along*sin, pole*sin+along*cos
		i, ok := c.at[[2]int{int(math.Floor(x)), int(math.Floor(y))}]
		if !ok || seen[i] {
			continue
		}
		seen[i] = true
		land := 1 - max(0, (math.Hypot(x, y)/c.far-0.8)/0.2) // at the coast the rest is sea
		if random.Float64() <= land {
			c.lists[i] = append(c.lists[i], granule)
		}
	}
}

// fit takes pairs away where there are many until there are as many as in the cycle; the densest shard keeps all that it may have.
func (c *continent) fit(random *rand.Rand) {
	pairs, densest := 0, 0
	for i, list := range c.lists {
		pairs += len(list)
		if len(list) > len(c.lists[densest]) {
			densest = i
		}
	}
	for pairs > cyclePairs {
		i := random.IntN(len(c.lists))
		if n := len(c.lists[i]); i != densest && n > 1 {
			at := random.IntN(n)
			c.lists[i] = slices.Delete(c.lists[i], at, at+1)
			pairs--
		}
	}
}
