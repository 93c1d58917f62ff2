package engine

// Which variables can be brought up to date from their stored values and new granules alone.

import (
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/zarr"
)

// Foldable is the reason why results on some granules cannot be joined with those on others (Unsupported, naming the
// first variable for which that is so); nil if they can. With exactly the result must be the very bytes that all
// granules together would give.
func (p *Pipeline) Foldable(exactly bool) error {
	for i := range p.Vars {
		if why := p.unfoldable(&p.Vars[i], exactly); why != "" {
			return core.Errorf(core.Unsupported, "fold", p.Vars[i].Name, "%s", why)
		}
	}
	return nil
}

// unfoldable is the reason of one variable; "" if there is none.
func (p *Pipeline) unfoldable(v *Variable, exactly bool) string {
	_, folds := v.Stat.(core.Folder)
	switch {
	case v.Chunk:
		return "it is one value for each chunk"
	case slices.ContainsFunc(v.Inputs, func(i Input) bool { return i.Chunk > 0 }):
		return "it takes a value of the chunk, which is another with more observations"
	case !folds:
		return "it cannot be computed of its own results on parts"
	case exactly && !foldsExactly(v):
		return "folded, it would only be near to what all observations together give"
	case !p.tellsEmpty(v):
		return "cells without a value cannot be told from cells whose value is the fill value: count its observations in a variable of their own"
	}
	return ""
}

// foldsExactly reports whether results are the same, as they are stored, in whatever order they are folded.
func foldsExactly(v *Variable) bool {
	switch v.Stat.Info().Folds {
	case core.FoldsExactly:
		return true
	case core.FoldsIntegers:
		return !slices.ContainsFunc(v.Arrays, func(a *zarr.Array) bool { return a.Type.IsFloat() || a.Type == core.Bytes })
	}
	return false
}

// tellsEmpty reports whether the store tells for each cell if it has a value: a mean of exactly the fill value must
// not be taken for an empty cell.
func (p *Pipeline) tellsEmpty(v *Variable) bool {
	a := v.Arrays[0]
	if a.Type == core.Bytes {
		return true // a cell without a value has no bytes
	}
	fill, err := a.FillValue()
	if err != nil {
		return false
	}
	zero := !slices.ContainsFunc(fill, func(b byte) bool { return b != 0 })
	switch {
	case v.Counts:
		return zero || !a.Type.IsFloat() && negative(a.Type, fill)
	case p.counter(v) >= 0:
		return true
	case v.Stat.Info().Folds == core.FoldsIntegers: // of nothing it is 0
		return zero
	}
	return isNaN(a.Type, fill) && p.Mask != MaskNone && !slices.ContainsFunc(v.Inputs, func(i Input) bool { return i.Column < 0 })
}

// counter is the variable that counts the rows from which v is computed; -1 if none does.
func (p *Pipeline) counter(v *Variable) int {
	return slices.IndexFunc(p.Vars, func(w Variable) bool {
		return w.Counts && !w.Chunk && (p.Mask != MaskInputs || slices.Equal(p.takes(&w), p.takes(v))) && p.tellsEmpty(&w)
	})
}

// takes are the columns that a variable takes, itself or within expressions, ascending.
func (p *Pipeline) takes(v *Variable) []int {
	var out []int
	for _, i := range v.Inputs {
		switch {
		case i.Chunk > 0, i.Area:
		case i.Column >= 0:
			out = append(out, i.Column)
		case i.Derived >= 0:
			out = append(out, p.columnsOf(p.Derived[i.Derived])...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// negative reports whether an integer of a signed type is below 0.
func negative(t core.Type, e []byte) bool {
	switch t {
	case core.Int8, core.Int16, core.Int32, core.Int64:
		return e[len(e)-1]&0x80 != 0
	}
	return false
}

// floatOf is the value of a float; ok is false for other types. Elements may lie at any address, so they are copied.
func floatOf(t core.Type, e []byte) (v float64, ok bool) {
	switch t {
	case core.Float32:
		return float64(core.View[float32](append(core.NewData(4)[:0], e...))[0]), true
	case core.Float64:
		return core.View[float64](append(core.NewData(8)[:0], e...))[0], true
	}
	return 0, false
}

func isNaN(t core.Type, e []byte) bool {
	v, ok := floatOf(t, e)
	return ok && math.IsNaN(v)
}
