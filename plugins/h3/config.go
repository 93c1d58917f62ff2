//go:build cgo

package h3

// The grid's settings.

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
)

// maxDepth is the most resolutions between shards and cells: slots are int32, and the centres of a shard's 7¹⁰ cells
// take 4.5 GiB.
const maxDepth = 10

// A Config is the grid's settings, checked.
type Config struct {
	ParentResolution, ChunkInner, ChildResolution int // 0 ≤ parent ≤ chunk ≤ child ≤ 15
}

var configKeys = [...]string{"type", "parent_resolution", "child_resolution", "chunk_inner", "sharded", "layout"}

// parseConfig reads and checks the JSON. Every error is core.Invalid, or Unsupported, and names the key.
func parseConfig(config core.Config) (Config, error) {
	short := map[string]string{"parent_res": "parent_resolution", "child_res": "child_resolution"}
	s := gridkit.Read("h3 config", config, "parent_resolution and child_resolution", configKeys[:], short)
	var c Config
	chunk, sharded := -1, true
	s.OneOf("type", "h3")
	s.OneOf("layout", "fullsphere", "compact")
	s.Whole("parent_resolution", "a resolution", maxResolution, &c.ParentResolution, true)
	s.Whole("child_resolution", "a resolution", maxResolution, &c.ChildResolution, true)
	s.Whole("chunk_inner", "a resolution", maxResolution, &chunk, false)
	s.Bool("sharded", &sharded)
	if s.Err() != nil {
		return Config{}, s.Err()
	}
	if !sharded && chunk > c.ParentResolution {
		return Config{}, core.Errorf(core.Unsupported, "h3 config", "sharded", "not supported yet: sharded: false with chunk_inner %d beyond parent_resolution %d, which makes 7^%d objects of each shard; leave sharded out", chunk, c.ParentResolution, chunk-c.ParentResolution)
	}
	c.ChunkInner = chunk
	if chunk < 0 {
		c.ChunkInner = c.ParentResolution
		if finer := c.ChildResolution - 4; sharded && finer > c.ParentResolution {
			c.ChunkInner = finer
		}
	}
	return c, c.check()
}

func (c Config) check() error {
	depth := c.ChildResolution - c.ParentResolution
	switch {
	case depth < 0:
		return badConfig("child_resolution", "%d is below parent_resolution %d: cells cannot be coarser than shards", c.ChildResolution, c.ParentResolution)
	case depth > maxDepth:
		return badConfig("child_resolution", "%d is %d above parent_resolution %d, 7^%d cells to a shard; at most %d are possible", c.ChildResolution, depth, c.ParentResolution, depth, maxDepth)
	case c.ChunkInner < c.ParentResolution || c.ChunkInner > c.ChildResolution:
		return badConfig("chunk_inner", "%d is not between parent_resolution %d and child_resolution %d", c.ChunkInner, c.ParentResolution, c.ChildResolution)
	}
	return nil
}

func badConfig(key, format string, args ...any) error {
	return core.Errorf(core.Invalid, "h3 config", key, format, args...)
}
