package h5

// Learning from one granule where the next one of the product has its metadata: 45 requests for a granule become 7 or
// 8.

import (
	"cmp"
	"slices"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// A Pattern is where the metadata lay that was read of a file, and what its values took. A program that writes a product writes each
// file in the same order, so that the next one has its metadata about there, counted from the objects that its root group names.
// Options.Like has them read with a few long requests. It is a guess and never more: what is not there is read as ever.
type Pattern struct {
	traces   []trace
	requests int64 // that reading such a file by this pattern takes, values included
	bytes    int64
}

// A trace is where a structure lay: off bytes after its anchor, n bytes long.
type trace struct {
	anchor string // the name in the root group of the object from which it is counted; "": from the file's beginning
	off, n int64
}

// Limits of what is learned and foreseen. A place moves with the chunks written before it, so the farther it lies
// from its anchor the wider the window must be.
const (
	maxAnchors    = 256
	maxTraces     = 1 << 14
	leastSlack    = 4 << 10   // bytes that a place is looked for before and after where it lay
	slackPart     = 16        // and this part of the bytes that it lay from its anchor, which are other chunks in another file
	mostSlack     = 128 << 10 // beyond it a place cannot be foreseen
	mostForeseen  = 16 << 20
	patternRounds = 3 // round trips: the superblock, the root group's links, all else
	patternStart  = 2 // requests of the first two
	valuesGap     = 96 << 10
)

// An anchor is an object that the root group names.
type anchor struct {
	name string
	at   int64
}

// anchors are the objects that the root group names, in order of address; nil where they are not known, or too many.
func (f *File) anchors() []anchor {
	t := f.top.Load()
	if t == nil || len(t.links) > maxAnchors {
		return nil
	}
	var all []anchor
	for _, l := range t.links {
		if l.Kind == HardLink {
			all = append(all, anchor{l.Name, int64(l.Address) + f.space.Base})
		}
	}
	slices.SortFunc(all, func(a, b anchor) int { return cmp.Compare(a.at, b.at) })
	return all
}

// Pattern is where the metadata lay that was read until now; nil where that tells nothing of other files. The file is to be one that
// was opened with Options.Learn.
func (f *File) Pattern() *Pattern {
	anchors := f.anchors()
	structures, values := f.space.Watched()
	if len(anchors) == 0 || len(structures) > maxTraces {
		return nil
	}
	p := &Pattern{}
	for _, s := range structures {
		k, found := slices.BinarySearchFunc(anchors, s.Offset, func(a anchor, at int64) int { return cmp.Compare(a.at, at) })
		if !found {
			k--
		}
		if k < 0 {
			p.traces = append(p.traces, trace{"", s.Offset, s.Length})
		} else {
			p.traces = append(p.traces, trace{anchors[k].name, s.Offset - anchors[k].at, s.Length})
		}
	}
	known := p.windows(anchors, f.super.End, &f.opt)
	p.requests, p.bytes = patternStart+int64(len(known)), f.opt.FirstRead+f.opt.TailRead
	for _, w := range known {
		p.bytes += w.Length
	}
	for _, v := range space.Join(values, valuesGap) {
		if !slices.ContainsFunc(known, func(w core.Range) bool { return w.Offset <= v.Offset && v.Offset+v.Length <= w.Offset+w.Length }) {
			p.requests, p.bytes = p.requests+1, p.bytes+v.Length
		}
	}
	return p
}

// windows are the bytes of a file that are likely to hold the metadata: joined over gaps that cost less than a
// request, or over smaller ones where that is too much to keep in memory.
func (p *Pattern) windows(anchors []anchor, size int64, o *Options) []core.Range {
	likely := p.likely(anchors, size, o)
	single := space.Join(likely, o.Gap)
	most := min(cmp.Or(o.MostWhole, mostForeseen), mostForeseen)
	for gap := max(o.Request, o.Gap); ; gap = max(gap/4, o.Gap) {
		out, total := worthwhile(space.Join(likely, gap), single, max(o.Request, o.Gap))
		if total <= most {
			return out
		}
		if gap == o.Gap {
			return nil
		}
	}
}

// likely are the places of structures in a file, with some bytes around each.
func (p *Pattern) likely(anchors []anchor, size int64, o *Options) []core.Range {
	at := map[string]int64{"": 0}
	for _, a := range anchors {
		at[a.name] = a.at
	}
	var all []core.Range
	for _, l := range p.traces {
		from, ok := at[l.anchor]
		slack := max(l.off/slackPart, leastSlack)
		if !ok || slack > mostSlack {
			continue
		}
		start, end := max(from+l.off-slack, o.FirstRead), min(from+l.off+l.n+slack, size-o.TailRead)
		if start < end {
			all = append(all, core.Range{Offset: start, Length: end - start})
		}
	}
	return all
}

// worthwhile are the windows that cost no more than the requests for what they hold, and their bytes in total;
// single, the structures in order, is what would be requested otherwise.
func worthwhile(windows, single []core.Range, request int64) (out []core.Range, total int64) {
	for _, w := range windows {
		spared := int64(0)
		for len(single) > 0 && single[0].Offset < w.Offset+w.Length {
			spared, single = spared+1, single[1:]
		}
		if w.Length <= request*spared {
			out, total = append(out, w), total+w.Length
		}
	}
	return out, total
}

// foresee finds the root group's links, and has what is likely to be metadata read along with the next request. It
// does so once for each file; errors are left to whoever walks the paths.
func (f *File) foresee(r *space.Reader, paths []wanted) {
	if !f.opt.Learn && f.opt.Like == nil || f.top.Load() != nil {
		return
	}
	var steps []string
	for _, w := range paths {
		if len(w.path) > 0 && !slices.Contains(steps, w.path[0]) {
			steps = append(steps, w.path[0])
		}
	}
	t, err := f.linksAt(r, f.super.Root, steps)
	if err != nil || !f.top.CompareAndSwap(nil, t) || f.opt.Like == nil || f.whole || f.space.Latency() < quick {
		return // who walks the paths meets the error too
	}
	total := int64(0)
	for _, w := range f.opt.Like.windows(f.anchors(), f.super.End, &f.opt) {
		f.space.Hint(w.Offset, w.Length)
		total += w.Length
	}
	f.space.Keep(total + f.opt.CacheBytes)
}

// whole is the size up to which a file like it is better read whole: in less time than round trips and its parts take, at 75 MB/s, or for
// less money.
func (p *Pattern) whole(latency time.Duration, request int64) int64 {
	return max(tripsWorth(patternRounds-1, latency)+p.bytes, p.requests*request+p.bytes)
}
