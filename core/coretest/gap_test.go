package coretest_test

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
)

// gaps are grids whose Cover loses what Locate finds near borders alone: no place that is chosen at random shows it.
func gaps() map[string]badGrid {
	without := func(vertices int) badGrid {
		return badGrid{cover: each(1, func(r core.Region, keys []core.ShardKey) []core.ShardKey {
			if len(r.Polygons) != 1 || len(r.Polygons[0][0]) != vertices {
				return keys
			}
			p := r.Polygons[0][0][vertices-1]
			return slices.DeleteFunc(keys, func(k core.ShardKey) bool {
				n, _ := parse(k)
				west, south := box(n)
				near := func(v, edge float64) bool { return math.Abs(math.Remainder(v-edge, shardSide)) < 1e-6 }
				return math.Abs(p.Lat) < 89 && (near(p.Lon, west) || near(p.Lat, south))
			})
		})}
	}
	return map[string]badGrid{"points": without(1), "ends of arcs": without(2)}
}

// CoverBorders finds them, and no other check of Cover does.
func TestGapsAtBorders(t *testing.T) {
	for name, grid := range gaps() {
		t.Run(name, func(t *testing.T) {
			r := coretest.NewRecorder(t.Context(), time.Minute)
			r.Only = func(name string) bool {
				return slices.Contains([]string{"CoverPoints", "CoverBorders", "CoverCaps", "CoverTracks", "CoverPolygons"}, name[strings.Index(name, "/")+1:])
			}
			r.Run("grid", func(r *coretest.Recorder) {
				coretest.Grid(r, always[core.Grid](grid), coretest.GridOptions{Options: coretest.Options{Short: true}})
			})
			broken := map[string]string{}
			for _, result := range r.Results() {
				if !result.Passed() {
					broken[result.Name] = strings.Join(result.Failures, "\n")
				}
			}
			require.Contains(t, broken, "grid/CoverBorders")
			require.Len(t, broken, 1, "%v", broken)
		})
	}
}
