package draft

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

// A text is YAML that grows line by line.
type text struct{ strings.Builder }

func (t *text) line(format string, args ...any) {
	fmt.Fprintf(t, format+"\n", args...)
}

// commented writes a line with a comment behind it, if there is one.
func (t *text) commented(line, comment string) {
	if comment == "" {
		t.line("%s", line)
		return
	}
	t.line("%s   # %s", line, shown(comment, 160))
}

// shown is a text of a file on one line, cut at n characters.
func shown(s string, n int) string {
	s = strings.Join(strings.Fields(core.Shown(s)), " ")
	if r := []rune(s); len(r) > n {
		s = string(r[:n-1]) + "…"
	}
	return s
}

// quoted is a path as YAML.
func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return strconv.Quote(s)
	}
	return strings.TrimSpace(b.String())
}

// yaml is the configuration.
func (o *found) yaml() []byte {
	t := &text{}
	t.line("# Drafted from %s%s. What was chosen, and of what, stands beside it.", shown(path.Base(o.url), 80), of(o.product))
	for _, name := range o.shipped {
		t.line("# zagg has a configuration of this product: zagg config show %s", name)
	}
	t.line("# Next: read it, change it, and try zagg config check, then zagg run.")
	t.line("")
	t.line("data_source:")
	t.line("  reader: hdf5")
	o.writeGroups(t)
	o.writeCoordinates(t)
	o.writeVariables(t)
	o.writeLevels(t)
	o.writeFilters(t)
	o.writeAggregation(t)
	o.writeGrid(t)
	return []byte(t.String())
}

func of(product string) string {
	if product == "" {
		return ""
	}
	return ", " + shown(product, 40)
}

func (o *found) writeGroups(t *text) {
	groups := o.table.groups
	if len(groups) == 0 {
		return
	}
	why := fmt.Sprintf("%s has the most observations: %d", o.table.largest(), o.table.rows[o.table.largest()])
	if family := familyOf(groups[0]); family != nil && len(groups) < len(family) {
		why = fmt.Sprintf("this file has %s; others may have the rest", strings.Join(groups, ", "))
		groups = family
	}
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = quoted(g)
	}
	t.commented("  groups: ["+strings.Join(names, ", ")+"]", why)
}

func (o *found) writeCoordinates(t *text) {
	t.commented("  coordinates:", fmt.Sprintf("%d observations", o.table.total()))
	t.line("    latitude: %s", quoted(o.table.latitude))
	t.line("    longitude: %s", quoted(o.table.longitude))
	for _, other := range o.others {
		t.line("    # not taken: %s, %d rows", shown(other.latitude, 100), other.total())
	}
	for _, l := range o.unlinked {
		t.line("    # %s and %s say which of the %d rows of %s belong to each observation:", shown(l.begin, 80), shown(l.count, 80), l.rows, shown(l.dataset, 80))
		t.line("    # to read these, see data_source.levels and coordinates.level in docs/levels.md")
	}
}

func (o *found) writeVariables(t *text) {
	t.commented("  variables:", "only those that something below names are read")
	writeColumns(t, "    ", o.columns, o.named())
}

// named are the columns that the configuration uses, which must not be comments.
func (o *found) named() map[string]bool {
	out := map[string]bool{}
	for _, c := range o.measured() {
		out[c.name] = true
	}
	return out
}

// writeColumns lists columns: those of the coordinates' folder, and, as comments, those that lie elsewhere or cannot be used.
func writeColumns(t *text, indent string, columns []column, used map[string]bool) {
	own := slices.ContainsFunc(columns, func(c column) bool { return c.own && c.usable() })
	active := 0
	for _, c := range columns {
		value := quoted(c.path)
		if c.width > 0 {
			value = fmt.Sprintf("{path: %s, column: 0}", value)
		}
		line := indent + c.name + ": " + value
		if !c.usable() || own && !c.own && !used[c.name] {
			line = indent + "# " + c.name + ": " + value
		} else {
			active++
		}
		t.commented(line, c.comment())
	}
	if active == 0 {
		t.line("%s{}", indent)
	}
}

// comment is what a file says of a column.
func (c *column) comment() string {
	var parts []string
	add := func(format string, args ...any) { parts = append(parts, fmt.Sprintf(format, args...)) }
	if c.lacking != "" {
		add("not, or not row by row, in %s", c.lacking)
	}
	if c.unreadable != "" {
		add("%s", c.unreadable)
	}
	if c.units != "" && c.units != "1" {
		add("%s", shown(c.units, 40))
	}
	if c.width > 0 {
		add("columns 0 to %d", c.width-1)
	}
	if len(c.none) > 0 {
		add("no value: %s", strings.Join(c.none[:min(len(c.none), 4)], ", "))
	}
	if c.about != "" {
		add("%s", shown(c.about, 60))
	}
	return strings.Join(parts, "; ")
}

func (o *found) writeLevels(t *text) {
	l := o.level
	if l == nil {
		return
	}
	base, name := levelName(l.base, ""), levelName(l.table, levelName(l.base, ""))
	t.commented("  base_level: "+quoted(base), fmt.Sprintf("each of %d records of %s owns a run of observations", l.table.total(), name))
	t.line("  levels:")
	t.line("    %s: {path: %s}", quoted(base), quoted(path.Dir(l.base.latitude)))
	t.line("    %s:", quoted(name))
	t.line("      path: %s", quoted(path.Dir(l.table.latitude)))
	t.line("      coordinates: {latitude: %s, longitude: %s}", quoted(l.table.latitude), quoted(l.table.longitude))
	t.commented(fmt.Sprintf("      link: {to: %s, index_beg: %s, count: %s, index_base: %d}", quoted(base), quoted(l.begin), quoted(l.count), l.indexBase),
		"held against the rows of all groups")
	t.commented("      variables:", "the value of a record is that of each of its observations")
	writeColumns(t, "        ", l.columns, nil)
}

// levelName is the folder of a table's coordinates, if that is not taken.
func levelName(t *table, taken string) string {
	name := identifier(path.Base(path.Dir(t.latitude)))
	if name == identifier(placeholder) || name == taken {
		name = cmp.Or(map[bool]string{true: "records"}[taken != ""], "observations")
	}
	return name
}

func (o *found) writeFilters(t *text) {
	var active, left []string
	flags := func(columns []column, level string) {
		for i := range columns {
			c := &columns[i]
			if !c.isFlag() || !c.usable() || c.width > 0 && level != "" {
				continue
			}
			line, ok := c.filter(level)
			if ok {
				active = append(active, line)
			} else {
				left = append(left, line)
			}
		}
	}
	flags(o.columns, "")
	if o.level != nil {
		flags(o.level.columns, levelName(o.level.table, levelName(o.level.base, "")))
	}
	switch {
	case len(active) > 0:
		t.commented("  filters:", "all must hold")
	case len(left) > 0:
		t.commented("  # filters:", "flags of which it is not known what is good: say so, and take the # away")
	}
	for _, l := range active {
		t.line("    - %s", l)
	}
	for _, l := range left {
		t.line("    # - %s", l)
	}
}

// filter is a filter on a flag, with what it is made by; ok is false where what is good is not known.
func (c *column) filter(level string) (string, bool) {
	value, why, ok := c.good()
	if ok && level == "" && len(c.counts) > 0 && !c.has(value) {
		ok, why = false, why+", which none of the first observations has"
	}
	value = cmp.Or(value, "0")
	at := ""
	if level != "" {
		at = "level: " + quoted(level) + ", "
	}
	if c.width > 0 {
		at += "column: 0, "
		ok = false
	}
	parts := slices.DeleteFunc([]string{why, c.counted(), meaningsUnless(why, c.meanings)}, func(s string) bool { return s == "" })
	line := fmt.Sprintf("{%sdataset: %s, op: eq, value: %s}", at, quoted(c.path), value)
	if len(parts) > 0 {
		line += "   # " + shown(strings.Join(parts, "; "), 200)
	}
	return line, ok && level == ""
}

func meaningsUnless(why, meanings string) string {
	if meanings == "" || why != "" {
		return ""
	}
	return "flag_meanings: " + meanings
}

// counted is how often each value of a flag is there.
func (c *column) counted() string {
	var parts []string
	for _, k := range c.counts {
		parts = append(parts, fmt.Sprintf("%g × %d", k.value, k.n))
	}
	if len(parts) == 0 {
		return ""
	}
	return "here " + strings.Join(parts, ", ")
}

// measured are the columns that statistics are made of, the most likely one first: heights, else what has units, in the order of the file.
func (o *found) measured() []column {
	rank := func(c column) int {
		switch {
		case c.isHeight() && c.own:
			return 0
		case c.own && c.units != "":
			return 1
		case c.isHeight():
			return 2
		case c.own:
			return 3
		}
		return 4
	}
	all := slices.DeleteFunc(slices.Clone(o.columns), func(c column) bool { return !c.usable() || !c.isMeasured() })
	slices.SortStableFunc(all, func(a, b column) int { return cmp.Compare(rank(a), rank(b)) })
	if len(all) == 0 { // whatever there is can be counted
		all = slices.DeleteFunc(slices.Clone(o.columns), func(c column) bool { return !c.usable() })
	}
	return all[:min(len(all), 3)]
}

func (o *found) writeAggregation(t *text) {
	t.line("")
	t.line("aggregation:")
	t.line("  variables:")
	measured := o.measured()
	first := measured[0]
	t.commented(fmt.Sprintf("    count: {function: count, source: %s, dtype: int32}", first.name), "observations in which it has a value")
	for _, f := range []string{"mean", "min", "max", "std"} {
		t.line("    %s_%s: {function: %s, source: %s}", first.name, f, f, first.name)
	}
	for _, c := range measured[1:] {
		t.line("    %s_mean: {function: mean, source: %s}", c.name, c.name)
	}
}

// writeGrid chooses cells that about eight observations along a track lie in.
func (o *found) writeGrid(t *text) {
	const edge, along = 6.52e6, 8 // metres of a cell of order 0; observations
	child, why := 12, "cells of about 1.6 km; how far observations lie apart is not known"
	if o.spacing > 0 {
		child = min(max(int(math.Floor(math.Log2(edge/(along*o.spacing)))), 3), 19)
		why = fmt.Sprintf("cells of about %s; observations lie some %s apart", metresText(edge/math.Pow(2, float64(child))), metresText(o.spacing))
	}
	t.line("")
	t.line("output:")
	t.line("  grid:")
	t.line("    type: healpix")
	t.commented(fmt.Sprintf("    child_order: %d", child), why)
	t.commented(fmt.Sprintf("    parent_order: %d", max(child-6-2*(max(child-15, 0)/2), 0)), "shards, each an object of an array")
	t.line("    layout: compact")
}

func metresText(m float64) string {
	if m >= 1000 {
		return fmt.Sprintf("%.2g km", m/1000)
	}
	if m >= 10 {
		return fmt.Sprintf("%.0f m", m)
	}
	return fmt.Sprintf("%.2g m", m)
}
