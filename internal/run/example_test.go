package run_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/run"
	"github.com/englacial/zagg/plugins/all"
)

// A program computes a store without a command line: plugins, a configuration, granules and the address of a store are
// all that a run needs.
func ExampleDo() {

	plugins, err := host.New(all.Plugins()...)
	if err != nil {
		log.Fatal(err)
	}
	cfg, _, err := config.Load(filepath.Join(sample, "demo.yaml"))
	if err != nil {
		log.Fatal(err)
	}
	folder, err := os.MkdirTemp("", "zagg")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(folder)
	summary, err := run.Do(context.Background(), run.Options{
		Config: cfg, Compile: plugins.Compile, Granules: []string{sample}, Store: filepath.Join(folder, "heights.zarr"),
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d shards with %d cells of %d observations\n", summary.Shards.WithData, summary.Cells, summary.Observations)
	// Output: 25 shards with 4629 cells of 41068 observations
}
