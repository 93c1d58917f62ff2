package coretest

import (
	"math"
	"slices"

	"github.com/englacial/zagg/core"
)

// A home is a shard that is known, with places that are in it.
type home struct {
	core.Shard
	side, cell float64 // metres: of a square as large as the shard, and as one of its cells
	inside     []core.LonLat
	centres    []core.LonLat // of some of its cells
	slots      []int32       // of those cells
}

// center is a place in the shard.
func (h *home) center() core.LonLat { return h.inside[0] }

// A place is where a point was found; nowhere has slot -1.
type place struct {
	key  core.ShardKey
	slot int32
}

// maxListed is the most slots of a shard for which the suite lists all cells: 150 MB of columns.
const maxListed = 1 << 22

// find looks for shards: at the given points and keys, at places where grids go wrong, and anywhere.
func (g *gridSuite) find(c *check) {
	special := specialPlaces()
	points := slices.Concat(g.Points, special)
	for range c.few(60) {
		points = append(points, anywhere(c.rand))
	}
	places := g.locateAll(c, points)
	firstSpecial := len(g.Points)
	var keys []core.ShardKey
	for i, p := range places {
		if p.slot < 0 {
			continue
		}
		keys = append(keys, p.key)
		switch k := i - firstSpecial; {
		case k >= 0 && k < 2:
			g.poles = append(g.poles, points[i])
		case k >= 2 && k < len(special):
			g.seam = append(g.seam, points[i])
		}
	}
	keys = append(g.canonical(c, g.Keys), g.choose(c, keys)...)
	if len(keys) < 4 {
		keys = append(keys, g.chooseOfAll(c)...)
	}
	for _, key := range unique(keys) {
		g.addHome(c, key, points, places)
	}
	c.that(len(g.homes) > 0, "no point was found in the grid: neither at %d places all over the Earth nor by covering it; give GridOptions.Points or Keys", len(points))
	c.Logf("%d shards, %d poles, %d places on the antimeridian", len(g.homes), len(g.poles), len(g.seam))
}

// specialPlaces are where grids go wrong: the poles first, then places on the antimeridian.
func specialPlaces() []core.LonLat {
	special := []core.LonLat{{Lon: 0, Lat: 90}, {Lon: 0, Lat: -90}}
	for lat := -82.5; lat < 90; lat += 15 {
		special = append(special, core.LonLat{Lon: 180, Lat: lat})
	}
	return special
}

// canonical is keys as the grid writes them.
func (g *gridSuite) canonical(c *check, keys []core.ShardKey) []core.ShardKey {
	if len(keys) == 0 {
		return nil
	}
	shards, err := g.grid.Shards(c.ctx, keys)
	c.must(err, "Shards of GridOptions.Keys")
	var out []core.ShardKey
	for _, s := range shards {
		out = append(out, s.Key)
	}
	return out
}

// choose is some of the keys, the first two among them.
func (g *gridSuite) choose(c *check, keys []core.ShardKey) []core.ShardKey {
	keys = unique(keys)
	for i := len(keys) - 1; i > 2; i-- {
		k := 2 + c.rand.IntN(i-1)
		keys[i], keys[k] = keys[k], keys[i]
	}
	return keys[:min(len(keys), max(6, c.few(15)))]
}

// chooseOfAll is some of the shards of the whole Earth, for grids that have few.
func (g *gridSuite) chooseOfAll(c *check) []core.ShardKey {
	covers, err := g.grid.Cover(c.ctx, []core.Region{pointRegion(core.LonLat{Lat: 90}, 1.01*halfTurn)})
	if err != nil {
		c.refused(err, "Cover of the whole Earth")
		return nil
	}
	c.that(len(covers) == 1, "%d covers of one region", len(covers))
	return g.choose(c, covers[0])
}

func unique(keys []core.ShardKey) []core.ShardKey {
	seen := map[core.ShardKey]bool{}
	return slices.DeleteFunc(slices.Clone(keys), func(k core.ShardKey) bool {
		known := seen[k]
		seen[k] = true
		return known
	})
}

// addHome describes a shard, lists its cells if there are not too many, and notes places that are in it.
func (g *gridSuite) addHome(c *check, key core.ShardKey, points []core.LonLat, places []place) {
	shards, err := g.grid.Shards(c.ctx, []core.ShardKey{key})
	c.must(err, "Shards of a key that Cover gave")
	c.that(len(shards) == 1, "%d shards of one key", len(shards))
	c.that(shards[0].Key == key, "Cover gives key %q, which is not canonical: its shard's key is %q", key, shards[0].Key)
	n := g.info.Frame.Slots()
	h := home{Shard: shards[0], side: math.Sqrt(shards[0].AreaKM2) * 1000}
	c.that(h.side > 0 && h.side < 3e7, "shard %q has an area of %v km²", key, h.AreaKM2)
	h.cell = h.side / math.Sqrt(float64(n))
	for i, p := range places {
		if p.key == key && p.slot >= 0 {
			h.inside = append(h.inside, points[i])
		}
	}
	if n <= maxListed {
		g.list(c, &h)
	}
	if len(h.inside) > 0 {
		g.homes = append(g.homes, h)
	}
}

// list notes the void slots of a shard, and some of its cells.
func (g *gridSuite) list(c *check, h *home) {
	lon, lat := g.centres(c, h.Key)
	void := make([]bool, len(lon))
	var cells []int
	for i := range lon {
		if void[i] = lon[i] != lon[i]; !void[i] {
			cells = append(cells, i)
		}
	}
	g.voids[h.Key] = void
	c.that(len(cells) > 0, "shard %q has no cells: all of its %d slots are void", h.Key, len(lon))
	for k := range min(len(cells), 40) {
		i := cells[c.rand.IntN(len(cells))]
		switch k {
		case 0:
			i = cells[0]
		case 1:
			i = cells[len(cells)-1]
		}
		h.centres = append(h.centres, core.LonLat{Lon: lon[i], Lat: lat[i]})
		h.slots = append(h.slots, int32(i))
	}
	h.inside = append(h.inside, h.centres...)
}

// centres is the first two columns of Cells.
func (g *gridSuite) centres(c *check, key core.ShardKey) (lon, lat []float64) {
	columns, err := g.grid.Cells(c.ctx, key)
	c.must(err, "Cells of shard "+string(key))
	c.that(len(columns) >= 2 && columns[0].Type == core.Float64 && columns[1].Type == core.Float64, "Cells of %q does not begin with the float64 columns lon and lat", key)
	n := int(g.info.Frame.Slots())
	checkColumn(c, "lon", &columns[0], n)
	checkColumn(c, "lat", &columns[1], n)
	return core.View[float64](columns[0].Data), core.View[float64](columns[1].Data)
}
