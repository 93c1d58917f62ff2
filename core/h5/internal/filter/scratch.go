package filter

import (
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/inflate"
)

// Scratch lends what decoding needs. The zero value is ready; safe for concurrent use.
type Scratch struct {
	pool  sync.Pool // of *[]byte
	pairs sync.Pool // of *inflate.Pair
}

// Get lends n bytes of any content, 8-byte aligned.
func (s *Scratch) Get(n int) *[]byte {
	if b, ok := s.pool.Get().(*[]byte); ok && cap(*b) >= n {
		*b = (*b)[:n]
		return b
	}
	b := core.NewData(n)
	return &b
}

// Put takes them back.
func (s *Scratch) Put(b *[]byte) { s.pool.Put(b) }

// Inflate decodes the zlib streams that turn gives, two at a time.
func (s *Scratch) Inflate(turn inflate.Turn) {
	p, ok := s.pairs.Get().(*inflate.Pair)
	if !ok {
		p = new(inflate.Pair)
	}
	p.Decode(turn)
	s.pairs.Put(p)
}
