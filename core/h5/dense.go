package h5

// Dense storage: links and attributes of large objects lie in a fractal heap, and v2 B-trees list them.

import (
	"github.com/englacial/zagg/core/h5/internal/btree"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/heap"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// A recordKind is what a v2 B-tree over a fractal heap indexes, by name.
type recordKind uint8

const (
	linkRecords recordKind = iota
	attributeRecords
)

// A heapRecord is a record of such a tree.
type heapRecord struct {
	id     []byte
	shared bool // the object is in the heap of shared messages
	order  int
}

// maxRecords is more than any real object has; beyond it the tree is taken for damaged.
const maxRecords = 1 << 22

// heapObjects visits all objects of the fractal heap at addr that the tree lists. It takes few requests: heap and
// tree are read at once, and then all of the heap's blocks. The first error of visit ends it.
func (f *File) heapObjects(r *space.Reader, addr, tree uint64, kind recordKind, visit func(heapRecord, *cursor.Cursor) error) error {
	var h *heap.Fractal
	var records []heapRecord
	err := r.Each(2, func(i int) (err error) {
		if i == 0 {
			h, err = heap.OpenFractal(r, addr, f.unfilter)
		} else {
			records, err = readRecords(r, tree, kind)
		}
		return err
	})
	if err != nil {
		return err
	}
	ids := make([][]byte, 0, len(records))
	for _, rec := range records {
		if !rec.shared {
			ids = append(ids, rec.id)
		}
	}
	if err := h.Prefetch(r, ids); err != nil {
		return err
	}
	for _, rec := range records {
		var o *cursor.Cursor
		if rec.shared {
			o, err = f.sharedObject(r, rec.id)
		} else {
			o, err = h.Object(r, rec.id)
		}
		if err == nil {
			err = visit(rec, o)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// readRecords reads a tree of links by name (record type 5) or attributes by name (record type 8; section III.A.2).
func readRecords(r *space.Reader, tree uint64, kind recordKind) ([]heapRecord, error) {
	typ := map[recordKind]uint8{linkRecords: 5, attributeRecords: 8}[kind]
	t, err := btree.ReadV2(r, tree, typ)
	if err != nil {
		return nil, err
	}
	var out []heapRecord
	err = t.Walk(r, func(c *cursor.Cursor) error {
		var rec heapRecord
		if kind == linkRecords {
			c.Skip(4) // hash of the name
			rec.id = c.Bytes(c.Len())
		} else {
			rec.id = c.Bytes(8)
			rec.shared = c.U8()&2 != 0
			rec.order = int(c.U32())
		}
		if len(out) >= maxRecords {
			return c.Fail("tree has more than %d records", maxRecords)
		}
		out = append(out, rec)
		return c.Err()
	})
	return out, err
}
