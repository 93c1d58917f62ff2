package expr

import (
	"math"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	tokenEnd tokenKind = iota
	tokenNumber
	tokenName
	tokenString
	tokenOp
)

// A token is a piece of the source; pos is its byte offset.
type token struct {
	kind tokenKind
	pos  int
	text string
	num  value // of a number
}

// operators, longest first.
var operators = [...]string{"**", "//", "<=", ">=", "==", "!=", "<<", ">>",
	"+", "-", "*", "/", "%", "(", ")", "[", "]", ",", ".", ":", "<", ">", "&", "|", "^", "~", "="}

// lex cuts the source into tokens. White space, including line ends, only separates.
func lex(src *source) ([]token, error) {
	var tokens []token
	s := src.text
	for pos := 0; ; {
		for pos < len(s) && strings.IndexByte(" \t\r\n", s[pos]) >= 0 {
			pos++
		}
		if pos == len(s) {
			return append(tokens, token{kind: tokenEnd, pos: pos, text: "the end"}), nil
		}
		t, err := lexOne(src, pos)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, t)
		pos += len(t.text)
	}
}

func lexOne(src *source, pos int) (token, error) {
	s := src.text[pos:]
	r, _ := utf8.DecodeRuneInString(s)
	switch {
	case isDigit(s[0]) || s[0] == '.' && len(s) > 1 && isDigit(s[1]):
		return lexNumber(src, pos)
	case r == '_' || unicode.IsLetter(r):
		n := strings.IndexFunc(s, func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) })
		if n < 0 {
			n = len(s)
		}
		return token{kind: tokenName, pos: pos, text: s[:n]}, nil
	case r == '\'' || r == '"':
		n := strings.IndexByte(s[1:], s[0])
		if n < 0 {
			return token{}, src.errorf(pos, "the text that begins here does not end")
		}
		return token{kind: tokenString, pos: pos, text: s[:n+2]}, nil
	}
	for _, op := range operators {
		if strings.HasPrefix(s, op) {
			return token{kind: tokenOp, pos: pos, text: op}, nil
		}
	}
	return token{}, src.errorf(pos, "%q is not part of the expression language", r)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// lexNumber reads Python's numbers: 1_000, 0xff, 0b1, 0o7, 1., .5, 1e-3.
func lexNumber(src *source, pos int) (token, error) {
	s := src.text[pos:]
	n := 0
	for n < len(s) && (isDigit(s[n]) || s[n] == '_' || s[n] == '.' || s[n]|32 >= 'a' && s[n]|32 <= 'z' || exponentSign(s, n)) {
		n++
	}
	text := s[:n]
	bad := func(why string) (token, error) {
		return token{}, src.errorf(pos, "bad number %s%s", clip(text, 40), why)
	}
	if strings.HasSuffix(text, "_") || strings.Contains(text, "__") {
		return bad("")
	}
	t := token{kind: tokenNumber, pos: pos, text: text}
	if hex := len(text) > 1 && text[0] == '0' && strings.IndexByte("xXoObB", text[1]) >= 0; hex || strings.Trim(text, "0123456789_") == "" {
		if !hex && text[0] == '0' && strings.Trim(text, "0_") != "" {
			return bad(": no leading zeros")
		}
		if !hex && text[0] == '0' {
			text = "0"
		}
		u, err := strconv.ParseUint(text, 0, 64)
		if err != nil {
			return bad(": an integer must be less than 2**64")
		}
		if t.num = constInt(int64(u)); u > math.MaxInt64 {
			t.num = constUint(u)
		}
		return t, nil
	}
	clean := strings.ReplaceAll(text, "_", "")
	f, err := strconv.ParseFloat(clean, 64)
	if err != nil && !math.IsInf(f, 0) || strings.Trim(clean, "0123456789.eE+-") != "" || strings.Contains(text, "_.") || strings.Contains(text, "._") {
		return bad("")
	}
	t.num = constFloat(f)
	return t, nil
}

// exponentSign reports a sign that belongs to an exponent (1e-3) and is no operator.
func exponentSign(s string, n int) bool {
	return (s[n] == '-' || s[n] == '+') && n > 0 && s[n-1]|32 == 'e' && !(len(s) > 1 && s[1]|32 == 'x')
}
