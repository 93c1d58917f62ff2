package levels

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"slices"

	"github.com/englacial/zagg/core"
)

// Schema is the JSON schema of what Parse reads.
const Schema = `{
  "$schema": "https://json-schema.org/draft/2020-12/schema",
  "type": "object",
  "additionalProperties": false,
  "properties": {
    "groups": {"type": "array", "items": {"type": "string"}, "uniqueItems": true},
    "coordinates": {
      "type": "object", "additionalProperties": false, "required": ["latitude", "longitude"],
      "properties": {"latitude": {"type": "string"}, "longitude": {"type": "string"}}
    },
    "variables": {
      "type": "object",
      "additionalProperties": {
        "oneOf": [
          {"type": "string"},
          {"type": "object", "additionalProperties": false, "required": ["path"],
           "properties": {"path": {"type": "string"}, "column": {"type": "integer", "minimum": 0}, "raw": {"type": "boolean"}}}
        ]
      }
    }
  }
}`

type config struct {
	Groups      []string `json:"groups"`
	Coordinates *struct {
		Latitude  string `json:"latitude"`
		Longitude string `json:"longitude"`
	} `json:"coordinates"`
	Variables map[string]json.RawMessage `json:"variables"`
}

// Parse reads a reader's config, the groups, coordinates and variables of a run's data_source, on top of a product's own
// layout: groups and coordinates replace base's, variables are added or replace those of the same name. A variable at
// the path of one of base's columns has that column's units.
func Parse(c core.Config, base Layout) (Layout, error) {
	var cfg config
	if len(bytes.TrimSpace(c)) > 0 {
		d := json.NewDecoder(bytes.NewReader(c))
		d.DisallowUnknownFields()
		if err := d.Decode(&cfg); err != nil {
			return Layout{}, core.Errorf(core.Invalid, "levels.Parse", "", "%w; have groups, coordinates, variables", err)
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return Layout{}, core.Errorf(core.Invalid, "levels.Parse", "", "text after the JSON object")
		}
	}
	l := base
	if cfg.Groups != nil {
		l.Groups = cfg.Groups
	}
	if cfg.Coordinates != nil {
		l.Latitude, l.Longitude = cfg.Coordinates.Latitude, cfg.Coordinates.Longitude
	}
	l.Columns = slices.Clone(base.Columns)
	for _, name := range slices.Sorted(maps.Keys(cfg.Variables)) {
		col, err := parseVariable(name, cfg.Variables[name])
		if err != nil {
			return Layout{}, err
		}
		for _, b := range base.Columns {
			if path(b.Path, placeholder) == path(col.Path, placeholder) && b.Element == col.Element {
				col.Units = b.Units
			}
		}
		if i := slices.IndexFunc(l.Columns, func(b Column) bool { return b.Name == name }); i >= 0 {
			l.Columns[i] = col
		} else {
			l.Columns = append(l.Columns, col)
		}
	}
	return l, nil
}

func parseVariable(name string, raw json.RawMessage) (Column, error) {
	col := Column{Name: name, Element: -1}
	if json.Unmarshal(raw, &col.Path) == nil {
		return col, nil
	}
	var long struct {
		Path   string `json:"path"`
		Column *int   `json:"column"`
		Raw    bool   `json:"raw"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	if err := d.Decode(&long); err != nil || long.Path == "" || long.Column != nil && *long.Column < 0 {
		return col, core.Errorf(core.Invalid, "levels.Parse", "variables."+name, "want a dataset path or {path, column ≥ 0, raw: true or false}, not %s", raw)
	}
	col.Path, col.Raw = long.Path, long.Raw
	if long.Column != nil {
		col.Element = *long.Column
	}
	return col, nil
}
