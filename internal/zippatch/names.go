package zippatch

import (
	"errors"
	"hash/crc32"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// shownName is an entry's name as readers show it: UTF-8 if its flag says so, else the field of a Unicode path (4.6.9) if
// it is of this name, else code page 437 (appendix D).
func shownName(e *Entry) string {
	if e.flags&flagUTF8 != 0 || ascii(e.name) {
		return string(e.name)
	}
	found := ""
	fields(e.extra, func(id uint16, f []byte) { //nolint:errcheck // reported where sizes are read
		if id == extraName && len(f) > 9 && f[4] == 1 && le.Uint32(f[5:]) == crc32.ChecksumIEEE(e.name) && utf8.Valid(f[9:]) {
			found = string(f[9:])
		}
	})
	if found != "" {
		return found
	}
	name, err := charmap.CodePage437.NewDecoder().Bytes(e.name)
	if err != nil { // it maps every byte
		return string(e.name)
	}
	return string(name)
}

// names are those by which a change may mean an entry: the one that is shown and, because macOS forgets the flag, UTF-8.
func (e *Entry) names() []string {
	if raw := string(e.name); raw != e.Name && utf8.ValidString(raw) {
		return []string{e.Name, raw}
	}
	return []string{e.Name}
}

func ascii[T string | []byte](s T) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// checkName refuses names that would be unpacked elsewhere than below the folder that was meant, on any system.
func checkName(name string) error {
	switch {
	case name == "":
		return errors.New("an entry has no name")
	case strings.ContainsRune(name, 0):
		return errors.New("the name has a zero byte")
	case name[0] == '/' || name[0] == '\\' || len(name) > 1 && name[1] == ':' && letter(name[0]):
		return errors.New("the name is absolute: it would be unpacked outside of the folder that is meant")
	}
	for part := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if part == ".." {
			return errors.New("the name has \"..\": it would be unpacked outside of the folder that is meant")
		}
	}
	return nil
}

func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }
