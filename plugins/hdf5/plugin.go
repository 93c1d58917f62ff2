package hdf5

import (
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/levels"
)

// Plugin offers the reader "hdf5".
func Plugin() core.Plugin {
	return core.Plugin{
		Name: "hdf5", Version: "1.0.0",
		Readers: []core.Maker[core.ProductReader]{{
			Name:   "hdf5",
			Doc:    "Tables in HDF5 granules; groups, coordinates and variables come from data_source.",
			Schema: json.RawMessage(levels.Schema),
			New: func(_ context.Context, config core.Config) (core.ProductReader, error) {
				layout, err := levels.Parse(config, levels.Layout{})
				if err != nil {
					return nil, err
				}
				return levels.New(layout)
			},
		}},
	}
}
