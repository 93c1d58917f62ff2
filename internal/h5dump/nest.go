package h5dump

import (
	"bufio"
	"strings"
	"unicode/utf8"

	"github.com/englacial/zagg/core/h5"
)

// columnsOf is the width at which texts of values are broken.
const columnsOf = 110

// A nesting writes the elements of an array, which it is given one after another in C order, as nested lists.
type nesting struct {
	w      *bufio.Writer
	style  *valueStyle
	indent string   // text: before every line but the first
	dims   []uint64 // of the array; none: one element
	gaps   []gapOf  // text: for each dimension; none: nothing is left out
	at     []uint64 // of the next element
	col    int
	buf    []byte
}

// An gapOf is where elements along a dimension are left out: before number at, or at the end.
type gapOf struct {
	at  uint64
	end bool
}

// gapsOf finds what a selection of corners leaves out of dimensions.
func gapsOf(s *selected, dims []uint64) []gapOf {
	gaps := make([]gapOf, len(dims))
	for i, spans := range s.spans {
		if len(spans) == 2 {
			gaps[i].at = uint64(spans[0].Count)
		} else {
			gaps[i].end = uint64(spans[0].Count) < dims[i]
		}
	}
	return gaps
}

// begin must be called first, and is all there is for an array without elements.
func (n *nesting) begin() {
	n.at = make([]uint64, len(n.dims))
	for _, d := range n.dims {
		if d == 0 {
			n.w.WriteString("[]")
			return
		}
	}
}

// add writes one more element of v.
func (n *nesting) add(v *h5.Values, e []byte) {
	opened := 0 // lists that begin with this element
	for opened < len(n.at) && n.at[len(n.at)-1-opened] == 0 {
		opened++
	}
	if opened < len(n.at) {
		n.separate(len(n.at) - 1 - opened)
	}
	n.put(strings.Repeat("[", opened))
	n.buf = n.style.element(n.buf[:0], v, v.Type, e)
	if n.style.text && opened == 0 && len(n.at) > 0 {
		if n.col+1+utf8.RuneCount(n.buf) > columnsOf {
			n.newline(len(n.at))
		} else {
			n.put(" ")
		}
	}
	n.col += utf8.RuneCount(n.buf)
	n.w.Write(n.buf)
	for i := len(n.at) - 1; i >= 0; i-- {
		if n.at[i]++; n.at[i] < n.dims[i] {
			break
		}
		n.at[i] = 0
		if n.gaps != nil && n.gaps[i].end {
			n.put(", …")
		}
		n.put("]")
	}
}

func (n *nesting) put(s string) {
	n.w.WriteString(s)
	n.col += utf8.RuneCountInString(s)
}

// separate parts the next element along a dimension from the one before.
func (n *nesting) separate(dim int) {
	if !n.style.text {
		n.w.WriteByte(',')
		return
	}
	inner := dim == len(n.at)-1
	part := func() {
		n.put(",")
		if !inner {
			n.newline(dim + 1)
		}
	}
	part()
	if n.gaps != nil && n.gaps[dim].at > 0 && n.at[dim] == n.gaps[dim].at {
		n.put(map[bool]string{true: " …", false: "…"}[inner])
		part()
	}
}

func (n *nesting) newline(depth int) {
	n.w.WriteByte('\n')
	n.w.WriteString(n.indent)
	n.w.WriteString(strings.Repeat(" ", depth))
	n.col = len(n.indent) + depth
}
