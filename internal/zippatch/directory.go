package zippatch

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"slices"

	"github.com/englacial/zagg/core"
)

// Signatures and sizes of records (4.3).
const (
	sigLocal     = 0x04034b50
	sigCentral   = 0x02014b50
	sigEnd       = 0x06054b50
	sigEnd64     = 0x06064b50
	sigLocator64 = 0x07064b50

	sizeLocal     = 30
	sizeCentral   = 46
	sizeEnd       = 22
	sizeEnd64     = 56
	sizeLocator64 = 20

	all16 = 0xffff     // the field is in a record of zip64
	all32 = 0xffffffff // likewise
)

// Bits of an entry's flags (4.4.4), methods (4.4.5) and headers of extra fields (4.5.2).
const (
	flagEncrypted  = 1 << 0
	flagLevel      = 3 << 1
	flagDescriptor = 1 << 3
	flagStrong     = 1 << 6
	flagUTF8       = 1 << 11
	flagMasked     = 1 << 13

	methodStore   = 0
	methodDeflate = 8

	extraZip64 = 0x0001
	extraName  = 0x7075
)

var le = binary.LittleEndian

// Open reads an archive's directory and checks all its entries, contents too: what could not be unpacked is an error.
// The subject names the archive in errors.
func Open(ctx context.Context, r ReaderAt, size int64, subject string) (*Archive, error) {
	a, err := list(ctx, r, size, subject)
	if err != nil {
		return nil, err
	}
	return a, a.verify(ctx)
}

// listAt reads an archive's directory only.
func listAt(ctx context.Context, r ReaderAt, size int64, subject string) (*Archive, error) {
	return list(ctx, r, size, subject)
}

func list(ctx context.Context, r ReaderAt, size int64, subject string) (*Archive, error) {
	a := &Archive{r: r, size: size, subject: subject, byName: map[string]*Entry{}}
	if size > maxArchive {
		return nil, core.Errorf(core.Unsupported, op, subject, "it has %d bytes; at most %d are taken", size, maxArchive)
	}
	end, err := a.end(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.read(ctx, end); err != nil {
		return nil, err
	}
	return a, a.arrange()
}

// An end is what the records at the end of an archive say (4.3.14 to 4.3.16).
type end struct {
	at                    int64 // of the first of these records
	count, length, offset uint64
}

// end finds the record at the end of the archive. Its comment must reach to the archive's last byte, so that an archive
// that was cut is never taken for another.
func (a *Archive) end(ctx context.Context) (end, error) {
	tail := make([]byte, min(a.size, sizeEnd+all16+sizeLocator64+sizeEnd64))
	if err := a.r.ReadAt(ctx, tail, a.size-int64(len(tail))); err != nil {
		return end{}, err
	}
	first := a.size - int64(len(tail))
	mark := le.AppendUint32(nil, sigEnd)
	stray := int64(-1)
	for at := len(tail); ; {
		at = bytes.LastIndex(tail[:at], mark)
		if at < 0 {
			break
		}
		if len(tail)-at < sizeEnd || at+sizeEnd+int(le.Uint16(tail[at+20:])) != len(tail) {
			stray = max(stray, first+int64(at))
			continue
		}
		return a.ends(ctx, tail, at)
	}
	if stray >= 0 {
		return end{}, a.corrupt("it is truncated, or has bytes behind its end: the end record at byte %d does not reach to byte %d, the last", stray, a.size)
	}
	return end{}, a.corrupt("it is not a zip, or truncated: there is no end record in its last %d bytes", len(tail))
}

func (a *Archive) ends(ctx context.Context, tail []byte, at int) (end, error) {
	rec := tail[at:]
	first := a.size - int64(len(tail))
	e := end{first + int64(at), uint64(le.Uint16(rec[10:])), uint64(le.Uint32(rec[12:])), uint64(le.Uint32(rec[16:]))}
	disk, start, here := le.Uint16(rec[4:]), le.Uint16(rec[6:]), le.Uint16(rec[8:])
	a.comment = bytes.Clone(rec[sizeEnd:])
	if at >= sizeLocator64 && le.Uint32(tail[at-sizeLocator64:]) == sigLocator64 {
		return a.ends64(ctx, e, tail[at-sizeLocator64:at])
	}
	if disk != 0 || start != 0 || uint64(here) != e.count {
		return end{}, core.Errorf(core.Unsupported, op, a.subject, "it is one of several parts of an archive")
	}
	return e, nil
}

// ends64 takes the record of zip64. It is where the locator says, or, with a stub before the archive that the locator
// does not count, right before it.
func (a *Archive) ends64(ctx context.Context, e end, locator []byte) (end, error) {
	at := e.at - sizeLocator64
	said := le.Uint64(locator[8:])
	if le.Uint32(locator[4:]) != 0 || le.Uint32(locator[16:]) > 1 {
		return end{}, core.Errorf(core.Unsupported, op, a.subject, "it is one of several parts of an archive")
	}
	rec := make([]byte, sizeEnd64)
	for _, where := range []uint64{said, uint64(at) - sizeEnd64} {
		if at < sizeEnd64 || where > uint64(at)-sizeEnd64 {
			continue
		}
		if err := a.r.ReadAt(ctx, rec, int64(where)); err != nil {
			return end{}, err
		}
		if le.Uint32(rec) != sigEnd64 {
			continue
		}
		if le.Uint32(rec[16:]) != 0 || le.Uint32(rec[20:]) != 0 || le.Uint64(rec[24:]) != le.Uint64(rec[32:]) {
			return end{}, core.Errorf(core.Unsupported, op, a.subject, "it is one of several parts of an archive")
		}
		return end{int64(where), le.Uint64(rec[32:]), le.Uint64(rec[40:]), le.Uint64(rec[48:])}, nil
	}
	return end{}, a.corrupt("the zip64 record that the locator at byte %d points to (byte %d) is not there", at, said)
}

// read reads the directory. It ends where the end records begin; where it says to begin tells how long the stub is.
func (a *Archive) read(ctx context.Context, e end) error {
	if e.length > uint64(e.at) || e.offset > uint64(e.at)-e.length {
		return a.corrupt("truncated: its directory, %d bytes from byte %d, does not fit before its end record at byte %d", e.length, e.offset, e.at)
	}
	if e.length > maxDirectory {
		return core.Errorf(core.Unsupported, op, a.subject, "its directory has %d bytes; at most %d are taken", e.length, maxDirectory)
	}
	if e.count > e.length/sizeCentral {
		return a.corrupt("its directory of %d bytes cannot have %d entries", e.length, e.count)
	}
	a.directory = e.at - int64(e.length)
	a.base = a.directory - int64(e.offset)
	data := make([]byte, e.length)
	if err := a.r.ReadAt(ctx, data, a.directory); err != nil {
		return err
	}
	a.Entries = make([]*Entry, 0, e.count)
	for at := 0; at < len(data); {
		n, err := a.entry(data[at:], a.directory+int64(at))
		if err != nil {
			return err
		}
		at += n
	}
	if uint64(len(a.Entries)) != e.count {
		return a.corrupt("its directory has %d entries and its end record says %d", len(a.Entries), e.count)
	}
	return nil
}

// entry reads one header of the directory (4.3.12) and gives its length.
func (a *Archive) entry(data []byte, at int64) (int, error) {
	if len(data) < sizeCentral || le.Uint32(data) != sigCentral {
		return 0, a.corrupt("its directory has no entry at byte %d, where one must be", at)
	}
	names, extras, comments := int(le.Uint16(data[28:])), int(le.Uint16(data[30:])), int(le.Uint16(data[32:]))
	n := sizeCentral + names + extras + comments
	if n > len(data) {
		return 0, a.corrupt("the entry of its directory at byte %d is longer than the directory", at)
	}
	e := &Entry{
		raw: data[:n:n], name: data[sizeCentral : sizeCentral+names], extra: data[sizeCentral+names : sizeCentral+names+extras],
		flags: le.Uint16(data[8:]), method: le.Uint16(data[10:]), crc: le.Uint32(data[16:]),
		packed: int64(le.Uint32(data[20:])), size: int64(le.Uint32(data[24:])), start: int64(le.Uint32(data[42:])),
	}
	e.Name = shownName(e)
	disk, err := e.zip64(le.Uint16(data[34:]))
	if err != nil {
		return 0, a.refuse(core.Corrupt, e.Name, "the entry of the directory at byte %d: %w", at, err)
	}
	if disk {
		return 0, a.refuse(core.Unsupported, e.Name, "is in another part of an archive of several")
	}
	e.start += a.base
	a.Entries = append(a.Entries, e)
	return n, a.accept(e)
}

// accept refuses what nobody should unpack.
func (a *Archive) accept(e *Entry) error {
	if e.flags&(flagEncrypted|flagStrong|flagMasked) != 0 {
		return a.refuse(core.Unsupported, e.Name, "is encrypted")
	}
	if err := checkName(e.Name); err != nil {
		return a.refuse(core.Invalid, e.Name, "%w", err)
	}
	for _, name := range e.names() {
		if a.byName[name] != nil {
			return a.refuse(core.Invalid, name, "is there twice: which is meant cannot be told")
		}
	}
	for _, name := range e.names() {
		a.byName[name] = e
	}
	return nil
}

// arrange finds where each entry ends, in the order in which they lie in the archive, and adds up what they unpack to.
func (a *Archive) arrange() error {
	next := a.directory
	sorted := a.byPlace()
	for _, e := range slices.Backward(sorted) {
		if e.start < 0 || e.start > a.directory-sizeLocal-int64(len(e.name)) {
			return a.refuse(core.Corrupt, e.Name, "its place, byte %d, is not before the directory at byte %d", e.start, a.directory)
		}
		e.end = next
		if need := sizeLocal + int64(len(e.name)) + e.packed; e.packed < 0 || need > e.end-e.start {
			return a.refuse(core.Corrupt, e.Name, "overlaps with what follows: %d bytes from byte %d, and the next begins at byte %d", need, e.start, e.end)
		}
		next = e.start
	}
	var total int64
	for _, e := range a.Entries {
		if e.size < 0 || e.size > maxUnpacked-total {
			return a.refuse(core.Unsupported, e.Name, "unpacked, all up to this has more than %d MB", maxUnpacked>>20)
		}
		total += e.size
	}
	return nil
}

// byPlace are the entries as they lie in the archive.
func (a *Archive) byPlace() []*Entry {
	sorted := slices.Clone(a.Entries)
	slices.SortStableFunc(sorted, func(x, y *Entry) int { return cmp.Compare(x.start, y.start) })
	return sorted
}

// Find is the entry of a name, nil if there is none.
func (a *Archive) Find(name string) *Entry { return a.byName[name] }
