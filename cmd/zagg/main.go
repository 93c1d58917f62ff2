// Command zagg turns archives of satellite point measurements into analysis-ready grids.
package main

import (
	"os"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/plugins/all"
)

func main() { os.Exit(cli.Main(all.Plugins()...)) }
