package coretest

import (
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/englacial/zagg/core"
)

// A reading is one Read to be made.
type reading struct {
	granule core.Granule
	query   core.Query
	src     *source               // nil: a plain one
	emit    func(batch int) error // called after each batch; its error is emit's
	ctx     context.Context       // nil: the check's
}

// read calls Read, and looks at every batch. The table is what was emitted until an error.
func (r *readerSuite) read(c *check, in reading) (*table, core.ReadStats, error) {
	c.Helper()
	if in.src == nil {
		in.src = newSource(r.src, in.granule)
		in.src.ends = r.ends
	}
	if in.ctx == nil {
		in.ctx = c.ctx
	}
	w := watcher{suite: r, query: in.query, out: &table{parts: map[string]*part{}}, emit: in.emit}
	stats, err := r.reader.Read(in.ctx, in.src, in.granule, in.query, w.take)
	w.ended.Store(true)
	if w.wrong != "" {
		c.fatalf("Read of %s: %s", in.granule.ID, w.wrong)
	}
	in.src.check(c)
	if err == nil {
		c.that(w.failed == nil, "Read gives no error, though emit gave %v", w.failed)
		r.checkStats(c, w.out, stats)
	}
	return w.out, stats, err
}

// mustRead reads a granule that can be read.
func (r *readerSuite) mustRead(c *check, in reading) (*table, core.ReadStats) {
	c.Helper()
	t, stats, err := r.read(c, in)
	c.must(err, fmt.Sprintf("Read of %s", in.granule.ID))
	return t, stats
}

// checkStats: the numbers agree with what was emitted.
func (r *readerSuite) checkStats(c *check, t *table, s core.ReadStats) {
	c.Helper()
	c.that(s.Emitted == int64(t.rows), "ReadStats.Emitted is %d, but %d rows were emitted", s.Emitted, t.rows)
	c.that(s.Rows >= s.Emitted+s.Invalid && s.Invalid >= 0, "ReadStats: %d rows looked at are fewer than %d emitted and %d invalid", s.Rows, s.Emitted, s.Invalid)
	seen := map[string]bool{}
	for _, g := range slices.Concat(t.groups, s.Missing, s.Empty) {
		c.that(!seen[g], "group %q is twice among those with rows %q, missing %q, empty %q", g, t.groups, s.Missing, s.Empty)
		c.that(slices.Contains(r.groups(), g), "group %q is not in Info().Groups %q", g, r.info.Groups)
		seen[g] = true
	}
}

// A watcher takes the batches of one Read.
type watcher struct {
	suite   *readerSuite
	query   core.Query
	out     *table
	emit    func(batch int) error
	batches int
	failed  error // what emit gave
	wrong   string
	inside  atomic.Bool
	ended   atomic.Bool
}

// take is emit. It cannot end the check, because it may be called from another goroutine.
func (w *watcher) take(b *core.Batch) error {
	if w.inside.Swap(true) {
		w.wrong = "emit is called while it is at work: emit from one goroutine"
		return nil
	}
	defer w.inside.Store(false)
	switch {
	case w.wrong != "":
	case w.ended.Load():
		w.wrong = "emit is called after Read has returned"
	case w.failed != nil:
		w.wrong = fmt.Sprintf("emit is called again after it gave the error %q", w.failed)
	default:
		if w.wrong = w.look(b); w.wrong == "" {
			w.out.add(b)
		}
	}
	w.batches++
	if w.wrong != "" {
		w.failed = core.Errorf(core.Internal, "coretest", "", "%s", w.wrong)
	} else if w.emit != nil {
		w.failed = w.emit(w.batches - 1)
	}
	return w.failed
}

// look says what is wrong with a batch.
func (w *watcher) look(b *core.Batch) string {
	n := len(b.Lon)
	groups := w.suite.groups()
	at := slices.Index(groups, b.Group)
	switch {
	case at < 0:
		return fmt.Sprintf("a batch of group %q, which is not in Info().Groups %q", b.Group, groups)
	case len(w.out.groups) > 0 && at < slices.Index(groups, w.out.groups[len(w.out.groups)-1]):
		return fmt.Sprintf("group %q comes after group %q; the order is %q", b.Group, w.out.groups[len(w.out.groups)-1], groups)
	case len(b.Lat) != n:
		return fmt.Sprintf("a batch has %d longitudes and %d latitudes", n, len(b.Lat))
	case len(b.RefusedLat) != len(b.RefusedLon):
		return fmt.Sprintf("a batch has %d longitudes and %d latitudes of refused rows", len(b.RefusedLon), len(b.RefusedLat))
	case w.query.Rows > 0 && n > w.query.Rows:
		return fmt.Sprintf("a batch has %d rows; at most %d were asked for", n, w.query.Rows)
	case len(b.Columns) != len(w.query.Columns):
		return fmt.Sprintf("a batch has %d columns; asked for were %q", len(b.Columns), w.query.Columns)
	}
	for i := range n {
		if !core.Usable(b.Lon[i], b.Lat[i]) {
			return fmt.Sprintf("row %d of a batch is at longitude %v, latitude %v: such rows are counted in ReadStats.Invalid, not emitted", i, b.Lon[i], b.Lat[i])
		}
	}
	for i := range b.Columns {
		if wrong := w.lookAt(b, i, n); wrong != "" {
			return wrong
		}
	}
	return ""
}

// lookAt says what is wrong with a column of a batch.
func (w *watcher) lookAt(b *core.Batch, i, rows int) string {
	c := &b.Columns[i]
	if c.Name != w.query.Columns[i] {
		return fmt.Sprintf("column %d is %q; asked for were %q", i, c.Name, w.query.Columns)
	}
	if fault := columnFault(c, rows); fault != "" {
		return "column " + c.Name + " " + fault
	}
	fields := w.suite.info.Columns
	if k := slices.IndexFunc(fields, func(f core.Field) bool { return f.Name == c.Name }); k >= 0 {
		f := &fields[k]
		if f.Type != 0 && f.Type != c.Type || max(f.Width, 1) != max(c.Width, 1) || f.Ragged != (c.Offsets != nil) && c.Type != core.Bytes {
			return fmt.Sprintf("column %s is %s of width %d (ragged: %t); Info says %s of width %d (ragged: %t)", c.Name, c.Type, c.Width, c.Offsets != nil, f.Type, f.Width, f.Ragged)
		}
	}
	if p := w.out.parts[b.Group]; p != nil {
		if first := &p.columns[i]; first.Type != c.Type || max(first.Width, 1) != max(c.Width, 1) || string(first.Fill) != string(c.Fill) {
			return fmt.Sprintf("column %s is %s of width %d, filled with %x, in one batch of a group, and %s of width %d, filled with %x, in another", c.Name, first.Type, first.Width, first.Fill, c.Type, c.Width, c.Fill)
		}
	}
	return ""
}
