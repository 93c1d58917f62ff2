// Package zippatch changes files of a zip in place: what is not named is kept as the bytes it is.
//
// Open reads the directory and checks every entry, Apply says of which pieces the changed archive consists: ranges of the
// old one, and new bytes. An Object is an archive in S3: Patch reads it by ranges, has S3 copy what does not change where
// that is more than a part of an upload, and replaces the object only if it still is the one that was read. The formats
// are those of PKWARE's APPNOTE.TXT 6.3.10, sections 4.3 to 4.5; section numbers in comments are its.
package zippatch

import (
	"context"

	"github.com/englacial/zagg/core"
)

// Limits of what is taken. Lambda takes 250 MB unpacked.
const (
	maxArchive   = 1 << 30  // bytes of an archive
	maxUnpacked  = 1 << 30  // bytes of all its files
	maxDirectory = 32 << 20 // bytes of its directory
)

// A ReaderAt reads len(p) bytes of an archive from an offset, or fails. It is called from several goroutines.
type ReaderAt interface {
	ReadAt(ctx context.Context, p []byte, offset int64) error
}

// An Entry is one file, folder or link of an archive.
type Entry struct {
	Name   string // as readers show it
	raw    []byte // its header in the directory (4.3.12)
	name   []byte // as it is written
	extra  []byte
	local  []byte // the extra area of its local header, once that was checked
	flags  uint16
	method uint16
	crc    uint32
	packed int64 // bytes in the archive
	size   int64 // bytes of the file
	start  int64 // of its local header, from the start of the archive
	end    int64 // where the next entry, or the directory, begins
}

// Size is the file's size in bytes, CRC its CRC-32.
func (e *Entry) Size() int64 { return e.size }

// CRC is the file's CRC-32 (IEEE).
func (e *Entry) CRC() uint32 { return e.crc }

// An Archive is one that was looked at.
type Archive struct {
	Entries []*Entry // in the order of the directory

	r         ReaderAt
	subject   string // for errors
	size      int64
	base      int64 // bytes before the archive proper: what offsets in it count from
	directory int64 // where the directory begins
	comment   []byte
	byName    map[string]*Entry
}

const op = "zip"

func (a *Archive) corrupt(format string, args ...any) error {
	return core.Errorf(core.Corrupt, op, a.subject, format, args...)
}

func (a *Archive) refuse(code core.Code, name, format string, args ...any) error {
	return core.Errorf(code, op, a.subject+": "+name, format, args...)
}
