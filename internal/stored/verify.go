package stored

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/store"
)

// Verifier holds the store against its records; deep reads every object.
func (s *Store) Verifier(grid core.Grid, deep bool) *store.Verifier {
	v := &store.Verifier{Objects: s.Objects, URL: s.URL, Group: s.Group, Name: s.Name, Made: s.Made, Deep: deep, SetUp: writtenBySetUp(grid, s.Made.Layout)}
	if s.Made.Layout == "compact" {
		v.Cells = grid.Cells
	}
	return v
}

// writtenBySetUp are the arrays that are in no record: axes, and the coordinates of a compact store.
func writtenBySetUp(grid core.Grid, layout string) []string {
	var names []string
	frame := grid.Info().Frame
	for _, d := range frame.Dims {
		if d.Axis != nil {
			names = append(names, d.Axis.Name)
		}
	}
	if layout == "compact" {
		for _, f := range frame.Coords {
			names = append(names, f.Name)
		}
	}
	return names
}
