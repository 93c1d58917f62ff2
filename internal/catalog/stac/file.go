package stac

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
)

// A Collection is items in memory: an ItemCollection that was written to a file, or one item.
type Collection struct {
	granules []*catalog.Entry
}

var _ catalog.Source = (*Collection)(nil)

// Parse reads STAC items in any form in which they are kept: a FeatureCollection, one item, a list of items, or items one
// after another (newline-delimited, also with the record separators of RFC 8142). Errors call it name.
func Parse(name string, data []byte, o ItemOptions) (*Collection, error) {
	features, err := features(data)
	if err != nil {
		return nil, core.Wrap(err, "stac", name)
	}
	c, namer, seen := &Collection{}, catalog.NewNamer(), map[string]bool{}
	for i, raw := range features {
		g, err := decode(raw, nil, o, namer)
		if err != nil {
			return nil, core.Wrapf(err, "", name, "item %d: %w", i, err)
		}
		if seen[g.ID] {
			return nil, core.Errorf(core.Invalid, "stac", name, "item %s is there twice; its observations would count twice", g.ID)
		}
		seen[g.ID] = true
		c.granules = append(c.granules, g)
	}
	return c, nil
}

// Granules gives the items in their order, those outside the query's time left out.
func (c *Collection) Granules(ctx context.Context, q catalog.Query, visit func(*catalog.Entry) error) (catalog.Meta, error) {
	meta := q.Meta("STAC items", nil)
	for _, g := range c.granules {
		if err := ctx.Err(); err != nil {
			return meta, err
		}
		if !q.InTime(g) {
			continue
		}
		meta.TotalGranules++
		own := *g
		if err := visit(&own); err != nil {
			return meta, err
		}
	}
	return meta, nil
}
