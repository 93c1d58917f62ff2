package engine

// Cells of varying length.

import (
	"slices"

	"github.com/englacial/zagg/core"
)

// addCells appends cells of varying length to a block of most slots: row i of c is the cell of slots[i]. The cells
// are put in the order of the places that place gives (nil: the slots themselves, which ascend); cells that are added
// later must have later places.
func (b *block) addCells(most int64, slots []int32, c *core.Column, place func(slot int32) int32) error {
	a := b.array
	if err := checkCells(b, most, slots, c); err != nil || len(slots) == 0 {
		return err
	}
	size := int64(a.Width * a.Element.Size())
	data, err := castCells(a.Element, c)
	if err != nil {
		return core.Wrapf(err, "cells", a.Name, "%w as its dtype %s: give the variable another dtype", err, a.Element)
	}
	order := make([]int, len(slots))
	places := make([]int32, len(slots))
	for i, s := range slots {
		if order[i], places[i] = i, s; place != nil {
			places[i] = place(s)
		}
	}
	if !slices.IsSorted(places) {
		slices.SortFunc(order, func(i, k int) int { return int(places[i]) - int(places[k]) })
	}
	if b.offsets == nil {
		b.offsets, b.data = []int64{0}, []byte{}
	}
	for _, i := range order {
		b.places = append(b.places, places[i])
		b.data = append(b.data, data[c.Offsets[i]*size:c.Offsets[i+1]*size]...)
		b.offsets = append(b.offsets, int64(len(b.data)))
	}
	return nil
}

// checkCells compares a statistic's output with an array of cells of varying length.
func checkCells(b *block, most int64, slots []int32, c *core.Column) error {
	a := b.array
	switch {
	case c.Offsets == nil || c.Rows() != len(slots) || c.Type.Size() == 0 || a.Element.Size() == 0:
		return core.Errorf(core.Internal, "cells", a.Name, "%d rows of %s for %d cells that vary in length", c.Rows(), c.Type, len(slots))
	case max(c.Width, 1) != a.Width:
		return core.Errorf(core.Invalid, "cells", a.Name, "the statistic gives rows of %d numbers and the array holds %d: set inner_shape: [%d]", max(c.Width, 1), a.Width, max(c.Width, 1))
	case len(c.Data) != int(c.Offsets[len(slots)])*a.Width*c.Type.Size() || c.Offsets[0] != 0 || !slices.IsSorted(c.Offsets):
		return core.Errorf(core.Internal, "cells", a.Name, "%d bytes do not fit the offsets of %d cells", len(c.Data), len(slots))
	case slices.ContainsFunc(slots, func(s int32) bool { return s < 0 || int64(s) >= most }):
		return core.Errorf(core.Internal, "cells", a.Name, "a slot beyond the %d of the shard", most)
	}
	return nil
}

// castCells is the numbers of a column in another type. A value that does not fit is an error (see cast).
func castCells(to core.Type, c *core.Column) ([]byte, error) {
	if to == c.Type || len(c.Data) == 0 {
		return c.Data, nil
	}
	n := len(c.Data) / c.Type.Size()
	all := make([]int32, n)
	for i := range all {
		all[i] = int32(i)
	}
	out := core.NewData(n * to.Size())
	flat := core.Column{Type: c.Type, Width: 1, Data: c.Data}
	_, err := castRows(out, to, all, 1, &flat)
	return out, err
}
