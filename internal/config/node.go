package config

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"strings"
)

// kind is the kind of a value; kinds combine in the table of keys.
type kind uint8

const (
	kindNull kind = 1 << iota
	kindBool
	kindInt
	kindFloat
	kindString
	kindList
	kindMap

	kindNumber = kindInt | kindFloat
	kindScalar = kindNumber | kindString | kindBool
	kindAny    = kindScalar | kindList | kindMap
)

// names lists what is in k as a person would say it: "a number or a string".
func (k kind) names() string {
	var s []string
	add := func(bit kind, name string) {
		if k&bit == bit {
			s = append(s, name)
			k &^= bit
		}
	}
	add(kindAny, "any value")
	add(kindNumber, "a number")
	add(kindInt, "a whole number")
	add(kindFloat, "a number")
	add(kindString, "a string")
	add(kindBool, "true or false")
	add(kindList, "a list")
	add(kindMap, "a map")
	add(kindNull, "null")
	return strings.Join(s, " or ")
}

// A node is one value of a document and where it stands. Maps keep their order.
type node struct {
	kind      kind
	text      string // string: the text; int and float: the number as JSON; bool: "true" or "false"
	plain     bool   // a string written without quotes
	parent    *node
	name      string // its key in a map, "[i]" in a list
	line, col int    // of the value, from 1
	keyLine   int    // of its key
	keyCol    int
	children  []*node
}

// get is the value of a key of a map; nil if it is absent or null, or if n is not a map.
func (n *node) get(key string) *node {
	if c := n.child(key); c != nil && c.kind != kindNull {
		return c
	}
	return nil
}

// child is the value of a key of a map, null too.
func (n *node) child(key string) *node {
	if n == nil || n.kind != kindMap {
		return nil
	}
	for _, c := range n.children {
		if c.name == key {
			return c
		}
	}
	return nil
}

// list is the children of a map or list; nil-safe.
func (n *node) list() []*node {
	if n == nil {
		return nil
	}
	return n.children
}

// childNames are the names of a map's members.
func (n *node) childNames() []string {
	var names []string
	for _, c := range n.list() {
		names = append(names, c.name)
	}
	return names
}

// str is the text of a string, "" for anything else.
func (n *node) str() string {
	if n == nil || n.kind != kindString {
		return ""
	}
	return n.text
}

// integer is the value of a whole number that fits an int64.
func (n *node) integer() (int64, bool) {
	if n == nil || n.kind != kindInt {
		return 0, false
	}
	v, err := strconv.ParseInt(n.text, 10, 64)
	return v, err == nil
}

// number is the number as JSON, "" for anything else.
func (n *node) number() json.Number {
	if n == nil || n.kind&kindNumber == 0 {
		return ""
	}
	return json.Number(n.text)
}

// boolean is the value of a bool, or def. The words of YAML 1.1 (yes, no, on, off), which older tools write, count too.
func (n *node) boolean(def bool) bool {
	v, ok := n.asBool()
	if !ok {
		return def
	}
	return v
}

func (n *node) asBool() (value, ok bool) {
	switch {
	case n == nil:
		return false, false
	case n.kind == kindBool:
		return n.text == "true", true
	case n.kind != kindString || !n.plain:
		return false, false
	}
	switch strings.ToLower(n.text) {
	case "yes", "on":
		return true, true
	case "no", "off":
		return false, true
	}
	return false, false
}

// path is the dotted key: data_source.filters[1].op.
func (n *node) path() string {
	if n.parent == nil {
		return ""
	}
	return join(n.parent.path(), n.name)
}

func join(parent, name string) string {
	if parent == "" || strings.HasPrefix(name, "[") {
		return parent + name
	}
	return parent + "." + name
}

// find is the node at a dotted key below n, and the nearest ancestor of it that exists. Names may contain dots.
func (n *node) find(path string) (found, nearest *node) {
	if path == "" {
		return n, n
	}
	nearest = n
	for _, c := range n.children {
		rest, ok := strings.CutPrefix(path, c.name)
		if !ok || rest != "" && rest[0] != '.' && rest[0] != '[' {
			continue
		}
		f, near := c.find(strings.TrimPrefix(rest, "."))
		if f != nil {
			return f, f
		}
		nearest = near
	}
	return nil, nearest
}

// writeJSON appends n as compact JSON.
func (n *node) writeJSON(b *bytes.Buffer) {
	switch n.kind {
	case kindNull:
		b.WriteString("null")
	case kindString:
		writeString(b, n.text, false)
	case kindList:
		b.WriteByte('[')
		for i, c := range n.children {
			if i > 0 {
				b.WriteByte(',')
			}
			c.writeJSON(b)
		}
		b.WriteByte(']')
	case kindMap:
		b.WriteByte('{')
		for i, c := range n.children {
			if i > 0 {
				b.WriteByte(',')
			}
			writeString(b, c.name, false)
			b.WriteByte(':')
			c.writeJSON(b)
		}
		b.WriteByte('}')
	default:
		b.WriteString(n.text)
	}
}

// json is n as compact JSON with keys in the order of the document; nil for no node.
func (n *node) json() json.RawMessage {
	if n == nil {
		return nil
	}
	var b bytes.Buffer
	n.writeJSON(&b)
	return b.Bytes()
}

// without is a copy of a map that lacks some keys.
func (n *node) without(keys ...string) *node {
	out := &node{kind: n.kind, text: n.text, plain: n.plain, name: n.name}
next:
	for _, c := range n.children {
		for _, k := range keys {
			if n.kind == kindMap && c.name == k {
				continue next
			}
		}
		out.children = append(out.children, c)
	}
	return out
}

// clone is a deep copy.
func (n *node) clone(parent *node) *node {
	c := *n
	c.parent = parent
	c.children = make([]*node, len(n.children))
	for i, x := range n.children {
		c.children[i] = x.clone(&c)
	}
	return &c
}

// writeString appends s as a JSON string; with ascii, everything beyond ASCII is escaped, as Python's json does.
func writeString(b *bytes.Buffer, s string, ascii bool) {
	const hex = "0123456789abcdef"
	unit := func(u uint16) {
		b.WriteString(`\u`)
		for shift := 12; shift >= 0; shift -= 4 {
			b.WriteByte(hex[u>>shift&15])
		}
	}
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r < 0x20 || ascii && r >= 0x7f && r <= 0xffff:
			unit(uint16(r))
		case ascii && r > 0xffff:
			unit(uint16(0xd800 + (r-0x10000)>>10))
			unit(uint16(0xdc00 + (r-0x10000)&0x3ff))
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
}

// formatFloat writes a float as Python's repr does, so that hashes of the JSON agree with Python's: the shortest
// digits that read back, with a point or an exponent, and an exponent below 1e-4 and from 1e16 on.
func formatFloat(v float64) string {
	if a := math.Abs(v); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(v, 'e', -1, 64)
	}
	s := strconv.FormatFloat(v, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
