//go:build cgo

// Command zagg-plugin-h3 is plugins/h3 as a process of its own. It needs cgo, which the zagg that starts it need not have.
package main

import (
	"github.com/englacial/zagg/host/serve"
	"github.com/englacial/zagg/plugins/h3"
)

func main() { serve.Main(h3.Plugin()) }
