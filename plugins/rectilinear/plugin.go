package rectilinear

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
)

// Plugin is the rectilinear grid as a plugin: one grid maker, "rectilinear".
func Plugin() core.Plugin {
	return gridkit.Plugin("rectilinear", "1.0.0", "Rows and columns of a map projection or of longitude and latitude", schema, open)
}

// open makes the grid from its settings.
func open(_ context.Context, config core.Config) (core.Grid, error) {
	c, err := parseConfig(config)
	if err != nil {
		return nil, err
	}
	return newGrid(c), nil
}

const schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "examples": [{"crs": "EPSG:3031", "resolution": 10000, "bounds": [-2560000, -2560000, 2560000, 2560000], "chunk_shape": [64, 64]}],
  "type": "object",
  "additionalProperties": false,
  "required": ["crs"],
  "oneOf": [{"required": ["resolution", "bounds"]}, {"required": ["affine", "shape"]}],
  "properties": {
    "type": {"const": "rectilinear"},
    "crs": {"type": ["string", "integer"], "description": "EPSG:4326, 3031, 3413, 3976, 5041, 5042, 32601 to 32660 or 32701 to 32760"},
    "resolution": {"description": "size of a cell in units of the CRS: a number, or [x, y]", "oneOf": [
      {"type": "number", "exclusiveMinimum": 0},
      {"type": "array", "items": {"type": "number", "exclusiveMinimum": 0}, "minItems": 2, "maxItems": 2}
    ]},
    "bounds": {"type": "array", "items": {"type": "number"}, "minItems": 4, "maxItems": 4, "description": "xmin, ymin, xmax, ymax; the grid begins at xmin and ymax and is made larger to whole shards on the other sides"},
    "chunk_shape": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2, "default": [256, 256], "description": "rows and columns of a shard"},
    "chunk_inner": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2, "description": "rows and columns of a chunk, which divide those of a shard; default chunk_shape"},
    "sharded": {"type": "boolean", "description": "several chunks to an object; default true when chunk_inner is smaller than chunk_shape"},
    "layout": {"enum": ["fullsphere", "compact"], "description": "layout of the store; compact is for grids of one dimension"},
    "affine": {"type": "array", "items": {"type": "number"}, "minItems": 6, "maxItems": 6, "description": "with shape in place of resolution and bounds, as a signature has them"},
    "shape": {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2, "description": "rows and columns of the grid, whole shards"}
  }
}`
