package coretest

import (
	"context"
	"reflect"

	"github.com/englacial/zagg/core"
)

// ReaderOptions are the options of Reader.
type ReaderOptions struct {
	Options
	Columns []string      // to read; nil: all of Info().Columns that the first granule has
	Filters []core.Filter // to try besides those that the suite makes of the values it reads
	// Prefix says that the beginning of a granule can be a granule (lines of text): then one that is cut may be read as
	// if it were whole.
	Prefix bool
}

// Reader tests the readers that make gives, which are all the same, on granules. It reads each of them some hundred
// times: a few small ones, with more than one batch of rows, are best.
func Reader[S Tester[S]](t S, make func(context.Context) (core.ProductReader, error), src core.ObjectReader, granules []core.Granule, opt ReaderOptions) {
	t.Helper()
	r := &readerSuite{ReaderOptions: opt, make: make, src: src, granules: granules}
	runAll(t, opt.Options, r.steps())
}

// A readerSuite is what the checks of a reader share.
type readerSuite struct {
	ReaderOptions
	make     func(context.Context) (core.ProductReader, error)
	reader   core.ProductReader
	info     core.ProductInfo
	src      core.ObjectReader
	granules []core.Granule
}

func (r *readerSuite) steps() []step {
	return []step{
		{name: "New", run: r.checkNew, needed: true},
		{name: "Info", run: r.checkInfo, needed: true},
	}
}

func (r *readerSuite) checkNew(c *check) {
	var err error
	r.reader, err = r.make(c.ctx)
	c.must(err, "New")
	c.that(r.reader != nil, "New gives no reader and no error")
	r.info = r.reader.Info()
	again, err := r.make(c.ctx)
	c.must(err, "New again")
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
