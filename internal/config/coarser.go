package config

import (
	"encoding/json"
	"slices"
	"strconv"
)

// Coarser is the configuration with other settings of its grid and, unless names is nil, with the variables of these names only, whose
// digests have their overview_delta for delta.
func (c *Config) Coarser(grid json.RawMessage, names []string) (*Config, error) {
	root := c.root.clone(nil)
	settings, err := parseDocument("output.grid", grid)
	if err != nil {
		return nil, err
	}
	g := root.get("output").get("grid")
	kept := slices.DeleteFunc(slices.Clone(g.children), func(n *node) bool { return n.name != "type" && n.name != "layout" })
	for _, n := range settings.children {
		kept = append(kept, n.clone(g))
	}
	g.children = kept
	if names == nil {
		out, _, err := build(c.File, root)
		return out, err
	}
	vars := root.get("aggregation").get("variables")
	vars.children = slices.DeleteFunc(vars.children, func(n *node) bool { return !slices.Contains(names, n.name) })
	for _, v := range vars.children {
		i := slices.IndexFunc(c.Aggregation.Arrays, func(a Array) bool { return a.Name == v.name })
		if c.Aggregation.Arrays[i].Overview > 0 {
			v.set("delta", c.Aggregation.Arrays[i].Overview)
		}
	}
	out, _, err := build(c.File, root)
	return out, err
}

// set sets a whole number among a variable's params.
func (n *node) set(param string, v int) {
	params := n.child("params")
	if params == nil {
		params = &node{parent: n, name: "params", kind: kindMap, line: n.line, col: n.col}
		n.children = append(n.children, params)
	}
	params.kind = kindMap
	params.children = slices.DeleteFunc(params.children, func(c *node) bool { return c.name == param })
	params.children = append(params.children, &node{parent: params, name: param, kind: kindInt, text: strconv.Itoa(v), line: n.line, col: n.col})
}
