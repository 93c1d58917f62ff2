package engine

import (
	"github.com/englacial/zagg/core"
)

// group merges the sinks into cells by one counting sort: granule order, then the order in which rows were emitted, is
// kept within a cell, so the same job gives the same bytes whatever the timing.
func (p *Pipeline) group(sinks []*sink) (*core.Groups, error) {
	counts := make([]int64, p.slots()+1)
	var total int64
	for _, s := range sinks {
		if s == nil {
			continue
		}
		for _, slot := range s.slots {
			counts[slot+1]++
		}
		total += int64(len(s.slots))
	}
	g := &core.Groups{Offsets: []int64{0}}
	for slot := range counts[1:] {
		if n := counts[slot+1]; n > 0 {
			g.Slots = append(g.Slots, int32(slot))
			g.Offsets = append(g.Offsets, g.Offsets[len(g.Offsets)-1]+n)
		}
		counts[slot+1] += counts[slot]
	}
	if total == 0 {
		return g, nil
	}
	if err := scatterSinks(g, sinks, counts, total); err != nil {
		return nil, err
	}
	return g, nil
}

// scatterSinks moves every row to its place; next[slot] is where the slot's next row goes. Sinks are let go one by one.
func scatterSinks(g *core.Groups, sinks []*sink, next []int64, total int64) error {
	for i, s := range sinks {
		sinks[i] = nil
		if s == nil || len(s.slots) == 0 {
			continue
		}
		if g.Rows == nil {
			for _, c := range s.cols {
				c.Data = core.NewData(int(total) * c.Width * c.Type.Size())
				g.Rows = append(g.Rows, c)
			}
		}
		places := make([]int64, len(s.slots))
		for r, slot := range s.slots {
			places[r] = next[slot]
			next[slot]++
		}
		for c := range s.cols {
			if s.cols[c].Type != g.Rows[c].Type || s.cols[c].Width != g.Rows[c].Width {
				return core.Errorf(core.Invalid, "engine", s.cols[c].Name, "granules disagree about the column: %s×%d and %s×%d",
					g.Rows[c].Type, g.Rows[c].Width, s.cols[c].Type, s.cols[c].Width)
			}
			place(g.Rows[c].Data, s.cols[c].Data, s.cols[c].Width*s.cols[c].Type.Size(), places)
		}
	}
	return nil
}

func place(dst, src []byte, size int, places []int64) {
	switch size {
	case 1:
		placeAs[uint8](dst, src, places)
	case 2:
		placeAs[uint16](dst, src, places)
	case 4:
		placeAs[uint32](dst, src, places)
	case 8:
		placeAs[uint64](dst, src, places)
	default:
		for r, at := range places {
			copy(dst[int(at)*size:(int(at)+1)*size], src[r*size:])
		}
	}
}

func placeAs[T core.Element](dst, src []byte, places []int64) {
	d, s := core.View[T](dst), core.View[T](src)
	for r, at := range places {
		d[at] = s[r]
	}
}
