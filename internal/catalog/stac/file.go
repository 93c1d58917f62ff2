package stac

import (
	"context"
	"encoding/json"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
)

// A Collection is items in memory: an ItemCollection that was written to a file, or one item.
type Collection struct {
	granules []*catalog.Granule
}

var _ catalog.Source = (*Collection)(nil)

// Parse reads a FeatureCollection of items or one item; errors call it name.
func Parse(name string, data []byte, o ItemOptions) (*Collection, error) {
	var p page
	if err := json.Unmarshal(data, &p); err != nil {
		return nil, core.Errorf(core.Corrupt, "stac", name, "%w", err)
	}
	switch {
	case p.Type == "Feature":
		p.Features = []json.RawMessage{data}
	case p.Type != "FeatureCollection":
		return nil, core.Errorf(core.Invalid, "stac", name, "type %.40q is neither FeatureCollection nor Feature: are these STAC items?", p.Type)
	case p.next() != nil:
		return nil, core.Errorf(core.Invalid, "stac", name, "this is one page of a search, and there are more; search again, or join the pages")
	}
	if n, ok := p.matched(); ok && n > len(p.Features) {
		return nil, core.Errorf(core.Invalid, "stac", name, "it has %d of %d items", len(p.Features), n)
	}
	c, namer, seen := &Collection{}, catalog.NewNamer(), map[string]bool{}
	for i, raw := range p.Features {
		g, err := decode(raw, nil, o, namer)
		if err != nil {
			return nil, core.Errorf(core.CodeOf(err), "", name, "item %d: %w", i, err)
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
func (c *Collection) Granules(ctx context.Context, q catalog.Query, visit func(*catalog.Granule) error) (catalog.Meta, error) {
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
