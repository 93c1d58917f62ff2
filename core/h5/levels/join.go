package levels

// Siblings: values from another product's file of the same pass, found by a number that the records of both have
// (such as ATL03's segment_id in ATL08).

import (
	"context"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/h5/cf"
)

// A Join says how the records of a sibling product are found, which is another file of the granule: by a number that both have. Left is
// the dataset of the numbers in the granule's own file, one for each record of a level, and Right that of the sibling's.
type Join struct{ Left, Right string }

// asset splits a path that begins with the name of a sibling and a colon.
func (l *Layout) asset(p string) (asset, path string) {
	if name, rest, ok := strings.Cut(p, ":"); ok {
		if _, known := l.Assets[name]; known {
			return name, rest
		}
	}
	return "", p
}

// recordLevel is the level that a filter on a sibling is of, where it does not say: the one that has the coordinates, or the only one.
func (l *Layout) recordLevel() string {
	if l.CoordinateLevel == "" && len(l.Levels) == 1 {
		return l.Levels[0].Name
	}
	return l.CoordinateLevel
}

// A joinWant is what is wanted of a sibling for the records of a level: the numbers on both sides, and the items.
type joinWant struct {
	asset string
	level int // of wanted.levels
	left  int // of wanted.items
	right item
	items []item
	tests []joinTest
}

// A joinTest is a filter on one of the items.
type joinTest struct {
	item int
	test test
}

// join is the number of the join of a sibling to a level. It is added if it is new: several columns of one sibling
// share a join.
func (w *wanted) join(l *Layout, asset string, level int) (int, error) {
	if level < 0 {
		return 0, core.Errorf(core.Invalid, "levels.Read", asset, "datasets of a sibling are of records: they need a level with a link, such as the one of the coordinates")
	}
	k := slices.IndexFunc(w.joins, func(j joinWant) bool { return j.asset == asset && j.level == level })
	if k >= 0 {
		return k, nil
	}
	on := l.Assets[asset]
	w.items = append(w.items, item{name: on.Left, path: on.Left, element: -1, level: level})
	w.levels[level].needed = true
	w.joins = append(w.joins, joinWant{asset: asset, level: level, left: len(w.items) - 1, right: item{name: on.Right, path: on.Right, element: -1}})
	return len(w.joins) - 1, nil
}

// joinSiblings finds for all records what is wanted of siblings. It does so once, for all parts of the tables.
func (r *reading) joinSiblings(ctx context.Context) error {
	if r.joined || len(r.want.joins) == 0 {
		return nil
	}
	r.joined = true
	for i := range r.want.joins {
		if err := r.joinSibling(ctx, &r.want.joins[i]); err != nil {
			return core.Wrap(err, "", r.want.joins[i].asset)
		}
	}
	return nil
}

// joinSibling reads one sibling, whole as far as it is wanted: it has a row per record, which is little beside the
// observations.
func (r *reading) joinSibling(ctx context.Context, j *joinWant) error {
	url, ok := r.assets[j.asset]
	if !ok {
		return core.Errorf(core.NotFound, "levels.Read", r.url, "the granule has no sibling %q: shard maps and lists of granules name it", j.asset)
	}
	file, err := h5.Open(ctx, r.src, url, r.opening(j.asset, h5.Options{MostWhole: r.query.Memory / 4, Request: r.query.Request}))
	if err != nil {
		return err
	}
	all := append([]item{j.right}, j.items...)
	var paths []string
	for _, t := range r.tables {
		for i := range all {
			paths = append(paths, path(all[i].path, t.group))
		}
	}
	sets, err := file.Datasets(ctx, paths...)
	if err != nil {
		return err
	}
	if err := r.checkSibling(ctx, file, all, sets, paths); err != nil {
		return err
	}
	s := siblingRead{r: r, join: j, file: file, all: all, sets: sets}
	if err := s.read(ctx); err != nil {
		return err
	}
	r.learn(j.asset, file)
	return nil
}

// checkSibling refuses a sibling that has none of the groups, or some of a group's datasets but not all of them. A
// group that is missing as a whole is a warning: its records have no values.
func (r *reading) checkSibling(ctx context.Context, file *h5.File, all []item, sets []*h5.Dataset, paths []string) error {
	found := false
	for k, t := range r.tables {
		of := sets[k*len(all) : (k+1)*len(all)]
		missing := slices.Index(of, nil)
		has := slices.ContainsFunc(of, func(d *h5.Dataset) bool { return d != nil })
		if has && missing >= 0 {
			return core.Errorf(core.NotFound, "levels.Read", file.URL(), "%w%s", &absentError{paths[k*len(all)+missing]}, file.Hint(ctx, paths[k*len(all)+missing]))
		}
		found = found || has
		if !has {
			r.stats.Warnings = append(r.stats.Warnings, file.URL()+" has nothing of group "+t.group+": its records have no values there")
		}
	}
	if !found && len(r.tables) > 0 {
		return core.Errorf(core.NotFound, "levels.Read", file.URL(), "none of the groups has the dataset %s: is it a granule of this product?", all[0].path)
	}
	return nil
}

// A siblingRead is one join under way.
type siblingRead struct {
	r     *reading
	join  *joinWant
	file  *h5.File
	all   []item // right, then the items
	sets  []*h5.Dataset
	plans []*h5.Plan // as sets
	means []cf.Meaning
	left  []*h5.Plan // by table
}

// read fetches everything of the sibling in one round, and then joins table by table.
func (s *siblingRead) read(ctx context.Context) error {
	var load []*h5.Dataset
	for _, d := range s.sets {
		if d != nil {
			load = append(load, d)
		}
	}
	if err := s.file.LoadChunks(ctx, load...); err != nil {
		return err
	}
	s.plans, s.means = make([]*h5.Plan, len(s.sets)), make([]cf.Meaning, len(s.sets))
	var fetch []*h5.Plan
	for i, d := range s.sets {
		if d == nil {
			continue
		}
		it := &s.all[i%len(s.all)]
		if err := s.r.checkShape(d, d.Path(), it.element); err != nil {
			return err
		}
		var err error
		if s.means[i], err = cf.Of(ctx, d); err != nil {
			return core.Wrap(err, "levels.Read", s.file.URL())
		}
		if s.plans[i], err = it.plan(d, nil); err != nil {
			return err
		}
		fetch = append(fetch, s.plans[i])
	}
	if err := s.file.Fetch(ctx, fetch...); err != nil {
		return err
	}
	if err := s.fetchLeft(ctx); err != nil {
		return err
	}
	for k := range s.r.tables {
		if err := s.table(k); err != nil {
			return err
		}
	}
	return nil
}

// fetchLeft fetches the numbers of the granule's own records, the left side of the join.
func (s *siblingRead) fetchLeft(ctx context.Context) error {
	for _, t := range s.r.tables {
		p, err := s.r.want.items[s.join.left].plan(t.items[s.join.left], nil)
		if err != nil {
			return err
		}
		s.left = append(s.left, p)
	}
	return s.r.file.Fetch(ctx, s.left...)
}

// table finds what is wanted for the records of one table, the k-th.
func (s *siblingRead) table(k int) error {
	r, t, j := s.r, s.r.tables[k], s.join
	keys, missing, err := decodeKeys(r.file, s.left[k], &t.means[2+j.left], r.want.items[j.left].name)
	if err != nil {
		return err
	}
	base := k * len(s.all)
	at := make([]int32, len(keys)) // rows of the sibling, -1: none
	for i := range at {
		at[i] = -1
	}
	if s.sets[base] != nil {
		if at, err = s.match(base, keys, missing); err != nil {
			return err
		}
	}
	columns := make([]core.Column, len(j.items))
	for i := range j.items {
		if columns[i], err = s.gather(base+1+i, at); err != nil {
			return err
		}
	}
	t.siblings = append(t.siblings, columns)
	if len(j.tests) > 0 {
		return s.test(t, columns, at)
	}
	return nil
}

// match finds the row of each number among the sibling's; -1 stands for none. A number that is there twice is an
// error, because it does not tell which row is meant.
func (s *siblingRead) match(base int, keys []int64, missing []bool) ([]int32, error) {
	theirs, none, err := decodeKeys(s.file, s.plans[base], &s.means[base], s.join.right.name)
	if err != nil {
		return nil, err
	}
	for i := range s.join.items {
		if d := s.sets[base+1+i]; d.Rows() != int64(len(theirs)) {
			return nil, core.Errorf(core.Invalid, "levels.Read", s.file.URL(), "dataset %s has %d rows where %s has %d", d.Path(), d.Rows(), s.sets[base].Path(), len(theirs))
		}
	}
	rows := make(map[int64]int32, len(theirs))
	for i, n := range theirs {
		if none[i] {
			continue
		}
		if first, twice := rows[n]; twice {
			return nil, core.Errorf(core.Invalid, "levels.Read", s.file.URL(), "dataset %s has the number %d in rows %d and %d: which one it is cannot be told", s.sets[base].Path(), uint64(n), first, i)
		}
		rows[n] = int32(i)
	}
	at := make([]int32, len(keys))
	for i, n := range keys {
		row, ok := rows[n]
		if at[i] = row; !ok || missing[i] {
			at[i] = -1
		}
	}
	return at, nil
}

// decodeKeys are the elements of a dataset of integers, and which of them have no value. uint64 beyond int64 keep
// their bits: keys are only compared for equality.
func decodeKeys(file *h5.File, p *h5.Plan, m *cf.Meaning, name string) (keys []int64, missing []bool, err error) {
	c, err := decodeWhole(file, p, m, name)
	if err != nil {
		return nil, nil, err
	}
	if c.Type.IsFloat() || c.Type == core.Bool {
		return nil, nil, core.Errorf(core.Invalid, "levels.Read", file.URL(), "dataset %s: records are joined by integers, not %s", name, c.Type)
	}
	return integers64(&c)
}

// decodeWhole decodes a fetched plan of all rows, and lets the fetched bytes go.
func decodeWhole(file *h5.File, p *h5.Plan, m *cf.Meaning, name string) (core.Column, error) {
	if p.Type() == core.Bytes {
		return core.Column{}, core.Errorf(core.Unsupported, "levels.Read", file.URL(), "dataset %s holds text or opaque bytes; it must be numbers", name)
	}
	out := [][]byte{core.NewData(int(p.Size()))}
	if err := file.Decode(1, []*h5.Plan{p}, out); err != nil {
		return core.Column{}, err
	}
	p.Release()
	return m.Column(name, out[0]), nil
}

// gather is a column of the sibling's rows in the order of the granule's records; a record without a row has no
// value. For a group that the sibling does not have, the column has the type that it has in another group.
func (s *siblingRead) gather(set int, at []int32) (core.Column, error) {
	name := s.all[set%len(s.all)].name
	var c core.Column
	if s.sets[set] != nil {
		var err error
		if c, err = decodeWhole(s.file, s.plans[set], &s.means[set], name); err != nil {
			return c, err
		}
	} else {
		for i := set % len(s.all); i < len(s.sets); i += len(s.all) {
			if s.sets[i] != nil {
				c = s.means[i].Column(name, nil)
				break
			}
		}
	}
	size := c.Type.Size()
	var none []byte
	if slices.Contains(at, -1) {
		var err error
		if none, err = s.r.noValue(&c); err != nil {
			return c, err
		}
	}
	data := core.NewData(len(at) * size)
	for i, row := range at {
		if row < 0 {
			copy(data[i*size:], none)
		} else {
			copy(data[i*size:(i+1)*size], c.Data[int(row)*size:])
		}
	}
	c.Data = data
	return c, nil
}

// test finds which records pass the filters on the sibling. A record without a row there passes none of them.
func (s *siblingRead) test(t *table, columns []core.Column, at []int32) error {
	pass := t.pass[s.join.level]
	if pass == nil {
		pass = make([]bool, len(at))
		for i := range pass {
			pass[i] = true
		}
	}
	for i, row := range at {
		pass[i] = pass[i] && row >= 0
	}
	for _, x := range s.join.tests {
		if err := x.test(&columns[x.item], pass); err != nil {
			return err
		}
	}
	t.pass[s.join.level] = pass
	return nil
}

// ofSibling is a column of a sibling at the rows of a table. The memory is the scratch's buffer i.
func (r *reading) ofSibling(t *table, c columnWant, i int) (core.Column, error) {
	j := &r.want.joins[c.join-1]
	all := t.siblings[c.join-1][c.item]
	size := int64(all.Type.Size())
	some := all
	some.Data = nil
	for _, s := range t.joined(j.level).records {
		some.Data = append(some.Data, all.Data[s.Start*size:(s.Start+s.Count)*size]...)
	}
	some.Data = append(core.NewData(len(some.Data))[:0], some.Data...)
	return r.repeat(t, j.level, &some, i)
}
