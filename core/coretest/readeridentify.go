package coretest

import (
	"reflect"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// checkIdentify: a name alone decides what it says. Readers that know no names have nothing to keep here.
func (r *readerSuite) checkIdentify(c *check) {
	reader, ok := r.reader.(core.Identifier)
	if !ok {
		c.absent("the reader is no core.Identifier")
	}
	_, other := r.made[1].(core.Identifier)
	c.that(other, "of two readers of one config only one is a core.Identifier")
	names := []string{"", "x", "granule.h5", "é世.h5", "a b\nc.h5", strings.Repeat("x", 300)}
	for _, g := range r.granules {
		at := g.Assets["data"]
		name := at[strings.LastIndexByte(at, '/')+1:]
		names = append(names, name, "processed_"+name, name+".nc", strings.Replace(name, "0", "1", 1))
	}
	ids := r.identify(c, reader, names)
	c.that(reflect.DeepEqual(ids, r.identify(c, reader, names)), "Identify gives other answers the second time")
	c.that(reflect.DeepEqual(ids, r.identify(c, r.made[1].(core.Identifier), names)), "two readers of one config give other identities")
	back := slices.Clone(names)
	slices.Reverse(back)
	ofBack := r.identify(c, reader, back)
	slices.Reverse(ofBack)
	c.that(reflect.DeepEqual(ids, ofBack), "the identity of a name depends on the names before it: %+v, in the other order %+v", ids, ofBack)
	for i, n := range names {
		c.that(reflect.DeepEqual(r.identify(c, reader, []string{n})[0], ids[i]), "the identity of %q depends on the names beside it", n)
		c.that(ids[i].Known() || ids[i].Part == "" && len(ids[i].Version) == 0, "the identity of %q has a version or part, but no data: %+v", n, ids[i])
		for _, v := range ids[i].Version {
			c.that(v >= 0, "%q is of version %v", n, ids[i].Version)
		}
	}
	c.that(!ids[0].Known(), "a file without a name holds %q", ids[0].Data)
	r.identify(c, reader, nil)
}

// identify calls Identify and wants one answer for each name.
func (r *readerSuite) identify(c *check, reader core.Identifier, names []string) []core.Identity {
	c.Helper()
	ids, err := reader.Identify(c.ctx, slices.Clone(names))
	c.must(err, "Identify")
	c.that(len(ids) == len(names), "Identify gives %d identities for %d names", len(ids), len(names))
	return ids
}
