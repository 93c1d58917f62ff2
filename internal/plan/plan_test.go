package plan

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/plugins/healpix"
)

func newGrid(t testing.TB, config string) core.Grid {
	t.Helper()
	g, err := healpix.Plugin().Grids[0].New(t.Context(), core.Config(config))
	require.NoError(t, err)
	return g
}

func granules(ids ...string) []core.Granule {
	out := make([]core.Granule, len(ids))
	for i, id := range ids {
		out[i].ID = id
	}
	return out
}

func ids(g []core.Granule) []string {
	out := make([]string, len(g))
	for i := range g {
		out[i] = g[i].ID
	}
	return out
}

func TestMake(t *testing.T) {
	grid := newGrid(t, `{"parent_order": 6, "child_order": 12}`)
	p, err := Make(t.Context(), grid, []core.ShardKey{"-5111124", "-5111123", "1111111"}, [][]core.Granule{granules("b", "a"), granules("b"), {}})
	require.NoError(t, err)
	require.Len(t, p.Shards, 3)
	for i := 1; i < 3; i++ {
		require.Negative(t, core.CompareKeys(p.Keys()[i-1], p.Keys()[i]), "key order")
	}
	byLabel := map[string][]string{}
	for _, s := range p.Shards {
		byLabel[s.Label] = ids(s.Granules)
	}
	require.Equal(t, map[string][]string{"-5111124": {"b", "a"}, "-5111123": {"b"}, "1111111": {}}, byLabel, "granules stay with their shard, in the order given")
	require.Equal(t, 3, p.Pairs())
	require.Equal(t, 2, p.Granules())

	empty, err := Make(t.Context(), grid, nil, nil)
	require.NoError(t, err)
	require.Empty(t, empty.Keys())
	require.Zero(t, empty.Pairs()+empty.Granules())

	word := p.Shards[0].Key
	require.NotEqual(t, core.ShardKey(p.Shards[0].Label), word)
	_, err = Make(t.Context(), grid, []core.ShardKey{word, "1111111", core.ShardKey(p.Shards[0].Label)}, [][]core.Granule{granules("a"), nil, granules("b")})
	require.ErrorContains(t, err, "plan "+p.Shards[0].Label+": the shard is listed twice (as "+string(word)+")")
	require.Equal(t, core.Invalid, core.CodeOf(err))

	_, err = Make(t.Context(), grid, []core.ShardKey{"-5111123"}, [][]core.Granule{granules("a", "b", "a")})
	require.ErrorContains(t, err, "plan -5111123: granule a is listed twice; its observations would count twice")
	_, err = Make(t.Context(), grid, []core.ShardKey{"nonsense"}, [][]core.Granule{nil})
	require.Equal(t, core.Invalid, core.CodeOf(err))
	_, err = Make(t.Context(), shortGrid{grid}, []core.ShardKey{"1111111", "-5111123"}, make([][]core.Granule, 2))
	require.ErrorContains(t, err, "the grid describes 1 shards of 2")
}

type shortGrid struct{ core.Grid }

func (g shortGrid) Shards(ctx context.Context, keys []core.ShardKey) ([]core.Shard, error) {
	return g.Grid.Shards(ctx, keys[1:])
}
