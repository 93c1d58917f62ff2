package space

import (
	"slices"

	"github.com/englacial/zagg/core"
)

// note notes that a structure is read, if that is watched.
func (s *Space) note(e extent) {
	if !s.opt.Watch {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.read = append(s.read, e)
}

// Watched is where the structures lie that were read so far, and where the values do, each in order and without overlaps.
func (s *Space) Watched() (structures, values []core.Range) {
	s.mu.Lock()
	read, fetched := slices.Clone(s.read), slices.Clone(s.values)
	s.mu.Unlock()
	return rangesOf(merge(read, 0)), rangesOf(merge(fetched, 0))
}

func rangesOf(extents []extent) []core.Range {
	out := make([]core.Range, len(extents))
	for i, e := range extents {
		out[i] = core.Range{Offset: e.off, Length: e.end - e.off}
	}
	return out
}

// Join joins ranges, in order, that lie at most gap bytes apart.
func Join(ranges []core.Range, gap int64) []core.Range {
	all := make([]extent, len(ranges))
	for i, r := range ranges {
		all[i] = extent{r.Offset, r.Offset + r.Length}
	}
	return rangesOf(merge(all, gap))
}
