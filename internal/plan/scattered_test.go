package plan

import (
	"context"
	"math"
	"math/rand/v2"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// A coverCounter counts the regions that it is asked to cover. It cannot say where its cells are called what.
type coverCounter struct {
	core.ShardLocator
	covered atomic.Int64
}

func (g *coverCounter) Cover(ctx context.Context, regions []core.Region) ([][]core.ShardKey, error) {
	g.covered.Add(int64(len(regions)))
	return g.ShardLocator.Cover(ctx, regions)
}

// Rows in no order are sought in shards that are known before regions are covered, and are found all the same.
func TestScanOfScatteredRows(t *testing.T) {
	grid := newGrid(t, `{"parent_order": 3, "child_order": 5}`)
	many, ok := grid.(core.ShardLocator)
	require.True(t, ok)
	rng := rand.New(rand.NewPCG(7, 8))
	p := &points{of: map[string][]core.LonLat{}, invalid: map[string]int64{}}
	const rows = 20_000
	for _, id := range []string{"g0", "g1"} {
		for range rows {
			p.of[id] = append(p.of[id], core.LonLat{Lon: 360*rng.Float64() - 180, Lat: math.Asin(2*rng.Float64()-1) * 180 / math.Pi})
		}
		p.of[id] = append(p.of[id], core.LonLat{Lon: math.NaN()})
	}
	counting := &coverCounter{ShardLocator: many}
	s := &Scan{Grid: counting, Reader: p, Workers: 1}
	got, found, err := s.Run(t.Context(), p.granules(), false)
	require.NoError(t, err)
	requirePlan(t, grid, p, got, found)
	require.Less(t, counting.covered.Load(), int64(rows/4), "of two granules with %d rows each over 768 shards", rows)
}
