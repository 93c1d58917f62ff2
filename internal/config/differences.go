package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Differences names the keys by which two configurations compute other numbers, with what they were and are: those of which
// SemanticHash is made.
func Differences(was, is *Config) []string {
	a, b := map[string]string{}, map[string]string{}
	was.meaning().leaves("", a)
	is.meaning().leaves("", b)
	all := maps.Clone(a)
	maps.Copy(all, b)
	var out []string
	for _, key := range slices.Sorted(maps.Keys(all)) {
		before, had := a[key]
		now, has := b[key]
		switch {
		case had && has && before == now:
		case !had:
			out = append(out, fmt.Sprintf("%s is new: %s", key, now))
		case !has:
			out = append(out, fmt.Sprintf("%s is gone: it was %s", key, before))
		default:
			out = append(out, fmt.Sprintf("%s was %s, now %s", key, before, now))
		}
	}
	return out
}

// leaves lists the values of a tree by their dotted keys; lists are values.
func (n *node) leaves(key string, out map[string]string) {
	if n == nil || n.kind == kindNull {
		return
	}
	if n.kind != kindMap || len(n.children) == 0 {
		out[key] = string(n.json())
		return
	}
	for _, c := range n.children {
		c.leaves(strings.TrimPrefix(key+"."+c.name, "."), out)
	}
}
