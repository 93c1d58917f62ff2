package coretest

import (
	"context"
	"reflect"

	"github.com/englacial/zagg/core"
)

// ReaderOptions are the options of Reader.
type ReaderOptions struct {
	Options
	Columns []string      // to read; nil: all of Info().Columns that the granules have
	Filters []core.Filter // to try besides those that the suite makes of the values it reads
	// Prefix says that the beginning of a granule can be a granule (lines of text): then one that is cut may be read as
	// if it were whole.
	Prefix bool
	// Records says that rows which a filter of their record refuses may be said to lie at the record's place.
	Records bool
}

// Reader tests the readers that make gives, which are all the same, on granules, whose assets src reads. It reads each of
// them some hundred times: one to three small ones, of a few thousand rows, are best. Those that are io.Closers are
// closed in the end.
func Reader[S Tester[S]](t S, make func(context.Context) (core.ProductReader, error), src core.ObjectReader, granules []core.Granule, opt ReaderOptions) {
	t.Helper()
	r := &readerSuite{ReaderOptions: opt, make: make, src: src, granules: granules}
	defer func() { closeAll(r.made) }()
	runAll(t, opt.Options, r.steps())
}

// A readerSuite is what the checks of a reader share.
type readerSuite struct {
	ReaderOptions
	make     func(context.Context) (core.ProductReader, error)
	made     []core.ProductReader
	reader   core.ProductReader
	info     core.ProductInfo
	src      core.ObjectReader
	granules []core.Granule
	columns  []string         // that the granules have
	tables   []*table         // of the granules, all rows
	invalid  []int64          // rows of the granules that name no place
	calls    []int            // of the source, to read them
	ends     map[string]int64 // how long their data is
}

func (r *readerSuite) steps() []step {
	const index = "zagg index build writes it, runs with data_source.index read it"
	return []step{
		{name: "New", run: r.checkNew, needed: true},
		{name: "Info", run: r.checkInfo, needed: true},
		{name: "Read", run: r.checkRead, needed: true, share: 13},
		{name: "Batches", run: r.checkBatches, share: 10},
		{name: "Memory", run: r.checkMemory},
		{name: "Columns", run: r.checkColumns, share: 12},
		{name: "Regions", run: r.checkRegions, share: 67},
		{name: "Filters", run: r.checkFilters, share: 260},
		{name: "WrongQueries", run: r.checkWrongQueries},
		{name: "EmitFails", run: r.checkEmitFails},
		{name: "Concurrent", run: r.checkConcurrent, share: 10},
		{name: "Cancelled", run: r.checkCancelled},
		{name: "Missing", run: r.checkMissing},
		{name: "SourceFails", run: r.checkSourceFails},
		{name: "Truncated", run: r.checkTruncated},
		{name: "Damaged", run: r.checkDamaged, share: 100},
		{name: "Index", run: r.checkIndex, share: 330, use: index},
		{name: "IndexDamaged", run: r.checkIndexDamaged, share: 190, use: index},
		{name: "Rows", run: r.checkRows, share: 60, use: "runs look cells of rows up in an index; of readers that are linked in"},
		{name: "Identify", run: r.checkIdentify, use: "runs take the newest revision of each granule"},
		{name: "Units", run: r.checkUnits, use: "runs write names and units of variables into stores"},
	}
}

// groups are those of Info; a reader that names none has one without a name.
func (r *readerSuite) groups() []string {
	if len(r.info.Groups) == 0 {
		return []string{""}
	}
	return r.info.Groups
}

func (r *readerSuite) checkNew(c *check) {
	var err error
	r.reader, err = r.make(c.ctx)
	c.must(err, "New")
	c.that(r.reader != nil, "New gives no reader and no error")
	r.made = append(r.made, r.reader)
	r.info = r.reader.Info()
	again, err := r.make(c.ctx)
	c.must(err, "New again")
	r.made = append(r.made, again)
	c.that(reflect.DeepEqual(again.Info(), r.info), "two readers of one config differ: %+v and %+v", r.info, again.Info())
	c.that(len(r.granules) > 0, "there are no granules to read")
}

// checkInfo: columns and groups can be asked for by name.
func (r *readerSuite) checkInfo(c *check) {
	c.that(reflect.DeepEqual(r.reader.Info(), r.info), "Info gives another answer the second time")
	names, groups := map[string]bool{}, map[string]bool{}
	for _, g := range r.info.Groups {
		c.that(!groups[g], "two groups are called %q", g)
		groups[g] = true
	}
	for i := range r.info.Columns {
		f := &r.info.Columns[i]
		c.that(f.Name != "", "a column has no name")
		c.that(!names[f.Name], "two columns are called %q", f.Name)
		names[f.Name] = true
		if f.Type == 0 {
			checkShape(c, f)
		} else {
			checkField(c, f)
		}
	}
}

// query asks for all rows with all columns, in batches of the size that the engine uses.
func (r *readerSuite) query() core.Query { return core.Query{Columns: r.columns, Rows: 1 << 16} }

// checkRead reads every granule whole: what other queries give is compared with that.
func (r *readerSuite) checkRead(c *check) {
	r.findColumns(c)
	r.ends = map[string]int64{}
	rows := 0
	for _, g := range r.granules {
		url, size := r.data(c, g)
		r.ends[url] = size
		src := newSource(r.src, g)
		src.ends = r.ends
		t, stats := r.mustRead(c, reading{granule: g, query: r.query(), src: src})
		c.that(stats.Rows == stats.Emitted+stats.Invalid, "%s: with no region and no filter %d rows were looked at, %d emitted, %d invalid: where are the others?", g.ID, stats.Rows, stats.Emitted, stats.Invalid)
		c.that(stats.Index == core.IndexNone || g.Assets["index"] != "", "%s: ReadStats.Index is %d, but the granule has no index", g.ID, stats.Index)
		for _, group := range t.groups {
			c.that(len(t.parts[group].refusedLon) == 0, "%s: rows are refused though there is no filter", g.ID)
		}
		r.tables = append(r.tables, t)
		r.calls = append(r.calls, src.calls)
		r.invalid = append(r.invalid, stats.Invalid)
		rows += t.rows
		again, _ := r.mustRead(c, reading{granule: g, query: r.query()})
		d := diffTables(t, again)
		c.that(d == "", "%s: the second Read gives other rows: %s", g.ID, d)
	}
	c.that(rows > 0, "none of the %d granules has a row", len(r.granules))
	c.Logf("%d rows of columns %q", rows, r.columns)
}

// findColumns lists the columns to ask for: those of the options, or of Info as far as every granule has them.
func (r *readerSuite) findColumns(c *check) {
	r.columns = r.Columns
	if len(r.columns) > 0 {
		return
	}
	for i := range r.info.Columns {
		r.columns = append(r.columns, r.info.Columns[i].Name)
	}
	_, _, err := r.read(c, reading{granule: r.granules[0], query: r.query()})
	if err == nil {
		return
	}
	all := r.columns
	r.columns = nil
	for _, name := range all {
		ok := true
		for _, g := range r.granules {
			if _, _, err := r.read(c, reading{granule: g, query: core.Query{Columns: []string{name}, Rows: 1 << 16}}); err != nil {
				c.refused(err, "Read of column "+name)
				ok = false
				break
			}
		}
		if ok {
			r.columns = append(r.columns, name)
		}
	}
	c.that(len(r.columns) > 0, "Read of %s: %v; nor can any of its columns be read alone", r.granules[0].ID, err)
}
