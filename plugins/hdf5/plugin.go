package hdf5

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/levels"
)

// Plugin offers the reader "hdf5".
func Plugin() core.Plugin {
	const doc = "Tables in HDF5 granules; groups, coordinates and variables come from data_source."
	return core.Plugin{
		Name: "hdf5", Version: "1.0.0",
		Readers: []core.Maker[core.ProductReader]{levels.Maker("hdf5", doc, levels.Layout{})},
	}
}
