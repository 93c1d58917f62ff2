// Package filekind recognizes file types by their first bytes, independent of the file name.
package filekind

import (
	"bytes"
	"encoding/binary"
	"strconv"
	"unicode/utf8"
)

// Head is how many bytes from a file's beginning are enough to recognise it.
const Head = 4096

// A Kind is what a file is.
type Kind string

// The kinds that zagg has a use for, and those that are met in their place.
const (
	HDF5        Kind = "HDF5"
	JSON        Kind = "JSON"
	Parquet     Kind = "Parquet"
	Text        Kind = "text"
	Empty       Kind = "an empty file"
	NetCDF3     Kind = "netCDF-3"
	HDF4        Kind = "HDF4"
	HTML        Kind = "an HTML page"
	XML         Kind = "XML"
	AppleDouble Kind = "macOS metadata (AppleDouble)"
	LFS         Kind = "a pointer of Git LFS"
	Gzip        Kind = "gzip"
	Zip         Kind = "zip"
	Zstd        Kind = "zstd"
	Bzip2       Kind = "bzip2"
	XZ          Kind = "xz"
	Tar         Kind = "tar"
	TIFF        Kind = "TIFF"
	PDF         Kind = "PDF"
	PNG         Kind = "PNG"
	Unknown     Kind = "of no known kind"
)

// A File is what was recognised.
type File struct {
	Kind Kind
	Size int64 // bytes it has; -1: not known
	Want int64 // bytes that its header says, of HDF5 without user block; 0: it does not say
}

// Recognise says what a file of size bytes is that begins with head, up to Head bytes of it. Size −1: it is not known.
func Recognise(head []byte, size int64) File {
	f := File{Kind: Unknown, Size: size}
	if len(head) == 0 {
		f.Kind = Empty
		return f
	}
	for _, m := range magics {
		if len(head) >= m.at && bytes.HasPrefix(head[m.at:], []byte(m.bytes)) {
			if f.Kind = m.kind; f.Kind == HDF5 && m.at == 0 {
				f.Want = hdf5Size(head)
			}
			return f
		}
	}
	f.Kind = textKind(head)
	return f
}

// magics are what files begin with. HDF5 may have a user block of 512 bytes or a power of two times that before it.
var magics = [...]struct {
	at    int
	bytes string
	kind  Kind
}{
	{0, "\x89HDF\r\n\x1a\n", HDF5}, {512, "\x89HDF\r\n\x1a\n", HDF5}, {1024, "\x89HDF\r\n\x1a\n", HDF5}, {2048, "\x89HDF\r\n\x1a\n", HDF5},
	{0, "PAR1", Parquet}, {0, "CDF\x01", NetCDF3}, {0, "CDF\x02", NetCDF3}, {0, "CDF\x05", NetCDF3}, {0, "\x0e\x03\x13\x01", HDF4},
	{0, "\x00\x05\x16\x07", AppleDouble}, {0, "\x00\x00\x00\x01Bud1", AppleDouble}, {0, "\x1f\x8b", Gzip}, {0, "PK\x03\x04", Zip}, {0, "PK\x05\x06", Zip},
	{0, "\x28\xb5\x2f\xfd", Zstd}, {0, "BZh", Bzip2}, {0, "\xfd7zXZ\x00", XZ}, {257, "ustar", Tar}, {0, "II*\x00", TIFF}, {0, "MM\x00*", TIFF},
	{0, "%PDF-", PDF}, {0, "\x89PNG", PNG}, {0, "version https://git-lfs", LFS},
}

// textKind tells kinds of text apart; what is no UTF-8 is Unknown.
func textKind(head []byte) Kind {
	head = bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n\x1e")
	if len(head) == 0 {
		return Text
	}
	lower := bytes.ToLower(head[:min(len(head), 1024)])
	switch {
	case bytes.HasPrefix(lower, []byte("<!doctype html")), bytes.HasPrefix(lower, []byte("<html")), head[0] == '<' && bytes.Contains(lower, []byte("<html")):
		return HTML
	case head[0] == '<':
		return XML
	case bytes.IndexByte(head, 0) >= 0 || !utf8.Valid(whole(head)):
		return Unknown
	case head[0] == '{' || head[0] == '[':
		return JSON
	}
	return Text
}

// whole is the text without a character that its end cuts.
func whole(b []byte) []byte {
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return b[:i]
			}
			break
		}
	}
	return b
}

// hdf5Size is the end of the file that a superblock at byte 0 says; 0 if it does not decode.
func hdf5Size(head []byte) int64 {
	if len(head) < 48 {
		return 0
	}
	width, base := int(head[9]), 12
	switch version := head[8]; {
	case version == 0:
		width, base = int(head[13]), 24
	case version == 1:
		width, base = int(head[13]), 28
	case version > 3:
		return 0
	}
	if width != 2 && width != 4 && width != 8 || len(head) < base+3*width {
		return 0
	}
	number := func(at int) uint64 {
		var b [8]byte
		copy(b[:], head[at:at+width])
		return binary.LittleEndian.Uint64(b[:])
	}
	end, start := number(base+2*width), number(base)
	if end < start || end-start > 1<<62 {
		return 0
	}
	return int64(end - start)
}

// Truncated reports a file that has fewer bytes than its header says.
func (f File) Truncated() bool { return f.Size >= 0 && f.Size < f.Want }

// String says what the file is: "netCDF-3", or of a truncated one how many bytes it has and should have.
func (f File) String() string {
	if f.Truncated() {
		return "a truncated " + string(f.Kind) + " file: it has " + grouped(f.Size) + " bytes, the header says " + grouped(f.Want)
	}
	return string(f.Kind)
}

func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
