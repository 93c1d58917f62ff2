package hdfrest

import (
	"encoding/hex"
	"strings"
)

// A Kind is what an object is: the first letter of its id.
type Kind byte

// The kinds of objects.
const (
	GroupKind    Kind = 'g'
	DatasetKind  Kind = 'd'
	DatatypeKind Kind = 't'
)

// Collection is the first segment of the paths of objects of a kind.
func (k Kind) Collection() string {
	switch k {
	case GroupKind:
		return "groups"
	case DatasetKind:
		return "datasets"
	}
	return "datatypes"
}

// An ID names an object: g-, d- or t-, then 16 bytes in groups of 8-8-4-6-6 digits, or, of a domain whose objects share nothing
// (Old), 8-4-4-4-12. The first half is the same for all
// objects of a domain; the second half of a root group is the first with every digit's top bit turned, by which clients
// know it.
type ID struct {
	Kind           Kind
	Domain, Object [8]byte
	Old            bool
}

// RootID is the id of a domain's root group.
func RootID(domain [8]byte) ID {
	id := ID{Kind: GroupKind, Domain: domain}
	for i, b := range domain {
		id.Object[i] = b ^ 0x88
	}
	return id
}

// String is the id as it travels.
func (id ID) String() string {
	d, o := hex.EncodeToString(id.Domain[:]), hex.EncodeToString(id.Object[:])
	if id.Old {
		return strings.Join([]string{string(id.Kind), d[:8], d[8:12], d[12:], o[:4], o[4:]}, "-")
	}
	return strings.Join([]string{string(id.Kind), d[:8], d[8:], o[:4], o[4:10], o[10:]}, "-")
}

// The two forms of ids.
const (
	idForm    = "g-00000000-00000000-0000-000000-000000"
	oldIDForm = "g-00000000-0000-0000-0000-000000000000"
)

// ParseID reads an id: lower-case digits only, so that an object has one id.
func ParseID(s string) (ID, bool) {
	if len(s) != len(idForm) || !strings.ContainsRune("gdt", rune(s[0])) {
		return ID{}, false
	}
	form, old := idForm, s[15] == '-' // of the new form it is a digit
	if old {
		form = oldIDForm
	}
	digits := make([]byte, 0, 32)
	for i := 1; i < len(form); i++ {
		switch c := s[i]; {
		case form[i] == '-' && c == '-':
		case form[i] == '0' && (c >= '0' && c <= '9' || c >= 'a' && c <= 'f'):
			digits = append(digits, c)
		default:
			return ID{}, false
		}
	}
	id := ID{Kind: Kind(s[0]), Old: old}
	b, err := hex.DecodeString(string(digits))
	copy(id.Domain[:], b)
	copy(id.Object[:], b[8:])
	return id, err == nil
}
