package filter

import (
	"errors"
	"fmt"

	"github.com/englacial/zagg/core/h5/internal/inflate"
)

// A Task undoes the filters of a chunk up to a zlib stream, which is for another to decode, and goes on behind it:
// streams of several chunks are decoded at once.
type Task struct {
	p        Pipeline
	s        *Scratch
	dst, src []byte
	need     int // bytes that there must be at least
	mask     uint32
	stage    int    // to be undone next
	wide     int    // least room of the stage, where it was tried with less; 0: it was not
	out      []byte // for the stream
	lent     [maxFilters]*[]byte
}

// Begin is the Task of filling dst from src, to which the filters that mask excludes were not applied. The chunk may have
// fewer bytes than dst, of which the rest becomes zeros, but not fewer than need; or more, which are dropped. End must
// follow.
func (p Pipeline) Begin(s *Scratch, dst, src []byte, need int, mask uint32) Task {
	return Task{p: p, s: s, dst: dst, src: src, need: need, mask: mask, stage: len(p.Stages) - 1}
}

// What room a stage is given at most: so many times the chunk, or so many bytes.
const (
	maxWide  = 16
	mostWide = 256 << 20
)

// End gives the buffers between the stages back.
func (t *Task) End() {
	for _, b := range t.lent[:len(t.p.Stages)] {
		if b != nil {
			t.s.Put(b)
		}
	}
}

// Next goes on to the next zlib stream, which Inflated is to follow; more is false if there is none left.
func (t *Task) Next() (dst, src []byte, more bool, err error) {
	for ; t.stage >= 0; t.stage-- {
		if t.mask>>t.stage&1 != 0 {
			continue
		}
		st := t.p.Stages[t.stage]
		if st.ID == Fletcher32 {
			if t.src, err = fletcher(t.src); err != nil {
				return nil, nil, false, err
			}
			continue
		}
		_, custom := t.p.Custom[st.ID]
		if st.ID == Shuffle && !custom && len(t.src) > len(t.dst) {
			t.wide = len(t.src)
		}
		t.makeRoom()
		if st.ID == Deflate && !custom {
			return t.out, t.src, true, nil
		}
		n, err := t.p.decode(st, t.out, t.src)
		switch {
		case t.widen(err):
			t.stage++ // once more
			continue
		case err != nil:
			return nil, nil, false, t.fail(err)
		}
		t.src, t.wide = t.out[:n], 0
	}
	return nil, nil, false, nil
}

// makeRoom makes out what the stage is to fill.
func (t *Task) makeRoom() {
	t.out = t.dst
	room, last := t.p.room(t.stage, t.mask, len(t.dst))
	if room = max(room, t.wide); last && room <= len(t.dst) {
		return
	}
	if b := t.lent[t.stage]; b != nil {
		t.s.Put(b)
	}
	b := t.s.Get(room)
	t.lent[t.stage], t.out = b, *b
}

// widen has a stage that had not enough room tried with more: H5Dwrite_chunk stores chunks that are longer than a chunk.
func (t *Task) widen(err error) bool {
	if !errors.Is(err, errRoom) && !inflate.TooLong(err) {
		return false
	}
	t.wide = 2*len(t.out) + 4096
	return t.wide <= min(maxWide*len(t.dst)+1<<16, mostWide)
}

// Inflated takes over the n bytes of the stream of Next, or what was wrong with it.
func (t *Task) Inflated(n int, err error) error {
	switch {
	case t.widen(err):
		return nil // Next gives the same stream once more
	case err != nil:
		return t.fail(err)
	}
	t.src, t.wide = t.out[:n], 0
	t.stage--
	return nil
}

func (t *Task) fail(err error) error {
	st := t.p.Stages[t.stage]
	return fmt.Errorf("%s%s: %w", idName(st.ID), nameOf(st), err)
}

// Result is the chunk, once there are no more streams: dst or, where there was nothing to undo, a part of src.
func (t *Task) Result() ([]byte, error) {
	n := len(t.dst)
	switch {
	case len(t.src) < min(t.need, n):
		return nil, fmt.Errorf("chunk has %d bytes, not %d", len(t.src), min(t.need, n))
	case len(t.src) < n:
		if !t.InPlace(t.src) {
			copy(t.dst, t.src)
		}
		clear(t.dst[len(t.src):])
		return t.dst, nil
	case t.out != nil && !t.InPlace(t.src):
		// A checksum was the last to be undone, or there was more than a chunk: it is in a lent buffer.
		copy(t.dst, t.src)
		return t.dst, nil
	}
	return t.src[:n], nil
}

// InPlace reports that a result is dst.
func (t *Task) InPlace(result []byte) bool {
	return len(result) == 0 || len(t.dst) > 0 && &result[0] == &t.dst[0]
}

// Decode undoes the stages that mask does not exclude; need is as of Begin. The result has len(dst) bytes; it is dst or,
// where there is nothing to undo, a part of src.
func (p Pipeline) Decode(s *Scratch, dst, src []byte, need int, mask uint32) (result []byte, err error) {
	t := p.Begin(s, dst, src, need, mask)
	defer t.End()
	begun := false
	s.Inflate(func(lane, n int, failed error) (out, in []byte, more bool) {
		if lane > 0 {
			return nil, nil, false
		}
		if begun {
			err = t.Inflated(n, failed)
		}
		if err == nil {
			begun = true
			out, in, more, err = t.Next()
		}
		return out, in, more
	})
	if err != nil {
		return nil, err
	}
	return t.Result()
}
