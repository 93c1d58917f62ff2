package loop_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/plugins/healpix"
	"github.com/englacial/zagg/test/remote/loop"
)

// A wildGrid answers with numbers of its own.
type wildGrid struct {
	core.Grid
	Index, Slot int32 // of every point
	Block       []int64
}

func (w *wildGrid) Locate(_ context.Context, _ core.ShardKey, lon, _ []float64, slot []int32) error {
	for i := range lon {
		slot[i] = w.Slot
	}
	return nil
}

// LocateIn implements core.ShardLocator.
func (w *wildGrid) LocateIn(ctx context.Context, keys []core.ShardKey, lon, lat []float64, shard, slot []int32) error {
	for i := range lon {
		shard[i] = w.Index
	}
	return w.Locate(ctx, "", lon, lat, slot)
}

func (w *wildGrid) Shards(ctx context.Context, keys []core.ShardKey) ([]core.Shard, error) {
	shards, err := w.Grid.Shards(ctx, keys)
	for i := range shards {
		shards[i].Block = w.Block
	}
	return shards, err
}

// What a plugin answers that arrays have no place for is its error, and not an observation or an object that nobody finds.
func TestAnswersBeyondTheGrid(t *testing.T) {
	maker := core.Maker[core.Grid]{Name: "wild", New: func(ctx context.Context, config core.Config) (core.Grid, error) {
		inner, err := healpix.Plugin().Grids[0].New(ctx, core.Config(`{"parent_order":1,"child_order":2}`))
		w := &wildGrid{Grid: inner}
		if err == nil {
			err = json.Unmarshal(config, w)
		}
		return w, err
	}}
	maker.Doc = "for tests"
	p := loop.Plugin(t, core.Plugin{Name: "wild", Version: "1", Grids: []core.Maker[core.Grid]{maker}})
	for _, c := range []struct {
		config, locate, locateIn, shards string // what errors say; "": there is none
	}{
		{config: `{"Block":[0]}`},
		{config: `{"Block":[47], "Slot":3, "Index":1}`},
		{config: `{"Block":[0], "Slot":-1, "Index":-1}`},
		{`{"Block":[48], "Slot":4}`, "slot 4 for point 0; there are 4", "slot 4 for point 0", "block [48]"},
		{`{"Block":[-1], "Slot":-2, "Index":-1}`, "slot -2", "slot -2", "block [-1]"},
		{`{"Block":[0,0], "Slot":3, "Index":2}`, "", "shard 2 for point 0; there are 2", "block [0 0]"},
		{`{"Block":[], "Slot":3, "Index":-1}`, "", "shard -1 and slot 3", "block []"},
	} {
		g, err := p.Grids[0].New(t.Context(), core.Config(c.config))
		require.NoError(t, err)
		keys, err := g.Cover(t.Context(), []core.Region{{Polygons: []core.Polygon{{{{Lon: 1, Lat: 1}}}}, Margin: 9e6}})
		require.NoError(t, err)
		two, one := keys[0][:2], []float64{1}
		says := func(err error, want string) {
			t.Helper()
			if want == "" {
				require.NoError(t, err, c.config)
				return
			}
			require.ErrorContains(t, err, want, c.config)
			require.Equal(t, core.Internal, core.CodeOf(err))
			require.ErrorContains(t, err, "plugin connected: Grid.")
		}
		says(g.Locate(t.Context(), two[0], one, one, make([]int32, 1)), c.locate)
		says(g.(core.ShardLocator).LocateIn(t.Context(), two, one, one, make([]int32, 1), make([]int32, 1)), c.locateIn)
		_, err = g.Shards(t.Context(), two)
		says(err, c.shards)
	}
}
