package siblings

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
)

// A Source gives the granules of another with their siblings, which are among those that it gives too, in the order of the other.
type Source struct {
	catalog.Source
	Patterns map[string]string // of the names of siblings' files, by the sibling
	// Identify reads bare names of files as the product's reader does.
	Identify func(ctx context.Context, names []string) ([]core.Identity, error)
	// Products says that what is searched is a product by its short name, so that those of siblings are searched, too.
	Products bool
}

var _ catalog.Source = (*Source)(nil)

// Granules holds all that match: which of them belong together shows when there are no more.
func (s *Source) Granules(ctx context.Context, q catalog.Query, visit func(*catalog.Entry) error) (catalog.Meta, error) {
	var all []*catalog.Entry
	keep := func(g *catalog.Entry) error { all = append(all, g); return nil }
	meta, err := s.Source.Granules(ctx, q, keep)
	for _, product := range s.products(q) {
		if err == nil {
			more := q
			more.ShortName = product
			_, err = s.Source.Granules(ctx, more, keep)
		}
	}
	if err != nil {
		return meta, err
	}
	names := make([]string, len(all))
	for i, g := range all {
		names[i] = catalog.FileID(g.Data.Any())
	}
	ids, err := s.Identify(ctx, names)
	if err != nil {
		return meta, err
	}
	files := make([]File, len(all))
	for i, g := range all {
		files[i] = File{Name: names[i], URL: cmp.Or(g.Data.Any(), g.ID), ID: ids[i], Has: s.has(g)}
	}
	pairs, err := Pair(s.Patterns, files, "catalog")
	if err != nil {
		return meta, err
	}
	for i, k := range pairs.Granules {
		for name, of := range pairs.Of[i] {
			if all[k].Siblings == nil {
				all[k].Siblings = map[string]catalog.Address{}
			}
			all[k].Siblings[name] = all[of].Data
		}
		if err := visit(all[k]); err != nil {
			return meta, err
		}
	}
	return meta, nil
}

// has are the siblings that the catalog itself names beside a granule.
func (s *Source) has(g *catalog.Entry) map[string]bool {
	out := map[string]bool{}
	for name := range s.Patterns {
		if _, ok := g.Siblings[name]; ok {
			out[name] = true
		}
	}
	return out
}

// products are the short names of siblings' products, which the names of their files begin with, in order.
func (s *Source) products(q catalog.Query) []string {
	if !s.Products || q.ShortName == "" {
		return nil
	}
	var out []string
	for _, pattern := range s.Patterns {
		fixed := pattern
		if at := strings.IndexAny(pattern, `*?[\`); at >= 0 {
			fixed = pattern[:at]
		}
		if name := strings.TrimRight(fixed, "_"); name != "" && name != q.ShortName && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}
