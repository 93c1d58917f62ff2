package levels

// Layouts: where a product keeps its observations.

import (
	"strings"

	"github.com/englacial/zagg/core"
)

// A Layout says where a product keeps its observations. Paths are absolute in the file, with {group} for the group.
type Layout struct {
	Product, Version    string
	Groups              []string // beams; none: the paths hold no {group} and there is one group called ""
	Latitude, Longitude string   // datasets of WGS84 degrees, one row per observation, or per record of CoordinateLevel
	CoordinateLevel     string   // the level whose records have the coordinates; "": the observations themselves
	Columns             []Column

	Base   string  // how filters may call the observations' own level; "": only by no name
	Levels []Level // coarser levels
	Plan   Plan
	Assets map[string]Join // siblings by their names among a granule's assets
}

// A Column is one dataset of the layout, or one element of each row of a 2-D dataset.
type Column struct {
	Name    string
	Path    string
	Asset   string // the sibling whose dataset it is, of records of Level; "": the granule itself
	Element int    // index along the second axis; -1: the dataset is 1-D
	Units   string
	Level   string // of Layout.Levels; "": one row per observation
	// Stop makes the column of two datasets of its level: along the rows of a record the value goes from that of Path to that
	// of Stop in equal steps. The column is float64.
	Stop string
	// Raw takes the dataset's elements as they are stored, whatever its attributes say (see package cf). It holds for
	// filters on the same path, and for coordinates.
	Raw bool
}

// placeholder stands for the name of the group in paths.
const placeholder = "{group}"

// check refuses a layout that cannot be read and names what is wrong: Invalid.
func (l *Layout) check() error {
	const op = "levels.New"
	if l.Latitude == "" || l.Longitude == "" {
		return core.Errorf(core.Invalid, op, "coordinates", "both latitude and longitude need a dataset path")
	}
	paths := []string{l.Latitude, l.Longitude}
	seen := map[string]bool{}
	for _, c := range l.Columns {
		if c.Name == "" || c.Path == "" || c.Element < -1 {
			return core.Errorf(core.Invalid, op, c.Name, "a column needs a name, a dataset path and an element of 0 or more")
		}
		if seen[c.Name] {
			return core.Errorf(core.Invalid, op, c.Name, "two columns have this name")
		}
		seen[c.Name] = true
		paths = append(paths, c.Path)
		if c.Stop != "" {
			paths = append(paths, c.Stop)
		}
	}
	more, err := l.checkLevels()
	if err != nil {
		return err
	}
	paths = append(paths, more...)
	for _, p := range paths {
		if err := l.checkPath(op, p); err != nil {
			return err
		}
	}
	return l.checkGroups()
}

// checkPath refuses a path that would be the same for all groups, or that wants a group where there is none.
func (l *Layout) checkPath(op, p string) error {
	has := strings.Contains(p, placeholder)
	switch {
	case len(l.Groups) > 1 && !has:
		return core.Errorf(core.Invalid, op, p, "the path is the same for all %d groups: its rows would be counted once for each; put %s where the group's name goes",
			len(l.Groups), placeholder)
	case len(l.Groups) == 0 && has:
		return core.Errorf(core.Invalid, op, p, "there are no groups to put in place of %s", placeholder)
	}
	return nil
}

func (l *Layout) checkGroups() error {
	seen := map[string]bool{}
	for _, g := range l.Groups {
		switch {
		case g == "":
			return core.Errorf(core.Invalid, "levels.New", "groups", "a group has no name")
		case seen[g]:
			return core.Errorf(core.Invalid, "levels.New", g, "the group is listed twice: its rows would be counted twice")
		}
		seen[g] = true
	}
	return nil
}

// groups is the groups to read; a layout without groups is one group without a name.
func (l *Layout) groups() []string {
	if len(l.Groups) == 0 {
		return []string{""}
	}
	return l.Groups
}

// path is the absolute path of a template in a group.
func path(template, group string) string {
	p := strings.ReplaceAll(template, placeholder, group)
	if !strings.HasPrefix(p, "/") {
		p = "/" + p
	}
	return p
}

func (l *Layout) column(name string) (Column, bool) {
	for _, c := range l.Columns {
		if c.Name == name {
			return c, true
		}
	}
	return Column{}, false
}

// raw reports whether a column takes the dataset of this path as it is stored, which then holds for every use of it.
func (l *Layout) raw(template string) bool {
	for _, c := range l.Columns {
		if c.Raw && c.Asset == "" && path(c.Path, placeholder) == path(template, placeholder) {
			return true
		}
	}
	return false
}
