// Package space is a file's address space as the parsers see it: byte ranges by address, behind a bounded cache that
// never asks for a byte that it has or that is on its way, and gathers what several walkers miss into one request.
package space

import (
	"cmp"
	"slices"
)

// A segment is a run of bytes of the file, fetched or on its way. Segments of a cache do not overlap.
type segment struct {
	off, end int64
	data     []byte        // set before done is closed; shorter than end-off where the file ends
	err      error         // likewise
	done     chan struct{} // closed when data or err is there
	used     int64         // clock of the last use
}

// An extent is the half-open range of bytes off…end.
type extent struct{ off, end int64 }

// find is the index of the first of segs that ends after off.
func find(segs []*segment, off int64) int {
	i, _ := slices.BinarySearchFunc(segs, off, func(s *segment, off int64) int {
		if s.end <= off {
			return -1
		}
		return 1
	})
	return i
}

// view is the bytes e of the file from finished segments; nil, false where some are not there. It is cut where a
// segment says that the file ends.
func view(segs []*segment, e extent) ([]byte, bool) {
	var out []byte
	for i, at := find(segs, e.off), e.off; at < e.end; i++ {
		if i >= len(segs) || segs[i].off > at || !segs[i].ready() {
			return nil, false
		}
		s := segs[i]
		short := s.off+int64(len(s.data)) < s.end
		lo := min(at-s.off, int64(len(s.data)))
		hi := min(e.end-s.off, int64(len(s.data)))
		if part := s.data[lo:hi:hi]; out == nil && (short || s.end >= e.end) {
			return part, true
		} else {
			out = append(out, part...)
		}
		if short {
			return out, true
		}
		at = s.end
	}
	return out, true
}

func (s *segment) ready() bool {
	select {
	case <-s.done:
		return s.err == nil
	default:
		return false
	}
}

// merge sorts wants and joins those that touch, overlap or lie at most gap bytes apart.
func merge(wants []extent, gap int64) []extent {
	slices.SortFunc(wants, func(a, b extent) int { return cmp.Compare(a.off, b.off) })
	out := wants[:0]
	for _, w := range wants {
		if n := len(out); n > 0 && w.off <= out[n-1].end+gap {
			out[n-1].end = max(out[n-1].end, w.end)
		} else {
			out = append(out, w)
		}
	}
	return out
}
