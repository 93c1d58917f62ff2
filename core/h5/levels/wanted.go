package levels

// What a query asks for, resolved by the layout into datasets.

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// A wanted is what to read of each group, as templates of paths. It is made once for a Read and not changed after.
type wanted struct {
	lat, lon item
	items    []item       // filters first, then what columns are made of, then levels
	tests    []test       // of the filters
	columns  []columnWant // in the query's order
	levels   []levelWant  // those of which something is wanted
	joins    []joinWant   // of siblings
	place    int          // of levels, the one whose records have the coordinates; -1
	plan     int          // of levels, the one by which rows are found; -1
}

// An item is a dataset, or one element of each of its rows.
type item struct {
	name, path string
	element    int
	raw        bool // its elements are taken as they are stored
	level      int  // of wanted.levels; -1: it has one row per observation
	optional   bool // it only saves reading
}

// A columnWant is a column, made of items.
type columnWant struct {
	name       string
	item, stop int // stop -1: the column is the item
	join       int // of a sibling: the number of its join and 1, whose item it is; 0: it is none
}

// A levelWant is a level with its items. Its link and places are read only where they are needed.
type levelWant struct {
	*Level
	begin, count int
	lat, lon     int  // -1: none
	needed       bool // for values or filters, not to plan alone
	filtered     bool
}

// wanted resolves the query's names. A filter may name a column or a dataset's path. Unknown names are Invalid.
func (r *reader) wanted(q core.Query) (*wanted, error) {
	w := &wanted{place: -1, plan: -1}
	l := &r.layout
	for _, f := range q.Filters {
		if err := w.filter(l, f); err != nil {
			return nil, err
		}
	}
	for _, name := range q.Columns {
		if err := w.column(l, name); err != nil {
			return nil, err
		}
	}
	var err error
	if l.CoordinateLevel != "" && l.CoordinateLevel != l.Base {
		if w.place, err = w.level(l, l.CoordinateLevel); err != nil {
			return nil, err
		}
		w.levels[w.place].needed = true
		w.rows(l)
	}
	if l.Plan.Level != "" {
		if w.plan, err = w.level(l, l.Plan.Level); err != nil {
			return nil, err
		}
	}
	w.lat = item{path: l.Latitude, element: -1, raw: l.raw(l.Latitude), level: w.place}
	w.lon = item{path: l.Longitude, element: -1, raw: l.raw(l.Longitude), level: w.place}
	for i := range w.levels {
		w.linkItems(l, i)
	}
	return w, nil
}

// filter adds a filter: the dataset that it compares, and what of the level it belongs to must be read.
func (w *wanted) filter(l *Layout, f core.Filter) error {
	t, err := newTest(f)
	if err != nil {
		return err
	}
	if asset, p := l.asset(f.Column); asset != "" {
		return w.siblingFilter(l, f, t, asset, p)
	}
	i := item{name: f.Column, path: f.Column, element: f.Element, raw: l.raw(f.Column)}
	level := f.Level
	if c, ok := l.column(f.Column); ok {
		if c.Asset != "" {
			f.Element, f.Level = c.Element, cmp.Or(f.Level, c.Level)
			return w.siblingFilter(l, f, t, c.Asset, c.Path)
		}
		if c.Stop != "" {
			return core.Errorf(core.Unsupported, "levels.Read", f.Column, "values along a record cannot be filtered by a comparison: filter by an expression")
		}
		i.path, i.element, i.raw = c.Path, c.Element, c.Raw
		if level == "" {
			level = c.Level
		}
	} else if err := l.checkPath("levels.Read", f.Column); err != nil {
		return err
	}
	if i.level, err = w.level(l, level); err != nil {
		return err
	}
	if i.level >= 0 {
		w.levels[i.level].needed, w.levels[i.level].filtered = true, true
	}
	w.tests, w.items = append(w.tests, t), append(w.items, i)
	return nil
}

// siblingFilter adds a filter on a dataset of a sibling, to the join by which its records are found.
func (w *wanted) siblingFilter(l *Layout, f core.Filter, t test, asset, p string) error {
	if err := l.checkPath("levels.Read", p); err != nil {
		return err
	}
	level, err := w.level(l, cmp.Or(f.Level, l.recordLevel()))
	if err != nil {
		return err
	}
	k, err := w.join(l, asset, level)
	if err != nil {
		return err
	}
	j := &w.joins[k]
	j.items = append(j.items, item{name: f.Column, path: p, element: f.Element})
	j.tests = append(j.tests, joinTest{len(j.items) - 1, t})
	w.levels[level].filtered = true
	return nil
}

// column adds a column: one item, two for values along records, or an item of a sibling.
func (w *wanted) column(l *Layout, name string) error {
	c, ok := l.column(name)
	if !ok {
		return core.Errorf(core.Invalid, "levels.Read", name, "the layout has no such column")
	}
	level, err := w.level(l, c.Level)
	if err != nil {
		return err
	}
	if level >= 0 {
		w.levels[level].needed = true
	}
	if c.Asset != "" {
		k, err := w.join(l, c.Asset, level)
		if err != nil {
			return err
		}
		j := &w.joins[k]
		j.items = append(j.items, item{name: name, path: c.Path, element: c.Element})
		w.columns = append(w.columns, columnWant{name, len(j.items) - 1, -1, k + 1})
		return nil
	}
	add := func(path string) int {
		w.items = append(w.items, item{name: name, path: path, element: c.Element, raw: c.Raw, level: level})
		return len(w.items) - 1
	}
	want := columnWant{name, add(c.Path), -1, 0}
	if c.Stop != "" {
		want.stop = add(c.Stop)
	}
	w.columns = append(w.columns, want)
	return nil
}

// rows adds a dataset of the observations' own level if none is wanted, so that the rows of a group can be counted.
// Its elements are not read.
func (w *wanted) rows(l *Layout) {
	if slices.ContainsFunc(w.items, func(i item) bool { return i.level < 0 }) {
		return
	}
	for _, c := range l.Columns {
		if k, err := l.level(c.Level); err == nil && k < 0 && c.Asset == "" {
			w.items = append(w.items, item{name: c.Name, path: c.Path, element: c.Element, level: -1})
			return
		}
	}
}

// level is the number of a level among those wanted, to which it is added if it is new; -1 for the observations' own.
func (w *wanted) level(l *Layout, name string) (int, error) {
	k, err := l.level(name)
	if err != nil || k < 0 {
		return -1, err
	}
	level := &l.Levels[k]
	if i := slices.IndexFunc(w.levels, func(v levelWant) bool { return v.Level == level }); i >= 0 {
		return i, nil
	}
	w.levels = append(w.levels, levelWant{Level: level})
	return len(w.levels) - 1, nil
}

// linkItems adds a level's link and places behind the other items.
func (w *wanted) linkItems(l *Layout, i int) {
	v := &w.levels[i]
	add := func(path string) int {
		w.items = append(w.items, item{path: path, element: -1, raw: l.raw(path), level: i, optional: !v.needed})
		return len(w.items) - 1
	}
	v.begin, v.count, v.lat, v.lon = add(v.Begin), add(v.Count), -1, -1
	if v.Latitude != "" {
		v.lat, v.lon = add(v.Latitude), add(v.Longitude)
	}
}

// at is dataset i of a table: latitude, longitude, and then the items.
func (w *wanted) at(i int) *item {
	switch i {
	case 0:
		return &w.lat
	case 1:
		return &w.lon
	}
	return &w.items[i-2]
}

// An absentError tells of a dataset that a group should have.
type absentError struct{ path string }

func (e *absentError) Error() string {
	return "dataset " + e.path + " does not exist, though others of its group do"
}

// absent adds to an absentError which name was perhaps meant; any other error stays as it is.
func (r *reading) absent(ctx context.Context, err error) error {
	if e, ok := errors.AsType[*absentError](err); ok {
		return core.Errorf(core.NotFound, "levels.Read", r.file.URL(), "%w%s", err, r.file.Hint(ctx, e.path))
	}
	return err
}

// newTable checks that the datasets of a group are there and that those of one level have the same number of rows.
func (r *reading) newTable(group string, sets []*h5.Dataset, paths []string) (*table, error) {
	first := map[int]int{} // by level, a dataset
	for i, d := range sets {
		w := r.want.at(i)
		if d == nil && w.optional {
			continue
		}
		if d == nil {
			return nil, &absentError{path: paths[i]}
		}
		if shape := d.Shape(); i < 2 && w.element < 0 && len(shape) > 1 {
			return nil, core.Errorf(core.Unsupported, "levels.Read", r.file.URL(), "coordinates %s have shape %v: grids and swaths with coordinates of several axes are not read, only rows with one latitude and one longitude each", paths[i], shape)
		}
		if err := r.checkShape(d, paths[i], w.element); err != nil {
			return nil, err
		}
		k, ok := first[w.level]
		if !ok {
			first[w.level] = i
		} else if d.Rows() != sets[k].Rows() {
			return nil, core.Errorf(core.Invalid, "levels.Read", r.file.URL(), "dataset %s has %d rows where %s has %d: it is not of the same observations; datasets of coarser records need a level of their own (data_source.levels)", paths[i], d.Rows(), paths[k], sets[k].Rows())
		}
	}
	n := len(r.want.levels)
	t := &table{group: group, lat: sets[0], lon: sets[1], items: sets[2:], links: make([]*records, n), lats: make([][]float64, n), lons: make([][]float64, n), pass: make([][]bool, n)}
	i, ok := first[-1]
	if !ok {
		return nil, core.Errorf(core.Invalid, "levels.Read", r.file.URL(), "group %q: coordinates are on level %s, and no column or filter is on the observations' own: how many there are is not known", group, r.layout.CoordinateLevel)
	}
	t.rows = sets[i].Rows()
	return t, nil
}

// checkShape refuses a dataset that is not one number per row.
func (r *reading) checkShape(d *h5.Dataset, path string, element int) error {
	shape := d.Shape()
	switch {
	case element < 0 && len(shape) != 1:
		return core.Errorf(core.Invalid, "levels.Read", r.file.URL(), "dataset %s has shape %v; a column needs one axis, or say which column of it with {path, column}", path, shape)
	case element >= 0 && (len(shape) != 2 || uint64(element) >= shape[1]):
		return core.Errorf(core.Invalid, "levels.Read", r.file.URL(), "dataset %s has shape %v: there is no column %d along a second axis", path, shape, element)
	}
	return nil
}

// linked reports whether the link of level i of the wanted can be read from a table.
func (t *table) linked(w *wanted, i int) bool {
	v := &w.levels[i]
	return t.items[v.begin] != nil && t.items[v.count] != nil
}

// placed reports whether the link of level i and the places of its records can be read from a table.
func (t *table) placed(w *wanted, i int) bool {
	v := &w.levels[i]
	return t.linked(w, i) && v.lat >= 0 && t.items[v.lat] != nil && t.items[v.lon] != nil
}
