package coretest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"maps"
	"runtime"
	"slices"
	"sync"

	"github.com/englacial/zagg/core"
)

// checkWrongQueries: a query that cannot be answered is refused.
func (r *readerSuite) checkWrongQueries(c *check) {
	ask := func(what string, change func(q *core.Query), codes ...core.Code) {
		q := r.query()
		change(&q)
		err := c.guard("Read with "+what, func() error {
			_, _, err := r.read(c, reading{granule: r.granules[0], query: q})
			return err
		})
		c.refused(err, "Read with "+what, codes...)
	}
	ask("a column that does not exist", func(q *core.Query) { q.Columns = append(slices.Clone(q.Columns), "no such column") }, core.Invalid)
	ask("a column without a name", func(q *core.Query) { q.Columns = []string{""} }, core.Invalid)
	ask("a filter of a column that does not exist", func(q *core.Query) {
		q.Filters = []core.Filter{{Column: "no such column", Element: -1, Op: core.OpEq, Values: []json.Number{"1"}}}
	}, core.Invalid, core.NotFound)
	if len(r.columns) == 0 {
		return
	}
	for what, f := range map[string]core.Filter{
		"an unknown op":             {Op: "about", Values: []json.Number{"1"}},
		"no op":                     {Values: []json.Number{"1"}},
		"a filter without value":    {Op: core.OpLt},
		"two values for lt":         {Op: core.OpLt, Values: []json.Number{"1", "2"}},
		"a value that is no number": {Op: core.OpEq, Values: []json.Number{"one"}},
		"in without values":         {Op: core.OpIn},
	} {
		f.Column, f.Element = r.columns[0], -1
		ask(what, func(q *core.Query) { q.Filters = []core.Filter{f} }, core.Invalid)
	}
}

// small asks for batches of so few rows that there are several, but not very many.
func (r *readerSuite) small(granule int) core.Query {
	q := r.query()
	q.Rows = max(1, r.tables[granule].rows/40)
	return q
}

// checkEmitFails: an error of emit ends Read, and is what Read gives.
func (r *readerSuite) checkEmitFails(c *check) {
	stop := core.Errorf(core.Denied, "coretest", "", "the sink is full")
	for i, g := range r.granules {
		for _, at := range []int{0, 1, 7} {
			_, _, err := r.read(c, reading{granule: g, query: r.small(i), emit: func(batch int) error {
				if batch == at {
					return stop
				}
				return nil
			}})
			if r.tables[i].rows <= at {
				continue
			}
			c.that(errors.Is(err, stop), "emit gives %q at batch %d, Read gives %v: want that error in the chain", stop, at, err)
			c.that(core.Is(err, core.Denied), "emit gives an error with code denied, Read one with code %q: %v", core.CodeOf(err), err)
		}
	}
}

// checkConcurrent: Reads at the same time do not see each other, also when one is slow to take its batches.
func (r *readerSuite) checkConcurrent(c *check) {
	type outcome struct {
		granule int
		table   *table
		err     error
		wrong   string
	}
	var wait sync.WaitGroup
	outcomes := make([]outcome, max(4, 2*len(r.granules)))
	for k := range outcomes {
		o := &outcomes[k]
		o.granule = k % len(r.granules)
		w := watcher{suite: r, query: r.small(o.granule), out: &table{parts: map[string]*part{}}}
		wait.Go(func() {
			g := r.granules[o.granule]
			_, o.err = r.reader.Read(c.ctx, newSource(r.src, g), g, w.query, func(b *core.Batch) error {
				before := batchBits(b)
				for range k {
					runtime.Gosched() // let another Read go on meanwhile
				}
				err := w.take(b)
				if w.wrong == "" && !slices.Equal(before, batchBits(b)) {
					w.wrong = "a batch changes while emit has it: memory is shared between Reads"
				}
				return err
			})
			o.table, o.wrong = w.out, w.wrong
		})
	}
	wait.Wait()
	for _, o := range outcomes {
		c.that(o.wrong == "", "one of several Reads at once: %s", o.wrong)
		c.must(o.err, "one of several Reads at once")
		d := diffTables(r.tables[o.granule], o.table)
		c.that(d == "", "one of several Reads at once gives other rows: %s", d)
	}
}

// batchBits is the contents of a batch in short.
func batchBits(b *core.Batch) []uint32 {
	sums := []uint32{crc32.ChecksumIEEE(core.Raw(b.Lon)), crc32.ChecksumIEEE(core.Raw(b.Lat))}
	for i := range b.Columns {
		sums = append(sums, crc32.ChecksumIEEE(b.Columns[i].Data))
	}
	return sums
}

// checkCancelled: a Read that is no longer wanted ends.
func (r *readerSuite) checkCancelled(c *check) {
	ctx, cancel := context.WithCancel(c.ctx)
	cancel()
	_, _, err := r.read(c, reading{granule: r.granules[0], query: r.query(), ctx: ctx})
	c.cancelled(err, "Read")
	for i, g := range r.granules {
		ctx, cancel := context.WithCancel(c.ctx)
		t, _, err := r.read(c, reading{granule: g, query: r.small(i), ctx: ctx, emit: func(int) error { cancel(); return nil }})
		cancel()
		if err != nil || t.rows < r.tables[i].rows {
			c.cancelled(err, "Read")
		}
	}
}

// checkMissing: what is not there is not found.
func (r *readerSuite) checkMissing(c *check) {
	g := r.granules[0]
	gone := g
	gone.Assets = maps.Clone(g.Assets)
	for name := range gone.Assets {
		gone.Assets[name] += ".gone"
	}
	_, _, err := r.read(c, reading{granule: gone, query: r.query()})
	c.refused(err, "Read of a granule that does not exist", core.NotFound)
	gone.Assets = nil
	_, _, err = r.read(c, reading{granule: gone, query: r.query()})
	c.refused(err, "Read of a granule without assets", core.Invalid, core.NotFound)
}

// rightOr wants all rows, or an error.
func (r *readerSuite) rightOr(c *check, granule int, what string, in reading, codes ...core.Code) {
	c.Helper()
	in.granule = r.granules[granule]
	if in.query.Rows == 0 {
		in.query = r.query()
	}
	var t *table
	err := c.guard("Read of "+what, func() (err error) {
		t, _, err = r.read(c, in)
		return err
	})
	if err != nil {
		c.refused(err, "Read of "+what, codes...)
		return
	}
	d := diffTables(r.tables[granule], t)
	c.that(d == "", "%s is read without an error, but gives other rows: %s", what, d)
}

// checkSourceFails: an error of the source ends Read with its code, whenever it happens.
func (r *readerSuite) checkSourceFails(c *check) {
	for i, g := range r.granules {
		for _, code := range []core.Code{core.Unavailable, core.Denied} {
			for k := range min(r.calls[i], c.few(20)) {
				at := k * max(1, r.calls[i]/c.few(20))
				src := newSource(r.src, g)
				src.fail = func(call int) error {
					if call >= at {
						return core.Errorf(code, "coretest", "source", "call %d fails", call)
					}
					return nil
				}
				r.rightOr(c, i, fmt.Sprintf("%s, whose source fails from call %d", g.ID, at), reading{src: src}, code)
			}
		}
	}
}

// data is the URL and size of a granule's asset "data", or of the one it has.
func (r *readerSuite) data(c *check, g core.Granule) (url string, size int64) {
	url = g.Assets["data"]
	if url == "" {
		for _, name := range slices.Sorted(maps.Keys(g.Assets)) {
			url = g.Assets[name]
		}
	}
	info, err := r.src.Stat(c.ctx, url)
	c.must(err, "Stat of "+url)
	return url, info.Size
}

// checkTruncated: a granule that ends early is an error, not a granule with fewer rows.
func (r *readerSuite) checkTruncated(c *check) {
	for i, g := range r.granules {
		url, size := r.data(c, g)
		cuts := []int64{0, 1, 7, 8, 100, 511, 512, 513, 2048, size / 2, size - 1, size - 8, size - 100}
		for range c.few(40) {
			cuts = append(cuts, c.rand.Int64N(size))
		}
		for _, n := range cuts {
			if n < 0 || n >= size {
				continue
			}
			src := newSource(r.src, g)
			src.size = map[string]int64{url: n}
			what := fmt.Sprintf("%s, of which there are only %d bytes of %d", g.ID, n, size)
			t, _, err := r.read(c, reading{granule: g, query: r.query(), src: src})
			if err != nil {
				c.refused(err, "Read of "+what)
				continue
			}
			if d := diffTables(r.tables[i], t); d != "" && !r.Prefix {
				c.fatalf("%s is read without an error, but gives other rows: %s (if the beginning of a granule can be a granule, say so with ReaderOptions.Prefix, or --prefix of `zagg plugins verify`)", what, d)
			}
			r.hasInside(c, what, r.tables[i], t, area{in: func(core.LonLat) bool { return false }})
		}
	}
}

// checkDamaged: bytes that are wrong give rows or an error that is not the reader's fault, and no panic.
func (r *readerSuite) checkDamaged(c *check) {
	for _, g := range r.granules {
		url, size := r.data(c, g)
		for k := range c.few(80) {
			at, mask := c.rand.Int64N(max(size, 1)), byte(1+c.rand.IntN(255))
			if k%2 == 0 {
				at = c.rand.Int64N(min(max(size, 1), 4096))
			}
			src := newSource(r.src, g)
			src.change = func(of string, rg core.Range, data []byte) {
				if d := at - rg.Offset; of == url && d >= 0 && d < int64(len(data)) {
					data[d] ^= mask
				}
			}
			what := fmt.Sprintf("%s with byte %d changed by %#x", g.ID, at, mask)
			err := c.guard("Read of "+what, func() error {
				_, _, err := r.read(c, reading{granule: g, query: r.query(), src: src})
				return err
			})
			if err != nil {
				c.refused(err, "Read of "+what)
			}
		}
		noise := make([]byte, 5000)
		for i := range noise {
			noise[i] = byte(c.rand.Uint32())
		}
		for what, object := range map[string][]byte{"noise": noise, "zeros": make([]byte, 5000), "a web page": []byte("<!DOCTYPE html><html><body>Please log in</body></html>")} {
			src := newSource(r.src, g)
			src.objects = map[string][]byte{url: object}
			err := c.guard("Read of "+what, func() error {
				_, _, err := r.read(c, reading{granule: g, query: r.query(), src: src})
				return err
			})
			c.refused(err, "Read of "+what)
		}
	}
}
