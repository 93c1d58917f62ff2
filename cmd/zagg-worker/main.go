// Command zagg-worker is the bootstrap of a Lambda function that does the work of shards, with the standard plugins.
package main

import (
	"github.com/englacial/zagg/lambda/worker"
	"github.com/englacial/zagg/plugins/all"
)

func main() { worker.Main(all.Plugins()...) }
