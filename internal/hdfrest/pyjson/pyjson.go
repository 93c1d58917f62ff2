// Package pyjson reads JSON as Python's json module writes it: with the words NaN, Infinity and -Infinity, and with integers
// of any length, of which no digit is lost. A text is checked once (Check); then its parts are cut out of it without copies.
package pyjson

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// A Raw is the text of one value, checked, without blanks around it.
type Raw []byte

// A Member is one of an object.
type Member struct {
	Name  string
	Value Raw
}

// Kinds of values, as Kind gives them: the first byte of the text, digits and words of numbers as Number.
const (
	Object = '{'
	Array  = '['
	String = '"'
	True   = 't'
	False  = 'f'
	Null   = 'n'
	Number = '0'
)

// Check is the error of a text that is not one value, or that nests deeper than depth. What follows expects checked texts.
func Check(text []byte, depth int) (Raw, error) {
	p := parser{text: text, depth: depth}
	p.blank()
	from := p.at
	if err := p.value(0); err != nil {
		return nil, err
	}
	to := p.at
	if p.blank(); p.at < len(text) {
		return nil, fmt.Errorf("byte %d: something follows the value", p.at)
	}
	return Raw(text[from:to:to]), nil
}

type parser struct {
	text  []byte
	at    int
	depth int
}

func (p *parser) blank() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\n' || p.text[p.at] == '\t' || p.text[p.at] == '\r') {
		p.at++
	}
}

func (p *parser) expected(what string) error {
	if p.at >= len(p.text) {
		return fmt.Errorf("byte %d: the text ends where %s is expected", p.at, what)
	}
	return fmt.Errorf("byte %d: %q where %s is expected", p.at, p.text[p.at], what)
}

// next is the byte at which the parser stands; 0 at the end.
func (p *parser) next() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func (p *parser) value(depth int) error {
	if depth > p.depth {
		return fmt.Errorf("byte %d: nested deeper than %d", p.at, p.depth)
	}
	switch c := p.next(); {
	case c == '{':
		return p.list('}', func() error {
			if p.next() != '"' {
				return p.expected("a name")
			}
			if err := p.string(); err != nil {
				return err
			}
			if p.blank(); p.next() != ':' {
				return p.expected(`":"`)
			}
			p.at++
			p.blank()
			return p.value(depth + 1)
		})
	case c == '[':
		return p.list(']', func() error { return p.value(depth + 1) })
	case c == '"':
		return p.string()
	case c == '-' || c >= '0' && c <= '9':
		return p.number()
	}
	for _, w := range []string{"true", "false", "null", "NaN", "Infinity"} {
		if p.word(w) {
			return nil
		}
	}
	return p.expected("a value")
}

func (p *parser) word(w string) bool {
	if !bytes.HasPrefix(p.text[p.at:], []byte(w)) {
		return false
	}
	p.at += len(w)
	return true
}

// list reads what is between brackets, separated by commas.
func (p *parser) list(end byte, one func() error) error {
	p.at++
	p.blank()
	if p.next() == end {
		p.at++
		return nil
	}
	for {
		if err := one(); err != nil {
			return err
		}
		p.blank()
		switch p.next() {
		case end:
			p.at++
			return nil
		case ',':
			p.at++
			p.blank()
		default:
			return p.expected(`"," or the end of the list`)
		}
	}
}

func (p *parser) string() error {
	from := p.at
	for p.at++; p.at < len(p.text); p.at++ {
		switch c := p.text[p.at]; {
		case c == '"':
			p.at++
			return nil
		case c == '\\':
			p.at++
			switch e := p.next(); {
			case e == 'u':
				if p.at+4 >= len(p.text) || !isHex(p.text[p.at+1:p.at+5]) {
					return p.expected("four digits after \\u")
				}
				p.at += 4
			case e == 0 || !bytes.ContainsRune([]byte(`"\/bfnrt`), rune(e)):
				return p.expected("an escape")
			}
		case c < 0x20:
			return p.expected("a character that needs no escape")
		}
	}
	return fmt.Errorf("byte %d: the text does not end", from)
}

func isHex(b []byte) bool {
	_, err := strconv.ParseUint(string(b), 16, 32)
	return err == nil && b[0] != '+'
}

func (p *parser) digits() bool {
	from := p.at
	for c := p.next(); c >= '0' && c <= '9'; c = p.next() {
		p.at++
	}
	return p.at > from
}

func (p *parser) number() error {
	if p.next() == '-' {
		if p.at++; p.word("Infinity") {
			return nil
		}
	}
	zero := p.next() == '0'
	from := p.at
	if !p.digits() || zero && p.at > from+1 {
		return p.expected("a number")
	}
	if p.next() == '.' {
		if p.at++; !p.digits() {
			return p.expected("a digit")
		}
	}
	if c := p.next(); c == 'e' || c == 'E' {
		p.at++
		if c := p.next(); c == '+' || c == '-' {
			p.at++
		}
		if !p.digits() {
			return p.expected("a digit")
		}
	}
	return nil
}

// Kind is what a value is.
func (r Raw) Kind() byte {
	if len(r) == 0 {
		return 0
	}
	switch c := r[0]; c {
	case '{', '[', '"', 't', 'f', 'n':
		return c
	}
	return Number
}

// skip is where the value that text begins with ends.
func skip(text []byte) int {
	switch text[0] {
	case '"':
		for i := 1; i < len(text); i++ {
			switch text[i] {
			case '\\':
				i++
			case '"':
				return i + 1
			}
		}
		return len(text)
	case '{', '[':
		depth := 0
		for i := 0; i < len(text); i++ {
			switch text[i] {
			case '"':
				i += skip(text[i:]) - 1
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return i + 1
				}
			}
		}
		return len(text)
	}
	for i, c := range text {
		if c == ',' || c == ']' || c == '}' || c == ':' || c <= ' ' {
			return i
		}
	}
	return len(text)
}

// each visits the parts of a list or object; a name comes before its value.
func (r Raw) each(visit func(part Raw)) {
	for i := 1; i < len(r)-1; {
		switch c := r[i]; c {
		case ' ', '\n', '\t', '\r', ',', ':':
			i++
		default:
			n := skip(r[i:])
			visit(r[i : i+n : i+n])
			i += n
		}
	}
}

// Items are the elements of a list; nil if it is none.
func (r Raw) Items() []Raw {
	if r.Kind() != Array {
		return nil
	}
	out := []Raw{}
	r.each(func(part Raw) { out = append(out, part) })
	return out
}

// Members are those of an object in their order; nil if it is none. Of two with one name the last is given, as Python does.
func (r Raw) Members() []Member {
	if r.Kind() != Object {
		return nil
	}
	out := []Member{}
	index := map[string]int{}
	name, named := "", false
	r.each(func(part Raw) {
		if !named {
			name, named = part.Text(), true
			return
		}
		named = false
		if i, ok := index[name]; ok {
			out[i].Value = part
			return
		}
		index[name] = len(out)
		out = append(out, Member{name, part})
	})
	return out
}

// Get is a member of an object; nil: it has none of this name.
func (r Raw) Get(name string) Raw {
	for _, m := range r.Members() {
		if m.Name == name {
			return m.Value
		}
	}
	return nil
}

// Text is a string decoded; "" if it is none. Lone surrogates U+DC80…U+DCFF are the bytes that Python's "surrogateescape" made
// them of.
func (r Raw) Text() string {
	if r.Kind() != String {
		return ""
	}
	in := r[1 : len(r)-1]
	if bytes.IndexByte(in, '\\') < 0 {
		return string(in)
	}
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); i++ {
		if in[i] != '\\' {
			out = append(out, in[i])
			continue
		}
		i++
		if in[i] != 'u' {
			out = append(out, unescape(in[i]))
			continue
		}
		c := hex4(in[i+1:])
		i += 4
		if utf16.IsSurrogate(c) && i+6 < len(in) && in[i+1] == '\\' && in[i+2] == 'u' {
			if pair := utf16.DecodeRune(c, hex4(in[i+3:])); pair != utf8.RuneError {
				out = utf8.AppendRune(out, pair)
				i += 6
				continue
			}
		}
		if c >= 0xdc80 && c <= 0xdcff {
			out = append(out, byte(c))
			continue
		}
		out = utf8.AppendRune(out, c)
	}
	return string(out)
}

// LoneSurrogate is the first escape of half a character in r, which no text can have; "" if there is none. U+DC80…U+DCFF are
// bytes, as Text says.
func (r Raw) LoneSurrogate() string {
	for i := 0; i < len(r); i++ {
		if r[i] != '\\' {
			continue
		}
		if i++; r[i] != 'u' {
			continue
		}
		c := hex4(r[i+1:])
		i += 4
		if !utf16.IsSurrogate(c) || c >= 0xdc80 && c <= 0xdcff {
			continue
		}
		if i+6 < len(r) && r[i+1] == '\\' && r[i+2] == 'u' && utf16.DecodeRune(c, hex4(r[i+3:])) != utf8.RuneError {
			i += 6
			continue
		}
		return string(r[i-5 : i+1])
	}
	return ""
}

func unescape(c byte) byte {
	switch c {
	case 'b':
		return '\b'
	case 'f':
		return '\f'
	case 'n':
		return '\n'
	case 'r':
		return '\r'
	case 't':
		return '\t'
	}
	return c
}

func hex4(b []byte) rune {
	v, _ := strconv.ParseUint(string(b[:4]), 16, 32) // checked
	return rune(v)
}

// errNumber is a value that is not the number wanted.
var errNumber = errors.New("is no such number")

// Int is an integer; a float without a fraction is one too.
func (r Raw) Int() (int64, error) {
	if v, err := strconv.ParseInt(string(r), 10, 64); err == nil {
		return v, nil
	}
	f, err := r.Float()
	if err != nil || f != float64(int64(f)) || f >= 1<<63 || f < -1<<63 {
		return 0, fmt.Errorf("%.40s %w", r, errNumber)
	}
	return int64(f), nil
}

// Float is a number.
func (r Raw) Float() (float64, error) {
	if r.Kind() != Number {
		return 0, fmt.Errorf("%.40s %w", r, errNumber)
	}
	f, err := strconv.ParseFloat(string(r), 64)
	if errors.Is(err, strconv.ErrRange) { // 1e999 is Infinity, as Python has it
		return f, nil
	}
	return f, err
}

// Bool is true, or a number other than 0.
func (r Raw) Bool() bool {
	switch r.Kind() {
	case True:
		return true
	case Number:
		f, err := r.Float()
		return err == nil && f != 0
	}
	return false
}
