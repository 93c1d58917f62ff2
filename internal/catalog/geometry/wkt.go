package geometry

import (
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

// ParseWKT reads well-known text, with or without heights, measures and PostGIS's "SRID=4326;". EMPTY is no shapes.
func ParseWKT(text string) ([]Shape, error) {
	if len(text) > maxBytes {
		return nil, bad("%d bytes of WKT are too many", len(text))
	}
	r := &wktReader{text: text}
	shapes, err := r.whole()
	if err != nil {
		return nil, core.Wrapf(err, "", "", "WKT, character %d: %w", r.at, err)
	}
	return shapes, nil
}

type wktReader struct {
	text string
	at   int
}

func (r *wktReader) whole() ([]Shape, error) {
	if head, _, ok := strings.Cut(r.text, ";"); ok {
		srid, ok := strings.CutPrefix(strings.ToUpper(strings.TrimSpace(head)), "SRID=")
		if !ok || srid != "4326" && srid != "0" {
			return nil, unsupported("%.40q before the semicolon is not SRID=4326", head)
		}
		r.at = len(head) + 1
	}
	shapes, err := r.geometry(0)
	if err != nil {
		return nil, err
	}
	if rest := strings.TrimSpace(r.text[r.at:]); rest != "" {
		return nil, bad("%.40q follows the geometry", rest)
	}
	return shapes, nil
}

func (r *wktReader) space() {
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n", r.text[r.at]) >= 0 {
		r.at++
	}
}

// accept takes a punctuation mark if it is next.
func (r *wktReader) accept(c byte) bool {
	r.space()
	if r.at < len(r.text) && r.text[r.at] == c {
		r.at++
		return true
	}
	return false
}

func (r *wktReader) expect(c byte) error {
	if !r.accept(c) {
		return bad("want %q, have %.20q", c, r.text[r.at:])
	}
	return nil
}

// word is the next word in capitals, "" if there is none.
func (r *wktReader) word() string {
	r.space()
	from := r.at
	for r.at < len(r.text) && (r.text[r.at]|0x20 >= 'a' && r.text[r.at]|0x20 <= 'z') {
		r.at++
	}
	return strings.ToUpper(r.text[from:r.at])
}

// geometry reads a named geometry.
func (r *wktReader) geometry(depth int) ([]Shape, error) {
	if depth > maxDepth {
		return nil, bad("collections are nested more than %d deep", maxDepth)
	}
	kind := r.word()
	for _, suffix := range []string{"ZM", "Z", "M"} {
		if base, ok := strings.CutSuffix(kind, suffix); ok && slices.Contains(wktKinds(), base) {
			kind = base
			break
		}
	}
	if !slices.Contains(wktKinds(), kind) {
		return nil, bad("%.40q is not a geometry; have %s", kind, strings.Join(wktKinds(), ", "))
	}
	before := r.at
	switch r.word() {
	case "EMPTY":
		return nil, nil
	case "Z", "M", "ZM":
		if before = r.at; r.word() == "EMPTY" {
			return nil, nil
		}
	}
	r.at = before
	return r.body(kind, depth)
}

func wktKinds() []string {
	return []string{"POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"}
}

func (r *wktReader) body(kind string, depth int) ([]Shape, error) {
	switch kind {
	case "POINT", "MULTIPOINT":
		points, err := r.vertices()
		if err != nil {
			return nil, err
		}
		return pointShapes(points), nil
	case "LINESTRING":
		points, err := r.vertices()
		if err != nil {
			return nil, err
		}
		return LineShape(points)
	case "POLYGON":
		return r.polygon()
	case "MULTILINESTRING":
		return r.list(func() ([]Shape, error) { return r.body("LINESTRING", depth) })
	case "MULTIPOLYGON":
		return r.list(r.polygon)
	}
	return r.list(func() ([]Shape, error) { return r.geometry(depth + 1) })
}

// list reads ( item, item, … ).
func (r *wktReader) list(item func() ([]Shape, error)) ([]Shape, error) {
	var out []Shape
	if err := r.expect('('); err != nil {
		return nil, err
	}
	for n := 0; ; n++ {
		p, err := item()
		if err != nil {
			return nil, err
		}
		out = append(out, within("part "+strconv.Itoa(n), p)...)
		if !r.accept(',') {
			return out, r.expect(')')
		}
	}
}

func (r *wktReader) polygon() ([]Shape, error) {
	var rings [][]core.LonLat
	if err := r.expect('('); err != nil {
		return nil, err
	}
	for {
		points, err := r.vertices()
		if err != nil {
			return nil, err
		}
		rings = append(rings, points)
		if !r.accept(',') {
			break
		}
	}
	if err := r.expect(')'); err != nil {
		return nil, err
	}
	return PolygonShape(rings)
}

// vertices reads ( 1 2, 3 4, … ), each in its own parentheses or not.
func (r *wktReader) vertices() ([]core.LonLat, error) {
	var out []core.LonLat
	if err := r.expect('('); err != nil {
		return nil, err
	}
	for {
		inner := r.accept('(')
		var xy [2]float64
		n := 0
		for ; ; n++ {
			v, ok := r.number()
			if !ok {
				break
			}
			if n < 2 {
				xy[n] = v
			}
		}
		if n < 2 || n > 4 {
			return nil, bad("a vertex has %d numbers before %.20q", n, r.text[r.at:])
		}
		v, err := Vertex(xy[0], xy[1])
		if err != nil {
			return nil, err
		}
		if out = append(out, v); len(out) > maxPoints {
			return nil, bad("more than %d vertices", maxPoints)
		}
		if inner {
			if err := r.expect(')'); err != nil {
				return nil, err
			}
		}
		if !r.accept(',') {
			return out, r.expect(')')
		}
	}
}

func (r *wktReader) number() (float64, bool) {
	r.space()
	from := r.at
	for r.at < len(r.text) && strings.IndexByte("+-.0123456789eE", r.text[r.at]) >= 0 {
		r.at++
	}
	v, err := strconv.ParseFloat(r.text[from:r.at], 64)
	if err != nil {
		r.at = from
		return 0, false
	}
	return v, true
}
