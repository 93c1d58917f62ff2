package engine

// Reading by an index of cells: it has noted which rows of a granule lie in which cells, so no coordinates need be
// read.

import (
	"context"
	"errors"
	"slices"
	"sort"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sidecar"
	"github.com/englacial/zagg/internal/cells"
)

// Located tells where the cells of granules' rows are noted, for a pipeline's grid and reader.
type Located struct {
	Reader core.RowReader            // the pipeline's
	URL    func(core.Granule) string // of a granule's index of cells
	Key    string                    // that the index has
}

// readRows reads the rows of a granule that are wanted: by their cells if these are noted, otherwise by their
// coordinates. An index that does not fit is a warning; the rows are the same either way.
func (r *pass) readRows(ctx context.Context, g *granule, q core.Query, l *landing, emit func(*core.Batch) error) (core.ReadStats, error) {
	p, src := r.p, r.tasks[0].Source
	if p.Located == nil {
		return p.Reader.Read(ctx, src, g.Granule, q, emit)
	}
	if url := g.Assets["index"]; url != "" {
		src = sidecar.Early(ctx, src, url)
	}
	found, warning := r.noted(ctx, g, l)
	if found != nil {
		emitted := false
		l.found = found
		q := core.RowQuery{Query: q, Groups: found.Groups, Places: p.needsPlaces()}
		stats, err := p.Located.Reader.ReadRows(ctx, src, g.Granule, q, func(b *core.Batch) error {
			emitted = true
			return emit(b)
		})
		l.found = nil
		// Once rows were emitted it is too late to begin anew.
		if emitted || !errors.Is(err, core.ErrOtherRows) {
			stats.Invalid = found.Invalid
			return stats, err
		}
		l.sink.located, warning = core.IndexStale, unusable(err)
	}
	stats, err := p.Reader.Read(ctx, src, g.Granule, q, emit)
	if warning != "" {
		stats.Warnings = append(slices.Clip(stats.Warnings), warning)
	}
	return stats, err
}

func unusable(err error) string {
	return "the index of its cells is not used, so that its coordinates were read: " + core.Shown(err.Error())
}

// noted is what is noted of a granule for its tasks; nil if there is nothing that can be used, perhaps with a warning
// why.
func (r *pass) noted(ctx context.Context, g *granule, l *landing) (found *cells.Found, warning string) {
	at := r.p.Located
	x, use, err := cells.Load(ctx, r.tasks[0].Source, at.URL(g.Granule), g.URL(), at.Key)
	if err == nil && x != nil {
		if found, err = x.In(l.finder.keys, r.layout.slots); err != nil {
			use = core.IndexStale
		}
	}
	if l.sink.located = use; err != nil {
		return nil, unusable(err)
	}
	return found, ""
}

// needsPlaces reports whether the coordinates of rows are needed although their cells are known.
func (p *Pipeline) needsPlaces() bool { return p.Positions || p.Places || p.Select.Placed() }

// lookUp puts the shards and slots of rows of a group into the finder, by their numbers, which ascend.
func (l *landing) lookUp(group string, rows []int64) error {
	f := &l.finder
	f.shard, f.slot = slices.Grow(f.shard[:0], len(rows))[:len(rows)], slices.Grow(f.slot[:0], len(rows))[:len(rows)]
	if len(rows) == 0 {
		return nil
	}
	runs := l.found.Runs(group)
	k := sort.Search(len(runs), func(k int) bool { return runs[k].End > rows[0] })
	for i, row := range rows {
		for k < len(runs) && runs[k].End <= row {
			k++
		}
		if k == len(runs) || runs[k].Start > row {
			return core.Errorf(core.Internal, "engine", group, "the reader gave row %d, which was not asked for", row)
		}
		f.shard[i], f.slot[i] = runs[k].Shard, runs[k].Slot
	}
	return nil
}
