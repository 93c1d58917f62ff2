package gridkit

import (
	"io"

	"github.com/englacial/zagg/core"
)

// With is a grid that has these powers and no other, whatever g has, so that a type assertion tells the truth. Go can only
// embed what is named in the source: hence one struct for each combination.
func (p Powers) With(g core.Grid) core.Grid {
	switch has := [5]bool{p.Locates != nil, p.Names != nil, p.Covers != nil, p.Restores != nil, p.Measures != nil}; has {
	case [5]bool{true, true, true, true, true}:
		return struct {
			whole
			locates
			names
			covers
			restores
			measures
		}{whole{g}, p.Locates, p.Names, p.Covers, p.Restores, p.Measures}
	case [5]bool{true, true, true, true, false}:
		return struct {
			whole
			locates
			names
			covers
			restores
		}{whole{g}, p.Locates, p.Names, p.Covers, p.Restores}
	case [5]bool{true, true, true, false, true}:
		return struct {
			whole
			locates
			names
			covers
			measures
		}{whole{g}, p.Locates, p.Names, p.Covers, p.Measures}
	case [5]bool{true, true, true, false, false}:
		return struct {
			whole
			locates
			names
			covers
		}{whole{g}, p.Locates, p.Names, p.Covers}
	case [5]bool{true, true, false, true, true}:
		return struct {
			whole
			locates
			names
			restores
			measures
		}{whole{g}, p.Locates, p.Names, p.Restores, p.Measures}
	case [5]bool{true, true, false, true, false}:
		return struct {
			whole
			locates
			names
			restores
		}{whole{g}, p.Locates, p.Names, p.Restores}
	case [5]bool{true, true, false, false, true}:
		return struct {
			whole
			locates
			names
			measures
		}{whole{g}, p.Locates, p.Names, p.Measures}
	case [5]bool{true, true, false, false, false}:
		return struct {
			whole
			locates
			names
		}{whole{g}, p.Locates, p.Names}
	case [5]bool{true, false, true, true, true}:
		return struct {
			whole
			locates
			covers
			restores
			measures
		}{whole{g}, p.Locates, p.Covers, p.Restores, p.Measures}
	case [5]bool{true, false, true, true, false}:
		return struct {
			whole
			locates
			covers
			restores
		}{whole{g}, p.Locates, p.Covers, p.Restores}
	case [5]bool{true, false, true, false, true}:
		return struct {
			whole
			locates
			covers
			measures
		}{whole{g}, p.Locates, p.Covers, p.Measures}
	case [5]bool{true, false, true, false, false}:
		return struct {
			whole
			locates
			covers
		}{whole{g}, p.Locates, p.Covers}
	case [5]bool{true, false, false, true, true}:
		return struct {
			whole
			locates
			restores
			measures
		}{whole{g}, p.Locates, p.Restores, p.Measures}
	case [5]bool{true, false, false, true, false}:
		return struct {
			whole
			locates
			restores
		}{whole{g}, p.Locates, p.Restores}
	case [5]bool{true, false, false, false, true}:
		return struct {
			whole
			locates
			measures
		}{whole{g}, p.Locates, p.Measures}
	case [5]bool{true, false, false, false, false}:
		return struct {
			whole
			locates
		}{whole{g}, p.Locates}
	case [5]bool{false, true, true, true, true}:
		return struct {
			whole
			names
			covers
			restores
			measures
		}{whole{g}, p.Names, p.Covers, p.Restores, p.Measures}
	case [5]bool{false, true, true, true, false}:
		return struct {
			whole
			names
			covers
			restores
		}{whole{g}, p.Names, p.Covers, p.Restores}
	case [5]bool{false, true, true, false, true}:
		return struct {
			whole
			names
			covers
			measures
		}{whole{g}, p.Names, p.Covers, p.Measures}
	case [5]bool{false, true, true, false, false}:
		return struct {
			whole
			names
			covers
		}{whole{g}, p.Names, p.Covers}
	case [5]bool{false, true, false, true, true}:
		return struct {
			whole
			names
			restores
			measures
		}{whole{g}, p.Names, p.Restores, p.Measures}
	case [5]bool{false, true, false, true, false}:
		return struct {
			whole
			names
			restores
		}{whole{g}, p.Names, p.Restores}
	case [5]bool{false, true, false, false, true}:
		return struct {
			whole
			names
			measures
		}{whole{g}, p.Names, p.Measures}
	case [5]bool{false, true, false, false, false}:
		return struct {
			whole
			names
		}{whole{g}, p.Names}
	case [5]bool{false, false, true, true, true}:
		return struct {
			whole
			covers
			restores
			measures
		}{whole{g}, p.Covers, p.Restores, p.Measures}
	case [5]bool{false, false, true, true, false}:
		return struct {
			whole
			covers
			restores
		}{whole{g}, p.Covers, p.Restores}
	case [5]bool{false, false, true, false, true}:
		return struct {
			whole
			covers
			measures
		}{whole{g}, p.Covers, p.Measures}
	case [5]bool{false, false, true, false, false}:
		return struct {
			whole
			covers
		}{whole{g}, p.Covers}
	case [5]bool{false, false, false, true, true}:
		return struct {
			whole
			restores
			measures
		}{whole{g}, p.Restores, p.Measures}
	case [5]bool{false, false, false, true, false}:
		return struct {
			whole
			restores
		}{whole{g}, p.Restores}
	case [5]bool{false, false, false, false, true}:
		return struct {
			whole
			measures
		}{whole{g}, p.Measures}
	}
	return whole{g}
}

// A whole is a grid without its optional powers. What holds it may still let it go.
type whole struct{ core.Grid }

// Close implements io.Closer.
func (w whole) Close() error {
	if c, ok := w.Grid.(io.Closer); ok {
		return c.Close()
	}
	return nil
}
