package expr

import (
	"math"
	"slices"
	"sort"
)

// histogram is np.histogram(a, bins, range): a tuple of the counts and the edges. bins is a constant number of bins of
// equal width, or the edges; the last bin includes its upper edge.
func (e *evaluator) histogram(n *node, args []value) (value, error) {
	v, err := e.whole(n, args[0])
	if err != nil {
		return v, err
	}
	if v, err = e.convert(n, v, kindFloat); err != nil {
		return v, err
	}
	if args[1].vec || args[1].kind == kindTuple {
		return e.histogramEdges(n, v, args[1])
	}
	bins, err := e.bins(n, args[1])
	if err != nil {
		return v, err
	}
	low, high, err := e.histogramRange(n, args[2])
	if err != nil {
		return v, err
	}
	cells, konst := len(v.off)-1, v.konst
	ofData := !low.konst || !high.konst // the range is computed from each cell's values
	if ofData {
		cells, konst = e.cells, false
	}
	counts, edges, err := e.histogramResult(n, cells, bins, konst)
	if err != nil {
		return v, err
	}
	for i := range cells {
		from, to := v.bounds(i)
		cell := v.floats()[from:to]
		h := histogram{
			counts: counts.ints()[counts.off[i]:counts.off[i+1]],
			edges:  edges.floats()[edges.off[i]:edges.off[i+1]],
		}
		if args[2].given() {
			h.low, h.high = low.floats()[i&low.mask()], high.floats()[i&high.mask()]
		} else {
			h.low, h.high = extent(cell)
		}
		if ofData && !(isFinite(h.low) && isFinite(h.high)) {
			h.none()
			continue
		}
		if why := h.fill(cell); why != "" {
			if err := e.cellError(n, i, "%s: %s (from %g to %g)", n.text, why, h.low, h.high); err != nil {
				return v, err
			}
		}
	}
	e.release(v)
	return value{kind: kindTuple, items: []value{counts, edges}}, nil
}

// bins is the number of bins of equal width; numpy's default is 10.
func (e *evaluator) bins(n *node, v value) (int, error) {
	if !v.given() {
		return 10, nil
	}
	bins, ok := v.constIndex()
	if !ok || bins < 1 || bins > maxWidth || v.kind == kindBool {
		return 0, e.errorf(n, "%s: bins is a constant from 1 to %d, or a list of edges", n.text, maxWidth)
	}
	return int(bins), nil
}

// histogramRange is the two numbers of range=(low, high), constants or numbers of the cell.
func (e *evaluator) histogramRange(n *node, r value) (low, high value, err error) {
	if !r.given() {
		return value{konst: true}, value{konst: true}, nil
	}
	if r.kind != kindTuple || len(r.items) != 2 {
		return r, r, e.errorf(n, "%s: range is two numbers, (low, high)", n.text)
	}
	for i, v := range r.items {
		if v.vec || !v.number() {
			return r, r, e.errorf(n, "%s: range is two numbers, not %s", n.text, v.describe())
		}
		if r.items[i], err = e.convert(n, v, kindFloat); err != nil {
			return r, r, err
		}
	}
	return r.items[0], r.items[1], nil
}

func (e *evaluator) histogramResult(n *node, cells, bins int, konst bool) (counts, edges value, err error) {
	if counts, err = e.alloc(n, kindInt, cells*bins); err != nil {
		return counts, edges, err
	}
	if edges, err = e.alloc(n, kindFloat, cells*(bins+1)); err != nil {
		return counts, edges, err
	}
	counts.vec, counts.konst, counts.width, counts.off = true, konst, bins, evenOffsets(cells, bins)
	edges.vec, edges.konst, edges.width, edges.off = true, konst, bins+1, evenOffsets(cells, bins+1)
	e.widest = max(e.widest, bins+1)
	return counts, edges, nil
}

// histogramEdges counts between given edges, which are the same for all cells.
func (e *evaluator) histogramEdges(n *node, v, bins value) (value, error) {
	edges, err := e.constNumbers(n, "bins", bins)
	if err != nil {
		return v, err
	}
	if len(edges) < 2 || len(edges) > maxWidth || !slices.IsSorted(edges) || math.IsNaN(edges[0]) {
		return v, e.errorf(n, "%s: edges are from 2 to %d numbers that increase", n.text, maxWidth)
	}
	cells := len(v.off) - 1
	counts, all, err := e.histogramResult(n, cells, len(edges)-1, v.konst)
	if err != nil {
		return v, err
	}
	last := len(edges) - 1
	for i := range cells {
		lo, hi := v.bounds(i)
		c := counts.ints()[counts.off[i]:counts.off[i+1]]
		clear(c)
		copy(all.floats()[all.off[i]:], edges)
		for _, x := range v.floats()[lo:hi] {
			if x >= edges[0] && x < edges[last] {
				c[sort.Search(last, func(j int) bool { return edges[j+1] > x })]++
			} else if x == edges[last] {
				c[last-1]++
			}
		}
	}
	e.release(v)
	return value{kind: kindTuple, items: []value{counts, all}}, nil
}

// extent is the range that numpy takes when none is given.
func extent(v []float64) (low, high float64) {
	if len(v) == 0 {
		return 0, 1
	}
	low, high = v[0], v[0]
	for _, x := range v {
		low, high = min(low, x), max(high, x)
	}
	return low, high
}

// histogram is one array's counts in bins of equal width.
type histogram struct {
	low, high float64
	counts    []int64
	edges     []float64
}

// makeEdges is numpy.linspace from low to high. The result says what is wrong, if anything.
func (h *histogram) makeEdges() string {
	switch {
	case h.low > h.high:
		return "the range ends before it begins"
	case !isFinite(h.low) || !isFinite(h.high):
		return "the range is not finite"
	case h.low == h.high:
		h.low, h.high = h.low-0.5, h.high+0.5
	}
	div := float64(len(h.counts))
	delta := h.high - h.low
	step := delta / div
	for i := range h.edges {
		if step != 0 {
			h.edges[i] = float64(float64(i)*step) + h.low
		} else {
			h.edges[i] = float64(float64(i)/div*delta) + h.low
		}
	}
	h.edges[len(h.counts)] = h.high
	for i := range h.counts {
		if !(h.edges[i] < h.edges[i+1]) {
			return "too many bins for the range"
		}
	}
	return ""
}

// none is what a cell has whose own range is not finite: nothing counted. One odd value must not keep other cells from being
// computed.
func (h *histogram) none() {
	clear(h.counts)
	for i := range h.edges {
		h.edges[i] = math.NaN()
	}
}

// fill counts as numpy does: the bin by a division, corrected by one where rounding put a value beyond an edge. The
// result says what is wrong, if anything.
func (h *histogram) fill(v []float64) string {
	clear(h.counts)
	if why := h.makeEdges(); why != "" {
		return why
	}
	bins := len(h.counts)
	width, n := h.high-h.low, float64(bins)
	for _, x := range v {
		if !(x >= h.low && x <= h.high) {
			continue
		}
		b := min(int(float64((x-h.low)/width)*n), bins-1)
		if x < h.edges[b] {
			b--
		} else if b < bins-1 && x >= h.edges[b+1] {
			b++
		}
		h.counts[b]++
	}
	return ""
}
