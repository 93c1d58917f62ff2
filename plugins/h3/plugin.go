//go:build cgo

package h3

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
)

// Plugin is the H3 grid as a plugin: one grid maker, "h3".
func Plugin() core.Plugin {
	return gridkit.Plugin("h3", "1.0.0", "H3 cells, on geodetic latitudes as H3 has it; shards by the digits of the index", schema, open)
}

// open makes the grid from its settings.
func open(_ context.Context, config core.Config) (core.Grid, error) {
	c, err := parseConfig(config)
	if err != nil {
		return nil, err
	}
	return newGrid(c)
}

const schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "examples": [{"parent_resolution": 4, "child_resolution": 8}],
  "properties": {
    "type": {"const": "h3"},
    "parent_resolution": {"$ref": "#/$defs/resolution", "description": "resolution of the shards"},
    "parent_res": {"$ref": "#/$defs/resolution", "description": "short for parent_resolution"},
    "child_resolution": {"$ref": "#/$defs/resolution", "description": "resolution of the cells, at most 10 above parent_resolution"},
    "child_res": {"$ref": "#/$defs/resolution", "description": "short for child_resolution"},
    "chunk_inner": {"$ref": "#/$defs/resolution", "description": "resolution of the chunks, parent_resolution to child_resolution; default child_resolution-4 if that is finer than parent_resolution and sharded is not false, else parent_resolution"},
    "sharded": {"type": "boolean", "description": "several chunks to an object; default true when chunk_inner is finer than parent_resolution"},
    "layout": {"enum": ["fullsphere", "compact"], "description": "layout of the store"}
  },
  "allOf": [
    {"oneOf": [{"required": ["parent_resolution"]}, {"required": ["parent_res"]}]},
    {"oneOf": [{"required": ["child_resolution"]}, {"required": ["child_res"]}]}
  ],
  "$defs": {"resolution": {"type": "integer", "minimum": 0, "maximum": 15}}
}`
