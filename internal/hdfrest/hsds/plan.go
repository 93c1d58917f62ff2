package hsds

import (
	"encoding/binary"
	"fmt"

	"github.com/englacial/zagg/internal/hdfrest"
)

// A run is elements of one dimension: n from in within the chunk, every step-th, which are those from out on in the selection.
type run struct{ in, out, n, step uint64 }

// A span is the runs of one dimension that are in the same row of chunks.
type span struct {
	chunk uint64
	runs  []run
}

// spansOf cuts an axis at the borders of chunks.
func spansOf(a hdfrest.Axis, size uint64) []span {
	var out []span
	if a.Points != nil {
		for i, p := range a.Points {
			r := run{p % size, uint64(i), 1, 1}
			if n := len(out); n > 0 && out[n-1].chunk == p/size {
				out[n-1].runs = append(out[n-1].runs, r)
			} else {
				out = append(out, span{p / size, []run{r}})
			}
		}
		return out
	}
	for i := uint64(0); i < a.Count; {
		at := a.Start + i*a.Step
		n := min(a.Count-i, (size-at%size+a.Step-1)/a.Step)
		out = append(out, span{at / size, []run{{at % size, i, n, a.Step}}})
		i += n
	}
	return out
}

// A part is what of a selection is in one chunk.
type part struct {
	index []uint64 // of the chunk
	spans []span   // one a dimension; nil: cells
	cells []cell
}

// A cell is one element: its place in the chunk and in the selection.
type cell struct{ in, out uint64 }

// maxParts is how many chunks one request reads or writes.
const maxParts = 1 << 18

// checkParts is an error of a selection (nil: everything) of more chunks than one request has. It is asked before they are listed.
func (l *layoutMeta) checkParts(sel []hdfrest.Axis) error {
	n := uint64(1)
	for i, size := range l.grid {
		a := hdfrest.Axis{Count: l.shape.Dims[i], Step: 1}
		if i < len(sel) {
			a = sel[i]
		}
		if a.Len() == 0 {
			return nil
		}
		chunks := a.Len()
		if a.Points == nil {
			chunks = min(chunks, (a.Start+(a.Count-1)*a.Step)/size-a.Start/size+1)
		}
		if chunks > maxParts/n {
			return fmt.Errorf("what is selected is in more than %d chunks", maxParts)
		}
		n *= chunks
	}
	return nil
}

// partsOf are the parts of a selection (nil: everything), chunk by chunk.
func (l *layoutMeta) partsOf(sel []hdfrest.Axis) (parts []part, shape []uint64) {
	if sel == nil {
		for _, d := range l.shape.Dims {
			sel = append(sel, hdfrest.Axis{Count: d, Step: 1})
		}
	}
	sel = sel[:min(len(sel), len(l.grid))]
	dims := make([][]span, len(sel))
	for i, a := range sel {
		shape = append(shape, a.Len())
		if dims[i] = spansOf(a, l.grid[i]); len(dims[i]) == 0 {
			return nil, shape
		}
	}
	at := make([]int, len(dims))
	for {
		p := part{index: make([]uint64, len(dims)), spans: make([]span, len(dims))}
		for i, k := range at {
			p.spans[i] = dims[i][k]
			p.index[i] = p.spans[i].chunk
		}
		parts = append(parts, p)
		i := len(at) - 1
		for ; i >= 0; i-- {
			if at[i]++; at[i] < len(dims[i]) {
				break
			}
			at[i] = 0
		}
		if i < 0 {
			return parts, shape
		}
	}
}

// partsOfPoints are the parts of single elements.
func (l *layoutMeta) partsOfPoints(points [][]uint64) []part {
	var parts []part
	known := map[string]int{}
	var name []byte
	for i, p := range points {
		index := make([]uint64, len(p))
		in := uint64(0)
		name = name[:0]
		for k, x := range p {
			index[k] = x / l.grid[k]
			in = in*l.grid[k] + x%l.grid[k]
			name = binary.AppendUvarint(name, index[k])
		}
		at, ok := known[string(name)]
		if !ok {
			at = len(parts)
			known[string(name)] = at
			parts = append(parts, part{index: index})
		}
		parts[at].cells = append(parts[at].cells, cell{in, uint64(i)})
	}
	return parts
}

// each visits what a part selects: n elements from in within the chunk, every step-th, which are those from out on.
func (p *part) each(grid, shape []uint64, visit func(in, out, n, step uint64)) {
	for _, c := range p.cells {
		visit(c.in, c.out, 1, 1)
	}
	if p.cells == nil {
		nested(p.spans, grid, shape, 0, 0, visit)
	}
}

func nested(spans []span, grid, shape []uint64, in, out uint64, visit func(in, out, n, step uint64)) {
	if len(spans) == 0 {
		visit(in, out, 1, 1)
		return
	}
	for _, r := range spans[0].runs {
		if len(spans) == 1 {
			visit(in*grid[0]+r.in, out*shape[0]+r.out, r.n, r.step)
			continue
		}
		for k := range r.n {
			nested(spans[1:], grid[1:], shape[1:], in*grid[0]+r.in+k*r.step, out*shape[0]+r.out+k, visit)
		}
	}
}
