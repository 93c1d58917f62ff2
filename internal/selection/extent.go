package selection

import (
	"math"

	"github.com/englacial/zagg/core"
)

// An Extent is the least and the greatest of some times, as their clock shows them. Without any it is the zero value.
type Extent struct {
	First, Last float64
	Any         bool
}

// Join is the extent of the times of both.
func (e Extent) Join(o Extent) Extent {
	switch {
	case !o.Any:
		return e
	case !e.Any:
		return o
	}
	return Extent{min(e.First, o.First), max(e.Last, o.Last), true}
}

// ExtentOf is the extent of the valid times of rows of a batch; of a column that is no time there is none.
func ExtentOf(b *core.Batch, column string, rows []int32) Extent {
	var e Extent
	all, missing, err := times(b, column, rows)
	if err != nil {
		return e
	}
	next := 0
	for k, r := range rows {
		if next < len(missing) && int(missing[next]) == k {
			next++
			continue
		}
		if t := all[r]; !math.IsNaN(t) && !math.IsInf(t, 0) {
			e = e.Join(Extent{t, t, true})
		}
	}
	return e
}
