package cells

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/sidecar"
)

// A row is what a test knows of one: its shard, "" nowhere, "-" without a position.
type row struct {
	key  core.ShardKey
	slot int32
}

// random is an index of some rows of some groups.
func random(rng *rand.Rand) (*Index, map[string][]row) {
	b, all := NewBuilder("key", core.ObjectInfo{Size: 10, ETag: "e"}), map[string][]row{}
	for g := range 1 + rng.IntN(4) {
		name := fmt.Sprintf("gt%d", g)
		at := row{"1", 5}
		for range 1 + rng.IntN(500) {
			switch rng.IntN(6) {
			case 0:
				at = row{core.ShardKey(fmt.Sprint(rng.IntN(4))), rng.Int32N(64)}
			case 1:
				at = row{[]core.ShardKey{"", "-"}[rng.IntN(2)], 0}
			}
			all[name] = append(all[name], at)
			switch at.key {
			case "-":
				b.Invalid(name)
			case "":
				b.Outside(name)
			default:
				b.Located(name, at.key, at.slot)
			}
		}
	}
	return b.Index(), all
}

// What was noted is found again, for any shards.
func TestRowsOfShards(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		built, all := random(rng)
		data, err := built.Encode()
		require.NoError(t, err)
		x, err := decode("x", data)
		require.NoError(t, err)
		require.Equal(t, built, x)
		keys := []core.ShardKey{"3", "0", "none", "2"}[:1+rng.IntN(4)]
		found, err := x.In(keys, 64)
		require.NoError(t, err)
		invalid := int64(0)
		for _, g := range found.Groups {
			rows := all[g.Group]
			require.EqualValues(t, len(rows), g.Total)
			asked := make([]bool, len(rows))
			for _, s := range g.Rows {
				for k := range s.Count {
					asked[s.Start+k] = true
				}
			}
			cells := make([]Run, len(rows))
			for i := range cells {
				cells[i].Shard = -1
			}
			for _, r := range found.Runs(g.Group) {
				for k := r.Start; k < r.End; k++ {
					cells[k] = r
				}
			}
			for i, want := range rows {
				if want.key == "-" {
					invalid++
				}
				require.Equal(t, cells[i].Shard >= 0, asked[i])
				if k := indexOf(keys, want.key); k >= 0 {
					require.EqualValues(t, k, cells[i].Shard)
					require.Equal(t, want.slot, cells[i].Slot)
				} else {
					require.EqualValues(t, -1, cells[i].Shard)
				}
			}
		}
		require.Equal(t, invalid, found.Invalid)
	}
}

func indexOf(keys []core.ShardKey, key core.ShardKey) int {
	for i, k := range keys {
		if k == key {
			return i
		}
	}
	return -1
}

// An index that is damaged, of other slots, of another granule or for something else is not used, and what is wrong is said.
func TestIndexIsNeverTrusted(t *testing.T) {
	store := &objstore.Mem{}
	put := func(url string, data []byte) {
		require.NoError(t, objstore.PutBytes(t.Context(), store, url, data, core.PutOptions{}))
	}
	put("mem://b/g", []byte("0123456789"))
	now, err := store.Stat(t.Context(), "mem://b/g")
	require.NoError(t, err)
	load := func(key string) (*Index, core.IndexUse, error) {
		return Load(context.Background(), store, "mem://b/x", "mem://b/g", key)
	}
	_, use, err := load("k")
	require.NoError(t, err)
	require.Equal(t, core.IndexMissing, use)
	b := NewBuilder("k", now)
	for i := range int32(300) {
		b.Located("gt1l", "1", i*7%64)
	}
	good, err := b.Index().Encode()
	require.NoError(t, err)
	put("mem://b/x", good)
	x, use, err := load("k")
	require.NoError(t, err)
	require.Equal(t, core.IndexUsed, use)
	_, err = x.In([]core.ShardKey{"1"}, 32)
	require.True(t, core.Is(err, core.Corrupt), "slots beyond the shard's: %v", err)
	x, use, err = load("other")
	require.NoError(t, err)
	require.Nil(t, x)
	require.Equal(t, core.IndexStale, use)
	for i := range good {
		for _, bad := range [][]byte{good[:i], append(append(append([]byte{}, good[:i]...), good[i]^0x10), good[i+1:]...)} {
			put("mem://b/x", bad)
			x, use, err = load("k")
			require.Error(t, err, i)
			require.Nil(t, x)
			require.Equal(t, core.IndexStale, use)
		}
	}
	put("mem://b/x", good)
	put("mem://b/g", []byte("another granule"))
	x, use, err = load("k")
	require.NoError(t, err)
	require.Nil(t, x)
	require.Equal(t, core.IndexStale, use)
}

func FuzzIndex(f *testing.F) {
	for seed := range uint64(4) {
		x, _ := random(rand.New(rand.NewPCG(seed, 9)))
		data, err := x.Encode()
		require.NoError(f, err)
		content, err := sidecar.Open("x", "index", magic, data)
		require.NoError(f, err)
		f.Add(content)
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		x, err := read("x", content)
		if err != nil {
			return
		}
		again, err := x.Encode()
		require.NoError(t, err)
		y, err := decode("x", again)
		require.NoError(t, err)
		require.Equal(t, x, y)
		found, err := x.In(x.Shards, 1<<31)
		require.NoError(t, err)
		for i, g := range found.Groups {
			rows, end := int64(0), int64(0)
			for _, r := range x.Groups[i].runs {
				rows += r.count
			}
			require.Equal(t, rows, g.Total)
			for _, s := range g.Rows {
				require.GreaterOrEqual(t, s.Start, end)
				end = s.Start + s.Count
			}
			require.LessOrEqual(t, end, g.Total)
		}
	})
}
