package filter

import "errors"

// The kinds of type in the parameters of n-bit.
const (
	nbitAtomic = iota + 1
	nbitArray
	nbitCompound
	nbitOpaque
)

var errNBit = errors.New("parameters make no sense")

// An nbitType is a type as n-bit's parameters describe it.
type nbitType struct {
	kind, size        int
	big               bool
	precision, offset int
	members           []nbitType // of a compound, or the one of an array
	at                int        // offset in the compound
}

// nbit undoes n-bit: of every atomic element only its significant bits are stored. The other bits become zero; the
// element's type says how to extend them.
func nbit(dst, src []byte, params []uint32) (int, error) {
	if len(params) < 5 {
		return 0, errNBit
	}
	if params[1] != 0 { // nothing to gain
		if len(src) > len(dst) {
			return 0, errRoom
		}
		return copy(dst, src), nil
	}
	p := nbitParams{params[3:]}
	t, err := p.parse(0)
	if err != nil {
		return 0, err
	}
	n := int(params[2])
	if t.size == 0 || n > len(dst)/t.size {
		return 0, errRoom
	}
	dst = dst[:n*t.size]
	clear(dst)
	r := bitReader{b: src}
	for i := range n {
		if err := t.decode(dst[i*t.size:(i+1)*t.size], &r); err != nil {
			return 0, err
		}
	}
	return len(dst), nil
}

type nbitParams struct{ p []uint32 }

func (p *nbitParams) next() int {
	if len(p.p) == 0 {
		return -1
	}
	v := p.p[0]
	p.p = p.p[1:]
	if v > 1<<30 {
		return -1
	}
	return int(v)
}

func (p *nbitParams) parse(depth int) (t nbitType, err error) {
	t.kind, t.size = p.next(), p.next()
	if t.size <= 0 || depth > 16 {
		return t, errNBit
	}
	switch t.kind {
	case nbitAtomic:
		t.big = p.next() == 1
		t.precision, t.offset = p.next(), p.next()
		if t.size > 8 || t.precision <= 0 || t.offset < 0 || t.precision+t.offset > 8*t.size {
			return t, errNBit
		}
	case nbitArray:
		base, err := p.parse(depth + 1)
		if err != nil || t.size%base.size != 0 {
			return t, errNBit
		}
		t.members = []nbitType{base}
	case nbitCompound:
		for n := p.next(); n > 0; n-- {
			at := p.next()
			m, err := p.parse(depth + 1)
			if err != nil || at < 0 || at+m.size > t.size {
				return t, errNBit
			}
			m.at = at
			t.members = append(t.members, m)
		}
	case nbitOpaque:
	default:
		return t, errNBit
	}
	return t, nil
}

func (t *nbitType) decode(dst []byte, r *bitReader) error {
	switch t.kind {
	case nbitAtomic:
		if !r.has(t.precision) {
			return errShort
		}
		put(dst, t.size, t.big, r.read(t.precision)<<t.offset)
	case nbitOpaque:
		if !r.has(8 * t.size) {
			return errShort
		}
		for i := range dst {
			dst[i] = byte(r.read(8))
		}
	case nbitArray:
		m := &t.members[0]
		for i := 0; i < t.size; i += m.size {
			if err := m.decode(dst[i:i+m.size], r); err != nil {
				return err
			}
		}
	case nbitCompound:
		for i := range t.members {
			m := &t.members[i]
			if err := m.decode(dst[m.at:m.at+m.size], r); err != nil {
				return err
			}
		}
	}
	return nil
}
