// Command zagg-plugin-hdf5 is plugins/hdf5 as a process of its own.
package main

import (
	"github.com/englacial/zagg/host/serve"
	"github.com/englacial/zagg/plugins/hdf5"
)

func main() { serve.Main(hdf5.Plugin()) }
