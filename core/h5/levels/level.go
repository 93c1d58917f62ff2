package levels

// Levels of records above the observations, and plans to find rows by them.

import (
	"maps"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// A Level is datasets of records, each of which owns a run of observations: the segments of 20 m that photons belong
// to, the shots of a waveform. Record i owns Count[i] rows from row Begin[i]-Base on; one that owns none may begin
// anywhere. No row belongs to two records, and some may belong to none: in those the level's columns have no value.
type Level struct {
	Name                string
	Latitude, Longitude string // datasets of WGS84 degrees, one place per record; "": none is known
	Begin, Count        string // datasets of integers
	Base                int64  // what Begin calls the first row: 0 or 1
}

// A Plan finds rows by the places of a level's records, so that the coordinates of few rows are read. It saves reading and
// never loses a row: a record is left out where none of its rows can be in the region.
type Plan struct {
	Level string // "": rows are found by their own coordinates alone
	// Reach is how far from its record's place a row may be, in metres. What is read is held against half of it: where a row lies
	// farther, the plan is given up.
	Reach     float64
	Pad       int     // records before and after one that can reach the region, which are read too
	Threshold float64 // of a group's rows: where the plan has more, all are read
}

// DefaultPlan is a plan that suits the records of altimeters: photons lie within hundreds of metres of their
// segment's place, even where the telescope points five degrees off and the window of heights is kilometres wide.
func DefaultPlan(level string) Plan { return Plan{Level: level, Reach: 1000, Threshold: 0.9} }

// level is the number of a level in Levels; -1 for the observations' own.
func (l *Layout) level(name string) (int, error) {
	if name == "" || name == l.Base {
		return -1, nil
	}
	i := slices.IndexFunc(l.Levels, func(v Level) bool { return v.Name == name })
	if i < 0 {
		var have []string
		for _, v := range l.Levels {
			have = append(have, v.Name)
		}
		return 0, core.Errorf(core.Invalid, "levels", name, "no level has this name; have %q, and %q of the observations", have, l.Base)
	}
	return i, nil
}

// checkLevels refuses levels that cannot be read, and lists their paths.
func (l *Layout) checkLevels() (paths []string, err error) {
	const op = "levels.New"
	seen := map[string]bool{l.Base: true, "": true}
	for _, v := range l.Levels {
		switch {
		case seen[v.Name]:
			return nil, core.Errorf(core.Invalid, op, v.Name, "a level needs a name of its own")
		case v.Begin == "" || v.Count == "":
			return nil, core.Errorf(core.Invalid, op, v.Name, "a level needs the datasets of its link: where the rows of a record begin, and how many there are")
		case (v.Latitude == "") != (v.Longitude == ""):
			return nil, core.Errorf(core.Invalid, op, v.Name, "both latitude and longitude need a dataset path")
		}
		seen[v.Name] = true
		paths = append(paths, v.Begin, v.Count)
		if v.Latitude != "" {
			paths = append(paths, v.Latitude, v.Longitude)
		}
	}
	for _, c := range l.Columns {
		i, err := l.level(c.Level)
		if err != nil {
			return nil, err
		}
		if c.Stop != "" && (i < 0 || c.Element >= 0) {
			return nil, core.Errorf(core.Invalid, op, c.Name, "values along a record need a level with a link, and datasets of one axis")
		}
	}
	joins, err := l.checkAssets()
	if err != nil {
		return nil, err
	}
	paths = append(paths, joins...)
	if _, err := l.level(l.CoordinateLevel); err != nil {
		return nil, err
	}
	return paths, l.checkPlan()
}

// checkAssets refuses siblings whose records cannot be found, and lists the paths of joins.
func (l *Layout) checkAssets() (paths []string, err error) {
	const op = "levels.New"
	for _, name := range slices.Sorted(maps.Keys(l.Assets)) {
		j := l.Assets[name]
		switch {
		// These names are taken: the granule itself, its index, and what is before a colon.
		case name == "" || name == "data" || name == "index" || strings.Contains(name, ":"):
			return nil, core.Errorf(core.Invalid, op, name, "a sibling cannot have this name")
		case j.Left == "" || j.Right == "":
			return nil, core.Errorf(core.Invalid, op, name, "a sibling needs a join: {left, right}, the datasets of the numbers that its records and the granule's have")
		}
		paths = append(paths, j.Left, j.Right)
	}
	for _, c := range l.Columns {
		if _, known := l.Assets[c.Asset]; c.Asset != "" && !known {
			return nil, core.Errorf(core.Invalid, op, c.Name, "no sibling %q; have %q", c.Asset, slices.Sorted(maps.Keys(l.Assets)))
		}
		if c.Asset != "" && (c.Level == "" || c.Level == l.Base) {
			return nil, core.Errorf(core.Invalid, op, c.Name, "datasets of a sibling are of records: they need a level with a link")
		}
	}
	return paths, nil
}

// checkPlan refuses a plan without a level that has places, or with numbers out of range.
func (l *Layout) checkPlan() error {
	const op = "levels.New"
	p := l.Plan
	if p.Level == "" {
		return nil
	}
	i, err := l.level(p.Level)
	switch {
	case err != nil:
		return err
	case i < 0 || l.Levels[i].Latitude == "":
		return core.Errorf(core.Invalid, op, p.Level, "rows are found by the records of a level that has coordinates and a link")
	case !(p.Reach > 0 && p.Reach < 1e7) || p.Pad < 0 || !(p.Threshold >= 0 && p.Threshold <= 1):
		return core.Errorf(core.Invalid, op, p.Level, "a plan needs a reach in metres, a pad of 0 or more records, and a threshold of 0 to 1, not %+v", p)
	}
	return nil
}
