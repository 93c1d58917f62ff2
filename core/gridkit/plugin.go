package gridkit

import (
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
)

// Plugin is a plugin that offers one grid, under its own name. make must be a function of the plugin itself: by its module a host tells
// whose code the grid is.
func Plugin(name, version, doc, schema string, make func(context.Context, core.Config) (core.Grid, error)) core.Plugin {
	return core.Plugin{
		Name: name, Version: version,
		Grids: []core.Maker[core.Grid]{{Name: name, Doc: doc, Schema: json.RawMessage(schema), New: make}},
	}
}
