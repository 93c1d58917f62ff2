package config

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
)

// A Selection says which observations are used, by where and when they were made.
type Selection struct {
	Box   *[4]float64     // west, south, east, north in degrees; nil: anywhere
	Area  json.RawMessage // GeoJSON of areas; nil: anywhere
	Start time.Time       // UTC, the first instant; zero: whenever
	End   time.Time       // UTC, the first instant after; zero: whenever
}

// Placed reports whether observations are chosen by where they are.
func (s *Selection) Placed() bool { return s.Box != nil || s.Area != nil }

// Timed reports whether observations are chosen by when they were made.
func (s *Selection) Timed() bool { return !s.Start.IsZero() || !s.End.IsZero() }

// selection reads data_source.select.
func (p *problems) selection(n *node) Selection {
	s := Selection{}
	if n == nil || n.kind != kindMap {
		return s
	}
	if b := n.get("bbox"); b != nil {
		s.Box = p.box(b)
	}
	if a := n.get("polygon"); a != nil && a.kind == kindMap {
		s.Area = a.json()
	}
	if s.Box != nil && s.Area != nil {
		p.atKey(n.get("polygon"), "not together with bbox: give one area")
	}
	s.Start, s.End = p.bound(n.get("start"), false), p.bound(n.get("end"), true)
	if !s.Start.IsZero() && !s.End.IsZero() && !s.Start.Before(s.End) {
		p.add(n.get("end"), "it is not after start, %s", show(n.get("start")))
	}
	return s
}

// box reads west, south, east and north.
func (p *problems) box(n *node) *[4]float64 {
	var box [4]float64
	list := n.list()
	if len(list) != len(box) {
		p.add(n, "want [west, south, east, north] in degrees; have %d numbers", len(list))
		return nil
	}
	for i, c := range list {
		if c.kind&kindNumber == 0 {
			return nil // said by the check of types
		}
		v, err := c.number().Float64()
		if err != nil {
			return nil
		}
		box[i] = v
	}
	west, south, east, north := box[0], box[1], box[2], box[3]
	switch {
	case !(south >= -90 && north <= 90 && south <= north):
		p.add(n, "latitudes from %v to %v: want south and north from -90 to 90, south first", south, north)
	case !(west >= -360 && west <= 360 && east >= -360 && east <= 360) || east-west > 360 || west-east >= 360:
		p.add(n, "longitudes from %v to %v: want west and east from -180 to 180 (west above east crosses the antimeridian)", west, east)
	default:
		return &box
	}
	return nil
}

// bound reads a bound of time. A day alone is all of it: as an end the day after.
func (p *problems) bound(n *node, end bool) time.Time {
	if n == nil || n.kind != kindString {
		return time.Time{}
	}
	t, err := ParseBound(n.text, end)
	if err != nil {
		p.add(n, "%v", err)
	}
	return t
}

// ParseBound reads a bound of a span of time, in UTC unless it says otherwise: "2019-03-01" or "2019-03-01T12:00:00". A span goes from its
// start to before its end; a day alone as its end is all of that day.
func ParseBound(text string, end bool) (time.Time, error) {
	t, day, ok := instant(text)
	if !ok {
		return time.Time{}, core.Errorf(core.Invalid, "", "", "%q is not a time of UTC from 1850 to 2140; expected such as 2019-03-01 or 2019-03-01T12:00:00", text)
	}
	if day && end {
		t = t.AddDate(0, 0, 1)
	}
	return t, nil
}

// instant reads an instant of UTC; day reports that the text is a day alone.
func instant(text string) (t time.Time, day, ok bool) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02 15:04:05.999999999", "2006-01-02T15:04", "2006-01-02 15:04", time.DateOnly} {
		if at, err := time.Parse(layout, strings.TrimSpace(text)); err == nil {
			return at.UTC(), layout == time.DateOnly, at.Year() >= 1850 && at.Year() <= 2140
		}
	}
	return time.Time{}, false, false
}

// selectJSON is a selection as data_source.select has it.
func selectJSON(s *Selection) ([]byte, error) {
	doc := struct {
		Box     *[4]float64     `json:"bbox,omitempty"`
		Polygon json.RawMessage `json:"polygon,omitempty"`
		Start   string          `json:"start,omitempty"`
		End     string          `json:"end,omitempty"`
	}{Box: s.Box, Polygon: s.Area}
	if !s.Start.IsZero() {
		doc.Start = s.Start.UTC().Format(time.RFC3339Nano)
	}
	if !s.End.IsZero() {
		doc.End = s.End.UTC().Format(time.RFC3339Nano)
	}
	return json.Marshal(doc)
}

// Select is the configuration for a selection in place of its own: of what the selection leaves open its own stands.
func (c *Config) Select(s Selection) (*Config, error) {
	own := &c.DataSource.Select
	if !s.Placed() {
		s.Box, s.Area = own.Box, own.Area
	}
	if s.Start.IsZero() {
		s.Start = own.Start
	}
	if s.End.IsZero() {
		s.End = own.End
	}
	doc, err := selectJSON(&s)
	if err != nil {
		return nil, err
	}
	return c.graft("data_source", "select", doc)
}

// graft is the configuration with what JSON says as a member of one of its maps.
func (c *Config) graft(parentKey, name string, doc []byte) (*Config, error) {
	tree, err := parseDocument(name, doc)
	if err != nil {
		return nil, err
	}
	root := c.root.clone(nil)
	parent := root
	if parentKey != "" {
		parent, _ = root.find(parentKey)
	}
	if parent == nil || parent.kind != kindMap {
		return nil, c.Errorf(parentKey, "it is not a map")
	}
	n := tree.clone(parent)
	n.name, n.line, n.col, n.keyLine, n.keyCol = name, parent.line, parent.col, parent.line, parent.col
	for i, old := range parent.children {
		if old.name == name {
			parent.children[i] = n
			out, _, err := build(c.File, root)
			return out, err
		}
	}
	parent.children = append(parent.children, n)
	out, _, err := build(c.File, root)
	return out, err
}
