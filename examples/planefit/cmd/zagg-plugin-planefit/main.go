// Command zagg-plugin-planefit is the plugin as a process.
package main

import (
	"example.org/planefit"
	"github.com/englacial/zagg/host/serve"
)

func main() { serve.Main(planefit.Plugin()) }
