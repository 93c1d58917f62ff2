package coretest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// manyKeys are keys of shards, neighbours among them.
func (g *gridSuite) manyKeys(c *check) []core.ShardKey {
	var regions []core.Region
	for i := range g.homes {
		regions = append(regions, pointRegion(g.homes[i].center(), min(2*g.homes[i].side, halfTurn/2)))
	}
	var keys []core.ShardKey
	for _, cover := range g.cover(c, regions) {
		keys = append(keys, cover...)
	}
	keys = unique(keys)
	return keys[:min(len(keys), 2000)]
}

// checkShards: keys are canonical, labels and blocks tell shards apart.
func (g *gridSuite) checkShards(c *check) {
	keys := g.manyKeys(c)
	shards, err := g.grid.Shards(c.ctx, keys)
	c.must(err, "Shards")
	c.that(len(shards) == len(keys), "%d shards for %d keys", len(shards), len(keys))
	blocks, labels := map[string]core.ShardKey{}, map[string]core.ShardKey{}
	for i := range shards {
		s := &shards[i]
		c.that(s.Key == keys[i], "Cover gives key %q, Shards %q as its canonical form", keys[i], s.Key)
		g.checkShard(c, s)
		block, label := fmt.Sprint(s.Block), strings.ToLower(s.Label)
		c.that(blocks[block] == "", "shards %q and %q have the same block %v", blocks[block], s.Key, s.Block)
		c.that(labels[label] == "", "shards %q and %q have labels that some file systems take for one: %q", labels[label], s.Key, s.Label)
		blocks[block], labels[label] = s.Key, s.Key
	}
	// Order, repetition and company do not matter.
	asked := []core.ShardKey{keys[len(keys)-1], keys[0], keys[len(keys)-1]}
	again, err := g.grid.Shards(c.ctx, asked)
	c.must(err, "Shards")
	want := []core.Shard{shards[len(keys)-1], shards[0], shards[len(keys)-1]}
	c.that(reflect.DeepEqual(again, want), "Shards of %q are %+v; alone they were %+v", asked, again, want)
	none, err := g.grid.Shards(c.ctx, nil)
	c.must(err, "Shards of no keys")
	c.that(len(none) == 0, "%d shards of no keys", len(none))
	for _, spelled := range slices.Sorted(maps.Keys(g.Spellings)) {
		got := g.canonical(c, []core.ShardKey{spelled})
		c.that(len(got) == 1 && got[0] == g.Spellings[spelled], "key %q is %q in canonical form, want %q", spelled, got, g.Spellings[spelled])
	}
}

func (g *gridSuite) checkShard(c *check, s *core.Shard) {
	c.Helper()
	dims := g.info.Frame.Dims
	c.that(len(s.Block) == len(dims), "shard %q has a block of %d numbers; the grid has %d dimensions", s.Key, len(s.Block), len(dims))
	for i, d := range dims {
		c.that(s.Block[i] >= 0 && s.Block[i] < d.Size/d.Shard, "shard %q is block %v; dimension %s has %d shards", s.Key, s.Block, d.Name, d.Size/d.Shard)
	}
	c.that(s.Key != "" && len(s.Key) <= 200, "the key %q is empty or long", s.Key)
	c.that(safeName(s.Label), "the label %q of shard %q cannot be a file's name everywhere", s.Label, s.Key)
	for _, folder := range s.Path {
		c.that(safeName(folder), "the folder %q of shard %q cannot be a folder's name everywhere", folder, s.Key)
	}
	c.that(s.AreaKM2 > 0 && s.AreaKM2 < 5.2e8, "shard %q has an area of %v km²", s.Key, s.AreaKM2)
	c.that(len(s.Outline.Polygons) > 0, "shard %q has no outline", s.Key)
}

// checkUnknownKeys: what is no key is refused by every method, or it is a spelling of one.
func (g *gridSuite) checkUnknownKeys(c *check) {
	never := []core.ShardKey{"", "\x00", core.ShardKey(strings.Repeat("z", 10_000)), "no such key", "../../x", "\xff\xfe", "%s%d", "1.5", "1e3"}
	perhaps := []core.ShardKey{"0", "-1", " 1", "007", "18446744073709551615", "18446744073709551616", "99999999999999999999999999"}
	known := map[core.ShardKey]bool{}
	for _, key := range slices.Concat(never, perhaps) {
		what := fmt.Sprintf("key %.20q", string(key))
		var shards []core.Shard
		err := c.guard("Shards of "+what, func() (err error) {
			shards, err = g.grid.Shards(c.ctx, []core.ShardKey{g.homes[0].Key, key})
			return err
		})
		if err == nil && !slices.Contains(never, key) {
			c.that(len(shards) == 2, "%d shards of two keys", len(shards))
			g.checkShard(c, &shards[1])
			again := g.canonical(c, []core.ShardKey{shards[1].Key})
			c.that(again[0] == shards[1].Key, "%s is %q in canonical form, and that is %q", what, shards[1].Key, again[0])
			known[key] = true
			continue
		}
		c.refused(err, "Shards of "+what, core.Invalid, core.NotFound)
		c.that(len(err.Error()) < 1000, "the error about %s is %d bytes long", what, len(err.Error()))
	}
	for _, key := range slices.Concat(never, perhaps) {
		if known[key] {
			continue
		}
		what := fmt.Sprintf("key %.20q", string(key))
		c.refused(c.guard("Locate in "+what, func() error {
			return g.grid.Locate(c.ctx, key, []float64{0}, []float64{0}, []int32{0})
		}), "Locate in "+what, core.Invalid, core.NotFound)
		c.refused(c.guard("Cells of "+what, func() error {
			_, err := g.grid.Cells(c.ctx, key)
			return err
		}), "Cells of "+what, core.Invalid, core.NotFound)
	}
}
