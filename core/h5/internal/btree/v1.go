// Package btree reads the two kinds of B-trees of the HDF5 format (File Format Specification 3.0, section III.A). Trees
// are walked level by level, so that all nodes of a level are fetched together; a node met twice is an error.
//
// Its tests are those of core/h5, which reads files of every form, damages and fuzzes them.
package btree

import (
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/space"
)

const (
	maxDepth = 32
	maxNodes = 1 << 22 // 8 GB of nodes of 2 KiB
)

// A visit keeps account of the nodes of a walk.
type visit struct {
	seen map[uint64]bool
	what string
}

func (v *visit) enter(addr uint64) error {
	if v.seen[addr] {
		return cursor.Corrupt(v.what, int64(addr), "is reached twice")
	}
	if len(v.seen) >= maxNodes {
		return cursor.Corrupt(v.what, int64(addr), "tree has more than %d nodes", maxNodes)
	}
	v.seen[addr] = true
	return nil
}

// V1 describes a version 1 tree.
type V1 struct {
	Type uint8 // 0 group, 1 chunks
	K    int   // a node has at most 2K children
	Key  int   // bytes of a key
}

const v1 = "B-tree node"

// Walk calls leaf for every child of the leaves of the tree at root, in key order, with the key before it.
func (t V1) Walk(r *space.Reader, root uint64, leaf func(key *cursor.Cursor, child uint64) error) error {
	v := visit{seen: map[uint64]bool{}, what: v1}
	nodes, level := []uint64{root}, -1
	for len(nodes) > 0 {
		if err := t.prefetch(r, nodes); err != nil {
			return err
		}
		var next []uint64
		for _, addr := range nodes {
			if err := v.enter(addr); err != nil {
				return err
			}
			c, err := t.node(r, addr)
			if err != nil {
				return err
			}
			at, n, err := t.prefix(c, level)
			if err != nil {
				return err
			}
			level = at
			for range n {
				key := c.Sub("B-tree key", t.Key)
				child := c.Addr()
				if c.Err() != nil {
					return c.Err()
				}
				if level > 0 {
					next = append(next, child)
				} else if err := leaf(key, child); err != nil {
					return err
				}
			}
		}
		nodes = next
		level--
	}
	return nil
}

// prefix reads a node up to its first key; want is the level it must have, -1 for the root.
func (t V1) prefix(c *cursor.Cursor, want int) (level, n int, err error) {
	c.Magic("TREE")
	typ := c.U8()
	level, n = int(c.U8()), int(c.U16())
	c.Addr()
	c.Addr()
	switch {
	case c.Err() != nil:
	case typ != t.Type:
		c.Fail("is of type %d, not %d", typ, t.Type)
	case level > maxDepth || want >= 0 && level != want:
		c.Fail("is of level %d, not %d", level, want)
	case n > 2*t.K:
		c.Fail("has %d children, and %d fit", n, 2*t.K)
	}
	return level, n, c.Err()
}

// size is the bytes of a node of n children.
func (t V1) size(r *space.Reader, n int) int64 {
	return int64(8 + 2*r.Sizes.Offset + n*(t.Key+r.Sizes.Offset) + t.Key)
}

// node is a cursor over the used part of a node.
func (t V1) node(r *space.Reader, addr uint64) (*cursor.Cursor, error) {
	c, err := r.Glance(v1, addr, 8, t.size(r, 2*t.K))
	if err != nil {
		return nil, err
	}
	c.Skip(6)
	if n := t.size(r, min(int(c.U16()), 2*t.K)); c.Err() != nil {
		return nil, c.Err()
	} else {
		return r.Peek(v1, addr, n)
	}
}

// prefetch makes nodes be in the cache, the whole of each unless its beginning, there already, says that less is used.
func (t V1) prefetch(r *space.Reader, nodes []uint64) error {
	want := make([]space.Piece, 0, len(nodes))
	for _, addr := range nodes {
		p := space.Piece{Addr: addr, N: t.size(r, 2*t.K)}
		if b, ok := r.Cached(addr, 8); ok {
			p.N = t.size(r, min(int(b[6])|int(b[7])<<8, 2*t.K))
		}
		want = append(want, p)
	}
	return r.Prefetch(want)
}
