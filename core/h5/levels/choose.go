package levels

// Choosing rows before their coordinates are read. What is chosen here may be too much and never too little: the
// coordinates of the rows decide in the end.

import (
	"context"
	"errors"
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/h5/cf"
)

// errFar says that a row lies farther from its record's place than the plan believes: the granule is then read
// without the plan.
var errFar = errors.New("rows lie far from their records")

// A refusal is a record that a filter refused, at its place: its rows are counted as refused and not read.
type refusal struct {
	lon, lat float64
	rows     int64
}

// choose finds the rows of each table that may be wanted, without reading their coordinates: by the blocks of an index, by what
// filters say of their records, and by the records' places.
func (r *reading) choose(ctx context.Context) error {
	// Blocks and records say where rows are; without a region that does not matter.
	everywhere := len(r.query.Region.Polygons) == 0
	for _, t := range r.tables {
		// Where the coordinates are those of records, the records' own places are read anyway and are exact.
		t.spans, t.planned, t.refused = []h5.Span{{Count: t.rows}}, false, nil
		if t.blocks != nil && !everywhere && r.want.place < 0 {
			t.spans = t.meeting(&r.box)
		}
	}
	if err := r.readLevels(ctx, everywhere); err != nil {
		return err
	}
	if err := r.joinSiblings(ctx); err != nil {
		return err
	}
	for _, t := range r.tables {
		r.chooseRecords(t)
		if !everywhere && !r.unplanned {
			r.near(t)
		}
		t.kept = int(countRows(t.spans))
		r.countLooked(t, everywhere)
	}
	return nil
}

// countLooked adds to the statistics the rows that are looked at, so that they do not depend on how rows were found:
// with an index, by records or one by one.
func (r *reading) countLooked(t *table, everywhere bool) {
	refused := int64(0)
	for _, f := range t.refused {
		refused += f.rows
	}
	switch {
	case r.counted || everywhere || t.blocks == nil && !t.planned: // by who made the index, too
		r.stats.Rows += t.rows
	default:
		r.stats.Rows += int64(t.kept) + refused
	}
	if r.want.place >= 0 && !r.counted { // all places are known
		r.stats.Invalid += r.withoutPlace(t)
	}
}

// needs reports whether the link of level i is needed of a table, and whether the records' places are.
func (r *reading) needs(t *table, i int, everywhere bool) (link, places bool) {
	v := &r.want.levels[i]
	plan := i == r.want.plan && !everywhere && !r.unplanned && t.blocks == nil && t.placed(r.want, i)
	places = i == r.want.place || plan || v.filtered && v.lat >= 0
	return v.needed || plan, places
}

// readLevels reads the links, places and filters of levels that are needed: whole, for all tables in one round of
// requests. What an earlier call has read is kept.
func (r *reading) readLevels(ctx context.Context, everywhere bool) error {
	var jobs []levelJob
	var plans []*h5.Plan
	for _, t := range r.tables {
		for i := range r.want.levels {
			link, places := r.needs(t, i, everywhere)
			if !link || t.links[i] != nil && (!places || t.lats[i] != nil) {
				continue
			}
			j := levelJob{table: t, level: i, first: len(plans), sets: r.want.levelSets(i, places)}
			for _, k := range j.sets {
				p, err := r.want.at(k).plan(t.dataset(k), nil)
				if err != nil {
					return err
				}
				plans = append(plans, p)
			}
			jobs = append(jobs, j)
		}
	}
	if err := r.file.Fetch(ctx, plans...); err != nil {
		return err
	}
	for i := range jobs {
		j := &jobs[i]
		if err := r.decodeLevel(j, plans[j.first:j.first+len(j.sets)], jobs[i].sets); err != nil {
			return err
		}
	}
	return nil
}

// A levelJob is one level of one table to read; its plans begin at number first.
type levelJob struct {
	table        *table
	level, first int
	sets         []int // as wanted.at counts them
}

// levelSets are the datasets of a level that are read whole: its link, filters, and perhaps latitudes and longitudes, at the end.
func (w *wanted) levelSets(level int, places bool) []int {
	v := &w.levels[level]
	sets := []int{v.begin + 2, v.count + 2}
	for i := range w.tests {
		if w.items[i].level == level {
			sets = append(sets, i+2)
		}
	}
	switch {
	case places && level == w.place:
		sets = append(sets, 0, 1)
	case places:
		sets = append(sets, v.lat+2, v.lon+2)
	}
	return sets
}

// plan plans an item for some rows of its dataset; nil stands for all.
func (i *item) plan(d *h5.Dataset, rows []h5.Span) (*h5.Plan, error) {
	if rows == nil {
		rows = []h5.Span{{Count: d.Rows()}}
	}
	sel := h5.Rows(rows...)
	if i.element >= 0 {
		sel = append(sel, []h5.Span{{Start: int64(i.element), Count: 1}})
	}
	return d.PlanSelection(sel)
}

// dataset is dataset i of a table: latitude, longitude, and then the items.
func (t *table) dataset(i int) *h5.Dataset {
	switch i {
	case 0:
		return t.lat
	case 1:
		return t.lon
	}
	return t.items[i-2]
}

// decodeLevel takes over what was fetched of a level of a table: first the link and the filters, then the places if
// they were read.
func (r *reading) decodeLevel(j *levelJob, plans []*h5.Plan, sets []int) error {
	t, v := j.table, &r.want.levels[j.level]
	n := len(r.want.levelSets(j.level, false))
	out := make([][]byte, n)
	for i, p := range plans[:n] {
		if p.Type() == core.Bytes {
			return core.Errorf(core.Unsupported, "levels.Read", r.file.URL(), "dataset %s holds text or opaque bytes; links and filters are numbers", t.dataset(sets[i]).Path())
		}
		out[i] = core.NewData(int(p.Size()))
	}
	if err := r.file.Decode(1, plans[:n], out); err != nil {
		return err
	}
	for _, p := range plans[:n] {
		p.Release()
	}
	var err error
	if t.links[j.level], err = linkOf(r.file.URL(), v.Level, t.group, out[0], out[1], [2]*cf.Meaning{&t.means[sets[0]], &t.means[sets[1]]}, t.rows); err != nil {
		return err
	}
	if err := r.testRecords(t, j.level, sets[2:n], out[2:]); err != nil {
		return err
	}
	if len(plans) == n {
		return nil
	}
	// Places are decoded into memory of their own, because they are kept for all parts of the table.
	places := [2][]float64{make([]float64, plans[n].Elements()), make([]float64, plans[n+1].Elements())}
	err = r.decode(plans[n:], func(i int) []float64 { return places[i] }, func(i int) *cf.Meaning { return &t.means[sets[n+i]] })
	t.lats[j.level], t.lons[j.level] = places[0], places[1]
	return err
}

// testRecords finds which records of a level pass all of its filters.
func (r *reading) testRecords(t *table, level int, sets []int, data [][]byte) error {
	if len(sets) == 0 {
		return nil
	}
	pass := make([]bool, t.links[level].n)
	for i := range pass {
		pass[i] = true
	}
	for i, k := range sets {
		c := t.means[k].Column(r.want.at(k).name, data[i])
		if err := r.want.tests[k-2](&c, pass); err != nil {
			return err
		}
	}
	t.pass[level] = pass
	return nil
}

// chooseRecords drops the rows of records that filters refuse, where the records have places by which these rows are counted.
// Elsewhere rows are refused once their own places are known.
func (r *reading) chooseRecords(t *table) {
	for i := range r.want.levels {
		pass, links := t.pass[i], t.links[i]
		if pass == nil || t.lats[i] == nil {
			continue
		}
		t.spans = intersect(t.spans, links.rows(t.rows, true, func(k int) bool {
			// Records without a usable place are kept: their rows cannot be counted as refused at a place that is not
			// known.
			n := links.record[k]
			return pass[n] || !core.Usable(t.lons[i][n], t.lats[i][n])
		}))
		if len(t.refused) > 0 { // by another level, whose rows these are too
			continue
		}
		for k, n := range links.record {
			if lon, lat := t.lons[i][n], t.lats[i][n]; !pass[n] && core.Usable(lon, lat) && r.box.Contains(lon, lat) {
				t.refused = append(t.refused, refusal{lon, lat, links.end[k] - links.begin[k]})
			}
		}
	}
}

// near keeps the rows of records that can reach the region, and those of no record. Where that spares little
// (Plan.Threshold), all rows are kept, because one run of bytes is quicker to read than many.
func (r *reading) near(t *table) {
	i := r.want.plan
	if i < 0 || t.blocks != nil || t.lats[i] == nil || r.want.place >= 0 {
		return
	}
	links, lats, lons := t.links[i], t.lats[i], t.lons[i]
	reaches := make([]bool, links.n)
	pad := min(int64(r.layout.Plan.Pad), links.n)
	for k := range lats {
		// Records whose place is not known may reach anywhere.
		if !core.Usable(lons[k], lats[k]) || r.around.Contains(lons[k], lats[k]) {
			for n := max(int64(k)-pad, 0); n <= min(int64(k)+pad, links.n-1); n++ {
				reaches[n] = true
			}
		}
	}
	spans := intersect(t.spans, links.rows(t.rows, true, func(k int) bool { return reaches[links.record[k]] }))
	if float64(countRows(spans)) < r.layout.Plan.Threshold*float64(countRows(t.spans)) {
		t.spans, t.planned = spans, true
	}
}

// checkReach compares the rows of a table with the places of their records: what is read must lie well within the
// plan's reach, or rows that were not read might lie in the region.
func (r *reading) checkReach(t *table) error {
	if !t.planned {
		return nil
	}
	const degree = 111320.0 // metres; of latitude a little less
	links, lats, lons := t.links[r.want.plan], t.lats[r.want.plan], t.lons[r.want.plan]
	most := r.layout.Plan.Reach / 2 / degree
	row, far := 0, false
	links.walk(t.spans, func(k int, _, n int64) {
		for range n {
			lat, lon := t.latv[row], t.lonv[row]
			row++
			if k < 0 || far || !core.Usable(lon, lat) {
				continue
			}
			at, from := lats[links.record[k]], lons[links.record[k]]
			if !core.Usable(from, at) {
				continue
			}
			// Distances along parallels shrink with the cosine of the latitude. Half of the reach leaves room for
			// this approximation.
			east := math.Abs(math.Remainder(lon-from, 360)) * math.Cos(at*math.Pi/180)
			far = !(math.Abs(lat-at) <= most && east <= most)
		}
	})
	if !far {
		return nil
	}
	return core.Errorf(core.Unsupported, "levels.Read", r.file.URL(), "group %s: %w: some are more than %g m from the place of their record of level %s; read all of them by data_source.read_plan: {spatial_index: null}",
		t.group, errFar, r.layout.Plan.Reach/2, r.layout.Plan.Level)
}

// inherit gives the rows of a table the places of their records; rows of no record get NaN, which is no place.
func (r *reading) inherit(i int, t *table) {
	links, lats, lons := t.links[r.want.place], t.lats[r.want.place], t.lons[r.want.place]
	t.latv, t.lonv = r.latitude(i), r.longitude(i)
	row := 0
	links.walk(t.spans, func(k int, _, n int64) {
		lat, lon := math.NaN(), math.NaN()
		if k >= 0 {
			lat, lon = lats[links.record[k]], lons[links.record[k]]
		}
		for range n {
			t.latv[row], t.lonv[row] = lat, lon
			row++
		}
	})
}

// withoutPlace is the number of rows of a table whose record has no usable place, or which no record owns.
func (r *reading) withoutPlace(t *table) int64 {
	links, lats, lons := t.links[r.want.place], t.lats[r.want.place], t.lons[r.want.place]
	n := t.rows
	for k := range links.begin {
		if i := links.record[k]; core.Usable(lons[i], lats[i]) {
			n -= links.end[k] - links.begin[k]
		}
	}
	return n
}

// dropRefused clears pass for rows whose record fails a filter of its level, and for rows of no record: no value
// passes a filter.
func (t *table) dropRefused(pass []bool) {
	for i, ok := range t.pass {
		if ok == nil {
			continue
		}
		row := 0
		t.links[i].walk(t.spans, func(k int, _, n int64) {
			if k < 0 || !ok[t.links[i].record[k]] {
				clear(pass[row : row+int(n)])
			}
			row += int(n)
		})
	}
}
