package healpix

// The grid's settings.

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/sphere"
)

// maxDepth is the most orders between shards and cells: slots are int32, and the centres of a shard's 4¹⁴ cells take
// 4 GiB.
const maxDepth = 14

// A Config is the grid's settings, checked.
type Config struct {
	ParentOrder, ChunkInner, ChildOrder int // 0 ≤ parent ≤ chunk ≤ child ≤ 29
	EmitCellIDs                         bool
	Latitude                            sphere.Latitude
}

var configKeys = [...]string{
	"type", "parent_order", "child_order", "chunk_inner", "sharded", "indexing_scheme", "layout", "emit_cell_ids", "latitude",
}

// parseConfig reads and checks the JSON. Every error is core.Invalid, or Unsupported for what is well-formed, and names the key.
func parseConfig(config core.Config) (Config, error) {
	s := gridkit.Read("healpix config", config, "parent_order and child_order", configKeys[:], nil)
	c := Config{EmitCellIDs: true}
	chunk, sharded := -1, true
	s.OneOf("type", "healpix")
	s.OneOf("indexing_scheme", "nested")
	s.OneOf("layout", "fullsphere", "compact")
	s.OneOf("latitude", authalic, spherical)
	s.Whole("parent_order", "an order", maxOrder, &c.ParentOrder, true)
	s.Whole("child_order", "an order", maxOrder, &c.ChildOrder, true)
	s.Whole("chunk_inner", "an order", maxOrder, &chunk, false)
	s.Bool("sharded", &sharded)
	s.Bool("emit_cell_ids", &c.EmitCellIDs)
	if s.Err() != nil {
		return Config{}, s.Err()
	}
	if s.Is("latitude", spherical) {
		c.Latitude = sphere.GeodeticSpherical
	}
	if !sharded && chunk > c.ParentOrder {
		return Config{}, core.Errorf(core.Unsupported, "healpix config", "sharded", "not supported yet: sharded: false with chunk_inner %d beyond parent_order %d, which makes %d objects of each shard; leave sharded out", chunk, c.ParentOrder, 1<<(2*(chunk-c.ParentOrder)))
	}
	c.ChunkInner = chunk
	// Inner chunks of 4⁶ cells: small enough to read little for a small area, large enough to compress.
	if chunk < 0 {
		c.ChunkInner = c.ParentOrder
		if finer := c.ChildOrder - 6; sharded && finer > c.ParentOrder {
			c.ChunkInner = finer
		}
	}
	return c, c.check()
}

func (c Config) check() error {
	switch {
	case c.ChildOrder < c.ParentOrder:
		return badConfig("child_order", "%d is below parent_order %d: cells cannot be coarser than shards", c.ChildOrder, c.ParentOrder)
	case c.ChildOrder-c.ParentOrder > maxDepth:
		return badConfig("child_order", "%d is %d orders above parent_order %d, 4^%d cells to a shard; at most %d orders are possible", c.ChildOrder, c.ChildOrder-c.ParentOrder, c.ParentOrder, c.ChildOrder-c.ParentOrder, maxDepth)
	case c.ChunkInner < c.ParentOrder || c.ChunkInner > c.ChildOrder:
		return badConfig("chunk_inner", "%d is not between parent_order %d and child_order %d", c.ChunkInner, c.ParentOrder, c.ChildOrder)
	}
	return nil
}

func badConfig(key, format string, args ...any) error {
	return core.Errorf(core.Invalid, "healpix config", key, format, args...)
}
