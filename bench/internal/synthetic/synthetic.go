// Package synthetic is what the benchmarks share that measure runs on observations which are made up.
package synthetic

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
)

// Plugin offers a reader "synthetic", whose configuration is decoded into what fresh makes.
func Plugin(doc string, fresh func() core.ProductReader) core.Plugin {
	return core.Plugin{Name: "synthetic", Version: "1.0.0", Readers: []core.Maker[core.ProductReader]{{
		Name: "synthetic", Doc: doc,
		New: func(_ context.Context, config core.Config) (core.ProductReader, error) {
			r := fresh()
			d := json.NewDecoder(bytes.NewReader(config))
			d.DisallowUnknownFields()
			return r, d.Decode(r)
		},
	}}}
}
