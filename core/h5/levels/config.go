package levels

// The reader's part of a run's configuration (data_source), and how it is laid over a product's own layout.

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
      "properties": {"latitude": {"type": "string"}, "longitude": {"type": "string"}, "level": {"type": "string"}}
    },
    "variables": {
      "type": "object",
      "additionalProperties": {
        "oneOf": [
          {"type": "string"},
          {"type": "object", "additionalProperties": false, "required": ["path"],
           "properties": {"path": {"type": "string"}, "column": {"type": "integer", "minimum": 0}, "raw": {"type": "boolean"}, "level": {"type": "string"}, "asset": {"type": "string"}}},
          {"type": "object", "additionalProperties": false, "required": ["synthesize", "level", "start", "stop"],
           "properties": {"synthesize": {"const": "linspace"}, "level": {"type": "string"}, "start": {"type": "string"}, "stop": {"type": "string"}}}
        ]
      }
    },
    "base_level": {"type": "string"},
    "levels": {
      "type": "object",
      "additionalProperties": {
        "type": "object", "additionalProperties": false,
        "properties": {
          "path": {"type": "string"},
          "coordinates": {
            "oneOf": [
              {"type": "object", "additionalProperties": false, "required": ["latitude", "longitude"],
               "properties": {"latitude": {"type": "string"}, "longitude": {"type": "string"}}},
              {"type": "array", "items": {"type": "string"}, "minItems": 2, "maxItems": 2}
            ]
          },
          "variables": {"type": "object"},
          "link": {
            "type": ["object", "null"], "additionalProperties": false, "required": ["to", "index_beg", "count"],
            "properties": {"to": {"type": "string"}, "index_beg": {"type": "string"}, "count": {"type": "string"},
                           "index_base": {"type": "integer", "minimum": 0}, "reference_index": {"type": "null"}}
          }
        }
      }
    },
    "assets": {
      "type": "object",
      "additionalProperties": {
        "type": "object", "additionalProperties": false, "required": ["join"],
        "properties": {"join": {"type": "object", "additionalProperties": false, "required": ["left", "right"],
                                "properties": {"left": {"type": "string"}, "right": {"type": "string"}}}}
      }
    },
    "read_plan": {
      "type": ["object", "null"], "additionalProperties": false,
      "properties": {"spatial_index": {"type": ["string", "null"]}, "pad": {"type": "integer", "minimum": 0},
                     "full_read_threshold": {"type": "number", "minimum": 0, "maximum": 1}, "reach": {"type": "number", "exclusiveMinimum": 0}}
    }
  }
}`

// A config is what Parse reads; Schema describes it.
type config struct {
	Groups      []string `json:"groups"`
	Coordinates *struct {
		Latitude  string `json:"latitude"`
		Longitude string `json:"longitude"`
		Level     string `json:"level"`
	} `json:"coordinates"`
	Variables map[string]json.RawMessage `json:"variables"`
	BaseLevel string                     `json:"base_level"`
	Levels    map[string]levelConfig     `json:"levels"`
	ReadPlan  *planConfig                `json:"read_plan"`
	Assets    map[string]struct {
		Join struct {
			Left  string `json:"left"`
			Right string `json:"right"`
		} `json:"join"`
	} `json:"assets"`
}

// Parse reads a reader's config, the groups, coordinates and variables of a run's data_source, on top of a product's own
// layout: groups, coordinates and levels replace base's, variables are added or replace those of the same name. A variable at
// the path of one of base's columns has that column's units.
func Parse(c core.Config, base Layout) (Layout, error) {
	var cfg config
	if len(bytes.TrimSpace(c)) > 0 {
		d := json.NewDecoder(bytes.NewReader(c))
		d.DisallowUnknownFields()
		if err := d.Decode(&cfg); err != nil {
			return Layout{}, core.Errorf(core.Invalid, "levels.Parse", "", "%w; have groups, coordinates, variables, levels, base_level, read_plan, assets", err)
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
		l.Latitude, l.Longitude, l.CoordinateLevel = cfg.Coordinates.Latitude, cfg.Coordinates.Longitude, cfg.Coordinates.Level
	}
	if cfg.Assets != nil {
		l.Assets = map[string]Join{}
		for name, a := range cfg.Assets {
			l.Assets[name] = Join{a.Join.Left, a.Join.Right}
		}
	}
	l.Columns = slices.Clone(base.Columns)
	columns, err := cfg.levels(&l)
	if err != nil {
		return Layout{}, err
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Variables)) {
		col, err := parseVariable(name, cfg.Variables[name])
		if err != nil {
			return Layout{}, err
		}
		columns = append(columns, col)
	}
	for _, col := range columns {
		name := col.Name
		// The same dataset has the same units, whatever name it gets.
		for _, b := range base.Columns {
			if path(b.Path, placeholder) == path(col.Path, placeholder) && b.Asset == col.Asset && b.Element == col.Element && b.Stop == "" {
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

// parseVariable reads one of the three forms of a variable: a path, {path, column, …} or {synthesize: linspace, …}.
func parseVariable(name string, raw json.RawMessage) (Column, error) {
	col := Column{Name: name, Element: -1}
	if json.Unmarshal(raw, &col.Path) == nil {
		return col, nil
	}
	var long struct {
		Path       string `json:"path"`
		Column     *int   `json:"column"`
		Raw        bool   `json:"raw"`
		Level      string `json:"level"`
		Asset      string `json:"asset"`
		Synthesize string `json:"synthesize"`
		Start      string `json:"start"`
		Stop       string `json:"stop"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(&long)
	line := long.Synthesize == "linspace" && long.Level != "" && long.Start != "" && long.Stop != "" && long.Path+long.Asset == "" && long.Column == nil
	read := long.Synthesize == "" && long.Path != "" && long.Start+long.Stop == "" && (long.Column == nil || *long.Column >= 0)
	if err != nil || !line && !read {
		return col, core.Errorf(core.Invalid, "levels.Parse", "variables."+name,
			"want a dataset path, {path, column ≥ 0, raw: true or false, level, asset}, or {synthesize: linspace, level, start, stop}, not %s", raw)
	}
	col.Path, col.Raw, col.Level, col.Asset = long.Path, long.Raw, long.Level, long.Asset
	if line {
		col.Path, col.Stop = long.Start, long.Stop
	}
	if long.Column != nil {
		col.Element = *long.Column
	}
	return col, nil
}
