package btree

import (
	"math/bits"

	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// V2 is the header of a version 2 tree.
type V2 struct {
	Type    uint8
	Records uint64 // of the whole tree
	Size    int    // bytes of a record
	node    int64
	depth   int
	root    uint64
	inRoot  int
	maxN    []int // records of a node by level
	nWidth  int   // bytes of a node's record count
	total   []int // bytes of a subtree's record count by level
}

const (
	v2Header = "v2 B-tree header"
	v2Node   = "v2 B-tree node"
)

// ReadV2 reads the header at addr, which must be of one of types.
func ReadV2(r *space.Reader, addr uint64, types ...uint8) (*V2, error) {
	c, err := r.Read(v2Header, addr, int64(22+r.Sizes.Offset+r.Sizes.Length))
	if err != nil {
		return nil, err
	}
	c.Magic("BTHD")
	c.Version(0, 0)
	t := &V2{Type: c.U8(), node: int64(c.U32()), Size: int(c.U16()), depth: int(c.U16())}
	c.Skip(2)
	t.root, t.inRoot, t.Records = c.Addr(), int(c.U16()), c.Length()
	c.Checksum()
	known := false
	for _, typ := range types {
		known = known || typ == t.Type
	}
	switch {
	case c.Err() != nil:
	case !known:
		c.Fail("records are of type %d, not of %v", t.Type, types)
	case t.depth > maxDepth || t.Size == 0 || t.node < 32 || t.node > 1<<24:
		c.Fail("impossible shape: depth %d, records of %d bytes, nodes of %d", t.depth, t.Size, t.node)
	case !t.layout(r.Sizes.Offset):
		c.Fail("nodes of %d bytes cannot hold records of %d", t.node, t.Size)
	}
	return t, c.Err()
}

// layout computes for every level how many records fit and how wide counts are.
func (t *V2) layout(offset int) bool {
	const prefix = 10 // signature, version, type, checksum
	t.maxN = append(t.maxN, int(t.node-prefix)/t.Size)
	t.total = append(t.total, 0)
	t.nWidth = width(uint64(t.maxN[0]))
	sum := uint64(t.maxN[0])
	for l := 1; l <= t.depth; l++ {
		pointer := offset + t.nWidth + t.total[l-1]
		n := (int(t.node) - prefix - pointer) / (t.Size + pointer)
		if n < 1 {
			return false
		}
		hi, lo := bits.Mul64(uint64(n+1), sum)
		sum = lo + uint64(n)
		if hi != 0 || sum < lo {
			return false
		}
		t.maxN, t.total = append(t.maxN, n), append(t.total, width(sum))
	}
	return t.maxN[0] >= 1
}

// width is the bytes that hold numbers up to n.
func width(n uint64) int { return (max(bits.Len64(n), 1)-1)/8 + 1 }

type child struct {
	addr uint64
	n    int
}

// Walk calls record for every record. Those of inner nodes come before those of the levels below: the order is not the
// key order unless the tree is a single leaf.
func (t *V2) Walk(r *space.Reader, record func(c *cursor.Cursor) error) error {
	if t.root == cursor.Undefined || t.Records == 0 {
		return nil
	}
	v := visit{seen: map[uint64]bool{}, what: v2Node}
	nodes := []child{{t.root, t.inRoot}}
	for level := t.depth; level >= 0; level-- {
		want := make([]space.Piece, len(nodes))
		for i, n := range nodes {
			want[i] = space.Piece{Addr: n.addr, N: t.used(r, n, level)}
		}
		if err := r.Prefetch(want); err != nil {
			return err
		}
		var next []child
		for _, n := range nodes {
			if err := v.enter(n.addr); err != nil {
				return err
			}
			below, err := t.read(r, n, level, record)
			if err != nil {
				return err
			}
			next = append(next, below...)
		}
		nodes = next
	}
	return nil
}

// used is the bytes of a node that are in use.
func (t *V2) used(r *space.Reader, n child, level int) int64 {
	size := 10 + n.n*t.Size
	if level > 0 {
		size += (n.n + 1) * (r.Sizes.Offset + t.nWidth + t.total[level-1])
	}
	return min(int64(size), t.node)
}

// read reads one node and returns its children.
func (t *V2) read(r *space.Reader, n child, level int, record func(c *cursor.Cursor) error) ([]child, error) {
	c, err := r.Peek(v2Node, n.addr, t.used(r, n, level))
	if err != nil {
		return nil, err
	}
	magic := "BTLF"
	if level > 0 {
		magic = "BTIN"
	}
	c.Magic(magic)
	c.Version(0, 0)
	if typ := c.U8(); c.Err() == nil && typ != t.Type {
		c.Fail("is of type %d, not %d", typ, t.Type)
	}
	if n.n > t.maxN[level] {
		c.Fail("has %d records, and %d fit", n.n, t.maxN[level])
	}
	records := c.Sub(v2Node, n.n*t.Size)
	var below []child
	for i := 0; level > 0 && i <= n.n && c.Err() == nil; i++ {
		below = append(below, child{c.Addr(), int(c.Uint(t.nWidth))})
		if level > 1 {
			c.Skip(t.total[level-1])
		}
	}
	c.Checksum()
	for i := 0; i < n.n && c.Err() == nil; i++ {
		if err := record(records.Sub("v2 B-tree record", t.Size)); err != nil {
			return nil, err
		}
	}
	return below, c.Err()
}
