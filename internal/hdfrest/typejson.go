package hdfrest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

const (
	maxTypeDepth = 16      // of types in types
	maxTypeWidth = 1 << 30 // bytes of an element
	maxMembers   = 1 << 14
)

// JSON is the type as the API describes it.
func (t *Type) JSON() []byte { return appendJSON(nil, t.json()) }

// ParseType reads a type as the API describes it: the name of a number's type, or an object with a class. Both ways to spell
// an enumeration are taken, and a base without a byte order, which is little-endian.
func ParseType(text pyjson.Raw) (*Type, error) {
	t, err := parseType(text, 0)
	if err == nil {
		if n, _ := t.Width(); n > maxTypeWidth || n < 0 {
			err = fmt.Errorf("an element has more than %d bytes", maxTypeWidth)
		}
	}
	return t, err
}

func parseType(text pyjson.Raw, depth int) (*Type, error) {
	if depth > maxTypeDepth {
		return nil, fmt.Errorf("types nest deeper than %d", maxTypeDepth)
	}
	if text.Kind() == pyjson.String {
		return parsePredefined(text.Text())
	}
	if text.Kind() != pyjson.Object {
		return nil, fmt.Errorf("%.40q is not a type", text)
	}
	t := &Type{Class: Class(text.Get("class").Text())}
	if id, ok := ParseID(text.Get("id").Text()); ok && id.Kind == DatatypeKind {
		t.Committed = id
	}
	var err error
	switch t.Class {
	case Integer, Float:
		var p *Type
		if p, err = parsePredefined(text.Get("base").Text()); err == nil && p.Class != t.Class {
			err = fmt.Errorf("the base %s is no %s", text.Get("base"), t.Class)
		}
		if err == nil {
			p.Committed = t.Committed
			t = p
		}
	case String:
		err = t.parseString(text)
	case Enum:
		err = t.parseEnum(text, depth)
	case Compound:
		err = t.parseCompound(text, depth)
	case Array:
		if err = t.parseDims(text.Get("dims")); err == nil {
			t.Base, err = parseType(text.Get("base"), depth+1)
		}
	case Vlen:
		t.Base, err = parseType(text.Get("base"), depth+1)
	case Opaque:
		t.Tag = text.Get("tag").Text()
		if t.Size, err = size(text.Get("size")); err == nil {
			err = expect(text, aText, "tag")
		}
	case Reference:
		base := text.Get("base").Text()
		if t.Region = base == "H5T_STD_REF_DSETREG"; !t.Region && base != "H5T_STD_REF_OBJ" {
			err = fmt.Errorf("the base %q of references is not known", base)
		}
	default:
		err = fmt.Errorf("the class %q is not known", t.Class)
	}
	if err != nil {
		return nil, err
	}
	if n, _ := t.Width(); n > maxTypeWidth || n < 0 {
		return nil, fmt.Errorf("an element has more than %d bytes", maxTypeWidth)
	}
	return t, nil
}

// size is the bytes of an element, at least 1.
func size(text pyjson.Raw) (int, error) {
	n, err := text.Int()
	if err != nil || n < 1 || n > maxTypeWidth {
		return 0, fmt.Errorf("%.40q is not a size of an element", text)
	}
	return int(n), nil
}

// parsePredefined reads the name of a number's type.
func parsePredefined(name string) (*Type, error) {
	t := &Type{Class: Integer}
	rest := ""
	switch {
	case strings.HasPrefix(name, "H5T_STD_I"):
		rest, t.Signed = name[len("H5T_STD_I"):], true
	case strings.HasPrefix(name, "H5T_STD_U"):
		rest = name[len("H5T_STD_U"):]
	case strings.HasPrefix(name, "H5T_IEEE_F"):
		rest, t.Class = name[len("H5T_IEEE_F"):], Float
	default:
		return nil, fmt.Errorf("the type %q is not known", name)
	}
	bits, big := strings.CutSuffix(rest, "BE")
	bits = strings.TrimSuffix(bits, "LE")
	t.Size = map[string]int{"8": 1, "16": 2, "32": 4, "64": 8}[bits]
	if t.Size == 0 || t.Class == Float && t.Size == 1 {
		return nil, fmt.Errorf("the type %q is not known", name)
	}
	t.BigEndian = big && t.Size > 1
	return t, nil
}

func (t *Type) parseString(text pyjson.Raw) error {
	switch set := text.Get("charSet"); {
	case set == nil, set.Text() == "H5T_CSET_ASCII":
	case set.Text() == "H5T_CSET_UTF8":
		t.UTF8 = true
	default:
		return fmt.Errorf("the charSet %.40q is not known", set)
	}
	t.Pad = "H5T_STR_NULLPAD"
	if pad := text.Get("strPad"); pad != nil {
		if t.Pad = pad.Text(); !slices.Contains([]string{"H5T_STR_NULLPAD", "H5T_STR_NULLTERM", "H5T_STR_SPACEPAD"}, t.Pad) {
			return fmt.Errorf("the strPad %.40q is not known", pad)
		}
	}
	length := text.Get("length")
	if length.Text() == "H5T_VARIABLE" {
		return nil
	}
	var err error
	t.Size, err = size(length)
	return err
}

func (t *Type) parseEnum(text pyjson.Raw, depth int) error {
	var err error
	if t.Base, err = parseType(text.Get("base"), depth+1); err != nil {
		return err
	}
	if t.Base.Class != Integer {
		return fmt.Errorf("an enumeration of %s", t.Base.Class)
	}
	members := text.Get("mapping").Members()
	for _, m := range text.Get("members").Items() {
		members = append(members, pyjson.Member{Name: m.Get("name").Text(), Value: m.Get("value")})
	}
	if len(members) == 0 || len(members) > 1<<16 {
		return fmt.Errorf("an enumeration has %d names", len(members))
	}
	seen := map[string]bool{}
	for _, m := range members {
		if seen[m.Name] {
			return fmt.Errorf("an enumeration has the name %q twice", m.Name)
		}
		seen[m.Name] = true
		v, err := encodeValue(t.Base, nil, m.Value)
		if err != nil {
			return fmt.Errorf("the value of %q: %w", m.Name, err)
		}
		t.Names, t.Values = append(t.Names, m.Name), append(t.Values, v)
	}
	return nil
}

func (t *Type) parseCompound(text pyjson.Raw, depth int) error {
	fields := text.Get("fields").Items()
	if len(fields) == 0 || len(fields) > maxMembers {
		return fmt.Errorf("a compound has %d fields", len(fields))
	}
	seen := map[string]bool{}
	for _, f := range fields {
		name := f.Get("name")
		if name.Kind() != pyjson.String || seen[name.Text()] {
			return fmt.Errorf("a field has no name of its own: %.40q", name)
		}
		seen[name.Text()] = true
		m, err := parseType(f.Get("type"), depth+1)
		if err != nil {
			return fmt.Errorf("field %q: %w", name.Text(), err)
		}
		t.Members = append(t.Members, Member{name.Text(), m})
	}
	return nil
}

func (t *Type) parseDims(text pyjson.Raw) error {
	items := text.Items()
	if text.Kind() == pyjson.Number {
		items = []pyjson.Raw{text}
	}
	total := int64(1)
	for _, d := range items {
		n, err := d.Int()
		if err != nil || n < 1 || n > math.MaxInt32 || total*n > maxTypeWidth {
			return fmt.Errorf("%.40q are not dimensions of an array", text)
		}
		total *= n
		t.Dims = append(t.Dims, int(n))
	}
	if len(t.Dims) == 0 || len(t.Dims) > 32 {
		return fmt.Errorf("%.40q are not dimensions of an array", text)
	}
	return nil
}
