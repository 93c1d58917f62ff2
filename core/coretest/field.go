package coretest

import (
	"bytes"
	"encoding/json"
	"strings"

	"github.com/englacial/zagg/core"
)

// checkField: an array can be made of it.
func checkField(c *check, f *core.Field) {
	c.Helper()
	c.that(f.Type >= core.Bool && f.Type <= core.Bytes, "%s has type %d", f.Name, f.Type)
	checkShape(c, f)
	if len(f.Fill) == 0 {
		return
	}
	var fill any
	d := json.NewDecoder(bytes.NewReader(f.Fill))
	d.UseNumber()
	c.must(d.Decode(&fill), f.Name+": the fill value is not JSON")
	switch v := fill.(type) {
	case json.Number:
		if f.Type.IsSigned() {
			_, err := v.Int64()
			c.must(err, f.Name+": fill value of integers")
		}
		if f.Type.IsUnsigned() {
			var n uint64
			c.must(json.Unmarshal(f.Fill, &n), f.Name+": fill value of unsigned integers")
		}
		c.that(f.Type != core.Bool && f.Type != core.Bytes, "%s: a %s cannot be filled with %s", f.Name, f.Type, v)
	case bool:
		c.that(f.Type == core.Bool, "%s: a %s cannot be filled with %t", f.Name, f.Type, v)
	case string:
		number := v == "NaN" || v == "Infinity" || v == "-Infinity" || strings.HasPrefix(v, "0x")
		c.that(f.Type == core.Bytes || f.Type.IsFloat() && number, "%s: a %s cannot be filled with %q", f.Name, f.Type, v)
	case nil:
	default:
		c.fatalf("%s: the fill value %s is no number, truth value or string", f.Name, f.Fill)
	}
}

// checkShape: what a field says of itself beside its type.
func checkShape(c *check, f *core.Field) {
	c.Helper()
	c.that(f.Width >= 0 && f.Width <= 1<<16, "%s has width %d", f.Name, f.Width)
	if len(f.Attrs) > 0 {
		var attrs map[string]any
		c.must(json.Unmarshal(f.Attrs, &attrs), f.Name+": the attributes are no JSON object")
	}
	if f.Dim != nil {
		c.that(!f.Ragged, "output %q has any number of rows, and so no dimension", f.Name)
		c.must(f.Dim.Check(max(f.Width, 1)), "output "+f.Name)
	}
}

// safeName: a name that every file system, object store and shell tool takes.
func safeName(s string) bool {
	return s != "" && s != "." && s != ".." && len(s) <= 200 && !strings.HasPrefix(s, "__") && !strings.ContainsFunc(s, func(r rune) bool {
		return r <= ' ' || r == 0x7f || strings.ContainsRune(`/\:*?"<>|`, r)
	})
}

// safePath: safe names with slashes between them.
func safePath(s string) bool {
	for name := range strings.SplitSeq(s, "/") {
		if !safeName(name) {
			return false
		}
	}
	return true
}
