package levels

// Reading with an index. An index only saves requests: where it does not fit, the granule is read without.

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/h5/cf"
	"github.com/englacial/zagg/core/sidecar"
	"github.com/englacial/zagg/core/sphere"
)

// openAny opens the granule by its index if there is one that fits, otherwise by its own metadata.
func (r *reading) openAny(ctx context.Context, g core.Granule, groups []string) error {
	url, ok := g.Assets["index"]
	if ok {
		x, use := loadIndex(ctx, r.src, url, r.url)
		if x != nil && r.openIndexed(x, groups) {
			return nil
		}
		if use == core.IndexUsed {
			use = core.IndexStale
		}
		r.tables, r.stats, r.counted = nil, core.ReadStats{Index: use}, false
	}
	return r.open(ctx, groups)
}

// loadIndex reads an index. It returns nil if the index is missing, damaged, or of another state of the granule:
// those are no errors, reads are only slower, and the use says which.
func loadIndex(ctx context.Context, src core.ObjectReader, url, granule string) (*index, core.IndexUse) {
	data, err := sidecar.Load(ctx, src, url)
	if core.Is(err, core.NotFound) {
		return nil, core.IndexMissing
	}
	if err != nil {
		return nil, core.IndexStale
	}
	x, err := decodeIndex(url, data)
	if err != nil {
		return nil, core.IndexStale
	}
	if ok, err := sidecar.Current(ctx, src, granule, x.size, x.etag); err != nil || !ok {
		return nil, core.IndexStale
	}
	return x, core.IndexUsed
}

// openIndexed makes the tables from an index; false if it lacks something that the query needs.
func (r *reading) openIndexed(x *index, groups []string) bool {
	file, sets, err := h5.OpenSnapshot(r.src, r.url, x.snapshot, h5.Options{})
	if err != nil || len(sets) != len(x.means) {
		return false
	}
	r.file = file
	byPath := make(map[string]int, len(sets))
	for i, d := range sets {
		byPath[d.Path()] = i
	}
	known := make(map[string]*indexGroup, len(x.groups))
	for i := range x.groups {
		known[x.groups[i].name] = &x.groups[i]
	}
	r.stats.Index = core.IndexUsed
	r.counted = r.query.CountInvalid
	for _, name := range groups {
		g := known[name]
		switch {
		case g == nil:
			return false
		case g.state == groupMissing:
			r.stats.Missing = append(r.stats.Missing, name)
		case g.state == groupEmpty:
			r.stats.Empty = append(r.stats.Empty, name)
		case !r.addIndexed(g, x, sets, byPath):
			return false
		}
	}
	return len(r.stats.Missing) < len(groups)
}

// addIndexed makes the table of one group; false if the index has not all of its datasets, or says of them what
// cannot be.
func (r *reading) addIndexed(g *indexGroup, x *index, sets []*h5.Dataset, byPath map[string]int) bool {
	paths := r.paths([]string{g.name})
	of := make([]*h5.Dataset, len(paths))
	means := make([]cf.Meaning, len(paths))
	for i, p := range paths {
		k, ok := byPath[p]
		if !ok && r.want.at(i).optional {
			continue
		}
		if !ok {
			return false
		}
		of[i] = sets[k]
		// What the index says of a dataset must be of the type that the snapshot says it has.
		plain, err := cf.Raw(of[i])
		if r.want.at(i).raw {
			means[i] = plain
		} else if means[i], ok = cf.Parse(x.means[k]); err != nil || !ok || means[i].Stored != plain.Stored {
			return false
		}
	}
	t, err := r.newTable(g.name, of, paths)
	if err != nil || t.rows == 0 || g.rows < 1 || g.invalid > t.rows || (t.rows+g.rows-1)/g.rows != int64(len(g.blocks)) {
		return false
	}
	t.means, t.blocks, t.perBlock = means, g.blocks, g.rows
	if r.counted {
		r.stats.Invalid += g.invalid
	}
	r.tables = append(r.tables, t)
	return true
}

// meeting is the rows of the blocks that meet a box.
func (t *table) meeting(box *sphere.Box) []h5.Span {
	spans := []h5.Span{}
	for i, k := range t.blocks {
		if start := int64(i) * t.perBlock; k.meets(box) {
			spans = join(spans, start, min(t.perBlock, t.rows-start))
		}
	}
	return spans
}
