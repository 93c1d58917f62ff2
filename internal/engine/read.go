package engine

import (
	"context"
	"errors"
	"math"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
)

// A sink holds what one attempt at one granule kept. It is merged only if Read returned nil.
type sink struct {
	slots  []int32
	cols   []core.Column
	counts Counts
	stats  core.ReadStats
}

// read runs the reader over every granule, several at once, each into its own sink.
func (p *Pipeline) read(ctx context.Context, t *Task, res *Result) ([]*sink, error) {
	sinks := make([]*sink, len(t.Granules))
	failed := make([]error, len(t.Granules))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(max(p.Granules, 1))
	for i := range t.Granules {
		g.Go(func() error {
			s, err := p.readGranule(gctx, t, t.Granules[i])
			if err == nil {
				sinks[i] = s
				return nil
			}
			// A cancelled run is never "missing": only what is wrong with the granule itself may be left out.
			if t.AllowMissing && gctx.Err() == nil {
				failed[i] = err
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, s := range sinks {
		id := t.Granules[i].ID
		if s == nil {
			res.Missing = append(res.Missing, Missing{Granule: id, Err: failed[i]})
			continue
		}
		res.Counts.add(s.counts)
		res.Looked += s.stats.Rows
		for _, m := range s.stats.Missing {
			res.Absent = append(res.Absent, id+"/"+m)
		}
		for _, m := range s.stats.Empty {
			res.Empty = append(res.Empty, id+"/"+m)
		}
	}
	if len(res.Missing) > 0 && len(res.Missing) == len(t.Granules) {
		return nil, core.Errorf(core.CodeOf(firstError(failed)), "read shard", t.Shard.Label,
			"every granule failed; the first: %w", firstError(failed))
	}
	return sinks, nil
}

func firstError(errs []error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return errors.New("no error")
}

func (p *Pipeline) readGranule(ctx context.Context, t *Task, g core.Granule) (*sink, error) {
	s := &sink{}
	l := &landing{p: p, key: t.Shard.Key, sink: s}
	q := core.Query{Region: t.Shard.Outline, Columns: p.Columns, Filters: p.Filters, Rows: p.Batch}
	stats, err := p.Reader.Read(ctx, t.Source, g, q, func(b *core.Batch) error { return l.take(ctx, b) })
	if err != nil {
		return nil, core.Errorf(core.CodeOf(err), "read granule", g.ID, "%w", err)
	}
	s.stats = stats
	s.counts.Read += stats.Invalid
	s.counts.Invalid += stats.Invalid
	return s, nil
}

// A landing takes the batches of one granule; its scratch is reused from batch to batch.
type landing struct {
	p     *Pipeline
	key   core.ShardKey
	sink  *sink
	slots []int32
	keep  []int32
}

func (l *landing) take(ctx context.Context, b *core.Batch) error {
	n := len(b.Lon)
	if len(b.Columns) != len(l.p.Columns) || len(b.Lat) != n {
		return core.Errorf(core.Internal, "engine", b.Group, "the reader emitted %d columns where %d were asked", len(b.Columns), len(l.p.Columns))
	}
	if cap(l.slots) < n {
		l.slots = make([]int32, n)
	}
	slots := l.slots[:n]
	if err := l.p.Grid.Locate(ctx, l.key, b.Lon, b.Lat, slots); err != nil {
		return err
	}
	c := &l.sink.counts
	c.Read += int64(n)
	l.keep = l.keep[:0]
	for i, s := range slots {
		if s >= 0 {
			l.keep = append(l.keep, int32(i))
			continue
		}
		if bad(b.Lon[i], b.Lat[i]) {
			c.Invalid++
		} else {
			c.Outside++
		}
	}
	if l.p.MaskFill {
		for i := range b.Columns {
			var fill, nan int64
			l.keep, fill, nan = mask(&b.Columns[i], l.keep)
			c.Fill += fill
			c.NaN += nan
		}
	}
	return l.store(ctx, b, slots)
}

// store filters the kept rows by expressions and appends what is left to the sink.
func (l *landing) store(_ context.Context, b *core.Batch, slots []int32) error {
	if len(l.keep) == 0 {
		return nil
	}
	cols, err := gather(nil, b.Columns, l.keep)
	if len(l.p.Rows) == 0 {
		cols, err = gather(l.sink.cols, b.Columns, l.keep)
	}
	if err != nil {
		return err
	}
	if len(l.p.Rows) > 0 {
		pass, err := l.pass(cols, len(l.keep))
		if err != nil {
			return err
		}
		l.sink.counts.Filtered += int64(len(l.keep) - len(pass))
		if cols, err = gather(l.sink.cols, cols, pass); err != nil {
			return err
		}
		kept := l.keep[:0]
		for _, i := range pass {
			kept = append(kept, l.keep[i])
		}
		l.keep = kept
	}
	l.sink.cols = cols
	for _, i := range l.keep {
		l.sink.slots = append(l.sink.slots, slots[i])
	}
	l.sink.counts.Kept += int64(len(l.keep))
	return nil
}

// pass lists the rows for which every row filter is true.
func (l *landing) pass(cols []core.Column, n int) ([]int32, error) {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	for _, f := range l.p.Rows {
		r, err := f.Program.Rows(cols, n)
		if err != nil {
			return nil, err
		}
		if r.Type != core.Bool {
			return nil, core.Errorf(core.Invalid, "filter", f.Text, "a filter must give one boolean per row; this gives %s", r.Type)
		}
		ok := core.View[bool](r.Data)
		kept := rows[:0]
		for _, i := range rows {
			if ok[i] {
				kept = append(kept, i)
			}
		}
		rows = kept
	}
	return rows, nil
}

func bad(lon, lat float64) bool {
	return math.IsNaN(lon) || math.IsInf(lon, 0) || !(lat >= -90 && lat <= 90)
}
