// Package plugintest has helpers shared by plugins and their tests.
package plugintest

import (
	"context"
	"io"
	"slices"
	"sync"

	"github.com/englacial/zagg/core"
)

// A Reader is an object as libraries of formats read files: an io.ReaderAt that fetches whole blocks and keeps the last few, so that
// a library that asks for many small pieces in a row costs few requests. What a ReadAt lacks is fetched at once. Safe for concurrent use.
type Reader struct {
	ctx   context.Context
	src   core.ObjectReader
	url   string
	size  int64
	block int64

	mu     sync.Mutex
	blocks map[int64][]byte
	recent []int64 // numbers of blocks, the oldest first
}

var _ io.ReaderAt = (*Reader)(nil)

// Sizes of blocks in bytes, and how many are kept.
const (
	defaultBlock = 1 << 20
	kept         = 16
)

// NewReader asks for the object's size. block is the bytes that are fetched together; 0: 1 MiB. Reads end with ctx.
func NewReader(ctx context.Context, src core.ObjectReader, url string, block int64) (*Reader, error) {
	info, err := src.Stat(ctx, url)
	if err != nil {
		return nil, err
	}
	if block <= 0 {
		block = defaultBlock
	}
	return &Reader{ctx: ctx, src: src, url: url, size: info.Size, block: block, blocks: map[int64][]byte{}}, nil
}

// Size is the object's, in bytes.
func (r *Reader) Size() int64 { return r.size }

// ReadAt fills p from an offset; io.EOF where the object ends before. Errors of the object keep their codes.
func (r *Reader) ReadAt(p []byte, offset int64) (int, error) {
	if offset < 0 {
		return 0, core.Errorf(core.Invalid, "read", r.url, "offset %d", offset)
	}
	if offset >= r.size {
		return 0, io.EOF
	}
	want := min(int64(len(p)), r.size-offset)
	if want == 0 {
		return 0, nil
	}
	first, last := offset/r.block, (offset+want-1)/r.block
	blocks, err := r.fetch(first, last)
	if err != nil {
		return 0, err
	}
	n := 0
	for i, b := range blocks {
		from := max(0, offset-(first+int64(i))*r.block)
		if from > int64(len(b)) {
			break
		}
		n += copy(p[n:want], b[from:])
	}
	switch {
	case int64(n) < want:
		return n, core.Errorf(core.Corrupt, "read", r.url, "it has %d bytes at %d, not %d: it has become shorter", n, offset, want)
	case n < len(p):
		return n, io.EOF
	}
	return n, nil
}

// fetch gives neighbouring blocks, and gets those that are not kept.
func (r *Reader) fetch(first, last int64) ([][]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := make([][]byte, last-first+1)
	var ranges []core.Range
	var lacking []int64
	for k := first; k <= last; k++ {
		if b, ok := r.blocks[k]; ok {
			out[k-first] = b
			continue
		}
		lacking = append(lacking, k)
		ranges = append(ranges, core.Range{Offset: k * r.block, Length: min(r.block, r.size-k*r.block)})
	}
	if len(lacking) == 0 {
		return out, nil
	}
	got, err := r.src.ReadRanges(r.ctx, r.url, ranges)
	if err != nil {
		return nil, err
	}
	if len(got) != len(ranges) {
		return nil, core.Errorf(core.Internal, "read", r.url, "%d answers for %d ranges", len(got), len(ranges))
	}
	for i, k := range lacking {
		out[k-first] = got[i]
		r.keep(k, got[i])
	}
	return out, nil
}

// keep remembers a block in place of the oldest.
func (r *Reader) keep(k int64, b []byte) {
	r.blocks[k] = b
	r.recent = append(slices.DeleteFunc(r.recent, func(o int64) bool { return o == k }), k)
	if len(r.recent) > kept {
		delete(r.blocks, r.recent[0])
		r.recent = slices.Delete(r.recent, 0, 1)
	}
}
