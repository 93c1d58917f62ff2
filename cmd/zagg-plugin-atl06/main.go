// Command zagg-plugin-atl06 is plugins/atl06 as a process of its own.
package main

import (
	"github.com/englacial/zagg/host/serve"
	"github.com/englacial/zagg/plugins/atl06"
)

func main() { serve.Main(atl06.Plugin()) }
