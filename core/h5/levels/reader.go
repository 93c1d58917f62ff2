package levels

// The reader: one Read from the query to the batches.
//
// open or openIndexed finds the datasets, choose the rows that may be in the region, narrow those that are in its
// box, and values reads the columns and emits.

import (
	"context"
	"errors"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/h5/cf"
	"github.com/englacial/zagg/core/names"
	"github.com/englacial/zagg/core/sphere"
)

// New makes the reader of a layout. What is wrong with the layout is Invalid and named. The reader is safe for
// concurrent use; one without levels can also read rows by number (core.RowReader).
func New(l Layout) (core.ProductReader, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	r := &reader{layout: l, names: names.New()}
	if len(l.Levels) > 0 || l.CoordinateLevel != "" && l.CoordinateLevel != l.Base {
		return r, nil
	}
	return rowReader{r}, nil
}

var (
	_ core.Indexer    = (*reader)(nil)
	_ core.Identifier = (*reader)(nil)
)

type reader struct {
	layout  Layout
	names   *names.Reader
	scratch sync.Pool // of *scratch: page faults of fresh memory cost more than filling it
	learned patterns
}

// Info lists the layout's columns. Their types are only known once a granule is read: Type is 0.
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

// Read implements core.ProductReader. Batches share memory that the next one uses again: emit must not keep them.
func (r *reader) Read(ctx context.Context, src core.ObjectReader, g core.Granule, q core.Query, emit func(*core.Batch) error) (core.ReadStats, error) {
	read, done, err := r.begin(src, g, q)
	if err != nil {
		return core.ReadStats{}, err
	}
	defer done()
	if err := read.openAny(ctx, g, r.layout.groups()); err != nil {
		return read.stats, err
	}
	if err := read.tableByTable(ctx, emit); err != nil {
		return read.stats, err
	}
	read.learn("", read.file)
	read.stats.Warnings = read.file.Warnings()
	return read.stats, nil
}

// tableByTable reads what is wanted of all tables, in parts that fit in memory. Where rows turn out to lie far from
// the places of their records, it begins anew without these, which it can as long as nothing was emitted.
func (r *reading) tableByTable(ctx context.Context, emit func(*core.Batch) error) error {
	all := r.tables
	for {
		r.tables = all
		if err := r.choose(ctx); err != nil {
			return err
		}
		err := r.partByPart(ctx, emit)
		if !errors.Is(err, errFar) || r.stats.Emitted > 0 || r.refusals > 0 {
			return err
		}
		r.unplanned, r.stats.Invalid, r.stats.Rows = true, 0, 0
	}
}

// partByPart reads and emits one part after the other.
func (r *reading) partByPart(ctx context.Context, emit func(*core.Batch) error) error {
	for _, part := range r.parts() {
		r.tables = part
		if err := r.narrow(ctx); err != nil {
			return err
		}
		if err := r.values(ctx, emit); err != nil {
			return err
		}
	}
	return nil
}

// begin resolves a query into what is to be read. done gives the memory back and must be called once, when no batch
// is used any more.
func (r *reader) begin(src core.ObjectReader, g core.Granule, q core.Query) (read *reading, done func(), err error) {
	url, ok := g.Assets["data"]
	if !ok {
		return nil, nil, core.Errorf(core.Invalid, "levels.Read", g.ID, `the granule has no asset "data"`)
	}
	box, err := sphere.Bounds(q.Region)
	if err != nil {
		return nil, nil, err
	}
	around := box
	if r.layout.Plan.Level != "" && len(q.Region.Polygons) > 0 {
		wide := q.Region
		wide.Margin += r.layout.Plan.Reach
		if around, err = sphere.Bounds(wide); err != nil {
			return nil, nil, err
		}
	}
	want, err := r.wanted(q)
	if err != nil {
		return nil, nil, err
	}
	s, _ := r.scratch.Get().(*scratch)
	if s == nil {
		s = &scratch{}
	}
	release := r.names.Identify(g.ID).Version
	return &reading{layout: &r.layout, src: src, url: url, release: release, learned: &r.learned, box: box, around: around, want: want, query: q, scratch: s, assets: g.Assets}, func() { r.scratch.Put(s) }, nil
}

// A reading is one Read under way. It belongs to one goroutine.
type reading struct {
	layout   *Layout
	src      core.ObjectReader
	url      string
	file     *h5.File
	box      sphere.Box
	around   sphere.Box // all that is within the plan's reach of the region
	want     *wanted
	query    core.Query
	scratch  *scratch
	tables   []*table
	stats    core.ReadStats
	rows     *core.RowQuery // rows are asked for by number; nil: by region
	counted  bool           // an index has told how many rows name no place
	refusals int64          // rows said to be refused

	unplanned bool // records do not tell where their rows are
	joined    bool // what is wanted of siblings is read
	assets    map[string]string
	release   []int // of the granule, by its name
	learned   *patterns
}

// A table is the rows of one group, or of a part of it. Parts are copies that share what was read of levels.
type table struct {
	group    string
	lat, lon *h5.Dataset
	items    []*h5.Dataset // as wanted.items
	means    []cf.Meaning  // of lat, lon and the items
	rows     int64
	links    []*records  // of wanted.levels; nil: not read
	lats     [][]float64 // places of the records of wanted.levels; nil: not read
	lons     [][]float64
	pass     [][]bool        // records of wanted.levels that pass their filters; nil: there are none
	blocks   []block         // boxes of runs of rows, from an index; nil: not known
	perBlock int64           // rows of a block
	planned  bool            // the spans are those of records near the region
	refused  []refusal       // of records
	siblings [][]core.Column // by join, its items for the records of its level
	early    []*h5.Plan      // of the items, fetched before the rows were narrowed; nil: none
	spans    []h5.Span       // rows that may be in the region
	kept     int             // rows in spans
	latv     []float64       // of the spans, once narrowed
	lonv     []float64
}

// maxRows bounds the rows of a granule: a damaged file can claim any number. A beam of ATL03, the largest product, has
// some 30 million.
const maxRows = 1 << 28

// Opening is how a granule is opened, when memory is the most bytes of it to hold (core.Query.Memory; 0: any number)
// and request how many bytes cost as much as a request (core.Query.Request).
func Opening(memory, request int64) h5.Options {
	return h5.Options{MostWhole: memory / 4 * 3, Request: request}
}

// open finds the datasets of all groups and their chunk tables with few requests. A group that has none of them is
// missing, which is normal; one that has some is damaged or of another product.
func (r *reading) open(ctx context.Context, groups []string) error {
	var err error
	if r.file, err = h5.Open(ctx, r.src, r.url, r.opening("", Opening(r.query.Memory, r.query.Request))); err != nil {
		return err
	}
	paths, per := r.paths(groups), 2+len(r.want.items)
	sets, err := r.file.Datasets(ctx, paths...)
	if err != nil {
		return err
	}
	var load []*h5.Dataset
	rows := int64(0)
	for i, g := range groups {
		of, names := sets[i*per:(i+1)*per], paths[i*per:(i+1)*per]
		if !slices.ContainsFunc(of, func(d *h5.Dataset) bool { return d != nil }) {
			r.stats.Missing = append(r.stats.Missing, g)
			continue
		}
		t, err := r.newTable(g, of, names)
		if err != nil {
			return r.absent(ctx, err)
		}
		if rows += min(t.rows, maxRows+1); rows > maxRows {
			return core.Errorf(core.Unsupported, "levels.Read", r.file.URL(), "the groups up to %q have more than %d rows", g, maxRows)
		}
		if t.rows == 0 {
			r.stats.Empty = append(r.stats.Empty, g)
			continue
		}
		r.tables = append(r.tables, t)
		for _, d := range of {
			if d != nil {
				load = append(load, d)
			}
		}
	}
	if len(r.stats.Missing) == len(groups) {
		return r.noGroup(groups)
	}
	if err := r.file.LoadChunks(ctx, load...); err != nil {
		return err
	}
	return r.meanings(ctx)
}

// noGroup is the error of a granule without any of the groups.
func (r *reading) noGroup(groups []string) error {
	return core.Errorf(core.NotFound, "levels.Read", r.file.URL(), "none of the groups %v has the dataset %s: is it a granule of this product?", groups, r.want.lat.path)
}

// paths are the datasets wanted of each group.
func (r *reading) paths(groups []string) []string {
	var paths []string
	for _, g := range groups {
		paths = append(paths, path(r.want.lat.path, g), path(r.want.lon.path, g))
		for _, i := range r.want.items {
			paths = append(paths, path(i.path, g))
		}
	}
	return paths
}

// attributesAtOnce bounds the datasets whose attributes are read at the same time.
const attributesAtOnce = 16

// meanings finds what the elements of every dataset stand for: fill values, valid ranges, scale and offset.
func (r *reading) meanings(ctx context.Context) error {
	var g errgroup.Group
	g.SetLimit(attributesAtOnce)
	for _, t := range r.tables {
		t.means = make([]cf.Meaning, 2+len(t.items))
		for i, d := range append([]*h5.Dataset{t.lat, t.lon}, t.items...) {
			if d == nil {
				continue
			}
			of := cf.Of
			if r.want.at(i).raw {
				of = func(_ context.Context, d *h5.Dataset) (cf.Meaning, error) { return cf.Raw(d) }
			}
			g.Go(func() error {
				var err error
				if t.means[i], err = of(ctx, d); err != nil {
					return core.Wrap(err, "levels.Read", r.file.URL())
				}
				return nil
			})
		}
	}
	return g.Wait()
}
