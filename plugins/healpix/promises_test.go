package healpix

import (
	"testing"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/internal/sharedtest"
)

// TestPromises: every shape of grid keeps what core.Grid promises.
func TestPromises(t *testing.T) {
	maker := Plugin().Grids[0]
	coretest.Maker(t, maker, `{"parent_order":6,"child_order":12}`)
	for name, config := range map[string]string{
		"6 to 12":               `{"parent_order":6,"child_order":12}`,
		"base cells":            `{"parent_order":0,"child_order":5,"chunk_inner":2}`,
		"spherical":             `{"parent_order":4,"child_order":10,"chunk_inner":7,"latitude":"geodetic-spherical"}`,
		"without cell_ids":      `{"parent_order":2,"child_order":8,"sharded":false,"emit_cell_ids":false}`,
		"one cell to a shard":   `{"parent_order":5,"child_order":5,"layout":"compact"}`,
		"the finest":            `{"parent_order":24,"child_order":29}`,
		"the largest of shards": `{"parent_order":1,"child_order":15}`,
	} {
		if name != "6 to 12" && name != "spherical" && name != "one cell to a shard" && !sharedtest.Sweep() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			coretest.Grid(t, coretest.Make(maker, config), coretest.GridOptions{
				Options: coretest.Options{Short: true},
			})
		})
	}
}

// TestPromisedSpellings: see shardFromKey.
func TestPromisedSpellings(t *testing.T) {
	coretest.Grid(t, coretest.Make(Plugin().Grids[0], `{"parent_order":6,"child_order":7}`), coretest.GridOptions{
		Options:   coretest.Options{Short: true},
		Spellings: map[core.ShardKey]core.ShardKey{"-5111123": "12683825400535580678", "nested:40966": "12683825400535580678", "decimal:-5111123": "12683825400535580678"},
	})
}
