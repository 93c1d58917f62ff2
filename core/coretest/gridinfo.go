package coretest

import (
	"bytes"
	"encoding/json"
	"math"
	"reflect"

	"github.com/englacial/zagg/core"
)

// checkNew: two grids of one config are the same.
func (g *gridSuite) checkNew(c *check) {
	var err error
	g.grid, err = g.make(c.ctx)
	c.must(err, "New")
	c.that(g.grid != nil, "New gives no grid and no error")
	g.made = append(g.made, g.grid)
	g.info = g.grid.Info()
	again, err := g.make(c.ctx)
	c.must(err, "New again")
	g.made = append(g.made, again)
	c.that(reflect.DeepEqual(again.Info(), g.info), "two grids of one config differ: they have signatures %s and %s, or other frames", g.info.Signature, again.Info().Signature)
}

// checkInfo: the signature is a canonical JSON object, the frame can be laid out as arrays.
func (g *gridSuite) checkInfo(c *check) {
	c.that(reflect.DeepEqual(g.grid.Info(), g.info), "Info gives another answer the second time")
	f := g.info.Frame
	checkSignature(c, g.info.Signature)
	c.that(f.Group != "" && safePath(f.Group), "group %q is no path of plain names", f.Group)
	if len(f.Attrs) > 0 {
		var attrs map[string]any
		c.must(json.Unmarshal(f.Attrs, &attrs), "the group's attributes are no JSON object")
	}
	names := map[string]bool{"lon": false, "lat": false, "time": false}
	name := func(kind, s string) {
		c.that(safeName(s), "the %s %q is no plain name", kind, s)
		c.that(!names[s], "two dimensions or coordinates are called %q", s)
		names[s] = true
	}
	c.that(len(f.Dims) > 0, "the frame has no dimensions")
	for _, d := range f.Dims {
		name("dimension", d.Name)
		c.that(d.Chunk > 0 && d.Shard%d.Chunk == 0 && d.Shard > 0 && d.Size > 0 && d.Size%d.Shard == 0,
			"dimension %s: chunk %d divides shard %d divides size %d does not hold", d.Name, d.Chunk, d.Shard, d.Size)
		if d.Axis == nil {
			continue
		}
		if d.Axis.Name != d.Name { // an axis usually has its dimension's name
			name("axis", d.Axis.Name)
		}
		checkField(c, &d.Axis.Field)
		c.that(d.Axis.Step != 0 && !math.IsNaN(d.Axis.Step) && !math.IsInf(d.Axis.Step, 0), "axis %s has step %v", d.Name, d.Axis.Step)
		c.that(!math.IsNaN(d.Axis.Start) && !math.IsInf(d.Axis.Start, 0), "axis %s starts at %v", d.Name, d.Axis.Start)
	}
	checkScalars(c, &f, name)
	c.that(slotsFit(&f), "a shard has more than 2^31-1 slots, the most that Locate can number")
	for i := range f.Coords {
		name("coordinate", f.Coords[i].Name)
		checkField(c, &f.Coords[i])
		c.that(!f.Coords[i].Ragged, "coordinate %s is ragged; it has one value per cell", f.Coords[i].Name)
	}
}

// checkScalars: they have a value each, and attributes are objects.
func checkScalars(c *check, f *core.Frame, name func(kind, s string)) {
	for i := range f.Scalars {
		s := &f.Scalars[i]
		name("scalar", s.Name)
		checkField(c, s)
		c.that(s.Width <= 1 && !s.Ragged, "scalar %s has width %d, or is ragged", s.Name, s.Width)
		c.that(len(s.Fill) > 0, "scalar %s has no value: give it as Fill", s.Name)
	}
	if len(f.VarAttrs) > 0 {
		var attrs map[string]any
		c.must(json.Unmarshal(f.VarAttrs, &attrs), "the attributes of variables are no JSON object")
	}
}

// slotsFit: slots are int32.
func slotsFit(f *core.Frame) bool {
	n := int64(1)
	for _, d := range f.Dims {
		if d.Shard > math.MaxInt32 {
			return false
		}
		if n *= d.Shard; n > math.MaxInt32 {
			return false
		}
	}
	return true
}

// checkSignature: stores and shard maps are compared with it byte by byte.
func checkSignature(c *check, s json.RawMessage) {
	var object map[string]json.RawMessage
	c.must(json.Unmarshal(s, &object), "the signature is no JSON object")
	c.that(len(object) > 0, "the signature is empty: then every grid is the same")
	var compact bytes.Buffer
	c.must(json.Compact(&compact, s), "signature")
	c.that(bytes.Equal(compact.Bytes(), s), "the signature has white space: %s", s)
	members := map[string]bool{}
	d := json.NewDecoder(bytes.NewReader(s))
	_, err := d.Token()
	c.must(err, "signature")
	for d.More() {
		key, err := d.Token()
		c.must(err, "signature")
		name, _ := key.(string)
		c.that(!members[name], "the signature has member %q twice", name)
		members[name] = true
		var value json.RawMessage
		c.must(d.Decode(&value), "signature")
	}
}
