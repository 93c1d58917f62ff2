package h5files

import (
	"bytes"
	"context"
	"encoding/binary"
	"math"
	"slices"

	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/internal/hdfrest"
)

// A codec turns elements as a file has them into the wire form of a type.
type codec struct {
	t        *hdfrest.Type
	size     int  // bytes of an element in the file
	plain    bool // both forms are the same
	indirect bool // elements point elsewhere: into a heap, or to an object
	append   func(dst, e []byte, w *wiring) []byte
}

// A wiring is what elements point to.
type wiring struct {
	v       *h5.Values
	ids     map[uint64]hdfrest.ID
	missing []uint64 // objects whose ids are not known yet
}

// wire turns values into the wire form.
func (d *domain) wire(ctx context.Context, c *codec, v *h5.Values) ([]byte, error) {
	if c.plain {
		return v.Data, nil
	}
	w := &wiring{v: v, ids: map[uint64]hdfrest.ID{}}
	out := c.all(nil, v.Data, w)
	if len(w.missing) == 0 {
		return out, nil
	}
	// References say where an object is, ids what it is too: the objects are looked at all together.
	slices.Sort(w.missing)
	ids, err := d.ids(ctx, slices.Compact(w.missing))
	if err != nil {
		return nil, err
	}
	w.ids = ids
	return c.all(out[:0], v.Data, w), nil
}

func (c *codec) all(dst, data []byte, w *wiring) []byte {
	if c.plain {
		return append(dst, data...)
	}
	for ; c.size > 0 && len(data) >= c.size; data = data[c.size:] {
		dst = c.append(dst, data[:c.size], w)
	}
	return dst
}

func asIs(t *hdfrest.Type, size int) *codec {
	return &codec{t: t, size: size, plain: true, append: func(dst, e []byte, _ *wiring) []byte { return append(dst, e...) }}
}

// opaque is for what the API has no type for: the bytes themselves.
func opaque(t *h5.Datatype) *codec {
	return asIs(&hdfrest.Type{Class: hdfrest.Opaque, Size: t.Size, Tag: t.String()}, t.Size)
}

// compile makes the codec of a type of a file.
func compile(t *h5.Datatype) *codec {
	switch t.Class {
	case h5.Integer, h5.Bitfield:
		return compileInteger(t)
	case h5.Float:
		return compileFloat(t)
	case h5.String:
		return compileString(t)
	case h5.Opaque:
		return asIs(&hdfrest.Type{Class: hdfrest.Opaque, Size: t.Size, Tag: t.Tag}, t.Size)
	case h5.Enum:
		return compileEnum(t)
	case h5.Compound:
		return compileCompound(t)
	case h5.Complex:
		return compileCompound(&h5.Datatype{Class: h5.Compound, Size: t.Size, Members: []h5.Member{{Name: "r", Type: t.Base}, {Name: "i", Offset: t.Base.Size, Type: t.Base}}})
	case h5.Array:
		return compileArray(t)
	case h5.Vlen:
		return compileVlen(t)
	case h5.Reference:
		if t.Ref == h5.ObjectRef || t.Ref == h5.RegionRef {
			return compileReference(t)
		}
	}
	return opaque(t)
}

// compileInteger widens integers of sizes and bits that the API has no names for.
func compileInteger(t *h5.Datatype) *codec {
	if t.Size > 8 {
		return opaque(t)
	}
	size := 1
	for size < t.Size {
		size *= 2
	}
	out := &hdfrest.Type{Class: hdfrest.Integer, Size: size, Signed: t.Signed && t.Class == h5.Integer, BigEndian: t.BigEndian && size > 1}
	if size == t.Size && t.Offset == 0 && t.Precision == 8*t.Size {
		return asIs(out, t.Size)
	}
	return &codec{t: out, size: t.Size, append: func(dst, e []byte, _ *wiring) []byte {
		v := bits(e, t.BigEndian) >> t.Offset
		if shift := 64 - t.Precision; shift > 0 && shift < 64 {
			if v <<= shift; out.Signed {
				v = uint64(int64(v) >> shift)
			} else {
				v >>= shift
			}
		}
		if out.BigEndian {
			return append(dst, binary.BigEndian.AppendUint64(nil, v)[8-size:]...)
		}
		return append(dst, binary.LittleEndian.AppendUint64(nil, v)[:size]...)
	}}
}

// bits is up to 8 bytes as a number.
func bits(e []byte, bigEndian bool) uint64 {
	var v uint64
	for i := range e {
		if bigEndian {
			v = v<<8 | uint64(e[i])
		} else {
			v |= uint64(e[i]) << (8 * i)
		}
	}
	return v
}

// compileFloat widens floats that are none of IEEE 754's but fit into its binary64 exactly.
func compileFloat(t *h5.Datatype) *codec {
	if t.IEEE() {
		return asIs(&hdfrest.Type{Class: hdfrest.Float, Size: t.Size, BigEndian: t.BigEndian}, t.Size)
	}
	b := t.Bits
	if t.Size > 8 || b.ExponentSize > 11 || b.MantissaSize > 52 || b.ExponentSize < 2 || !b.Implied || b.Bias > 1023 {
		return opaque(t)
	}
	return &codec{t: &hdfrest.Type{Class: hdfrest.Float, Size: 8}, size: t.Size, append: func(dst, e []byte, _ *wiring) []byte {
		return binary.LittleEndian.AppendUint64(dst, math.Float64bits(floatOf(bits(e, t.BigEndian), b)))
	}}
}

func floatOf(v uint64, b h5.FloatBits) float64 {
	exponent := int(v >> b.Exponent & (1<<b.ExponentSize - 1))
	mantissa := v >> b.Mantissa & (1<<b.MantissaSize - 1)
	var f float64
	switch {
	case exponent == 1<<b.ExponentSize-1 && mantissa != 0:
		f = math.NaN()
	case exponent == 1<<b.ExponentSize-1:
		f = math.Inf(1)
	case exponent == 0:
		f = math.Ldexp(float64(mantissa), 1-int(b.Bias)-b.MantissaSize)
	default:
		f = math.Ldexp(float64(mantissa|1<<b.MantissaSize), exponent-int(b.Bias)-b.MantissaSize)
	}
	if v>>b.Sign&1 != 0 {
		f = math.Copysign(f, -1)
	}
	return f
}

// compileString fills the rest of a text with NUL, as numpy has it. All are called ASCII: clients refuse fixed strings of
// UTF-8 and take the bytes of both as they are.
func compileString(t *h5.Datatype) *codec {
	out := &hdfrest.Type{Class: hdfrest.String, Size: t.Size, Pad: "H5T_STR_NULLPAD"}
	if t.Size == 0 {
		return opaque(t)
	}
	if t.Padding == h5.NullPadded {
		return asIs(out, t.Size)
	}
	if t.Padding == h5.NullTerminated {
		out.Pad = "H5T_STR_NULLTERM"
	}
	return &codec{t: out, size: t.Size, append: func(dst, e []byte, _ *wiring) []byte {
		text := bytes.TrimRight(e, " ")
		if t.Padding == h5.NullTerminated {
			text, _, _ = bytes.Cut(e, []byte{0})
		}
		return append(append(dst, text...), make([]byte, t.Size-len(text))...)
	}}
}

func compileEnum(t *h5.Datatype) *codec {
	base := compile(t.Base)
	if base.t.Class != hdfrest.Integer {
		return opaque(t)
	}
	out := &hdfrest.Type{Class: hdfrest.Enum, Base: base.t, Names: t.Names}
	for _, v := range t.Values {
		out.Values = append(out.Values, base.append(nil, v, nil))
	}
	return &codec{t: out, size: t.Size, plain: base.plain, append: base.append}
}

func compileCompound(t *h5.Datatype) *codec {
	out := &hdfrest.Type{Class: hdfrest.Compound}
	c := &codec{t: out, size: t.Size}
	members := make([]*codec, len(t.Members))
	packed := 0
	c.plain = true
	for i, m := range t.Members {
		members[i] = compile(m.Type)
		out.Members = append(out.Members, hdfrest.Member{Name: m.Name, Type: members[i].t})
		c.plain = c.plain && members[i].plain && m.Offset == packed
		c.indirect = c.indirect || members[i].indirect
		packed += m.Type.Size
	}
	c.plain = c.plain && packed == t.Size
	c.append = func(dst, e []byte, w *wiring) []byte {
		for i, m := range t.Members {
			dst = members[i].append(dst, e[m.Offset:m.Offset+m.Type.Size], w)
		}
		return dst
	}
	return c
}

// compileArray makes an array of arrays one of more dimensions: clients know no others.
func compileArray(t *h5.Datatype) *codec {
	base := compile(t.Base)
	out := &hdfrest.Type{Class: hdfrest.Array, Base: base.t, Dims: slices.Clone(t.Dims)}
	if base.t.Class == hdfrest.Array {
		out.Base, out.Dims = base.t.Base, append(out.Dims, base.t.Dims...)
	}
	return &codec{t: out, size: t.Size, plain: base.plain, indirect: base.indirect, append: func(dst, e []byte, w *wiring) []byte {
		return base.all(dst, e, w)
	}}
}

func compileVlen(t *h5.Datatype) *codec {
	if t.Variable {
		out := &hdfrest.Type{Class: hdfrest.String, UTF8: t.UTF8, Pad: "H5T_STR_NULLTERM"}
		return &codec{t: out, size: t.Size, indirect: true, append: func(dst, e []byte, w *wiring) []byte {
			text, _, _ := bytes.Cut(w.v.Heap(t, e), []byte{0})
			return append(binary.LittleEndian.AppendUint32(dst, uint32(len(text))), text...)
		}}
	}
	base := compile(t.Base)
	return &codec{t: &hdfrest.Type{Class: hdfrest.Vlen, Base: base.t}, size: t.Size, indirect: true, append: func(dst, e []byte, w *wiring) []byte {
		at := len(dst)
		dst = base.all(append(dst, 0, 0, 0, 0), w.v.Heap(t, e), w)
		binary.LittleEndian.PutUint32(dst[at:], uint32(len(dst)-at-4))
		return dst
	}}
}

// compileReference writes what a reference points to as the path of its object, of a region as that of its dataset.
func compileReference(t *h5.Datatype) *codec {
	out := &hdfrest.Type{Class: hdfrest.Reference, Region: t.Ref == h5.RegionRef}
	return &codec{t: out, size: t.Size, indirect: true, append: func(dst, e []byte, w *wiring) []byte {
		address := uint64(h5.NoAddress)
		if out.Region {
			address, _ = w.v.Region(e)
		} else if a := bits(e[:min(len(e), 8)], false); a != 0 && (len(e) >= 8 || a != 1<<(8*len(e))-1) {
			address = a
		}
		var text string
		if address != h5.NoAddress {
			id, ok := w.ids[address]
			if !ok {
				w.missing = append(w.missing, address)
			}
			text = id.Kind.Collection() + "/" + id.String()
		}
		return append(append(dst, text...), make([]byte, hdfrest.ReferenceSize-len(text))...)
	}}
}
