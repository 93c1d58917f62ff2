package h5dump

import (
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// A selected is which elements are to be shown: spans for each dimension, and which dimensions a single index took away.
type selected struct {
	spans h5.Selection
	drop  []bool
}

// counts is how many elements are selected along each dimension.
func (s *selected) counts() []uint64 {
	out := make([]uint64, len(s.spans))
	for i, spans := range s.spans {
		for _, p := range spans {
			out[i] += uint64(p.Count)
		}
	}
	return out
}

// shape is the shape of what is selected.
func (s *selected) shape() []uint64 {
	out := []uint64{}
	for i, n := range s.counts() {
		if !s.drop[i] {
			out = append(out, n)
		}
	}
	return out
}

// everything selects all of a dataset.
func everything(dims []uint64) *selected {
	s := &selected{spans: make(h5.Selection, len(dims)), drop: make([]bool, len(dims))}
	for i, n := range dims {
		s.spans[i] = []h5.Span{{Start: 0, Count: int64(n), Stride: 1}}
	}
	return s
}

// parseSelection reads what --select was given, as numpy's basic indexing has it with steps above 0: for each dimension an
// index or start:stop:step, counted from the end if negative; "..." stands for the dimensions not named, which are whole.
func parseSelection(text string, dims []uint64) (*selected, error) {
	s := everything(dims)
	parts := strings.Split(strings.Trim(strings.TrimSpace(text), "[]()"), ",")
	if len(parts) == 1 && strings.TrimSpace(parts[0]) == "" {
		return s, nil
	}
	at, dots := 0, false
	for k, part := range parts {
		part = strings.TrimSpace(part)
		if part == "..." && !dots {
			at, dots = len(dims)-(len(parts)-k-1), true
			continue
		}
		if at < 0 || at >= len(dims) {
			return nil, core.Errorf(core.Invalid, "--select", text, "names more dimensions than the %d of the dataset", len(dims))
		}
		var err error
		if s.spans[at][0], s.drop[at], err = parseSlice(part, int64(min(dims[at], 1<<62))); err != nil {
			return nil, core.Errorf(core.Invalid, "--select", text, "dimension %d of %d elements: %w", at, dims[at], err)
		}
		at++
	}
	return s, nil
}

// parseSlice reads the selection along a dimension of n elements; index: it is a single one.
func parseSlice(text string, n int64) (s h5.Span, index bool, err error) {
	fields := strings.Split(text, ":")
	if len(fields) > 3 || text == "" {
		return s, false, core.Errorf(core.Invalid, "", "", "want an index or start:stop:step, have %q", text)
	}
	v := [3]int64{0, n, 1}
	for i, f := range fields {
		if f = strings.TrimSpace(f); f == "" && len(fields) > 1 {
			continue
		}
		if v[i], err = strconv.ParseInt(f, 10, 64); err != nil {
			return s, false, core.Errorf(core.Invalid, "", "", "%q is not a whole number", f)
		}
		if i < 2 && v[i] < 0 {
			v[i] += n
		}
	}
	if len(fields) == 1 {
		if v[0] < 0 || v[0] >= n {
			return s, false, core.Errorf(core.Invalid, "", "", "index %s is out of range", text)
		}
		return h5.Span{Start: v[0], Count: 1, Stride: 1}, true, nil
	}
	start, stop, step := min(max(v[0], 0), n), min(max(v[1], 0), n), v[2]
	if step < 1 {
		return s, false, core.Errorf(core.Invalid, "", "", "step %d is not above 0", step)
	}
	s = h5.Span{Start: start, Stride: step}
	if stop > start {
		s.Count = (stop-start-1)/step + 1
	}
	return s, false, nil
}

// Arrays of more elements than threshold are shown by edgeItems at both ends of each dimension.
const (
	threshold = 100
	edgeItems = 3
)

// elide selects the corners of an array that is long to look at; false if it is not.
func elide(dims []uint64) (*selected, bool) {
	s := everything(dims)
	if slices.Contains(dims, 0) {
		return s, false
	}
	edge := int64(edgeItems)
	dim := 0 // dimensions before it show their first element only
	for changed := false; ; changed = true {
		total := uint64(1)
		for _, n := range s.counts() {
			if total *= n; total > threshold {
				break
			}
		}
		switch {
		case total <= threshold:
			return s, changed
		case changed && edge > 1:
			edge--
		case changed:
			s.spans[dim] = []h5.Span{{Start: 0, Count: 1, Stride: 1}}
			dim++
			continue
		}
		for i, n := range dims {
			if n := int64(min(n, 1<<62)); n > 2*edge {
				s.spans[i] = []h5.Span{{Start: 0, Count: edge, Stride: 1}, {Start: n - edge, Count: edge, Stride: 1}}
			}
		}
	}
}

// Values are read blockBytes at a time, or as much more as one layer of chunks is, up to stripBytes.
const (
	blockBytes = 16 << 20
	stripBytes = 64 << 20
	heapItems  = 1 << 16 // elements that point into a heap, at a time
)

// blocksOf cuts a selection of one span for each dimension into selections whose elements, in C order, are those of the
// whole, and calls visit for each in turn.
func blocksOf(d *h5.Dataset, sel *selected, visit func(h5.Selection) error) error {
	b := &blocks{size: int64(max(d.Type().Size, 1)), chunk: d.ChunkShape(), visit: visit, now: make(h5.Selection, len(sel.spans))}
	if b.block = blockBytes; hasHeap(d.Type()) {
		b.block = heapItems * b.size
	}
	for i := range sel.spans {
		b.all = append(b.all, sel.spans[i][0])
		if sel.spans[i][0].Count == 0 {
			return nil
		}
	}
	return b.cut(0)
}

type blocks struct {
	size, block int64 // bytes of an element and of a block
	chunk       []uint64
	all         []h5.Span
	now         h5.Selection
	visit       func(h5.Selection) error
}

// cut goes through dimension dim, those before it being cut already.
func (b *blocks) cut(dim int) error {
	if dim == len(b.all) {
		return b.visit(b.now)
	}
	row := b.size // bytes of one step along dim
	for i := dim + 1; i < len(b.all); i++ {
		b.now[i] = []h5.Span{b.all[i]}
		row *= b.all[i].Count // the dataset's own size does not overflow
	}
	s := b.all[dim]
	if row > b.block && dim+1 < len(b.all) {
		for k := range s.Count {
			b.now[dim] = []h5.Span{{Start: s.Start + k*s.Stride, Count: 1, Stride: 1}}
			if err := b.cut(dim + 1); err != nil {
				return err
			}
		}
		return nil
	}
	step := max(b.block/row, 1)
	layer := int64(0)
	if dim < len(b.chunk) && s.Stride == 1 && int64(min(b.chunk[dim], 1<<40)) <= max(step, stripBytes/max(row, 1)) {
		layer = int64(b.chunk[dim])
	}
	for k := int64(0); k < s.Count; {
		n := step
		if layer > 0 { // end with a layer of chunks
			n = max(step, layer)
			n -= (s.Start + k + n) % layer
			if n <= 0 {
				n += layer
			}
		}
		n = min(n, s.Count-k)
		b.now[dim] = []h5.Span{{Start: s.Start + k*s.Stride, Count: n, Stride: s.Stride}}
		if err := b.visit(b.now); err != nil {
			return err
		}
		k += n
	}
	return nil
}

// hasHeap reports a type whose elements point to more than their own bytes.
func hasHeap(t *h5.Datatype) bool {
	switch t.Class {
	case h5.Vlen, h5.Reference:
		return true
	case h5.Array:
		return hasHeap(t.Base)
	case h5.Compound:
		for _, m := range t.Members {
			if hasHeap(m.Type) {
				return true
			}
		}
	}
	return false
}
