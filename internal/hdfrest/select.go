package hdfrest

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// A selection is what of a dataset is asked for: the elements of all combinations of axes, or, if points is not nil, single
// ones in their order.
type selection struct {
	axes   []Axis
	points [][]uint64
	shape  []uint64 // of the answer: an index keeps its dimension, of one element
}

// reduced is the shape without the dimensions of one element, of which a list of one keeps its own.
func (s *selection) reduced() []uint64 {
	if len(s.shape) <= 1 {
		return s.shape
	}
	return slices.DeleteFunc(slices.Clone(s.shape), func(n uint64) bool { return n == 1 })
}

// elements is how many elements are selected.
func (s *selection) elements() uint64 {
	n := uint64(1)
	for _, d := range s.shape {
		if d > 0 && n > (1<<62)/d {
			return 1 << 62
		}
		n *= d
	}
	return n
}

// all selects everything.
func all(shape Shape) *selection {
	s := &selection{shape: slices.Clone(shape.Dims)}
	for _, d := range shape.Dims {
		s.axes = append(s.axes, Axis{Count: d, Step: 1})
	}
	return s
}

// parseSelect reads the grammar of selections for an array of a shape:
//
//	[ part , … ]      one part a dimension; the outer brackets may be left out
//	part = a:b  a:b:s  a:  :b  :  ::s     from a to before b, every s-th
//	     | i                              one element
//	     | [i,j,…]                        these elements; several such lists, of one length, are taken together, i-th with i-th
//
// An index beyond the extent, an end before its beginning, an empty range and a step of 0 are errors. most bounds the
// elements of lists.
func parseSelect(text string, dims []uint64, most int) (*selection, error) {
	text = strings.TrimSpace(text)
	parts, err := splitParts(unbracket(text), len(dims))
	if err != nil {
		return nil, err
	}
	s := &selection{axes: make([]Axis, len(dims))}
	var lists []int
	for i, p := range parts {
		a, err := parseAxis(strings.TrimSpace(p), dims[i], most)
		if err != nil {
			return nil, fmt.Errorf("dimension %d: %w", i, err)
		}
		s.axes[i] = a
		if a.Points != nil {
			lists = append(lists, i)
		}
	}
	for _, a := range s.axes {
		s.shape = append(s.shape, a.Len())
	}
	if len(lists) > 1 || len(lists) == 1 && !ascending(s.axes[lists[0]].Points) {
		return s, s.enumerate(lists, most)
	}
	return s, nil
}

// unbracket takes off a pair of brackets around everything.
func unbracket(text string) string {
	if !strings.HasPrefix(text, "[") || !strings.HasSuffix(text, "]") {
		return text
	}
	depth := 0
	for i := range len(text) - 1 {
		switch text[i] {
		case '[':
			depth++
		case ']':
			depth--
		}
		if depth == 0 {
			return text // the first bracket ends before the text does
		}
	}
	return text[1 : len(text)-1]
}

// splitParts cuts a selection at the commas outside of brackets into one part for each of rank dimensions.
func splitParts(text string, rank int) ([]string, error) {
	if text == "" && rank == 0 {
		return nil, nil
	}
	var parts []string
	depth, from := 0, 0
	for i := range len(text) {
		switch text[i] {
		case '[':
			depth++
		case ']':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, text[from:i])
				from = i + 1
			}
		}
		if depth < 0 || depth > 1 || len(parts) > rank {
			return nil, fmt.Errorf("byte %d: brackets or more parts than the %d dimensions", i, rank)
		}
	}
	if parts = append(parts, text[from:]); len(parts) != rank || depth != 0 {
		return nil, fmt.Errorf("%d parts for %d dimensions", len(parts), rank)
	}
	return parts, nil
}

func parseAxis(p string, n uint64, most int) (Axis, error) {
	if list, ok := strings.CutPrefix(p, "["); ok {
		list, ok = strings.CutSuffix(list, "]")
		if !ok {
			return Axis{}, fmt.Errorf("%q does not end in ]", p)
		}
		return parseList(list, n, most)
	}
	first, rest, isRange := strings.Cut(p, ":")
	if !isRange {
		i, err := index(first, n)
		return Axis{Start: i, Count: 1, Step: 1}, err
	}
	end, step, stepped := strings.Cut(rest, ":")
	a, b, s := uint64(0), n, uint64(1)
	var err error
	if first != "" {
		if a, err = number(first); err != nil {
			return Axis{}, err
		}
	}
	if end != "" {
		if b, err = number(end); err != nil {
			return Axis{}, err
		}
	}
	if stepped && step != "" {
		if s, err = number(step); err != nil {
			return Axis{}, err
		}
	}
	switch {
	case s == 0:
		return Axis{}, fmt.Errorf("the step of %q is 0", p)
	case b > n:
		return Axis{}, fmt.Errorf("%q goes beyond the extent of %d", p, n)
	case a >= b && (n > 0 || first != "" || end != ""):
		return Axis{}, fmt.Errorf("%q selects nothing of %d", p, n)
	}
	return Axis{Start: a, Count: (b - a + s - 1) / s, Step: s}, nil
}

func parseList(list string, n uint64, most int) (Axis, error) {
	if strings.Count(list, ",") >= most {
		return Axis{}, fmt.Errorf("more than %d elements", most)
	}
	a := Axis{Points: []uint64{}}
	for p := range strings.SplitSeq(list, ",") {
		i, err := index(strings.TrimSpace(p), n)
		if err != nil {
			return Axis{}, err
		}
		a.Points = append(a.Points, i)
	}
	return a, nil
}

func index(p string, n uint64) (uint64, error) {
	i, err := number(p)
	if err == nil && i >= n {
		err = fmt.Errorf("%d is beyond the extent of %d", i, n)
	}
	return i, err
}

// number reads digits: no sign, no blanks.
func number(p string) (uint64, error) {
	v, err := strconv.ParseUint(p, 10, 63)
	if err != nil || p[0] == '+' {
		return 0, fmt.Errorf("%q is not an index", p)
	}
	return v, nil
}

func ascending(p []uint64) bool {
	for i := 1; i < len(p); i++ {
		if p[i] <= p[i-1] {
			return false
		}
	}
	return true
}

// enumerate turns the selection into points, because its lists go together or do not ascend. Lists that go together are one
// dimension of the answer, in the place of the first.
func (s *selection) enumerate(lists []int, most int) error {
	n := len(s.axes[lists[0]].Points)
	counts := slices.Clone(s.shape)
	for _, i := range lists[1:] {
		if len(s.axes[i].Points) != n {
			return fmt.Errorf("lists of %d and %d elements", n, len(s.axes[i].Points))
		}
		counts[i] = 1
	}
	for _, i := range slices.Backward(lists[1:]) {
		s.shape = slices.Delete(s.shape, i, i+1)
	}
	total := s.elements()
	if total > uint64(most) {
		return fmt.Errorf("lists select %d elements, more than %d", total, most)
	}
	s.points = make([][]uint64, 0, total)
	at := make([]uint64, len(s.axes))
	for range total {
		p := make([]uint64, len(s.axes))
		for k, a := range s.axes {
			switch {
			case a.Points == nil:
				p[k] = a.Start + at[k]*a.Step
			default:
				p[k] = a.Points[at[lists[0]]]
			}
		}
		s.points = append(s.points, p)
		for k := len(at) - 1; k >= 0; k-- {
			if at[k]++; at[k] < counts[k] {
				break
			}
			at[k] = 0
		}
	}
	return nil
}
