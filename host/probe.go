package host

// Trying a configuration on a granule before all of them are read.

import (
	"context"

	"github.com/englacial/zagg/core"
)

// Probe reads the beginning of a granule like a shard, and returns an error if a dataset of the configuration is missing or has an
// unusable type. A granule without observations passes.
func (r *Recipe) Probe(ctx context.Context, src core.ObjectReader, g core.Granule) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	begun := false
	q := core.Query{Columns: r.pipeline.Columns, Filters: r.pipeline.Filters, Rows: 1 << 10}
	_, err := r.Reader.Read(ctx, src, g, q, func(*core.Batch) error {
		begun = true
		stop() // it is all there
		return context.Canceled
	})
	if begun {
		return nil
	}
	return err
}
