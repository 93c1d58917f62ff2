//go:build cgo

package h3

import (
	"fmt"
	"testing"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/internal/sharedtest"
)

// TestPromises runs the suite of core/coretest, with shards that are pentagons among the keys.
func TestPromises(t *testing.T) {
	grids := []Config{{4, 6, 8}, {0, 2, 4}, {3, 3, 3}, {9, 11, 12}}
	if !sharedtest.Sweep() {
		grids = grids[:1]
	}
	for _, c := range grids {
		config := fmt.Sprintf(`{"parent_resolution":%d,"chunk_inner":%d,"child_resolution":%d}`, c.ParentResolution, c.ChunkInner, c.ChildResolution)
		t.Run(config, func(t *testing.T) {
			all := pentagons(c.ParentResolution)
			opt := coretest.GridOptions{
				Options:   coretest.Options{Short: true},
				Keys:      []core.ShardKey{all[0].key(), all[7].key()},
				Spellings: map[core.ShardKey]core.ShardKey{core.ShardKey(all[3].String()): all[3].key(), core.ShardKey("0X" + all[5].String()): all[5].key()},
			}
			for _, name := range []string{"antimeridian, arcs", "a hole", "an arc over the pole", "a pentagon"} {
				if c.ParentResolution < 5 {
					opt.Regions = append(opt.Regions, namedRegions()[name])
				}
			}
			coretest.Grid(t, coretest.Make(Plugin().Grids[0], config), opt)
		})
	}
}
