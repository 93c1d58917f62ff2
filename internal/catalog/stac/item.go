package stac

import (
	"encoding/json"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
)

// ItemOptions say how items are understood.
type ItemOptions struct {
	Rules    catalog.Rules
	TimeKey  string // property that groups granules of one acquisition, such as s2:datatake_id; "": none
	Anywhere bool   // items without geometry and bbox are taken to be anywhere on Earth; otherwise they are an error
	Edges    geometry.Edges
}

// item is the part of a STAC item that is read.
type item struct {
	Type       string                     `json:"type"`
	ID         string                     `json:"id"`
	Collection string                     `json:"collection"`
	Geometry   json.RawMessage            `json:"geometry"`
	BBox       []*float64                 `json:"bbox"`
	Properties map[string]json.RawMessage `json:"properties"`
	Assets     map[string]asset           `json:"assets"`
	Links      []link                     `json:"links"`
}

type asset struct {
	Href      string   `json:"href"`
	Roles     []string `json:"roles"`
	Size      int64    `json:"file:size"`
	Alternate map[string]struct {
		Href string `json:"href"`
	} `json:"alternate"`
}

// decode turns an item into a granule. base is where it came from, for relative addresses; nil: they stay.
func decode(raw json.RawMessage, base *url.URL, o ItemOptions, namer *catalog.Namer) (*catalog.Entry, error) {
	var it item
	if err := json.Unmarshal(raw, &it); err != nil {
		var head struct {
			ID json.RawMessage `json:"id"`
		}
		_ = json.Unmarshal(raw, &head) // for its name alone
		return nil, core.Errorf(core.Corrupt, "stac", strings.Trim(string(head.ID), `"`), "the item does not decode: %w", err)
	}
	if it.ID == "" || it.Type != "" && it.Type != "Feature" {
		return nil, core.Errorf(core.Corrupt, "stac", it.ID, "type %q with id %q is not a STAC item", it.Type, it.ID)
	}
	g := &catalog.Entry{Granule: core.Granule{ID: it.ID}, Collection: it.Collection}
	if err := it.fill(g, base, o); err != nil {
		if e, ok := errors.AsType[*core.Error](err); ok && e.Subject == g.ID {
			return nil, err
		}
		return nil, core.Wrap(err, "stac", it.ID)
	}
	namer.Fill(g)
	return g, nil
}

func (it *item) fill(g *catalog.Entry, base *url.URL, o ItemOptions) error {
	if err := o.Rules.Assign(g, it.links(base)); err != nil {
		return err
	}
	for _, a := range it.Assets {
		if a.Size > 0 && catalog.FileID(a.Href) == catalog.FileID(g.Data.Any()) {
			g.Size = a.Size
		}
	}
	for name, to := range map[string]*time.Time{"datetime": &g.Datetime, "start_datetime": &g.Start, "end_datetime": &g.End} {
		text, err := it.text(name)
		if err != nil {
			return err
		}
		if text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return core.Errorf(core.Corrupt, "", "", "%s: %w", name, err)
		}
		*to = t.UTC()
	}
	if o.TimeKey != "" {
		var err error
		if g.TimeKey, err = it.text(o.TimeKey); err != nil {
			return err
		}
		if g.TimeKey == "" {
			return core.Errorf(core.Invalid, "", "", "it has no property %s", o.TimeKey)
		}
	}
	return it.footprint(g, o)
}

// text is a property as text; numbers keep their digits, null is "".
func (it *item) text(name string) (string, error) {
	raw := it.Properties[name]
	if len(raw) == 0 || string(raw) == "null" {
		return "", nil
	}
	if raw[0] != '"' {
		return string(raw), nil
	}
	var text string
	err := json.Unmarshal(raw, &text)
	return text, err
}

// links are the assets in order of their names, relative addresses resolved.
func (it *item) links(base *url.URL) []catalog.Link {
	for _, l := range it.Links {
		if self, err := url.Parse(l.Href); l.Rel == "self" && err == nil && self.IsAbs() {
			base = self
		}
	}
	resolve := func(href string) string {
		u, err := url.Parse(href)
		if base == nil || href == "" || err != nil || u.IsAbs() {
			return href
		}
		return base.ResolveReference(u).String()
	}
	var out []catalog.Link
	for _, name := range slices.Sorted(maps.Keys(it.Assets)) {
		a := it.Assets[name]
		l := catalog.Link{Name: name, Href: resolve(a.Href)}
		if len(a.Roles) > 0 {
			l.Role = a.Roles[0]
		}
		out = append(out, l)
		if s3 := a.Alternate["s3"].Href; s3 != "" {
			out = append(out, catalog.Link{Name: name + "_s3", Href: s3, Role: l.Role})
		}
	}
	return out
}

func (it *item) footprint(g *catalog.Entry, o ItemOptions) error {
	shapes, err := geometry.ParseGeoJSON(orNull(it.Geometry))
	if err != nil {
		return err
	}
	var readings []geometry.Reading
	switch {
	case len(shapes) > 0:
		g.Footprint, readings, err = geometry.Reader{Edges: o.Edges, Footprint: true}.Region(shapes)
		g.Doubt = geometry.AmbiguityText(readings)
	case slices.Contains(it.BBox, nil):
		err = core.Errorf(core.Corrupt, "", "", "a side of its bbox is null, which is not a number")
	case len(it.BBox) == 4:
		g.Footprint, err = geometry.Box(*it.BBox[0], *it.BBox[1], *it.BBox[2], *it.BBox[3])
	case len(it.BBox) == 6: // with heights
		g.Footprint, err = geometry.Box(*it.BBox[0], *it.BBox[1], *it.BBox[3], *it.BBox[4])
	case !o.Anywhere:
		err = catalog.ErrNoFootprint()
	}
	return err
}

func orNull(raw json.RawMessage) json.RawMessage {
	if len(raw) == 0 {
		return json.RawMessage("null")
	}
	return raw
}
