package levels

// Levels of a run's configuration.

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// A levelConfig is one level as a run's configuration describes it. Names without a slash are below its path.
type levelConfig struct {
	Path        string                     `json:"path"`
	Coordinates json.RawMessage            `json:"coordinates"`
	Variables   map[string]json.RawMessage `json:"variables"`
	Link        *struct {
		To        string          `json:"to"`
		Begin     string          `json:"index_beg"`
		Count     string          `json:"count"`
		Base      int64           `json:"index_base"`
		Reference json.RawMessage `json:"reference_index"`
	} `json:"link"`
}

// A planConfig is the section read_plan. What is left out is the layout's.
type planConfig struct {
	SpatialIndex json.RawMessage `json:"spatial_index"` // null: none; left out: the layout's
	Pad          *int            `json:"pad"`
	Threshold    *float64        `json:"full_read_threshold"`
	Reach        *float64        `json:"reach"`
	Boundaries   any             `json:"chunk_boundaries"` // of no effect: chunks are found by the file's own tables
}

// levels replaces the levels of a layout by those of a configuration, if it has any, and returns their columns.
func (c *config) levels(l *Layout) ([]Column, error) {
	const op = "levels.Parse"
	if c.BaseLevel != "" {
		l.Base = c.BaseLevel
	}
	var columns []Column
	if c.Levels != nil {
		base, ok := c.Levels[c.BaseLevel]
		switch {
		case !ok:
			return nil, core.Errorf(core.Invalid, op, "base_level", "%q is none of the levels %q: it is the one with a row per observation", c.BaseLevel, slices.Sorted(maps.Keys(c.Levels)))
		case base.Link != nil || base.Variables != nil:
			return nil, core.Errorf(core.Invalid, op, "levels."+c.BaseLevel, "the level of the observations has no link, and its variables are those of data_source")
		}
		l.Levels, l.Plan = nil, Plan{}
		for _, name := range slices.Sorted(maps.Keys(c.Levels)) {
			if name == c.BaseLevel {
				continue
			}
			level, cols, err := c.Levels[name].level(name, c.BaseLevel)
			if err != nil {
				return nil, err
			}
			l.Levels, columns = append(l.Levels, level), append(columns, cols...)
		}
	}
	return columns, c.ReadPlan.apply(l)
}

// level is one level of the configuration, with its columns.
func (c levelConfig) level(name, base string) (Level, []Column, error) {
	const op = "levels.Parse"
	v := Level{Name: name}
	if c.Link == nil || c.Link.To != base {
		return v, nil, core.Errorf(core.Invalid, op, "levels."+name+".link", "want the link {to: %s, index_beg, count, index_base}: which observations each record owns", base)
	}
	if len(c.Link.Reference) > 0 && string(c.Link.Reference) != "null" {
		return v, nil, core.Errorf(core.Unsupported, op, "levels."+name+".link.reference_index", "only null can be used: records own the rows from index_beg on")
	}
	v.Begin, v.Count, v.Base = c.below(c.Link.Begin), c.below(c.Link.Count), c.Link.Base
	if v.Base < 0 || v.Base > 1<<31 {
		return v, nil, core.Errorf(core.Invalid, op, "levels."+name+".link.index_base", "%d is not a number of a first row", v.Base)
	}
	var pair []string
	var named struct {
		Latitude  string `json:"latitude"`
		Longitude string `json:"longitude"`
	}
	switch {
	case len(c.Coordinates) == 0 || string(c.Coordinates) == "null":
	case json.Unmarshal(c.Coordinates, &named) == nil && named.Latitude != "" && named.Longitude != "":
		v.Latitude, v.Longitude = c.below(named.Latitude), c.below(named.Longitude)
	case json.Unmarshal(c.Coordinates, &pair) == nil && len(pair) == 2 && pair[0] != "" && pair[1] != "":
		v.Latitude, v.Longitude = c.below(pair[0]), c.below(pair[1])
	default:
		return v, nil, core.Errorf(core.Invalid, op, "levels."+name+".coordinates", "want {latitude, longitude}, not %s", c.Coordinates)
	}
	var columns []Column
	for _, n := range slices.Sorted(maps.Keys(c.Variables)) {
		col, err := parseVariable(n, c.Variables[n])
		if err != nil {
			return v, nil, err
		}
		if col.Level != "" && col.Level != name {
			return v, nil, core.Errorf(core.Invalid, op, "levels."+name+".variables."+n, "it cannot be of level %s too", col.Level)
		}
		col.Level = name
		if col.Asset == "" {
			col.Path = c.below(col.Path)
		}
		if col.Stop != "" {
			col.Stop = c.below(col.Stop)
		}
		columns = append(columns, col)
	}
	return v, columns, nil
}

// below is a dataset's path. A name without a slash is that of a dataset below the level's own path.
func (c levelConfig) below(p string) string {
	if p == "" || c.Path == "" || strings.Contains(p, "/") {
		return p
	}
	return strings.TrimRight(c.Path, "/") + "/" + p
}

// apply lays the settings of a plan over a layout's own. If there are none, rows are found by the first level that
// has places.
func (c *planConfig) apply(l *Layout) error {
	if l.Plan.Level == "" && l.CoordinateLevel == "" {
		if i := slices.IndexFunc(l.Levels, func(v Level) bool { return v.Latitude != "" }); i >= 0 {
			l.Plan = DefaultPlan(l.Levels[i].Name)
		}
	}
	if c == nil {
		return nil
	}
	name := l.Plan.Level
	if len(c.SpatialIndex) > 0 {
		name = ""
		if err := json.Unmarshal(c.SpatialIndex, &name); err != nil {
			return core.Errorf(core.Invalid, "levels.Parse", "read_plan.spatial_index", "want the name of a level or null, not %s", c.SpatialIndex)
		}
	}
	// Rows that have their places from a level are found by it anyway.
	if name == "" || name == l.CoordinateLevel {
		l.Plan = Plan{}
		return nil
	}
	if i := slices.IndexFunc(l.Levels, func(v Level) bool { return v.Name == name }); i < 0 || l.Levels[i].Latitude == "" {
		return core.Errorf(core.Invalid, "levels.Parse", "read_plan.spatial_index", "%q is not a level with coordinates and a link", name)
	}
	l.Plan = DefaultPlan(name)
	if c.Pad != nil {
		l.Plan.Pad = *c.Pad
	}
	if c.Threshold != nil {
		l.Plan.Threshold = *c.Threshold
	}
	if c.Reach != nil {
		l.Plan.Reach = *c.Reach
	}
	return nil
}
