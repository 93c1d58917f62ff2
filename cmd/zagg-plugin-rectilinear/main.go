// Command zagg-plugin-rectilinear is plugins/rectilinear as a process of its own.
package main

import (
	"github.com/englacial/zagg/host/serve"
	"github.com/englacial/zagg/plugins/rectilinear"
)

func main() { serve.Main(rectilinear.Plugin()) }
