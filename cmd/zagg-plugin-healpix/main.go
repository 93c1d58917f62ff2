// Command zagg-plugin-healpix is plugins/healpix as a process of its own.
package main

import (
	"github.com/englacial/zagg/host/serve"
	"github.com/englacial/zagg/plugins/healpix"
)

func main() { serve.Main(healpix.Plugin()) }
