package tdigest

import (
	"fmt"
	"math"
	"testing"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
)

// TestPromises: the statistic keeps what core.Statistic and core.Folder promise.
func TestPromises(t *testing.T) {
	words := []core.Type{core.Uint64}
	for _, m := range Plugin().Statistics {
		configs := []string{"", `{"delta":16}`, `{"delta":16,"located":true,"timed":true}`}
		coretest.Maker(t, m, configs...)
		for _, config := range configs {
			t.Run(m.Name+config, func(t *testing.T) {
				coretest.Statistic(t, coretest.Make(m, config), coretest.StatisticOptions{Options: coretest.Options{Short: true}, SameFold: alike,
					Types: map[string][]core.Type{"locations": words, "temporal": words}})
			})
		}
	}
}

// alike wants of digests of the same values the same weight in each cell.
func alike(whole, folded []core.Column) error {
	a, b := &whole[0], &folded[0]
	for i := range a.Rows() {
		x, y := weightOf(a, i), weightOf(b, i)
		if math.Abs(x-y) > 1e-6*x {
			return fmt.Errorf("cell %d: weight %g, folded %g", i, x, y)
		}
	}
	return nil
}

func weightOf(c *core.Column, cell int) float64 {
	sum := 0.0
	v := core.View[float32](c.Data)
	for k := c.Offsets[cell]; k < c.Offsets[cell+1]; k++ {
		sum += float64(v[2*k+1])
	}
	return sum
}
