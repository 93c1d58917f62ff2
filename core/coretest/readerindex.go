package coretest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/englacial/zagg/core"
)

// indexURL is where the suite keeps a granule's index.
const indexURL = "coretest:index"

// indexed is a granule with an index, and a source that has it.
func (r *readerSuite) indexed(g core.Granule, index []byte) (core.Granule, *source) {
	g.Assets = maps.Clone(g.Assets)
	g.Assets["index"] = indexURL
	src := newSource(r.src, g)
	src.objects = map[string][]byte{indexURL: index}
	return g, src
}

// index makes a granule's index; nil if the reader makes none.
func (r *readerSuite) index(c *check, g core.Granule, q core.Query) []byte {
	c.Helper()
	indexer, ok := r.reader.(core.Indexer)
	if !ok {
		return nil
	}
	src := newSource(r.src, g)
	index, err := indexer.Index(c.ctx, src, g, q)
	c.must(err, "Index of "+g.ID)
	src.check(c)
	c.that(len(index) > 0, "the index of %s is empty", g.ID)
	return index
}

// checkIndex: with an index a Read gives the same rows, for the query it was made for and for less.
func (r *readerSuite) checkIndex(c *check) {
	for i, g := range r.granules {
		filters := r.makeFilters(c, r.tables[i])
		q := r.query()
		for k, f := range filters {
			if k%9 == 0 {
				q.Filters = append(q.Filters, f)
			}
		}
		index := r.index(c, g, q)
		if index == nil {
			c.absent("the reader is no core.Indexer")
		}
		with, _ := r.indexed(g, index)
		read := func(q core.Query) *table {
			_, src := r.indexed(g, index)
			t, stats := r.mustRead(c, reading{granule: with, query: q, src: src})
			c.that(stats.Index == core.IndexUsed, "%s: an index made for columns %q and %d filters is not used (ReadStats.Index is %d) for columns %q and %d filters", g.ID, r.columns, len(filters), stats.Index, q.Columns, len(q.Filters))
			return t
		}
		d := diffTables(r.tables[i], read(r.query()))
		c.that(d == "", "%s: other rows with an index: %s", g.ID, d)
		fewer := r.columns[:len(r.columns)/2]
		d = diffTables(r.tables[i].without(fewer, nil), read(core.Query{Columns: fewer, Rows: 1 << 16}))
		c.that(d == "", "%s: other rows with an index made for more columns: %s", g.ID, d)
		for _, f := range q.Filters {
			few := r.query()
			few.Filters = []core.Filter{f}
			want := r.tables[i].without(r.columns, func(p *part, row int) bool { return passes(p, row, f) })
			d = diffTables(want, read(few))
			c.that(d == "", "%s: other rows with an index and filter %+v: %s", g.ID, f, d)
		}
		for _, a := range r.areas(c, r.tables[i]) {
			q := r.query()
			q.Region = a.region
			r.hasInside(c, g.ID+" with an index, "+a.what, r.tables[i], read(q), a)
			q.CountInvalid = true
			_, src := r.indexed(g, index)
			_, stats := r.mustRead(c, reading{granule: with, query: q, src: src})
			r.countsInvalid(c, i, a, stats)
		}
	}
}

// checkIndexDamaged: an index that is missing, wrong or of another granule changes no row.
func (r *readerSuite) checkIndexDamaged(c *check) {
	for i, g := range r.granules {
		index := r.index(c, g, r.query())
		if index == nil {
			c.absent("the reader is no core.Indexer")
		}
		read := func(what string, index []byte, uses ...core.IndexUse) {
			c.Helper()
			with, src := r.indexed(g, index)
			if index == nil {
				src.objects = nil
				with.Assets["index"] = g.Assets["data"] + ".index-gone"
				src.known = append(src.known, with.Assets["index"])
			}
			r.unharmed(c, i, what, reading{granule: with, query: r.query(), src: src}, uses)
		}
		read("an index that does not exist", nil, core.IndexMissing)
		read("an empty index", []byte{}, core.IndexStale)
		read("an index of zeros", make([]byte, len(index)), core.IndexStale)
		for range c.few(30) {
			cut := index[:c.rand.IntN(len(index))]
			read(fmt.Sprintf("an index of which there are only %d bytes of %d", len(cut), len(index)), slices.Clone(cut), core.IndexStale)
			bad := slices.Clone(index)
			at := c.rand.IntN(len(bad))
			bad[at] ^= byte(1 + c.rand.IntN(255))
			read(fmt.Sprintf("an index whose byte %d is changed", at), bad, core.IndexStale, core.IndexUsed)
		}
		if len(r.granules) > 1 {
			other := r.index(c, r.granules[(i+1)%len(r.granules)], r.query())
			read("the index of another granule", other, core.IndexStale)
		}
		r.checkIndexOfOther(c, g, index)
	}
}

// unharmed wants all rows of a granule, and one of the uses of its index.
func (r *readerSuite) unharmed(c *check, granule int, what string, in reading, uses []core.IndexUse) {
	c.Helper()
	var t *table
	var stats core.ReadStats
	c.must(c.guard("Read with "+what, func() (err error) {
		t, stats, err = r.read(c, in)
		return err
	}), "Read with "+what)
	d := diffTables(r.tables[granule], t)
	c.that(d == "", "%s: other rows with %s: %s", in.granule.ID, what, d)
	c.that(slices.Contains(uses, stats.Index), "%s: ReadStats.Index is %d with %s; want one of %v", in.granule.ID, stats.Index, what, uses)
}

// checkIndexOfOther: an index is not used when the granule has changed: here it is a byte longer.
func (r *readerSuite) checkIndexOfOther(c *check, g core.Granule, index []byte) {
	url, size := r.data(c, g)
	with, src := r.indexed(g, index)
	data, err := r.src.ReadRanges(c.ctx, url, []core.Range{{Length: size}})
	c.must(err, "read "+url)
	src.objects[url] = append(slices.Clone(data[0]), 0)
	_, stats, err := r.read(c, reading{granule: with, query: r.query(), src: src})
	c.that(err != nil || stats.Index == core.IndexStale, "%s: the index of the granule before it changed is used", g.ID)
}
