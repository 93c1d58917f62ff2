package coretest

import (
	"context"
	"fmt"
	"hash/crc32"
	"slices"
	"sync"

	"github.com/englacial/zagg/core"
)

// A source is an ObjectReader that looks at what is asked of it, and can lie.
type source struct {
	base    core.ObjectReader
	known   []string                                    // URLs that may be asked for
	objects map[string][]byte                           // objects of its own
	size    map[string]int64                            // objects that end early
	change  func(url string, r core.Range, data []byte) // damages bytes
	fail    func(call int) error                        // fails a call, counted from 0
	ends    map[string]int64                            // where objects end that are as they should be

	mu    sync.Mutex
	calls int
	wrong string // what was asked that must not be
	given []loan
}

// A loan is a slice that was handed out, to be read only.
type loan struct {
	data []byte
	sum  uint32
}

// newSource is a source of a granule's assets.
func newSource(base core.ObjectReader, g core.Granule) *source {
	s := &source{base: base}
	for _, url := range g.Assets {
		s.known = append(s.known, url)
	}
	return s
}

// call counts, and notes what is not right.
func (s *source) call(url string, ranges []core.Range) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.known, url) {
		s.wrong = fmt.Sprintf("asks for %q, which is no asset of the granule", url)
	}
	for _, r := range ranges {
		if r.Offset < 0 || r.Length < 0 {
			s.wrong = fmt.Sprintf("asks for range %+v of %s", r, url)
		}
		if end, ok := s.ends[url]; ok && r.Offset > end {
			s.wrong = fmt.Sprintf("asks for range %+v of %s, which has %d bytes", r, url, end)
		}
	}
	s.calls++
	if s.fail != nil {
		return s.fail(s.calls - 1)
	}
	return nil
}

// ReadRanges implements core.ObjectReader.
func (s *source) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	if err := s.call(url, ranges); err != nil {
		return nil, err
	}
	var out [][]byte
	if object, ok := s.objects[url]; ok {
		for _, r := range ranges {
			from := min(max(r.Offset, 0), int64(len(object)))
			out = append(out, object[from:from+min(max(r.Length, 0), int64(len(object))-from)])
		}
	} else {
		cut := slices.Clone(ranges)
		if size, ok := s.size[url]; ok {
			for i := range cut {
				cut[i].Offset = min(cut[i].Offset, size)
				cut[i].Length = min(cut[i].Length, size-cut[i].Offset)
			}
		}
		var err error
		if out, err = s.base.ReadRanges(ctx, url, cut); err != nil {
			return nil, err
		}
	}
	return s.lend(url, ranges, out), nil
}

// lend copies what is handed out, so that writes to it are seen.
func (s *source) lend(url string, ranges []core.Range, data [][]byte) [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := make([][]byte, len(data))
	for i := range data {
		out[i] = append(core.NewData(len(data[i]))[:0], data[i]...)
		if s.change != nil {
			s.change(url, ranges[i], out[i])
		}
		s.given = append(s.given, loan{out[i], crc32.ChecksumIEEE(out[i])})
	}
	return out
}

// Stat implements core.ObjectReader.
func (s *source) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	if err := s.call(url, nil); err != nil {
		return core.ObjectInfo{}, err
	}
	if object, ok := s.objects[url]; ok {
		return core.ObjectInfo{URL: url, Size: int64(len(object)), ETag: fmt.Sprint(crc32.ChecksumIEEE(object))}, nil
	}
	info, err := s.base.Stat(ctx, url)
	if size, ok := s.size[url]; ok {
		info.Size = size
	}
	return info, err
}

// check reports what was asked that must not be, and writes to what was lent.
func (s *source) check(c *check) {
	c.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	c.that(s.wrong == "", "Read %s", s.wrong)
	for _, l := range s.given {
		c.that(crc32.ChecksumIEEE(l.data) == l.sum, "Read writes to bytes that its source gave, which others may share")
	}
}
