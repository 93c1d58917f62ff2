package coretest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"strconv"

	"github.com/englacial/zagg/core"
)

// checkBatches: batches of any size hold the same rows.
func (r *readerSuite) checkBatches(c *check) {
	for i, g := range r.granules {
		n := r.tables[i].rows
		sizes := []int{n + 1, n, n/3 + 1, n/17 + 1, 1000}
		if n <= 5000 {
			sizes = append(sizes, 9, 8, 7, 1)
		}
		for _, rows := range sizes {
			if rows < 1 || n/rows > 5000 {
				continue
			}
			q := r.query()
			q.Rows = rows
			t, _ := r.mustRead(c, reading{granule: g, query: q})
			d := diffTables(r.tables[i], t)
			c.that(d == "", "%s: other rows when a batch has %d at most: %s", g.ID, rows, d)
		}
	}
}

// checkMemory: however little memory a query allows, and whatever a request costs, the same rows come.
func (r *readerSuite) checkMemory(c *check) {
	for i, g := range r.granules {
		for _, memory := range []int64{1, 1 << 12, 1 << 16, 1 << 20} {
			q := r.query()
			q.Memory, q.Request = memory, int64(c.rand.IntN(2))<<20
			t, _ := r.mustRead(c, reading{granule: g, query: q})
			d := diffTables(r.tables[i], t)
			c.that(d == "", "with Query.Memory %d: %s", memory, d)
		}
	}
}

// checkColumns: columns come as asked, whatever else is asked for.
func (r *readerSuite) checkColumns(c *check) {
	reversed := slices.Clone(r.columns)
	slices.Reverse(reversed)
	lists := [][]string{nil, reversed}
	for range c.few(10) {
		some := slices.Clone(r.columns)
		c.rand.Shuffle(len(some), func(i, k int) { some[i], some[k] = some[k], some[i] })
		if len(some) > 0 {
			some = some[:1+c.rand.IntN(len(some))]
		}
		lists = append(lists, some)
	}
	for i, g := range r.granules {
		for _, names := range lists {
			t, _ := r.mustRead(c, reading{granule: g, query: core.Query{Columns: names, Rows: 1 << 16}})
			d := diffTables(r.tables[i].without(names, nil), t)
			c.that(d == "", "%s: other rows when the columns asked for are %q: %s", g.ID, names, d)
		}
	}
}

// checkRegions: every row in a region is emitted, and no row that a Read of everything does not have.
func (r *readerSuite) checkRegions(c *check) {
	for i, g := range r.granules {
		for _, a := range r.areas(c, r.tables[i]) {
			q := r.query()
			q.Region = a.region
			t, _ := r.mustRead(c, reading{granule: g, query: q})
			r.hasInside(c, g.ID+", "+a.what, r.tables[i], t, a)
			q.CountInvalid = true
			t, stats := r.mustRead(c, reading{granule: g, query: q})
			r.hasInside(c, g.ID+", "+a.what+", counting rows without a place", r.tables[i], t, a)
			r.countsInvalid(c, i, a, stats)
		}
	}
}

// countsInvalid wants of a query that asks for it all rows of a granule that name no place.
func (r *readerSuite) countsInvalid(c *check, granule int, a area, s core.ReadStats) {
	c.Helper()
	c.that(s.Invalid == r.invalid[granule], "%s, %s: with CountInvalid ReadStats.Invalid is %d, but %d rows of the granule name no place", r.granules[granule].ID, a.what, s.Invalid, r.invalid[granule])
}

// hasInside wants of the rows of whole those in an area, in order, and perhaps others.
func (r *readerSuite) hasInside(c *check, what string, whole, some *table, a area) {
	c.Helper()
	for _, group := range unionOf(whole.groups, some.groups) {
		p, q := whole.parts[group], some.parts[group]
		if p == nil {
			c.that(len(q.lon) == 0, "%s: rows of group %q, which has none", what, group)
			continue
		}
		if q == nil {
			q = &part{columns: p.columns}
		}
		found, missing := matches(p, q)
		if missing >= 0 {
			c.fatalf("%s: row %d of group %q, at %v, %v, is not among those of the granule at its place in the order", what, missing, group, q.lon[missing], q.lat[missing])
		}
		for row, ok := range found {
			if at := (core.LonLat{Lon: p.lon[row], Lat: p.lat[row]}); !ok && a.in(at) {
				c.fatalf("%s: row %d of group %q, at %v, is in the region %+v but was not emitted", what, row, group, at, a.region)
			}
		}
	}
}

func unionOf(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// areas are regions around rows, of all sizes, and with none.
func (r *readerSuite) areas(c *check, t *table) []area {
	var at []core.LonLat
	for _, group := range t.groups {
		p := t.parts[group]
		for range 4 {
			if len(p.lon) > 0 {
				k := c.rand.IntN(len(p.lon))
				at = append(at, core.LonLat{Lon: p.lon[k], Lat: p.lat[k]})
			}
		}
	}
	if len(at) == 0 {
		return nil
	}
	var areas []area
	for range c.few(10) {
		p := at[c.rand.IntN(len(at))]
		a := anchor{p, math.Pow(10, 1+5*c.rand.Float64())}
		some := slices.Concat(capsAt(c, a), tracksAt(c, a), polygonsAt(c, a), []area{boxAt(c, p, a.side)})
		areas = append(areas, some[c.rand.IntN(len(some))], some[c.rand.IntN(len(some))], some[c.rand.IntN(len(some))])
		only := area{what: "a row's place", region: pointRegion(p, 0), in: func(q core.LonLat) bool { return p == q }}
		areas = append(areas, only)
	}
	far := at[0]
	far = core.LonLat{Lon: far.Lon + 180, Lat: -far.Lat}
	for what, region := range map[string]core.Region{
		"the opposite place":      pointRegion(far, 1),
		"the North Pole":          pointRegion(core.LonLat{Lat: 90}, 0),
		"half the Earth":          pointRegion(far, 0.999*halfTurn/2),
		"nearly all of the Earth": pointRegion(far, 0.99*halfTurn),
	} {
		areas = append(areas, area{what: what, region: region, in: inside(region)})
	}
	return areas
}

// checkFilters: a filter drops the rows that fail it, says where they are, and drops no other.
func (r *readerSuite) checkFilters(c *check) {
	for i, g := range r.granules {
		whole := r.tables[i]
		filters := r.makeFilters(c, whole)
		for k, f := range filters {
			r.filtered(c, g, whole, r.columns, f)
			if k > 0 && k%3 == 0 {
				r.filtered(c, g, whole, r.columns[:c.rand.IntN(len(r.columns)+1)], f, filters[c.rand.IntN(len(filters))])
			}
		}
		if len(filters) == 0 {
			continue
		}
		// With a region, too.
		for _, a := range r.areas(c, whole)[:4] {
			f := filters[c.rand.IntN(len(filters))]
			q := r.query()
			q.Region, q.Filters = a.region, []core.Filter{f}
			t, _ := r.mustRead(c, reading{granule: g, query: q})
			r.hasInside(c, fmt.Sprintf("%s, %s, filter %+v", g.ID, a.what, f), whole.without(r.columns, func(p *part, row int) bool { return passes(p, row, f) }), t, a)
		}
		for _, f := range r.Filters { // what these drop is not known here
			q := r.query()
			q.Filters = []core.Filter{f}
			t, _ := r.mustRead(c, reading{granule: g, query: q})
			none := area{in: func(core.LonLat) bool { return false }}
			r.hasInside(c, fmt.Sprintf("%s, filter %+v", g.ID, f), whole, t, none)
			r.accounted(c, g, whole, t, fmt.Sprintf("%+v", f))
		}
	}
}

// filtered reads with filters, and compares with the rows of whole that pass them.
func (r *readerSuite) filtered(c *check, g core.Granule, whole *table, columns []string, filters ...core.Filter) {
	c.Helper()
	q := core.Query{Columns: columns, Filters: filters, Rows: []int{1 << 16, 1000, 77}[c.rand.IntN(3)]}
	t, _ := r.mustRead(c, reading{granule: g, query: q})
	want := whole.without(columns, func(p *part, row int) bool {
		return !slices.ContainsFunc(filters, func(f core.Filter) bool { return !passes(p, row, f) })
	})
	d := diffTables(want, t)
	c.that(d == "", "%s: filters %+v leave other rows than those that pass: %s", g.ID, filters, d)
	r.accounted(c, g, whole, t, fmt.Sprintf("%+v", filters))
}

// accounted: every row is emitted, or said to be refused, at its place or its record's.
func (r *readerSuite) accounted(c *check, g core.Granule, whole, t *table, filters string) {
	c.Helper()
	for _, name := range whole.groups {
		p, q := whole.group(name), t.group(name)
		lon, lat := slices.Concat(q.lon, q.refusedLon), slices.Concat(q.lat, q.refusedLat)
		if len(lon) == len(p.lon) && sumOfPlaces(lon, lat) == sumOfPlaces(p.lon, p.lat) {
			continue
		}
		if r.Records && len(lon) == len(p.lon) {
			continue
		}
		left := map[core.LonLat]int{}
		for i := range p.lon {
			left[core.LonLat{Lon: p.lon[i], Lat: p.lat[i]}]++
		}
		for i := range lon {
			at := core.LonLat{Lon: lon[i], Lat: lat[i]}
			left[at]--
			c.that(left[at] >= 0, "%s: filters %s: group %q has more rows at %v, emitted or refused, than without filters", g.ID, filters, name, at)
		}
		for at, n := range left {
			c.that(n == 0, "%s: filters %s: the row of group %q at %v is neither emitted nor in RefusedLon and RefusedLat", g.ID, filters, name, at)
		}
	}
}

// sumOfPlaces is the same for the same places in any order.
func sumOfPlaces(lon, lat []float64) uint64 {
	sum := uint64(0)
	for i := range lon {
		x := (math.Float64bits(lon[i]) ^ bits.RotateLeft64(math.Float64bits(lat[i]), 21)) * 0x9e3779b97f4a7c15 // the golden ratio, as usual
		sum += (x ^ x>>29) * 0xbf58476d1ce4e5b9
	}
	return sum
}

// makeFilters are comparisons of columns of numbers with values that they have, and with others.
func (r *readerSuite) makeFilters(c *check, t *table) (filters []core.Filter) {
	if len(t.groups) == 0 {
		return nil
	}
	for _, k := range c.rand.Perm(len(r.columns))[:min(len(r.columns), c.few(8))] {
		col := &t.parts[t.groups[0]].columns[k]
		if col.Offsets != nil || col.Width > 1 || col.Rows() == 0 {
			continue
		}
		value := func() json.Number { return valueOf(col, c.rand.IntN(col.Rows())) }
		for _, op := range []core.Op{core.OpEq, core.OpNe, core.OpGe, core.OpLe, core.OpLt, core.OpGt, core.OpIn, core.OpNotIn} {
			values := []json.Number{value()}
			if op == core.OpIn || op == core.OpNotIn {
				values = append(values, value(), "12345", value())
			}
			filters = append(filters, core.Filter{Column: col.Name, Element: -1, Op: op, Values: values, Drop: c.rand.IntN(3) == 0})
		}
		filters = append(filters,
			core.Filter{Column: col.Name, Element: -1, Op: core.OpLt, Values: []json.Number{"-1e300"}},
			core.Filter{Column: col.Name, Element: -1, Op: core.OpGe, Values: []json.Number{"0.5"}})
	}
	return filters
}

// valueOf is an element as a JSON number; 0 for what has none.
func valueOf(c *core.Column, i int) json.Number {
	if !c.Type.IsFloat() {
		if c.Type == core.Bool {
			return json.Number(strconv.Itoa(int(c.Data[i])))
		}
		return json.Number(elementText(c, i))
	}
	x := number(c, i)
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return "0"
	}
	return json.Number(strconv.FormatFloat(x, 'g', -1, 8*c.Type.Size()))
}

// passes says whether a row passes a filter of one of the table's columns: integers are compared exactly, floats in the
// precision of their column, and NaN is no value's equal.
func passes(p *part, row int, f core.Filter) bool {
	k := slices.IndexFunc(p.columns, func(c core.Column) bool { return c.Name == f.Column })
	c := &p.columns[k]
	holds := func(v json.Number) bool {
		order, equal := compareValue(c, row, v)
		switch f.Op {
		case core.OpEq, core.OpIn, core.OpNotIn:
			return equal
		case core.OpNe:
			return !equal
		case core.OpGe:
			return order > 0 || equal
		case core.OpLe:
			return order < 0 || equal
		case core.OpLt:
			return order < 0
		}
		return order > 0
	}
	if missing, _, _ := core.Missing(c, []int32{int32(row)}); len(missing) > 0 {
		return (f.Op == core.OpNe || f.Op == core.OpNotIn) != f.Drop
	}
	hit := slices.ContainsFunc(f.Values, holds)
	if f.Op == core.OpNotIn {
		hit = !hit
	}
	return hit != f.Drop
}

// compareValue is the sign of an element minus a number, 0 also where they have no order.
func compareValue(c *core.Column, row int, v json.Number) (order int, equal bool) {
	if c.Type.IsFloat() {
		x := number(c, row)
		y, _ := strconv.ParseFloat(string(v), 8*c.Type.Size()) // infinite beyond the range
		if x != x {
			return 0, false
		}
		return cmp.Compare(x, y), x == y
	}
	bits, signed := integer(c, row)
	if n, err := strconv.ParseInt(string(v), 10, 64); err == nil && signed {
		return cmp.Compare(int64(bits), n), int64(bits) == n
	}
	if n, err := strconv.ParseUint(string(v), 10, 64); err == nil && !signed {
		return cmp.Compare(bits, n), bits == n
	}
	x, _ := v.Float64() // a fraction, or far beyond the integers
	y := float64(bits)
	if signed {
		y = float64(int64(bits))
	}
	return cmp.Compare(y, x), y == x
}
