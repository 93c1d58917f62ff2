package config

import "slices"

// levels checks the levels of the data source and gives their variables.
func (p *problems) levels(n *node, d *DataSource) []Variable {
	levels, base := n.get("levels"), n.get("base_level")
	plan := n.get("read_plan")
	if levels == nil {
		if sameReader(d.Reader) {
			if base != nil {
				p.atKey(base, "there are no levels for it to be one of")
			}
			if plan != nil {
				p.note(plan, "no effect: what to read is planned from the observations' own coordinates, as there are no levels")
			}
			p.levelNames(n, nil)
		}
		return nil
	}
	if base == nil {
		p.missing(n, "base_level", "required with levels: the one with a row per observation")
	} else if levels.get(base.str()) == nil {
		p.add(base, "%s is none of the levels%s", show(base), didYouMean(base.str(), levels.childNames()))
	}
	var out []Variable
	for _, l := range levels.list() {
		if l.kind != kindMap {
			continue
		}
		if l.name == base.str() {
			for _, k := range []string{"link", "variables"} {
				if x := l.get(k); x != nil {
					p.atKey(x, "not for the level of the observations: its variables are those of data_source, and the others link to it")
				}
			}
			continue
		}
		p.link(l, base.str())
		out = append(out, p.variables(l.get("variables"), l.name)...)
		for _, v := range l.get("variables").list() {
			if n.get("variables").child(v.name) != nil {
				p.atKey(v, "%q is a variable of data_source.variables too", v.name)
			}
		}
	}
	p.plan(plan, levels)
	p.levelNames(n, levels.childNames())
	return out
}

// link checks which observations a level says that its records own.
func (p *problems) link(l *node, base string) {
	link := l.get("link")
	if link == nil {
		p.missing(l, "link", "required: which observations each record owns")
		return
	}
	if to := link.get("to"); to != nil && base != "" && to.str() != base {
		p.add(to, "%s is not the level of the observations; expected %s", show(to), base)
	}
	if b := link.get("index_base"); b != nil {
		if v, ok := b.integer(); b.kind == kindInt && (!ok || v < 0 || v > 1<<31) {
			p.add(b, "%s is not a number of a first observation; expected 0 or 1", b.text)
		}
	}
	if c := l.get("coordinates"); c != nil && c.kind == kindList && len(c.children) != 2 {
		p.add(c, "expected latitudes and longitudes, two paths")
	}
}

// plan checks by which level observations are found.
func (p *problems) plan(n, levels *node) {
	if index := n.get("spatial_index"); index != nil {
		if l := levels.get(index.str()); l == nil || l.get("link") == nil || l.get("coordinates") == nil {
			p.add(index, "%s is not a level with coordinates and a link%s", show(index), didYouMean(index.str(), levels.childNames()))
		}
	}
	for k, most := range map[string]float64{"pad": 1e9, "full_read_threshold": 1, "reach": 1e7} {
		x := n.get(k)
		if x == nil || x.kind&kindNumber == 0 {
			continue
		}
		if v, err := x.number().Float64(); err != nil || v < 0 || v > most || k == "reach" && v == 0 {
			p.add(x, "%s is out of range; expected 0 to %g", x.text, most)
		}
	}
}

// levelNames checks that the levels which other keys name are there; names nil: there are none.
func (p *problems) levelNames(n *node, names []string) {
	uses := []*node{n.get("coordinates").get("level")}
	for _, v := range n.get("variables").list() {
		uses = append(uses, v.get("level"))
	}
	for _, f := range n.get("filters").list() {
		uses = append(uses, f.get("level"))
	}
	for _, u := range uses {
		if u != nil && u.kind == kindString && !slices.Contains(names, u.text) {
			p.add(u, "%s is not a level of data_source.levels%s", show(u), didYouMean(u.text, names))
		}
	}
}

// synthesized checks a variable that is a map: it has a path, or else values along the records of a level.
func (p *problems) synthesized(c *node, v *Variable) {
	v.Level = c.get("level").str()
	line := c.get("synthesize")
	switch {
	case line == nil && c.get("path") == nil:
		p.missing(c, "path", "required (or synthesize)")
	case line != nil:
		v.Path = c.get("start").str()
		for _, k := range []string{"level", "start", "stop"} {
			if c.get(k) == nil {
				p.missing(c, k, "required by synthesize")
			}
		}
	}
	for _, k := range []string{"path", "column", "raw", "start", "stop"} {
		if x := c.get(k); x != nil && (line != nil) != (k == "start" || k == "stop") {
			p.atKey(x, "cannot stand here: a variable has a path, or synthesize with level, start and stop")
		}
	}
}
