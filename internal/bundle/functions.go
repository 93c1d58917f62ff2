package bundle

import (
	"maps"
	"slices"
)

// A Function is a program that a bundle can be.
type Function struct {
	Package string // whose Main it calls
	Plugins bool   // Main takes plugins
	Does    string // "computes shards"
}

// Functions are the programs that a bundle can be, by name.
func Functions() map[string]Function {
	return map[string]Function{
		"hdf":     {Module + "/lambda/hdf", false, "serves HDF5 files through the HDF REST API"},
		"worker":  {Module + "/lambda/worker", true, "computes shards"},
		"zipedit": {Module + "/lambda/zipedit", false, "changes files of a function's zip in place"},
	}
}

// FunctionNames are the names of Functions in order.
func FunctionNames() []string { return slices.Sorted(maps.Keys(Functions())) }
