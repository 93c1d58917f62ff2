package engine

// Reading one granule: from batches to rows kept in the granule's sink.

import (
	"context"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/cells"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/selection"
)

// A granule is read with a lease of a quarter of what can be leased, within these bounds in bytes, so that some are
// under way at once.
const (
	leastLease = 32 << 20
	mostLease  = 64 << 20
)

// smallParcel is how many bytes of rows go to memory together. To disk go as many as a sink may hold, so that they
// are read back in large pieces.
const smallParcel = 1 << 20

// leaseOf is the memory for reading a granule of so many bytes (0: unknown), besides the rows that are kept.
func leaseOf(b *budget.Budget, granule int64) int64 {
	n := min(max(b.MostLease()/4, leastLease), mostLease)
	if granule > 0 { // all of it, packed and not
		n = min(n, 4*granule+leastLease/4)
	}
	return min(n, b.MostLease())
}

// ReadMemory is what a reader may hold of a granule of so many bytes (0: unknown) where b bounds the memory: three
// quarters of the lease, of which the rest is for the rows that it emits. Without a budget it is 0: any number of
// bytes.
func ReadMemory(b *budget.Budget, granule int64) int64 {
	if b == nil {
		return 0
	}
	return leaseOf(b, granule) / 4 * 3
}

// readGranule reads a granule for all tasks that have it, and again if it was replaced meanwhile.
func (r *pass) readGranule(ctx context.Context, g *granule) error {
	changed, err := r.readOnce(ctx, g)
	if changed && ctx.Err() == nil {
		_, err = r.readOnce(ctx, g)
	}
	return err
}

// readOnce reads a granule and keeps its rows in memory or on disk. The rows of a granule that changed meanwhile are
// let go.
func (r *pass) readOnce(ctx context.Context, g *granule) (changed bool, err error) {
	p := r.p
	size := leaseOf(p.Budget, g.Size)
	release, err := p.Budget.Lease(ctx, size)
	if err != nil {
		return false, err
	}
	defer release()
	s := sink{counts: make([]Counts, len(g.wants))}
	l := r.landing(g, &s, size/4)
	q := core.Query{Columns: p.Columns, Filters: p.Filters, Rows: p.Batch, CountInvalid: g.home >= 0, Request: p.Request, Memory: ReadMemory(p.Budget, g.Size)}
	for _, t := range g.wants {
		l.finder.keys = append(l.finder.keys, r.tasks[t].Shard.Key)
	}
	q.Region = r.around(g.wants)
	stats, err := r.readRows(ctx, g, q, l, func(b *core.Batch) error {
		if err := l.take(ctx, b); err != nil {
			return core.Wrapf(err, "", b.Group, "%w (%w)", err, job.ErrTaking)
		}
		return nil
	})
	if r.changed != nil {
		if why := r.changed(ctx, g.Granule); why != nil {
			changed, err = true, why
		}
	}
	if err == nil {
		err = r.flush(g, &s, true)
	}
	if err != nil {
		for _, k := range s.parcels {
			k.let(p.Budget)
		}
		return changed, core.Wrap(err, "read granule", g.ID)
	}
	s.giveBack(&l.spare)
	r.landings.Put(l) // only now: a reader that failed may yet call
	s.stats = stats
	if g.home >= 0 {
		s.counts[g.home].Read += stats.Invalid
		s.counts[g.home].Invalid += stats.Invalid
	}
	g.sink, g.read = s, true
	return false, nil
}

// around is a region that contains the shards of some tasks, whose outlines are of one kind, as those of a grid are. An outline
// without polygons is the whole Earth.
func (r *pass) around(tasks []int) core.Region {
	n := 0
	for _, t := range tasks {
		n += len(r.tasks[t].Shard.Outline.Polygons)
	}
	all := r.tasks[tasks[0]].Shard.Outline
	all.Polygons = make([]core.Polygon, 0, n)
	for _, t := range tasks {
		outline := &r.tasks[t].Shard.Outline
		if len(outline.Polygons) == 0 {
			return core.Region{}
		}
		all.Polygons, all.Margin = append(all.Polygons, outline.Polygons...), max(all.Margin, outline.Margin)
	}
	return all
}

// A landing takes the batches of one granule; its scratch is reused from batch to batch. Rows outside of all shards
// are counted by the first of the granule's tasks, those without a position by the task that is its home.
type landing struct {
	run     *pass
	granule *granule
	sink    *sink
	finder  finder
	found   *cells.Found // whose rows the batches are, by their numbers; nil: they have places
	most    int64        // bytes of rows in the sink
	rows    []int32      // those in shards, shard by shard
	ends    []int32      // by shard, where its rows end
	keep    []int32      // of the shard whose rows are taken
	counts  *Counts      // of that shard
	marks   []byte
	spare   buffers // for the sink
}

// landing takes the batches of a granule to its sink, which holds most bytes before they become a parcel.
func (r *pass) landing(g *granule, s *sink, most int64) *landing {
	l, _ := r.landings.Get().(*landing)
	if l == nil {
		l = &landing{run: r, finder: finder{grid: r.p.Grid, slots: r.layout.slots}}
	}
	l.granule, l.sink, l.most, l.finder.keys = g, s, most, l.finder.keys[:0]
	s.borrow(&l.spare)
	return l
}

// refused counts the rows in the shards that the reader's filters refused.
func (l *landing) refused(ctx context.Context, b *core.Batch) error {
	if len(b.RefusedLon) == 0 && len(b.RefusedRows) == 0 {
		return nil
	}
	if len(b.RefusedLat) != len(b.RefusedLon) {
		return core.Errorf(core.Internal, "engine", b.Group, "the reader gave %d latitudes to %d longitudes of refused rows", len(b.RefusedLat), len(b.RefusedLon))
	}
	if err := l.find(ctx, b.Group, b.RefusedLon, b.RefusedLat, b.RefusedRows); err != nil {
		return err
	}
	for _, s := range l.finder.shard {
		if s < 0 {
			continue
		}
		if c := &l.sink.counts[s]; l.granule.loose[s] {
			c.Refused++
			c.Read++
		}
	}
	return nil
}

// take brings a batch to the sink: the rows that are in a shard, have values and pass the filters. It is the emit of
// the reader's Read: when it returns the batch's memory is the reader's again.
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
	from := int32(0)
	for want, end := range l.ends {
		if l.keep = l.rows[from:end:end]; len(l.keep) == 0 {
			continue
		}
		from, l.counts = end, &l.sink.counts[want]
		if err := l.takeShard(ctx, want, b); err != nil {
			return err
		}
	}
	if n := l.sink.bytes(); n > min(l.most, smallParcel) {
		return l.run.flush(l.granule, l.sink, n > l.most)
	}
	return nil
}

// takeShard brings the rows of one shard, of number want among the granule's, to the sink.
func (l *landing) takeShard(ctx context.Context, want int, b *core.Batch) error {
	if err := l.inWindow(want, b); err != nil || len(l.keep) == 0 {
		return err
	}
	had := len(l.keep)
	chosen, err := l.run.p.Select.Keep(b, l.keep)
	if err != nil {
		return err
	}
	l.keep = chosen
	if l.counts.Unchosen += int64(had - len(chosen)); len(chosen) == 0 {
		return nil
	}
	cols := l.mask(b)
	if err := l.filter(cols); err != nil || len(l.keep) == 0 {
		return err
	}
	cols, err = l.run.p.withPlaces(ctx, cols, b, l.keep)
	if err != nil {
		return err
	}
	cols = l.run.p.withPositions(cols, b)
	l.sink.begin(cols)
	if _, err := gather(l.sink.cols, cols, l.keep); err != nil {
		return err
	}
	for _, i := range l.keep {
		l.sink.slots = append(l.sink.slots, l.finder.slot[i])
	}
	l.sink.add(want, len(l.keep))
	l.counts.Kept += int64(len(l.keep))
	if l.run.p.Time != "" {
		l.counts.Times = l.counts.Times.Join(selection.ExtentOf(b, l.run.p.Time, l.keep))
	}
	return nil
}

// inWindow keeps the rows in the task's window of time.
func (l *landing) inWindow(want int, b *core.Batch) error {
	span := l.run.tasks[l.granule.wants[want]].Window
	if span == nil {
		return nil
	}
	in, elsewhere, untimed, err := l.run.p.Select.Windows.In(b, l.keep, *span)
	if err != nil {
		return err
	}
	l.keep = in
	if l.granule.loose[want] {
		l.counts.Untimed += untimed
	} else {
		elsewhere += untimed
	}
	l.counts.Outside += elsewhere
	return nil
}

// mask drops the rows in which a column has no valid value, or returns the columns with one of marks.
func (l *landing) mask(b *core.Batch) []core.Column {
	switch l.run.p.Mask {
	case MaskRows:
		for i := range b.Columns {
			at, fill, nan := core.Missing(&b.Columns[i], l.keep)
			l.keep = without(l.keep, at)
			l.counts.Fill += fill
			l.counts.NaN += nan
		}
	default:
		if len(b.Columns) > 0 {
			marks := mark(b.Columns, b.Len(), l.keep, l.marks, l.run.p.Mask == MaskNone)
			l.marks = marks.Data
			return append(slices.Clip(b.Columns), marks)
		}
	}
	return b.Columns
}

// check compares a batch with what was asked for: readers may be plugins, whose mistakes must not become panics here.
func (l *landing) check(b *core.Batch) error {
	const op = "engine"
	n := b.Len()
	if l.found != nil && (len(b.Rows) != n || l.run.p.needsPlaces() && len(b.Lon) != n) {
		return core.Errorf(core.Internal, op, b.Group, "the reader gave %d numbers and %d longitudes of %d rows", len(b.Rows), len(b.Lon), n)
	}
	if len(b.Columns) != len(l.run.p.Columns) || len(b.Lat) != len(b.Lon) {
		return core.Errorf(core.Internal, op, b.Group, "the reader emitted %d columns where %d were asked, and %d latitudes to %d longitudes",
			len(b.Columns), len(l.run.p.Columns), len(b.Lat), len(b.Lon))
	}
	for i := range b.Columns {
		c := &b.Columns[i]
		switch {
		case c.Name != l.run.p.Columns[i]:
			return core.Errorf(core.Internal, op, b.Group, "the reader emitted column %q where %q was asked", c.Name, l.run.p.Columns[i])
		case c.Offsets != nil || c.Type == core.Bytes:
			return core.Errorf(core.Unsupported, op, c.Name, "a column of text or with rows of varying length cannot be aggregated")
		case len(c.Data) != n*max(c.Width, 1)*c.Type.Size() || c.Type.Size() == 0:
			return core.Errorf(core.Internal, op, c.Name, "the reader emitted %d bytes for %d rows of %s×%d", len(c.Data), n, c.Type, max(c.Width, 1))
		}
	}
	return nil
}

// find puts the shards and slots of rows into the finder: by their coordinates or, where their cells are noted, by
// their numbers.
func (l *landing) find(ctx context.Context, group string, lon, lat []float64, rows []int64) error {
	if l.found != nil {
		return l.lookUp(group, rows)
	}
	return l.finder.find(ctx, lon, lat)
}

// locate finds the rows' shards and slots and puts the rows in shards into l.rows, shard by shard: l.ends says where
// those of each shard end. It is a counting sort, so the order within a shard stays.
func (l *landing) locate(ctx context.Context, b *core.Batch) error {
	if err := l.find(ctx, b.Group, b.Lon, b.Lat, b.Rows); err != nil {
		return err
	}
	l.ends = slices.Grow(l.ends[:0], len(l.finder.keys))[:len(l.finder.keys)]
	clear(l.ends)
	none := &l.sink.counts[0]
	home := &Counts{} // of nobody
	if l.granule.home >= 0 {
		home = &l.sink.counts[l.granule.home]
	}
	for i, s := range l.finder.shard {
		switch {
		case l.found == nil && !core.Usable(b.Lon[i], b.Lat[i]): // wherever the grid puts it
			l.finder.shard[i] = -1
			home.Invalid++
			home.Read++
		case s >= 0:
			l.ends[s]++
		default:
			none.Outside++
			none.Read++
		}
	}
	total := int32(0)
	for s, n := range l.ends {
		l.sink.counts[s].Read += int64(n)
		l.ends[s] = total
		total += n
	}
	l.rows = slices.Grow(l.rows[:0], int(total))[:total]
	for i, s := range l.finder.shard {
		if s >= 0 {
			l.rows[l.ends[s]] = int32(i)
			l.ends[s]++
		}
	}
	return nil
}

// filter drops the kept rows for which a row filter is not true.
func (l *landing) filter(cols []core.Column) error {
	if len(l.run.p.Rows) == 0 || len(l.keep) == 0 {
		return nil
	}
	cols, err := gather(nil, cols, l.keep)
	if err != nil {
		return err
	}
	pass, err := l.pass(cols, len(l.keep))
	if err != nil {
		return err
	}
	l.counts.Filtered += int64(len(l.keep) - len(pass))
	for k, i := range pass { // ascending, so that no place is read after it is written
		l.keep[k] = l.keep[i]
	}
	l.keep = l.keep[:len(pass)]
	return nil
}

// pass lists the rows for which every row filter is true. For a row that lacks one of a filter's columns the outcome
// is not known, so the row does not pass.
func (l *landing) pass(cols []core.Column, n int) ([]int32, error) {
	rows := make([]int32, n)
	for i := range rows {
		rows[i] = int32(i)
	}
	for _, f := range l.run.p.Rows {
		r, err := f.Program.Rows(cols, n)
		if err != nil {
			return nil, err
		}
		ok := core.View[bool](r.Data)
		lacks := l.run.p.lacks(cols, l.run.p.columnsOf(f.Program))
		kept := rows[:0]
		for _, i := range rows {
			if ok[i] && !lacks(int64(i)) {
				kept = append(kept, i)
			}
		}
		rows = kept
	}
	return rows, nil
}
