// Command zagg-plugin-tdigest is plugins/tdigest as a process of its own.
package main

import (
	"github.com/englacial/zagg/host/serve"
	"github.com/englacial/zagg/plugins/tdigest"
)

func main() { serve.Main(tdigest.Plugin()) }
