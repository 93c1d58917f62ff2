package h5

// Groups: decoding of links, and walking along many paths at once.

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/btree"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/header"
	"github.com/englacial/zagg/core/h5/internal/heap"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// A LinkKind is how a link leads to an object.
type LinkKind uint8

// The kinds of links; others are user-defined and only reported.
const (
	HardLink     LinkKind = 0
	SoftLink     LinkKind = 1
	ExternalLink LinkKind = 64
)

// A Link is a name in a group.
type Link struct {
	Name    string
	Kind    LinkKind
	Address uint64 // hard: of the object's header
	Target  string // soft, external: a path
	File    string // external: the other file
	Order   int64  // creation order; -1 if the group does not track it
}

// A linkTable is a group's links in order. It is immutable once made, and shared by all who ask for the group.
type linkTable struct {
	links []Link
	names map[string]int
	bytes int // of names and targets
}

// Limits of a group, beyond which it is taken for damaged.
const (
	maxLinks     = 1 << 22
	maxLinkBytes = 1 << 28
	maxSoftLinks = 16 // one after another, as the HDF5 library has it
)

// Links lists the group's links: in creation order if the group tracks it, otherwise by name.
func (g *Group) Links(ctx context.Context) ([]Link, error) {
	t, err := g.f.links(g.f.space.Reader(ctx), g.head)
	if err != nil {
		return nil, g.f.fail("h5.Links", g.path, err)
	}
	return slices.Clone(t.links), nil
}

// linksAt is the links of the group at addr, remembered, or as many of them as hold all names. Two walkers may read them
// at once; they never wait for each other, which would stop the gathering of requests.
func (f *File) linksAt(r *space.Reader, addr uint64, names []string) (*linkTable, error) {
	f.mu.Lock()
	t := f.groups[addr]
	f.mu.Unlock()
	if t != nil {
		return t, nil
	}
	head, err := header.Read(r, addr, func(h *header.Header) bool { return enough(h) || hasLinks(h, r.Sizes, names) })
	if err != nil {
		return nil, err
	}
	return f.links(r, head)
}

// hasLinks reports that the header's messages hold the links of all names, so that its continuation blocks need not be
// read: small groups of real products have three of them, far from each other.
func hasLinks(h *header.Header, sizes cursor.Sizes, names []string) bool {
	t := linkTable{}
	for i := range h.Messages {
		if m := &h.Messages[i]; m.Type == header.Link && t.add(m.Cursor("link message", sizes)) != nil {
			return false
		}
	}
	for _, n := range names {
		if !slices.ContainsFunc(t.links, func(l Link) bool { return l.Name == n }) {
			return false
		}
	}
	return true
}

// links decodes the links of a group whose header was read, of whatever storage, and remembers them if they are all
// there.
func (f *File) links(r *space.Reader, head *header.Header) (*linkTable, error) {
	t := &linkTable{names: map[string]int{}}
	var tracked bool
	var err error
	if m := head.First(header.SymbolTable); m != nil {
		err = t.symbols(f, r, m)
	} else if m := head.First(header.LinkInfo); m != nil {
		tracked, err = t.dense(f, r, m)
	}
	for i := 0; err == nil && i < len(head.Messages); i++ {
		if m := &head.Messages[i]; m.Type == header.Link {
			err = t.add(m.Cursor("link message", r.Sizes))
		}
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(t.links, func(a, b Link) int {
		if tracked && a.Order != b.Order {
			return cmp.Compare(a.Order, b.Order)
		}
		return strings.Compare(a.Name, b.Name)
	})
	for i, l := range t.links {
		t.names[l.Name] = i
	}
	if !head.Partial || enough(head) {
		f.keep(head.Addr, t)
	}
	return t, nil
}

// keep remembers the links of a group, as long as there is room for them.
func (f *File) keep(addr uint64, t *linkTable) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := f.nLinks + len(t.links) + 1; f.groups[addr] == nil && n <= maxKeptLinks {
		f.groups[addr] = t
		f.nLinks = n
	}
}

// symbols reads the links of an old group: a B-tree of symbol table nodes, with names in a local heap (sections
// III.A.1, III.B and III.D).
func (t *linkTable) symbols(f *File, r *space.Reader, m *header.Message) error {
	c := m.Cursor("symbol table message", r.Sizes)
	tree, names := c.Addr(), c.Addr()
	if c.Err() != nil {
		return c.Err()
	}
	size := int64(8 + 2*f.super.GroupLeafK*(2*r.Sizes.Offset+24))
	if err := r.Prefetch([]space.Piece{{Addr: tree, N: 64}, {Addr: names, N: 64}}); err != nil {
		return err
	}
	local, err := heap.ReadLocal(r, names)
	if err != nil {
		return err
	}
	var nodes []space.Piece
	v1 := btree.V1{Type: 0, K: f.super.GroupK, Key: r.Sizes.Length}
	err = v1.Walk(r, tree, func(_ *cursor.Cursor, child uint64) error {
		nodes = append(nodes, space.Piece{Addr: child, N: size})
		return nil
	})
	if err == nil {
		err = r.Prefetch(nodes)
	}
	seen := map[uint64]bool{}
	for _, n := range nodes {
		if err != nil {
			break
		}
		if seen[n.Addr] {
			return cursor.Corrupt("symbol table node", int64(n.Addr)+r.Base, "is reached twice")
		}
		seen[n.Addr] = true
		err = t.node(r, local, n)
	}
	return err
}

// node reads the entries of a symbol table node. Entries with cache type 2 are soft links, whose target is in the
// scratch space.
func (t *linkTable) node(r *space.Reader, names *heap.Local, p space.Piece) error {
	c, err := r.Peek("symbol table node", p.Addr, p.N)
	if err != nil {
		return err
	}
	c.Magic("SNOD")
	c.Version(1, 1)
	c.Skip(1)
	for n := int(c.U16()); n > 0 && c.Err() == nil; n-- {
		name, l := uint64(c.Uint(c.Offset)), Link{Order: -1}
		l.Address = c.Addr()
		cached := c.U32()
		c.Skip(4)
		scratch := c.Sub("symbol table entry", 16)
		if c.Err() != nil {
			return c.Err()
		}
		if l.Name, err = names.String(name); err != nil {
			return err
		}
		if cached == 2 {
			l.Kind, l.Address = SoftLink, NoAddress
			if l.Target, err = names.String(uint64(scratch.U32())); err != nil {
				return err
			}
		}
		if err := t.append(c, l); err != nil {
			return err
		}
	}
	return c.Err()
}

// dense reads the links in a fractal heap, if there is one; it reports whether creation order is tracked.
func (t *linkTable) dense(f *File, r *space.Reader, m *header.Message) (bool, error) {
	c := m.Cursor("link info message", r.Sizes)
	c.Version(0, 0)
	flags := c.U8()
	if flags&1 != 0 {
		c.Skip(8)
	}
	at, tree := c.Addr(), c.Addr()
	if c.Err() != nil || at == NoAddress {
		return flags&1 != 0, c.Err()
	}
	err := f.heapObjects(r, at, tree, linkRecords, func(_ heapRecord, o *cursor.Cursor) error { return t.add(o) })
	return flags&1 != 0, err
}

// add decodes a link message (section IV.A.2.g).
func (t *linkTable) add(c *cursor.Cursor) error {
	l := Link{Order: -1, Address: NoAddress}
	c.Version(1, 1)
	flags := c.U8()
	if flags&8 != 0 {
		l.Kind = LinkKind(c.U8())
	}
	if flags&4 != 0 {
		l.Order = int64(c.U64())
	}
	if flags&16 != 0 {
		c.U8() // character set: names are taken as they are
	}
	l.Name = string(c.Bytes(int(min(c.Uint(1<<(flags&3)), 1<<31))))
	switch l.Kind {
	case HardLink:
		l.Address = c.Addr()
	case SoftLink:
		l.Target = string(c.Bytes(int(c.U16())))
	case ExternalLink:
		e := c.Sub("external link", int(c.U16()))
		e.Skip(1)
		l.File, l.Target = e.CString(), e.CString()
		if e.Err() != nil {
			return e.Err()
		}
	}
	if c.Err() != nil {
		return c.Err()
	}
	return t.append(c, l)
}

// append adds a link within the limits of a group.
func (t *linkTable) append(c *cursor.Cursor, l Link) error {
	t.bytes += len(l.Name) + len(l.Target) + len(l.File)
	if len(t.links) >= maxLinks || t.bytes > maxLinkBytes {
		return c.Fail("group has more than %d links or %d bytes of names", maxLinks, maxLinkBytes)
	}
	t.links = append(t.links, l)
	return nil
}

// A wanted is a path still to walk, and the index of the caller's path that it belongs to.
type wanted struct {
	index int
	path  []string
}

// split is the steps of a path. "." and empty steps lead nowhere and are left out.
func split(path string) []string {
	return slices.DeleteFunc(strings.Split(path, "/"), func(s string) bool { return s == "" || s == "." })
}

// descend walks from the group at addr along all paths at once, each distinct first step as a walker of its own, and
// calls found at their ends. A step that does not exist ends a path silently.
func (f *File) descend(r *space.Reader, addr uint64, at string, want []wanted, hops int, found func(wanted, uint64) error) error {
	var steps []string
	next := map[string][]wanted{}
	for _, w := range want {
		if len(w.path) == 0 {
			if err := found(w, addr); err != nil {
				return err
			}
			continue
		}
		if next[w.path[0]] == nil {
			steps = append(steps, w.path[0])
		}
		next[w.path[0]] = append(next[w.path[0]], wanted{w.index, w.path[1:]})
	}
	if len(steps) == 0 {
		return nil
	}
	t, err := f.linksAt(r, addr, steps)
	if err != nil {
		return err
	}
	return r.Each(len(steps), func(i int) error {
		k, ok := t.names[steps[i]]
		if !ok {
			return nil
		}
		return f.follow(r, t.links[k], addr, at, next[steps[i]], hops, found)
	})
}

// follow walks on behind link l of the group at addr. Soft links are resolved relative to their group, at most
// maxSoftLinks one after another, so that a circle of them ends. External links are Unsupported: other files are
// never opened.
func (f *File) follow(r *space.Reader, l Link, addr uint64, at string, want []wanted, hops int, found func(wanted, uint64) error) error {
	switch l.Kind {
	case HardLink:
		return f.descend(r, l.Address, at+l.Name+"/", want, hops, found)
	case SoftLink:
		if hops >= maxSoftLinks {
			return core.Errorf(core.Corrupt, "", at+l.Name, "more than %d soft links one after another", maxSoftLinks)
		}
		if strings.HasPrefix(l.Target, "/") {
			addr, at = f.super.Root, "/"
		}
		steps := split(l.Target)
		behind := make([]wanted, len(want))
		for i, w := range want {
			behind[i] = wanted{w.index, append(slices.Clone(steps), w.path...)}
		}
		return f.descend(r, addr, at, behind, hops+1, found)
	case ExternalLink:
		return core.Errorf(core.Unsupported, "", at+l.Name, "external link to %s in file %q", l.Target, l.File)
	}
	return core.Errorf(core.Unsupported, "", at+l.Name, "user-defined link of kind %d", l.Kind)
}
