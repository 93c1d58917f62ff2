package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A rule is a key of the table with the keys below it.
type rule struct {
	key
	members []*rule // of a map, by name
	any     *rule   // of a map, for names that are not known beforehand
	item    *rule   // of a list
}

// rules makes a tree of the table.
func rules(table []key) *rule {
	root := &rule{key: key{types: kindMap}}
	for _, k := range table {
		parent := root
		parts := strings.Split(strings.ReplaceAll(k.path, "[]", ".[]"), ".")
		for _, part := range parts[:len(parts)-1] {
			parent = parent.step(part)
		}
		r := &rule{key: k}
		switch last := parts[len(parts)-1]; last {
		case "*":
			parent.any = r
		case "[]":
			parent.item = r
		default:
			parent.members = append(parent.members, r)
		}
	}
	return root
}

// step is the rule one part of a path further down; nil if the table has none.
func (r *rule) step(part string) *rule {
	switch part {
	case "*":
		return r.any
	case "[]":
		return r.item
	}
	for _, m := range r.members {
		if m.name() == part {
			return m
		}
	}
	return nil
}

// name is the last part of the rule's path.
func (r *rule) name() string { return r.path[strings.LastIndexByte(r.path, '.')+1:] }

// names are the members up to a status.
func (r *rule) names(upTo status) []string {
	var out []string
	for _, m := range r.members {
		if m.status <= upTo {
			out = append(out, m.name())
		}
	}
	return out
}

// check reports everything in the tree n that the table does not allow.
func (p *problems) check(n *node, r *rule) {
	if !p.checkKind(n, r) {
		return
	}
	switch n.kind {
	case kindMap:
		p.checkMap(n, r)
	case kindList:
		for _, c := range n.children {
			if r.item != nil {
				p.check(c, r.item)
			} else {
				p.checkOpen(c)
			}
		}
	}
}

// checkKind reports a value of the wrong kind or outside the values the table lists. It also settles two spellings, so
// that nobody downstream meets them: yes and no of YAML 1.1 become bools, a fill value .nan becomes the string "NaN".
func (p *problems) checkKind(n *node, r *rule) bool {
	if v, ok := n.asBool(); ok && r.types&kindBool != 0 {
		n.kind, n.text = kindBool, strconv.FormatBool(v)
	}
	if n.text == "NaN" && n.kind == kindFloat && r.name() == "fill_value" {
		n.kind = kindString
	}
	switch {
	case r.types&n.kind == 0:
		p.add(n, "expected %s, not %s", r.types.names(), show(n))
	case n.kind&kindScalar == 0:
		return true
	case !n.finite():
		p.add(n, "%s is not a finite number", n.text)
	case slices.Contains(r.later, n.text):
		p.later(n, n.path()+": "+n.text)
	case r.enum != nil && !slices.Contains(r.enum, n.text):
		p.add(n, "expected %s, not %s", strings.Join(r.enum, " or "), show(n))
	default:
		return true
	}
	return false
}

func (p *problems) checkMap(n *node, r *rule) {
	seen := map[string]*node{}
	for _, c := range n.children {
		if first := seen[c.name]; first != nil {
			p.atKey(c, "given twice; first at line %d", first.keyLine)
			continue
		}
		seen[c.name] = c
		p.checkMember(c, r)
	}
	for _, m := range r.members {
		if m.required && n.get(m.name()) == nil {
			p.missing(n, m.name(), "required")
		}
	}
}

func (p *problems) checkMember(c *node, r *rule) {
	m := r.step(c.name)
	if c.name == "*" || c.name == "[]" {
		m = nil
	}
	if m == nil {
		m = r.any
	}
	switch {
	case m == nil && r.open:
		p.checkOpen(c)
	case m == nil:
		p.unknown(c, r)
	case c.kind == kindNull && m == r.any && m.open && m.types == kindAny:
		p.add(c, "expected %s, not null: a constant that is null is written {value: null}", m.types.names())
	case c.kind == kindNull && m == r.any:
		p.add(c, "expected %s, not null", m.types.names())
	case c.kind == kindNull: // as if it were not there
	case m.status == notYet:
		p.later(c, c.path())
	case m.status == noEffect:
		p.note(c, "no effect: %s", m.doc)
	default:
		p.check(c, m)
	}
}

// checkOpen checks what holds everywhere: finite numbers, each key once.
func (p *problems) checkOpen(n *node) {
	if !n.finite() {
		p.add(n, "%s is not a finite number", n.text)
	}
	seen := map[string]bool{}
	for _, c := range n.children {
		if n.kind == kindMap && seen[c.name] {
			p.atKey(c, "given twice")
		}
		seen[c.name] = true
		p.checkOpen(c)
	}
}

// unknown reports a key that the table does not have, and where it belongs if it has one of that name elsewhere.
func (p *problems) unknown(c *node, r *rule) {
	p.atKey(c, "unknown key, with value %s%s", show(c), r.hint(c.name, p.table))
}

// hint says what an unknown key may have been meant to be: one nearly of that name, one of that name elsewhere, or one
// of those there are.
func (r *rule) hint(name string, table []key) string {
	if near := nearest(name, r.names(notYet)); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	for _, k := range table {
		if rest, ok := strings.CutSuffix(k.path, name); ok && (rest == "" || rest[len(rest)-1] == '.') && !strings.Contains(k.path, "*") {
			return "; did you mean " + k.path + "?"
		}
	}
	return didYouMean(name, r.names(supported))
}
