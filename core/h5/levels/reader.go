package levels

import (
	"context"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/h5/cf"
	"github.com/englacial/zagg/core/names"
	"github.com/englacial/zagg/core/sphere"
)

// New makes the reader of a layout. What is wrong with the layout is Invalid and named.
func New(l Layout) (core.ProductReader, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	return &reader{layout: l, names: names.New()}, nil
}

var (
	_ core.Indexer    = (*reader)(nil)
	_ core.Identifier = (*reader)(nil)
)

type reader struct {
	layout  Layout
	names   *names.Reader
	scratch sync.Pool // of *scratch: page faults of fresh memory cost more than filling it
}

// Info lists the layout's columns. Their types are only known from a granule: Type is 0.
func (r *reader) Info() core.ProductInfo {
	info := core.ProductInfo{Product: r.layout.Product, Version: r.layout.Version, Groups: slices.Clone(r.layout.groups())}
	for _, c := range r.layout.Columns {
		info.Columns = append(info.Columns, core.Field{Name: c.Name, Width: 1, Units: c.Units})
	}
	return info
}

// Identify implements core.Identifier by the rules of the archives whose products are read here.
func (r *reader) Identify(_ context.Context, files []string) ([]core.Identity, error) {
	ids := make([]core.Identity, len(files))
	for i, f := range files {
		ids[i] = r.names.Identify(f)
	}
	return ids, nil
}

// Read implements core.ProductReader.
func (r *reader) Read(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	read, done, err := r.begin(src, g, q)
	if err != nil {
		return core.ReadStats{}, err
	}
	defer done()
	if err := read.openAny(ctx, g, r.layout.groups()); err != nil {
		return read.stats, err
	}
	for _, part := range read.parts() {
		read.tables = part
		if err := read.narrow(ctx, len(q.Region.Polygons) == 0); err != nil {
			return read.stats, err
		}
		if err := read.values(ctx, emit); err != nil {
			return read.stats, err
		}
	}
	read.stats.Warnings = read.file.Warnings()
	return read.stats, nil
}

// begin resolves a query; done gives the memory back.
func (r *reader) begin(src core.ObjectReader, g core.Granule, q core.Query) (read *reading, done func(), err error) {
	url, ok := g.Assets["data"]
	if !ok {
		return nil, nil, core.Errorf(core.Invalid, "levels.Read", g.ID, `the granule has no asset "data"`)
	}
	box, err := sphere.Bounds(q.Region)
	if err != nil {
		return nil, nil, err
	}
	want, err := r.wanted(q)
	if err != nil {
		return nil, nil, err
	}
	s, _ := r.scratch.Get().(*scratch)
	if s == nil {
		s = &scratch{}
	}
	return &reading{src: src, url: url, box: box, want: want, query: q, scratch: s}, func() { r.scratch.Put(s) }, nil
}

// A wanted is what to read of each group, as templates.
type wanted struct {
	lat, lon       string
	rawLat, rawLon bool
	items          []item // filters first, then columns, in the query's order
	tests          []test // of the filters
}

// An item is a dataset, or one element of each of its rows.
type item struct {
	name, path string
	element    int
	raw        bool // its elements are taken as they are stored
}

// wanted resolves the query's names. A filter may name a column or a dataset path.
func (r *reader) wanted(q core.Query) (*wanted, error) {
	w := &wanted{lat: r.layout.Latitude, lon: r.layout.Longitude}
	w.rawLat, w.rawLon = r.layout.raw(w.lat), r.layout.raw(w.lon)
	for _, f := range q.Filters {
		t, err := newTest(f)
		if err != nil {
			return nil, err
		}
		w.tests = append(w.tests, t)
		i := item{f.Column, f.Column, f.Element, r.layout.raw(f.Column)}
		if c, ok := r.layout.column(f.Column); ok {
			i.path, i.element, i.raw = c.Path, c.Element, c.Raw
		} else if err := r.layout.checkPath("levels.Read", f.Column); err != nil {
			return nil, err
		}
		w.items = append(w.items, i)
	}
	for _, name := range q.Columns {
		c, ok := r.layout.column(name)
		if !ok {
			return nil, core.Errorf(core.Invalid, "levels.Read", name, "the layout has no such column")
		}
		w.items = append(w.items, item{name, c.Path, c.Element, c.Raw})
	}
	return w, nil
}

// A reading is one Read under way.
type reading struct {
	src     core.ObjectReader
	url     string
	file    *h5.File
	box     sphere.Box
	want    *wanted
	query   core.Query
	scratch *scratch
	tables  []*table
	stats   core.ReadStats
	counted bool // an index has told how many rows name no place
}

// A table is the rows of one group.
type table struct {
	group    string
	lat, lon *h5.Dataset
	items    []*h5.Dataset // as wanted.items
	means    []cf.Meaning  // of lat, lon and the items
	first    int64         // row of the file: a part of a group begins there
	rows     int64         // from there on
	blocks   []block       // boxes of runs of rows, from an index; nil: not known
	perBlock int64         // rows of a block
	early    []*h5.Plan    // of the items, fetched before the rows were narrowed; nil: none
	spans    []h5.Span     // rows that may be in the region
	kept     int           // rows in spans
	latv     []float64     // of the spans, once narrowed
	lonv     []float64
}

// maxRows bounds the rows of a granule: a damaged file can claim any number. A beam of ATL03, the largest product, has
// some 30 million.
const maxRows = 1 << 28

// open finds the datasets of all groups and their chunk tables with few requests. A group that has none of them is
// missing, which is normal; one that has some is damaged or of another product.
func (r *reading) open(ctx context.Context, groups []string) error {
	var err error
	if r.file, err = h5.Open(ctx, r.src, r.url, h5.Options{MostWhole: r.query.Memory / 4 * 3, Request: r.query.Request}); err != nil {
		return err
	}
	paths, per := r.paths(groups), 2+len(r.want.items)
	sets, err := r.file.Datasets(ctx, paths...)
	if err != nil {
		return err
	}
	var load []*h5.Dataset
	for i, g := range groups {
		of, names := sets[i*per:(i+1)*per], paths[i*per:(i+1)*per]
		if !slices.ContainsFunc(of, func(d *h5.Dataset) bool { return d != nil }) {
			r.stats.Missing = append(r.stats.Missing, g)
			continue
		}
		t, err := r.newTable(g, of, names)
		if err != nil {
			return err
		}
		if r.stats.Rows += min(t.rows, maxRows+1); r.stats.Rows > maxRows {
			return core.Errorf(core.Unsupported, "levels.Read", r.file.URL(), "the groups up to %q have more than %d rows", g, maxRows)
		}
		if t.rows == 0 {
			r.stats.Empty = append(r.stats.Empty, g)
			continue
		}
		r.tables = append(r.tables, t)
		load = append(load, of...)
	}
	if len(r.stats.Missing) == len(groups) {
		return core.Errorf(core.NotFound, "levels.Read", r.file.URL(), "none of the groups %v has the dataset %s: is it a granule of this product?", groups, r.want.lat)
	}
	if err := r.file.LoadChunks(ctx, load...); err != nil {
		return err
	}
	return r.meanings(ctx)
}

// paths are the datasets wanted of each group.
func (r *reading) paths(groups []string) []string {
	var paths []string
	for _, g := range groups {
		paths = append(paths, path(r.want.lat, g), path(r.want.lon, g))
		for _, i := range r.want.items {
			paths = append(paths, path(i.path, g))
		}
	}
	return paths
}

// newTable checks that the datasets of a group are there and are columns of one length.
func (r *reading) newTable(group string, sets []*h5.Dataset, paths []string) (*table, error) {
	for i, d := range sets {
		if d == nil {
			return nil, core.Errorf(core.NotFound, "levels.Read", r.file.URL(), "dataset %s does not exist, though others of its group do", paths[i])
		}
		shape := d.Shape()
		element := -1
		if i >= 2 {
			element = r.want.items[i-2].element
		}
		switch {
		case element < 0 && len(shape) != 1:
			return nil, core.Errorf(core.Invalid, "levels.Read", r.file.URL(), "dataset %s has shape %v; a column needs one axis, or say which column of it with {path, column}", paths[i], shape)
		case element >= 0 && (len(shape) != 2 || uint64(element) >= shape[1]):
			return nil, core.Errorf(core.Invalid, "levels.Read", r.file.URL(), "dataset %s has shape %v: there is no column %d along a second axis", paths[i], shape, element)
		case d.Rows() != sets[0].Rows():
			return nil, core.Errorf(core.Invalid, "levels.Read", r.file.URL(), "dataset %s has %d rows where %s has %d", paths[i], d.Rows(), paths[0], sets[0].Rows())
		}
	}
	return &table{group: group, lat: sets[0], lon: sets[1], items: sets[2:], rows: sets[0].Rows()}, nil
}

// attributesAtOnce bounds the datasets whose attributes are read at the same time.
const attributesAtOnce = 16

// meanings finds what the elements of every dataset stand for.
func (r *reading) meanings(ctx context.Context) error {
	var g errgroup.Group
	g.SetLimit(attributesAtOnce)
	for _, t := range r.tables {
		t.means = make([]cf.Meaning, 2+len(t.items))
		for i, d := range append([]*h5.Dataset{t.lat, t.lon}, t.items...) {
			of := cf.Of
			if r.want.raw(i) {
				of = func(_ context.Context, d *h5.Dataset) (cf.Meaning, error) { return cf.Raw(d) }
			}
			g.Go(func() error {
				var err error
				if t.means[i], err = of(ctx, d); err != nil {
					return core.Errorf(core.CodeOf(err), "levels.Read", r.file.URL(), "%w", err)
				}
				return nil
			})
		}
	}
	return g.Wait()
}

// raw reports whether dataset i of a table, latitude and longitude first, is taken as it is stored.
func (w *wanted) raw(i int) bool {
	switch i {
	case 0:
		return w.rawLat
	case 1:
		return w.rawLon
	}
	return w.items[i-2].raw
}
