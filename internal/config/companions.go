package config

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core/toc"
)

// TimeColumn is the column of words of time that output.time_source makes; LocationColumn is that of places, which the grid makes.
const (
	TimeColumn     = "toc_word"
	LocationColumn = "leaf_id"
)

// A Clock says when observations are: a variable that counts from an epoch, without leap seconds.
type Clock struct {
	Field string
	Epoch time.Time // UTC
	Unit  float64   // seconds
	UTC   bool      // days have 86,400 seconds whatever is inserted: leap seconds are not counted
}

// At is the number that the clock shows at an instant of UTC.
func (c *Clock) At(t time.Time) float64 {
	if c.UTC {
		return (float64(t.Unix()-c.Epoch.Unix()) + float64(t.Nanosecond()-c.Epoch.Nanosecond())/1e9) / c.Unit
	}
	return toc.Elapsed(c.Epoch, t) / c.Unit
}

// Unix is the instant at which the clock shows a number, in seconds since 1970 as clocks of computers count them; NaN where there is none.
func (c *Clock) Unix(v float64) float64 {
	if c.UTC {
		return float64(c.Epoch.Unix()) + float64(c.Epoch.Nanosecond())/1e9 + v*c.Unit
	}
	return toc.NewClock(c.Epoch, c.Unit).Unix(v)
}

// ClockOf is the clock of a variable whose units are "seconds since 2018-01-01" or the like, on a scale without leap seconds; nil for others.
func ClockOf(field, units string) *Clock {
	if !TimeUnits(units) {
		return nil
	}
	word, since, _ := strings.Cut(strings.TrimSpace(units), " since ")
	epoch, _, ok := instant(strings.TrimSuffix(strings.TrimSuffix(strings.TrimSpace(since), "UTC"), "Z"))
	if !ok {
		return nil
	}
	word = strings.ToLower(strings.TrimSpace(word))
	unit, known := map[string]float64{"d": 86400, "h": 3600, "s": 1, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}[word]
	for _, u := range []struct {
		name    string
		seconds float64
	}{{"day", 86400}, {"hour", 3600}, {"hr", 3600}, {"min", 60}, {"sec", 1}, {"msec", 1e-3}, {"millisec", 1e-3}, {"microsec", 1e-6}, {"nanosec", 1e-9}} {
		if !known && strings.HasPrefix(word, u.name) {
			unit, known = u.seconds, true
		}
	}
	if !known {
		return nil
	}
	return &Clock{Field: field, Epoch: epoch, Unit: unit}
}

// clock reads output.time_source, or the clock of output.windowing; field is the member that names the variable.
func (p *problems) clock(n *node, field string, d *DataSource) *Clock {
	if n == nil || n.kind != kindMap {
		return nil
	}
	c := &Clock{Field: n.get(field).str(), Unit: 1, UTC: n.get("scale").str() == "utc"}
	if f := n.get(field); f != nil {
		if c.Field == TimeColumn {
			p.add(f, "%q is made of the variable that is to be named here", TimeColumn)
		}
		p.declared(f, c.Field, d)
	}
	if e := n.get("epoch"); e != nil {
		var ok bool
		if c.Epoch, _, ok = instant(e.str()); !ok {
			p.add(e, "%s is not a time of UTC from 1850 to 2140; expected such as 2018-01-01T00:00:00", show(e))
		}
	}
	if n.get("units").str() == "days" {
		c.Unit = 86400
	}
	return c
}

// companions reads what may stand beside the rows of a ragged variable, and what its weights are.
func (p *problems) companions(c *node, a *Array, d *DataSource) {
	if x := c.get("location"); x != nil && x.kind == kindString {
		a.Location = x.text
		if a.Location != LocationColumn {
			p.declared(x, a.Location, d)
		}
		p.beside(c, x, a)
	}
	if x := c.get("temporal"); x != nil && x.kind == kindString {
		a.Times = x.text
		switch {
		case a.Times == "per-centroid":
			p.beside(c, x, a)
		case a.Times == "per-cell" && (a.Ragged || a.Shape != nil || a.Type.String() != "uint64" || string(a.Fill) != "0" || a.Chunk):
			p.add(x, "per-cell is for one number of each cell, with dtype: uint64 and fill_value: 0")
		}
	}
	if a.Flux = c.get("weights").str() == "flux"; a.Flux {
		if g := c.get("attrs").get("gain"); g == nil || g.get("name") == nil || g.get("version") == nil {
			p.add(c.get("weights"), "flux needs attrs.gain with a name and a version: what a weight of 1 is")
		}
	}
}

// beside checks that words can stand beside the rows of a variable.
func (p *problems) beside(c, x *node, a *Array) {
	switch {
	case !a.Ragged || a.Chunk:
		p.atKey(x, "only for kind: ragged, of cells")
	case a.Function == "":
		p.atKey(x, "only for a function: an expression has no words beside its rows")
	}
}

// checkCompanions holds variables against each other and the clock.
func (p *problems) checkCompanions(vars *node, out *Output, arrays []Array) {
	for i := range arrays {
		a := &arrays[i]
		c := vars.get(a.Name)
		uses := a.Source == TimeColumn || slices.ContainsFunc(a.Params, func(x Param) bool { return x.Column == TimeColumn })
		if out.Clock == nil && (a.Times != "" || uses) {
			p.atKey(c, "times need output.time_source: which variable tells them")
		}
		for _, suffix := range []string{"_locations", "_times"} {
			base, ok := strings.CutSuffix(a.Name, suffix)
			k := slices.IndexFunc(arrays, func(b Array) bool { return b.Name == base })
			if ok && k >= 0 && (suffix == "_times" && arrays[k].Times == "per-centroid" || suffix == "_locations" && arrays[k].Location != "") {
				p.atKey(c, "%q is the name of what stands beside the rows of %s", a.Name, base)
			}
		}
		if x := c.get("attrs").get("composition"); x != nil {
			a.Attrs = p.composition(c, x, a, arrays)
		}
	}
}

// lanes are the bytes of a composition word, the lowest first.
func lanes() []string {
	return []string{"land", "ocean", "sea_ice", "land_ice", "inland_water", "low", "med", "high"}
}

// composition checks what a word of composition says of itself, and completes it.
func (p *problems) composition(c, x *node, a *Array, arrays []Array) json.RawMessage {
	const spec = "zagg-composition/1"
	of := x.get("of")
	if k := slices.IndexFunc(arrays, func(b Array) bool { return b.Name == of.str() && b.Ragged }); k < 0 {
		p.add(x, "of must name the ragged variable that the parts are of")
	}
	threshold := json.RawMessage("2")
	if k := slices.IndexFunc(a.Params, func(q Param) bool { return q.Name == "threshold" }); k >= 0 {
		threshold = a.Params[k].Const
	}
	if t := x.get("threshold"); t == nil || !bytes.Equal(t.json(), threshold) {
		p.add(x, "threshold must be that of params, %s", threshold)
	}
	if s := x.get("spec"); s != nil && s.str() != spec {
		p.add(s, "expected %s", spec)
	}
	if l := x.get("lanes"); l != nil && !slices.EqualFunc(l.list(), lanes(), func(n *node, s string) bool { return n.str() == s }) {
		p.add(l, "expected %q", lanes())
	}
	if string(a.Fill) != "0" {
		p.add(c, "a composition has fill_value: 0")
	}
	var attrs, own map[string]json.RawMessage
	if json.Unmarshal(a.Attrs, &attrs) != nil || json.Unmarshal(attrs["composition"], &own) != nil {
		return a.Attrs
	}
	own["spec"], _ = json.Marshal(spec)
	own["lanes"], _ = json.Marshal(lanes())
	attrs["composition"], _ = json.Marshal(own)
	out, err := json.Marshal(attrs)
	if err != nil {
		return a.Attrs
	}
	return out
}
