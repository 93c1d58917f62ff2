//go:build cgo

package h3

// The arrays' frame and attributes.

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/englacial/zagg/core"
)

// frame is the arrays' frame: one dimension, the cells in the order of their digits.
func frame(c Config) core.Frame {
	return core.Frame{
		Group: strconv.Itoa(c.ChildResolution),
		Dims: []core.Dim{{
			Name:  "cells",
			Size:  baseCells * power7(c.ChildResolution),
			Shard: power7(c.ChildResolution - c.ParentResolution),
			Chunk: power7(c.ChildResolution - c.ChunkInner),
		}},
		Coords: []core.Field{{Name: "cell_ids", Type: core.Uint64, Width: 1, Fill: json.RawMessage("0"), Attrs: cellAttrs(c)}},
		Attrs:  groupAttrs(c),
	}
}

// power7 is 7^n.
func power7(n int) int64 {
	p := int64(1)
	for range n {
		p *= 7
	}
	return p
}

// cellAttrs are the attributes of the variable cell_ids: those that xdggs (0.6) wants of an H3 grid and no other,
// because it refuses what is not a parameter of its grid.
func cellAttrs(c Config) json.RawMessage {
	return fmt.Appendf(nil, `{"grid_name":"h3","level":%d}`, c.ChildResolution)
}

// groupAttrs are the attributes of the group: the dggs convention of Zarr (https://github.com/zarr-conventions/dggs,
// v1), and coordinates, by which xarray takes the variable for a coordinate (CF 1.11, section 5).
func groupAttrs(c Config) json.RawMessage {
	return fmt.Appendf(nil, `{"zarr_conventions":[{`+
		`"schema_url":"https://raw.githubusercontent.com/zarr-conventions/dggs/refs/tags/v1/schema.json",`+
		`"spec_url":"https://github.com/zarr-conventions/dggs/blob/v1/README.md",`+
		`"uuid":"7b255807-140c-42ca-97f6-7a1cfecdbc38","name":"dggs",`+
		`"description":"Discrete Global Grid Systems convention for zarr"}],`+
		`"dggs":{"name":"h3","refinement_level":%d,"spatial_dimension":"cells","coordinate":"cell_ids","compression":"none"},`+
		`"coordinates":"cell_ids"}`, c.ChildResolution)
}
