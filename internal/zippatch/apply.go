package zippatch

import (
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// An Edit is what becomes of one name: another content, or nil to delete the entry.
type Edit struct {
	Name    string
	Content *Content
}

// Counts say what a patch did.
type Counts struct{ Added, Modified, Deleted int }

// A Piece is bytes of a changed archive: Data, or if that is nil a range of the old archive.
type Piece struct {
	Data           []byte
	Offset, Length int64
}

// A Plan is a changed archive.
type Plan struct {
	Counts
	Pieces []Piece
	Size   int64
}

// Apply plans an archive in which entries have other contents at their place and with their metadata, or are gone, and
// new ones come after the others, in the order of the edits and executable (mode 0755). Everything else is ranges of the
// old archive.
func (a *Archive) Apply(edits []Edit) (*Plan, error) {
	b := &builder{archive: a, edits: map[*Entry]*Content{}}
	if err := b.sort(edits); err != nil {
		return nil, err
	}
	if err := b.check(); err != nil {
		return nil, err
	}
	if err := b.contents(); err != nil {
		return nil, err
	}
	return &b.plan, b.finish()
}

// A builder plans an archive.
type builder struct {
	archive *Archive
	edits   map[*Entry]*Content // of entries; nil: deleted
	added   []Edit
	headers map[*Entry][]byte // of the directory, of entries that stay
	new     [][]byte          // headers of the directory, of those added
	plan    Plan
}

// sort tells entries that change from new ones.
func (b *builder) sort(edits []Edit) error {
	names := map[string]bool{}
	for _, e := range edits {
		if err := checkName(e.Name); err != nil {
			return b.archive.refuse(core.Invalid, e.Name, "%w", err)
		}
		old := b.archive.byName[e.Name]
		_, again := b.edits[old]
		switch {
		case names[e.Name] || old != nil && again:
			return b.archive.refuse(core.Invalid, e.Name, "is to be changed twice")
		case e.Content != nil && strings.HasSuffix(e.Name, "/"):
			return b.archive.refuse(core.Invalid, e.Name, "is a folder, which has no content")
		case old == nil && e.Content == nil:
			return b.archive.refuse(core.NotFound, e.Name, "is to be deleted and is not there")
		case old == nil:
			b.added = append(b.added, e)
			b.plan.Added++
		case e.Content == nil:
			b.edits[old] = nil
			b.plan.Deleted++
		default:
			b.edits[old] = e.Content
			b.plan.Modified++
		}
		names[e.Name] = true
	}
	return nil
}

// check refuses an archive of more than MaxUnpacked, and names below a link: they would be unpacked where it points to.
func (b *builder) check() error {
	var total int64
	links, names := map[string]bool{}, make([]string, 0, len(b.archive.Entries)+len(b.added))
	for _, e := range b.archive.Entries {
		c, edited := b.edits[e]
		switch {
		case edited && c == nil:
			continue
		case edited:
			total += c.size
		default:
			total += e.size
		}
		if e.link() {
			links[e.Name] = true
		}
		names = append(names, e.Name)
	}
	for _, e := range b.added {
		total += e.Content.size
		names = append(names, e.Name)
	}
	if total > maxUnpacked {
		return core.Errorf(core.Unsupported, op, b.archive.subject, "unpacked it would have more than %d MB", maxUnpacked>>20)
	}
	if len(links) == 0 {
		return nil
	}
	for _, name := range names {
		for i := range len(name) {
			if name[i] == '/' && links[name[:i]] {
				return b.archive.refuse(core.Invalid, name, "lies below %s, which is a link: it would be unpacked where that points to", name[:i])
			}
		}
	}
	return nil
}

// link reports a symbolic link of Unix.
func (e *Entry) link() bool { return e.raw[5] == madeByUnix && le.Uint32(e.raw[38:])>>28 == 0o12 }

// contents plans everything before the directory, in the order in which it lies in the old archive.
func (b *builder) contents() error {
	a := b.archive
	b.headers = make(map[*Entry][]byte, len(a.Entries))
	sorted := a.byPlace()
	at := a.directory
	if len(sorted) > 0 {
		at = sorted[0].start
	}
	b.old(0, at) // a stub
	for _, e := range sorted {
		c, edited := b.edits[e]
		switch offset := b.plan.Size - a.base; {
		case !edited:
			b.headers[e] = e.moved(offset)
			b.old(e.start, e.end)
		case c != nil:
			local, central, err := e.replaced(c, offset)
			if err != nil {
				return err
			}
			b.headers[e] = central
			b.data(local...)
		}
	}
	for _, e := range b.added {
		local, central, err := created(e, b.plan.Size-a.base)
		if err != nil {
			return err
		}
		b.new = append(b.new, central)
		b.data(local...)
	}
	return nil
}

// old adds a range of the old archive.
func (b *builder) old(from, to int64) {
	if from == to {
		return
	}
	if n := len(b.plan.Pieces); n > 0 {
		if last := &b.plan.Pieces[n-1]; last.Data == nil && last.Offset+last.Length == from {
			last.Length += to - from
			b.plan.Size += to - from
			return
		}
	}
	b.plan.Pieces = append(b.plan.Pieces, Piece{Offset: from, Length: to - from})
	b.plan.Size += to - from
}

func (b *builder) data(parts ...[]byte) {
	for _, p := range parts {
		if len(p) > 0 {
			b.plan.Pieces = append(b.plan.Pieces, Piece{Data: p, Length: int64(len(p))})
			b.plan.Size += int64(len(p))
		}
	}
}

// finish plans the directory and the records at the end.
func (b *builder) finish() error {
	var out []byte
	n := uint64(0)
	for _, e := range b.archive.Entries {
		if h, ok := b.headers[e]; ok {
			out = append(out, h...)
			n++
		}
	}
	for _, h := range b.new {
		out = append(out, h...)
		n++
	}
	length, offset := uint64(len(out)), uint64(b.plan.Size-b.archive.base)
	if length > maxDirectory || b.plan.Size > maxArchive {
		return core.Errorf(core.Unsupported, op, b.archive.subject, "it would have %d bytes, its directory %d; at most %d and %d are taken", b.plan.Size, length, maxArchive, maxDirectory)
	}
	if n >= all16 {
		at := offset + length
		out = le.AppendUint64(le.AppendUint32(out, sigEnd64), sizeEnd64-12)
		out = le.AppendUint16(le.AppendUint16(out, madeByUnix<<8|version64), version64)
		out = append(out, make([]byte, 8)...)
		for _, v := range []uint64{n, n, length, offset} {
			out = le.AppendUint64(out, v)
		}
		out = append(le.AppendUint32(out, sigLocator64), 0, 0, 0, 0)
		out = le.AppendUint32(le.AppendUint64(out, at+uint64(b.archive.base)), 1)
	}
	out = append(le.AppendUint32(out, sigEnd), 0, 0, 0, 0)
	for range 2 {
		out = le.AppendUint16(out, uint16(min(n, all16)))
	}
	out = le.AppendUint32(le.AppendUint32(out, uint32(length)), uint32(offset))
	out = le.AppendUint16(out, uint16(len(b.archive.comment)))
	b.data(slices.Concat(out, b.archive.comment))
	return nil
}
