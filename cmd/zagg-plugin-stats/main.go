// Command zagg-plugin-stats is plugins/stats as a process of its own.
package main

import (
	"github.com/englacial/zagg/host/serve"
	"github.com/englacial/zagg/plugins/stats"
)

func main() { serve.Main(stats.Plugin()) }
