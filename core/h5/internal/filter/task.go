package filter

import "fmt"

// A Task undoes the filters of a chunk up to a zlib stream, which is for another to decode, and goes on behind it:
// streams of several chunks are decoded at once.
type Task struct {
	p        Pipeline
	s        *Scratch
	dst, src []byte
	mask     uint32
	stage    int    // to be undone next
	out      []byte // for the stream
	lent     [maxFilters]*[]byte
}

// Begin is the Task of filling dst from src, to which the filters that mask excludes were not applied. End must follow.
func (p Pipeline) Begin(s *Scratch, dst, src []byte, mask uint32) Task {
	return Task{p: p, s: s, dst: dst, src: src, mask: mask, stage: len(p.Stages) - 1}
}

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
		t.out = t.dst
		if room, last := t.p.room(t.stage, t.mask, len(t.dst)); !last {
			b := t.s.Get(room)
			t.lent[t.stage] = b
			t.out = *b
		}
		if _, custom := t.p.Custom[st.ID]; st.ID == Deflate && !custom {
			return t.out, t.src, true, nil
		}
		n, err := t.p.decode(st, t.out, t.src)
		if err != nil {
			return nil, nil, false, t.fail(err)
		}
		t.src = t.out[:n]
	}
	return nil, nil, false, nil
}

// Inflated takes over the n bytes of the stream of Next, or what was wrong with it.
func (t *Task) Inflated(n int, err error) error {
	if err != nil {
		return t.fail(err)
	}
	t.src = t.out[:n]
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
	if len(t.src) < n {
		return nil, fmt.Errorf("chunk has %d bytes, not %d", len(t.src), n)
	}
	if t.out != nil && !t.InPlace(t.src) {
		// A checksum was the last to be undone: the chunk is in a lent buffer.
		copy(t.dst, t.src)
		return t.dst, nil
	}
	return t.src[:n], nil
}

// InPlace reports that a result is dst.
func (t *Task) InPlace(result []byte) bool { return len(result) == 0 || &result[0] == &t.dst[0] }

// Decode undoes the stages that mask does not exclude. The result has len(dst) bytes; it is dst or, where there is
// nothing to undo, a part of src.
func (p Pipeline) Decode(s *Scratch, dst, src []byte, mask uint32) (result []byte, err error) {
	t := p.Begin(s, dst, src, mask)
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
