package engine

import (
	"context"
	"math"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
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
			s, err := p.readGranule(gctx, t, i)
			if err == nil {
				sinks[i] = s
				return nil
			}
			if t.AllowMissing && gctx.Err() == nil && job.OfGranule(err) {
				failed[i] = err
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	res.note(t.Granules, sinks, failed)
	if n := len(res.Missing); n > 0 && n == len(t.Granules) {
		first := res.Missing[0].Err
		return nil, core.Errorf(core.CodeOf(first), "read shard", t.Shard.Label, "every granule failed; the first: %w", first)
	}
	return sinks, nil
}

// note adds up what was met in the granules, in their order; those without a sink failed.
func (res *Result) note(granules []core.Granule, sinks []*sink, failed []error) {
	for i, s := range sinks {
		id := granules[i].ID
		if s == nil {
			res.Missing = append(res.Missing, Missing{Granule: id, Err: failed[i]})
			continue
		}
		res.Counts.add(s.counts)
		res.Looked += s.stats.Rows
		if s.stats.Index == core.IndexMissing || s.stats.Index == core.IndexStale {
			res.Unindexed = append(res.Unindexed, id)
		}
		for _, m := range s.stats.Missing {
			res.Absent = append(res.Absent, job.GroupNote{Granule: id, Group: m})
		}
		for _, m := range s.stats.Empty {
			res.Empty = append(res.Empty, job.GroupNote{Granule: id, Group: m})
		}
	}
}

func (p *Pipeline) readGranule(ctx context.Context, t *Task, i int) (*sink, error) {
	g, home := t.Granules[i], t.Home == nil || t.Home[i]
	s := &sink{}
	l := &landing{p: p, key: t.Shard.Key, sink: s}
	q := core.Query{Region: t.Shard.Outline, Columns: p.Columns, Filters: p.Filters, Rows: p.Batch, CountInvalid: home}
	stats, err := p.Reader.Read(ctx, t.Source, g, q, func(b *core.Batch) error {
		if err := l.take(ctx, b); err != nil {
			return core.Errorf(core.CodeOf(err), "", b.Group, "%w (%w)", err, job.ErrTaking)
		}
		return nil
	})
	if err != nil {
		return nil, core.Errorf(core.CodeOf(err), "read granule", g.ID, "%w", err)
	}
	s.stats = stats
	if home {
		s.counts.Read += stats.Invalid
		s.counts.Invalid += stats.Invalid
	} else { // nor those that the reader emitted
		s.counts.Read -= s.counts.Invalid
		s.counts.Invalid = 0
	}
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

// find puts the slots of places into l.slots, scratch that is reused from call to call.
func (l *landing) find(ctx context.Context, lon, lat []float64) error {
	if cap(l.slots) < len(lon) {
		l.slots = make([]int32, len(lon))
	}
	l.slots = l.slots[:len(lon)]
	return l.p.Grid.Locate(ctx, l.key, lon, lat, l.slots)
}

// refused counts the rows of the shard that the reader's filters refused.
func (l *landing) refused(ctx context.Context, b *core.Batch) error {
	if len(b.RefusedLon) == 0 {
		return nil
	}
	if len(b.RefusedLat) != len(b.RefusedLon) {
		return core.Errorf(core.Internal, "engine", b.Group, "the reader gave %d latitudes to %d longitudes of refused rows", len(b.RefusedLat), len(b.RefusedLon))
	}
	if err := l.find(ctx, b.RefusedLon, b.RefusedLat); err != nil {
		return err
	}
	for _, s := range l.slots {
		if s >= 0 {
			l.sink.counts.Refused++
			l.sink.counts.Read++
		}
	}
	return nil
}

// take brings a batch to the sink: what is in the shard, holds values and passes the filters.
func (l *landing) take(ctx context.Context, b *core.Batch) error {
	if err := l.check(b); err != nil {
		return err
	}
	if err := l.refused(ctx, b); err != nil {
		return err
	}
	if err := l.locate(ctx, b); err != nil {
		return err
	}
	c := &l.sink.counts
	if l.p.MaskFill {
		for i := range b.Columns {
			var fill, nan int64
			l.keep, fill, nan = mask(&b.Columns[i], l.keep)
			c.Fill += fill
			c.NaN += nan
		}
	}
	if err := l.filter(b); err != nil || len(l.keep) == 0 {
		return err
	}
	cols, err := gather(l.sink.cols, b.Columns, l.keep)
	if err != nil {
		return err
	}
	l.sink.cols = cols
	for _, i := range l.keep {
		l.sink.slots = append(l.sink.slots, l.slots[i])
	}
	c.Kept += int64(len(l.keep))
	return nil
}

// check holds a batch against what was asked.
func (l *landing) check(b *core.Batch) error {
	const op = "engine"
	if len(b.Columns) != len(l.p.Columns) || len(b.Lat) != len(b.Lon) {
		return core.Errorf(core.Internal, op, b.Group, "the reader emitted %d columns where %d were asked, and %d latitudes to %d longitudes",
			len(b.Columns), len(l.p.Columns), len(b.Lat), len(b.Lon))
	}
	for i := range b.Columns {
		c := &b.Columns[i]
		switch {
		case c.Name != l.p.Columns[i]:
			return core.Errorf(core.Internal, op, b.Group, "the reader emitted column %q where %q was asked", c.Name, l.p.Columns[i])
		case c.Offsets != nil || c.Type == core.Bytes:
			return core.Errorf(core.Unsupported, op, c.Name, "a column of text or with rows of varying length cannot be aggregated")
		case len(c.Data) != len(b.Lon)*max(c.Width, 1)*c.Type.Size() || c.Type.Size() == 0:
			return core.Errorf(core.Internal, op, c.Name, "the reader emitted %d bytes for %d rows of %s×%d", len(c.Data), len(b.Lon), c.Type, max(c.Width, 1))
		}
	}
	return nil
}

// locate finds the rows' slots and keeps those in the shard.
func (l *landing) locate(ctx context.Context, b *core.Batch) error {
	if err := l.find(ctx, b.Lon, b.Lat); err != nil {
		return err
	}
	n := len(b.Lon)
	slots, c := l.p.slots(), &l.sink.counts
	c.Read += int64(n)
	l.keep = slices.Grow(l.keep[:0], n)
	for i, s := range l.slots {
		switch {
		case int64(s) >= slots:
			return core.Errorf(core.Internal, "engine", string(l.key), "the grid gave slot %d in a shard of %d", s, slots)
		case s >= 0:
			l.keep = append(l.keep, int32(i))
		case bad(b.Lon[i], b.Lat[i]):
			c.Invalid++
		default:
			c.Outside++
		}
	}
	return nil
}

// filter drops the kept rows for which a row filter is false.
func (l *landing) filter(b *core.Batch) error {
	if len(l.p.Rows) == 0 || len(l.keep) == 0 {
		return nil
	}
	cols, err := gather(nil, b.Columns, l.keep)
	if err != nil {
		return err
	}
	pass, err := l.pass(cols, len(l.keep))
	if err != nil {
		return err
	}
	l.sink.counts.Filtered += int64(len(l.keep) - len(pass))
	for k, i := range pass { // ascending, so that no place is read after it is written
		l.keep[k] = l.keep[i]
	}
	l.keep = l.keep[:len(pass)]
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
