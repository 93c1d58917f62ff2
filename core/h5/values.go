package h5

// Values: elements of any type as the file has them, with what they point to.

import (
	"bytes"
	"context"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/heap"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// Values are elements as the file has them: packed, in C order and the file's byte order, with their type. What
// elements of variable length point to is in a heap that came with them.
type Values struct {
	Type   *Datatype
	Shape  []uint64 // elements along each dimension; none: one element
	Data   []byte
	offset int // bytes of an address
	heap   map[heapRef][]byte
}

// A heapRef names an object of a global heap.
type heapRef struct {
	addr  uint64
	index uint32
}

// Read reads a selection (nil: all) as packed elements with all that they point to. It plans, fetches and decodes.
// Errors: Invalid for a selection outside of the dataset or of more than Options.ValueBytes, Unsupported for values
// that cannot be read.
func (d *Dataset) Read(ctx context.Context, sel Selection) (*Values, error) {
	v, err := d.read(ctx, sel)
	return v, d.f.fail("h5.Read", d.path, err)
}

func (d *Dataset) read(ctx context.Context, sel Selection) (*Values, error) {
	if err := d.readable(); err != nil {
		return nil, err
	}
	if err := d.f.LoadChunks(ctx, d); err != nil {
		return nil, err
	}
	p, err := d.planRaw(sel, d.f.opt.ValueBytes)
	if err != nil {
		return nil, err
	}
	if err := d.f.Fetch(ctx, p); err != nil {
		return nil, err
	}
	v := d.values(p.elems)
	for i := range d.space.Dims {
		v.Shape = append(v.Shape, uint64(p.axes[i].n))
	}
	if err := p.Decode(v.Data); err != nil {
		return nil, err
	}
	return v, v.resolve(d.f.space.Reader(ctx), d.f.opt.ValueBytes-p.Size())
}

// values is room for n elements.
func (d *Dataset) values(n int64) *Values {
	return &Values{Type: d.typ, Data: core.NewData(int(n) * d.typ.Size), offset: d.f.space.Sizes.Offset}
}

// Len is the number of elements.
func (v *Values) Len() int {
	if v.Type.Size == 0 {
		return 0
	}
	return len(v.Data) / v.Type.Size
}

// Element is the bytes of element i: a part of Data.
func (v *Values) Element(i int) []byte { return v.Data[i*v.Type.Size : (i+1)*v.Type.Size] }

// Heap is what an element of type t points to: elements of t.Base, packed; none if it is empty. t is a vlen that is
// the type of v or lies inside of it.
func (v *Values) Heap(t *Datatype, element []byte) []byte {
	n, ref := v.pointer(element)
	o := v.heap[ref]
	return o[:min(n*t.Base.Size, len(o))]
}

// Region is what a region reference points to: the address of the dataset's header, and the selection as the file has
// it (section III.E, "dataset region reference"); NoAddress if it points to nothing.
func (v *Values) Region(element []byte) (address uint64, selection []byte) {
	c := cursor.New("", 0, element, cursor.Sizes{Offset: v.offset})
	ref := heapRef{c.Addr(), c.U32()}
	c = cursor.New("", 0, v.heap[ref], c.Sizes)
	if address = c.Addr(); c.Err() != nil {
		return NoAddress, nil
	}
	return address, c.Bytes(c.Len())
}

// pointer reads a variable-length element: how many elements it has, and where they are.
func (v *Values) pointer(element []byte) (int, heapRef) {
	c := cursor.New("", 0, element, cursor.Sizes{Offset: v.offset})
	n := int(c.U32())
	return n, heapRef{c.Addr(), c.U32()}
}

// resolve fetches the heap objects that elements point to, level by level of the type: all objects of one level
// together. Each distinct object counts once against the budget, in bytes.
func (v *Values) resolve(r *space.Reader, budget int64) error {
	if !v.Type.hasHeap() {
		return nil
	}
	v.heap = map[heapRef][]byte{}
	type level struct {
		t    *Datatype
		data []byte
	}
	for todo := []level{{v.Type, v.Data}}; len(todo) > 0; {
		var found []pointed
		for _, l := range todo {
			found = v.pointers(found, l.t, l.data)
		}
		if err := v.load(r, found, &budget); err != nil {
			return err
		}
		todo = nil
		for _, p := range found {
			if p.base != nil && p.base.hasHeap() {
				todo = append(todo, level{p.base, v.heap[p.ref][:p.bytes()]})
			}
		}
	}
	return nil
}

// A pointed is a heap object that an element points to: n elements of base; base nil: n bytes of a reference.
type pointed struct {
	ref  heapRef
	n    int
	base *Datatype
}

// bytes is the least size of the object.
func (p *pointed) bytes() int {
	if p.base == nil {
		return p.n
	}
	return p.n * p.base.Size
}

// pointers appends what packed elements of type t point to.
func (v *Values) pointers(out []pointed, t *Datatype, data []byte) []pointed {
	if t.Size == 0 || !t.hasHeap() {
		return out
	}
	for ; len(data) >= t.Size; data = data[t.Size:] {
		e := data[:t.Size]
		switch t.Class {
		case Vlen:
			if n, ref := v.pointer(e); n > 0 {
				out = append(out, pointed{ref, n, t.Base})
			}
		case Reference:
			if p, ok := v.pointedByRef(t, e); ok {
				out = append(out, p)
			}
		case Array:
			out = v.pointers(out, t.Base, e)
		case Compound:
			for _, m := range t.Members {
				out = v.pointers(out, m.Type, e[m.Offset:m.Offset+m.Type.Size])
			}
		}
	}
	return out
}

// load reads the heap collections of found objects together and notes the objects, which may not exceed the budget.
func (v *Values) load(r *space.Reader, found []pointed, budget *int64) error {
	at := map[uint64]heap.Global{}
	var addrs []uint64
	for _, p := range found {
		if _, ok := at[p.ref.addr]; !ok {
			at[p.ref.addr] = nil
			addrs = append(addrs, p.ref.addr)
		}
	}
	slices.Sort(addrs)
	if err := heap.Prefetch(r, addrs); err != nil {
		return err
	}
	for _, p := range found {
		if at[p.ref.addr] == nil {
			g, err := heap.ReadGlobal(r, p.ref.addr)
			if err != nil {
				return err
			}
			at[p.ref.addr] = g
		}
		o, ok := at[p.ref.addr][p.ref.index]
		if !ok || p.bytes() > len(o) {
			return cursor.Corrupt("global heap collection", int64(p.ref.addr)+r.Base, "has no object %d of %d bytes", p.ref.index, p.bytes())
		}
		if _, ok := v.heap[p.ref]; ok {
			continue
		}
		if *budget -= int64(len(o)); *budget < 0 {
			return core.Errorf(core.Invalid, "", "", "elements of variable length exceed Options.ValueBytes: select fewer")
		}
		v.heap[p.ref] = slices.Clone(o)
	}
	return nil
}

// Strings are the elements as texts: strings of fixed size without their padding, and variable ones.
func (v *Values) Strings() ([]string, error) {
	t := v.Type
	if t.Class != String && !t.Variable {
		return nil, core.Errorf(core.Unsupported, "h5.Strings", "", "%s is not a string", t)
	}
	out := make([]string, v.Len())
	for i := range out {
		if t.Variable {
			text, _, _ := bytes.Cut(v.Heap(t, v.Element(i)), []byte{0})
			out[i] = string(text)
			continue
		}
		out[i] = fixedString(v.Element(i), t.Padding)
	}
	return out, nil
}

func fixedString(b []byte, p Padding) string {
	switch p {
	case SpacePadded:
		return strings.TrimRight(string(b), " ")
	case NullPadded:
		return strings.TrimRight(string(b), "\x00")
	}
	text, _, _ := bytes.Cut(b, []byte{0})
	return string(text)
}

// Column is the elements as a column: numbers little-endian, strings with Offsets. A row is an element of the first
// dimension, and Width is the product of the others. Types without a column are Unsupported.
func (v *Values) Column(name string) (core.Column, error) {
	if v.Type.Class == String || v.Type.Variable {
		texts, err := v.Strings()
		return core.StringColumn(name, texts), err
	}
	typ, err := v.Type.Column()
	if err != nil {
		return core.Column{}, err
	}
	c := core.Column{Name: name, Type: typ, Width: 1}
	for i, n := range v.Shape {
		if i > 0 {
			c.Width *= int(n)
		}
	}
	conv := columnConverter(v.Type)
	if typ == core.Bytes {
		c.Width *= v.Type.Size
	}
	c.Data = core.NewData(v.Len() * conv.out)
	conv.run(c.Data, v.Data)
	return c, nil
}
