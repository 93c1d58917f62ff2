// Command zagg-plugin-atl03 is plugins/atl03 as a process of its own.
package main

import (
	"github.com/englacial/zagg/host/serve"
	"github.com/englacial/zagg/plugins/atl03"
)

func main() { serve.Main(atl03.Plugin()) }
