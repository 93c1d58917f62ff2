package space

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
)

// Options bound and tune a Space. All are bytes.
type Options struct {
	Cache int64 // most bytes kept
	Ahead int64 // least bytes of a request
	Gap   int64 // requests of one batch that lie closer than this become one
	Align int64 // a request begins at a multiple of this, where the bytes before are not there
	Watch bool  // what is read and fetched is noted, for Watched
}

// A Space is an object as an HDF5 address space. Sizes, Base and Size are set once, after the superblock is read.
type Space struct {
	cursor.Sizes
	Base  int64 // byte of the file at which address 0 lies
	Size  int64 // bytes of the file, as far as is known; reads end there
	Whole bool  // an answer that ends before Size is an error: the file is truncated
	src   core.ObjectReader
	url   string
	opt   Options

	mu     sync.Mutex
	segs   []*segment // by offset
	bytes  int64      // of segs
	clock  int64
	stats  Stats
	hint   []extent      // to be read along with the next request
	over   []Patch       // what takes the place of the file's bytes
	tested bool          // the file's last byte was asked for
	met    int64         // where an answer ended before what was asked for; -1: none did
	quick  time.Duration // of the call that was answered soonest; 0: none was
	read   []extent      // structures, if watched
	values []extent      // what Fetch was asked for, if watched
}

// Stats are what was asked of the ObjectReader.
type Stats struct {
	Calls  int64 // of ReadRanges
	Ranges int64
	Bytes  int64 // received
}

// New makes the Space of an object whose Size and Sizes are not known yet.
func New(src core.ObjectReader, url string, opt Options) *Space {
	return &Space{src: src, url: url, opt: opt, Size: 1<<63 - 1, met: -1, Sizes: cursor.Sizes{Offset: 8, Length: 8}}
}

// Stats is what was asked so far.
func (s *Space) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

// Latency is how long the call took that was answered soonest; before the first, for ever.
func (s *Space) Latency() time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quick == 0 {
		return math.MaxInt64
	}
	return s.quick
}

// Keep raises the bound on the bytes that are kept.
func (s *Space) Keep(n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.opt.Cache = max(s.opt.Cache, n)
}

// Hint asks for n bytes at offset off of the file to be read along with the next request.
func (s *Space) Hint(off, n int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hint = append(s.hint, extent{max(off, 0), off + n})
}

// load makes the bytes of wants be there and returns segments that cover them. Bytes already kept or being fetched by
// another are not asked for again; if the other fails, perhaps because it was cancelled, they are asked for once more.
func (s *Space) load(ctx context.Context, wants []extent) ([]*segment, error) {
	for {
		s.mu.Lock()
		need := s.missing(merge(wants, 0))
		fresh := make([]*segment, len(need))
		for i, e := range need {
			fresh[i] = &segment{off: e.off, end: e.end, done: make(chan struct{})}
			s.insert(fresh[i])
		}
		segs := s.covering(wants)
		s.mu.Unlock()
		if len(fresh) > 0 {
			if err := s.fill(ctx, fresh); err != nil {
				return nil, err
			}
		}
		ok, err := wait(ctx, segs)
		if err != nil || ok {
			return segs, err
		}
	}
}

// wait is whether all segments arrived well.
func wait(ctx context.Context, segs []*segment) (bool, error) {
	ok := true
	for _, g := range segs {
		select {
		case <-g.done:
			ok = ok && g.err == nil
		case <-ctx.Done():
			return false, core.Errorf(core.Unavailable, "", "", "reading: %w", context.Cause(ctx))
		}
	}
	return ok, nil
}

// missing is what must be fetched for wants: each is extended to the least request, neighbours are joined over small
// gaps, and what is there already is cut out. s.mu is held.
func (s *Space) missing(wants []extent) []extent {
	var need []extent
	for _, w := range wants {
		w.end = min(w.end, s.Size)
		if gaps := s.holes(w); len(gaps) > 0 {
			first, last := gaps[0].off, gaps[len(gaps)-1].end
			need = append(need, extent{first - first%s.opt.Align, max(last, min(first+s.opt.Ahead, s.Size))})
		}
	}
	if len(need) == 0 {
		return nil
	}
	need, s.hint = append(need, s.hint...), nil
	var out []extent
	for _, e := range merge(need, s.opt.Gap) {
		out = append(out, s.holes(e)...)
	}
	return out
}

// holes is the parts of e that no segment covers. s.mu is held.
func (s *Space) holes(e extent) []extent {
	var out []extent
	at := e.off
	for i := find(s.segs, at); i < len(s.segs) && s.segs[i].off < e.end; i++ {
		if s.segs[i].off > at {
			out = append(out, extent{at, s.segs[i].off})
		}
		at = s.segs[i].end
	}
	if at < e.end {
		out = append(out, extent{at, e.end})
	}
	return out
}

// covering is the segments that touch wants, by offset. s.mu is held.
func (s *Space) covering(wants []extent) []*segment {
	var out []*segment
	s.clock++
	for _, w := range merge(wants, 0) {
		for i := find(s.segs, w.off); i < len(s.segs) && s.segs[i].off < w.end; i++ {
			s.segs[i].used = s.clock
			if n := len(out); n == 0 || out[n-1] != s.segs[i] {
				out = append(out, s.segs[i])
			}
		}
	}
	return out
}

func (s *Space) insert(g *segment) {
	s.segs = slices.Insert(s.segs, find(s.segs, g.off), g)
	s.bytes += g.end - g.off
}

// fill fetches segments in one call and then makes room.
func (s *Space) fill(ctx context.Context, fresh []*segment) error {
	ranges := make([]core.Range, len(fresh))
	for i, g := range fresh {
		ranges[i] = core.Range{Offset: g.off, Length: g.end - g.off}
	}
	data, err := s.ask(ctx, ranges)
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, g := range fresh {
		if g.err = err; err == nil {
			g.data = s.patched(g.off, data[i])
		}
		close(g.done)
	}
	if err != nil {
		s.drop(func(g *segment) bool { return slices.Contains(fresh, g) })
		return err
	}
	s.evict()
	return nil
}

// ask is ReadRanges, counted and with its answer's shape checked.
func (s *Space) ask(ctx context.Context, ranges []core.Range) ([][]byte, error) {
	start := time.Now()
	data, err := s.src.ReadRanges(ctx, s.url, ranges)
	if err != nil {
		return nil, err
	}
	took := max(time.Since(start), 1)
	if len(data) != len(ranges) {
		return nil, core.Errorf(core.Internal, "ReadRanges", s.url, "%d answers to %d ranges", len(data), len(ranges))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.quick == 0 || took < s.quick {
		s.quick = took
	}
	s.stats.Calls++
	s.stats.Ranges += int64(len(ranges))
	for i, d := range data {
		if int64(len(d)) > ranges[i].Length {
			data[i] = d[:ranges[i].Length]
		}
		s.stats.Bytes += int64(len(data[i]))
		if end := ranges[i].Offset + int64(len(data[i])); len(data[i]) < int(ranges[i].Length) && (s.met < 0 || end < s.met) {
			s.met = end
		}
	}
	if s.Whole && s.met >= 0 && s.met < s.Size {
		return nil, Truncated(s.met, s.Size)
	}
	return data, nil
}

// evict drops finished segments, the longest unused first, until the bound holds. s.mu is held.
func (s *Space) evict() {
	for s.bytes > s.opt.Cache {
		var old *segment
		for _, g := range s.segs {
			select {
			case <-g.done:
				if old == nil || g.used < old.used {
					old = g
				}
			default:
			}
		}
		if old == nil {
			return
		}
		s.drop(func(g *segment) bool { return g == old })
	}
}

func (s *Space) drop(which func(*segment) bool) {
	s.segs = slices.DeleteFunc(s.segs, func(g *segment) bool {
		if which(g) {
			s.bytes -= g.end - g.off
			return true
		}
		return false
	})
}

// Fetch reads data: ranges (offsets in the file) in one call, without keeping them. What the cache has is taken from
// there. An answer is cut where the file ends.
func (s *Space) Fetch(ctx context.Context, ranges []core.Range) ([][]byte, error) {
	out := make([][]byte, len(ranges))
	var ask []core.Range
	var where []int
	s.mu.Lock()
	for i, r := range ranges {
		if s.opt.Watch {
			s.values = append(s.values, extent{r.Offset, r.Offset + r.Length})
		}
		b, ok := view(s.segs, extent{r.Offset, r.Offset + r.Length})
		if ok {
			out[i] = b
			continue
		}
		ask = append(ask, r)
		where = append(where, i)
	}
	s.mu.Unlock()
	if len(ask) == 0 {
		return out, nil
	}
	data, err := s.ask(ctx, append(ask, s.untestedEnd()...))
	if err != nil {
		return nil, err
	}
	for i, d := range data[:len(where)] {
		out[where[i]] = d
	}
	return out, nil
}
