package h5

// Selections: which elements of a dataset are wanted, along each dimension.

import (
	"math"

	"github.com/englacial/zagg/core"
)

// A Span is Count elements along a dimension from Start, every Stride-th (0 means 1).
type Span struct{ Start, Count, Stride int64 }

// A Selection is for each dimension the elements wanted: spans in ascending order that do not overlap; nil means all.
// Missing dimensions at the end mean all. What is selected is every combination of them.
type Selection [][]Span

// Rows is the Selection of spans of rows.
func Rows(spans ...Span) Selection { return Selection{spans} }

// An axis is a checked selection along one dimension.
type axis struct {
	spans []Span
	n     int64 // elements selected
	size  int64 // of the dimension
}

func (a *axis) full() bool { return a.n == a.size }

// axes checks a selection against the dataset's shape. A scalar is a dimension of one.
func (d *Dataset) axes(sel Selection) ([]axis, error) {
	dims := d.space.Dims
	if d.space.Null {
		dims = []uint64{0}
	} else if len(dims) == 0 {
		dims = []uint64{1}
	}
	if len(sel) > len(dims) {
		return nil, core.Errorf(core.Invalid, "", "", "selection of %d dimensions in a dataset of %d", len(sel), len(dims))
	}
	out := make([]axis, len(dims))
	for i, n := range dims {
		a := axis{size: int64(n), spans: []Span{{0, int64(n), 1}}}
		if i < len(sel) && sel[i] != nil {
			a.spans = make([]Span, 0, len(sel[i]))
			if err := a.take(sel[i], i); err != nil {
				return nil, err
			}
		}
		for _, s := range a.spans {
			a.n += s.Count
		}
		out[i] = a
	}
	return out, nil
}

// take checks spans and puts them into the axis; empty ones are left out.
func (a *axis) take(spans []Span, dim int) error {
	end := int64(0)
	for _, s := range spans {
		s.Stride = max(s.Stride, 1)
		if s.Count == 0 {
			continue
		}
		if s.Start < end || s.Count < 0 || s.Start >= a.size || s.Count-1 > (a.size-1-s.Start)/s.Stride {
			return core.Errorf(core.Invalid, "", "", "span %d + %d × %d of dimension %d: spans must ascend and stay below %d", s.Start, s.Count, s.Stride, dim, a.size)
		}
		end = s.last() + 1
		a.spans = append(a.spans, s)
	}
	return nil
}

func (s Span) last() int64 { return s.Start + (s.Count-1)*s.Stride }

// A run is n selected elements along one dimension, stride apart: where they begin inside a chunk (src) and in the
// result (dst).
type run struct{ src, dst, n, stride int64 }

// runs appends the runs of the axis inside the elements lo…hi; src counts from lo.
func (a *axis) runs(out []run, lo, hi int64) []run {
	at := int64(0)
	for _, s := range a.spans {
		if s.Start >= hi {
			break
		}
		if s.last() >= lo {
			skip := int64(0)
			if s.Start < lo {
				skip = (lo - s.Start + s.Stride - 1) / s.Stride
			}
			first := s.Start + skip*s.Stride
			if n := min(s.Count-skip, (hi-first+s.Stride-1)/s.Stride); first < hi && n > 0 {
				out = append(out, run{first - lo, at + skip, n, s.Stride})
			}
		}
		at += s.Count
	}
	return out
}

// cells calls visit for each interval [i·step, (i+1)·step) that holds selected elements, in ascending order.
func (a *axis) cells(step int64, visit func(i int64) error) error {
	done := int64(-1)
	for _, s := range a.spans {
		for k := int64(0); k < s.Count; {
			at := s.Start + k*s.Stride
			c := at / step
			if c > done {
				if err := visit(c); err != nil {
					return err
				}
				done = c
			}
			// The next interval would begin beyond an int64.
			if c >= math.MaxInt64/step-1 {
				break
			}
			k = max(k+1, ((c+1)*step-s.Start+s.Stride-1)/s.Stride)
		}
	}
	return nil
}
