package levels

// Readers as plugins.

import (
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
)

// Maker offers a reader of a product by its layout; a run's configuration is laid on top of it (see Parse).
func Maker(name, doc string, base Layout) core.Maker[core.ProductReader] {
	return core.Maker[core.ProductReader]{
		Name: name, Doc: doc, Schema: json.RawMessage(Schema),
		New: func(_ context.Context, config core.Config) (core.ProductReader, error) {
			layout, err := Parse(config, base)
			if err != nil {
				return nil, err
			}
			return New(layout)
		},
	}
}
