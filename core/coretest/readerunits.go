package coretest

import (
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/englacial/zagg/core"
)

// checkUnits: a UnitTeller says what a granule says of latitude, longitude and the columns of a query, in their order. One that says nothing of any
// granule has nothing to keep here.
func (r *readerSuite) checkUnits(c *check) {
	teller, ok := r.reader.(core.UnitTeller)
	if !ok {
		c.absent("the reader is no core.UnitTeller")
	}
	told := false
	for _, g := range r.granules {
		all := r.units(c, teller, g, r.columns)
		if len(all) < 2 {
			continue
		}
		told = true
		c.that(reflect.DeepEqual(all, r.units(c, teller, g, r.columns)), "Units of %s gives another answer the second time", g.ID)
		none := r.units(c, teller, g, nil)
		c.that(reflect.DeepEqual(none, all[:2]), "Units of %s for no columns is %+v; want latitude and longitude as for all columns, %+v", g.ID, none, all[:2])
		if len(r.columns) > 0 {
			c.that(len(r.units(c, teller, g, r.columns[:1])) <= 3, "Units of %s says more than was asked for", g.ID)
		}
	}
	if !told {
		c.absent("the reader does not say what its granules call their columns")
	}
}

// units calls Units for some columns.
func (r *readerSuite) units(c *check, teller core.UnitTeller, g core.Granule, columns []string) []core.Unit {
	c.Helper()
	src := newSource(r.src, g)
	units, err := teller.Units(c.ctx, src, g, core.Query{Columns: slices.Clone(columns)})
	c.must(err, "Units of "+g.ID)
	src.check(c)
	if len(units) < 2 {
		return units
	}
	at := 0 // of columns
	for _, u := range units[2:] {
		i := slices.Index(columns[at:], u.Column)
		c.that(i >= 0, "Units of %s speaks of column %q, which was not asked for, or not after the one before it: asked for were %q", g.ID, u.Column, columns)
		at += i + 1
	}
	for _, u := range units {
		for _, text := range []string{u.Path, u.Units, u.Name, u.LongName} {
			c.that(utf8.ValidString(text), "Units of %s: the text %q is not valid UTF-8", g.ID, text)
		}
	}
	return units
}
