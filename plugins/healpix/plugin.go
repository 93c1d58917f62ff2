package healpix

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
)

// Plugin is the HEALPix grid as a plugin: one grid maker, "healpix".
func Plugin() core.Plugin {
	return gridkit.Plugin("healpix", "1.0.0", "HEALPix cells in nested order, on authalic WGS84 latitudes", schema, open)
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
  "examples": [{"parent_order": 6, "child_order": 12}],
  "type": "object",
  "additionalProperties": false,
  "required": ["parent_order", "child_order"],
  "properties": {
    "type": {"const": "healpix"},
    "parent_order": {"type": "integer", "minimum": 0, "maximum": 29, "description": "order of the shards"},
    "child_order": {"type": "integer", "minimum": 0, "maximum": 29, "description": "order of the cells, at most 14 above parent_order"},
    "chunk_inner": {"type": "integer", "minimum": 0, "maximum": 29, "description": "order of the chunks, parent_order to child_order; default child_order-6 if that is finer than parent_order and sharded is not false, else parent_order"},
    "sharded": {"type": "boolean", "description": "several chunks to an object; default true when chunk_inner is finer than parent_order"},
    "indexing_scheme": {"const": "nested"},
    "layout": {"enum": ["fullsphere", "compact"], "description": "layout of the store"},
    "emit_cell_ids": {"type": "boolean", "default": true, "description": "write nested ids as cell_ids besides morton words"},
    "latitude": {"enum": ["authalic-wgs84", "geodetic-spherical"], "default": "authalic-wgs84", "description": "what becomes of geodetic latitudes before the projection"}
  }
}`
