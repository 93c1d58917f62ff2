package hdfrest

import (
	"bytes"
	"cmp"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

// A condition is a compiled query: whether an element of a compound, given as its members' bytes, is wanted.
type condition func(members [][]byte) bool

const (
	maxQuery      = 4096 // bytes
	maxQueryDepth = 32   // of parentheses
)

// parseQuery compiles a query for the elements of a compound type:
//
//	or    = and { "|" and }
//	and   = term { "&" term }
//	term  = "(" or ")" | operand op operand      op is == != < <= > >=
//	operand = the name of a member | a number | 'text' | "text" | b'text'
func parseQuery(text string, t *Type) (condition, error) {
	if t.Class != Compound {
		return nil, fmt.Errorf("only elements of compound types can be asked for")
	}
	if len(text) > maxQuery {
		return nil, fmt.Errorf("longer than %d bytes", maxQuery)
	}
	p := &queryParser{text: text, t: t}
	c, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.space(); p.at < len(text) {
		return nil, fmt.Errorf("byte %d: %q is not understood", p.at, p.rest())
	}
	return c, nil
}

type queryParser struct {
	text string
	at   int
	t    *Type
}

func (p *queryParser) rest() string { return p.text[p.at:min(len(p.text), p.at+20)] }

func (p *queryParser) space() {
	for p.at < len(p.text) && (p.text[p.at] == ' ' || p.text[p.at] == '\t') {
		p.at++
	}
}

// take reads one of some tokens, the longer first.
func (p *queryParser) take(tokens ...string) string {
	p.space()
	for _, t := range tokens {
		if strings.HasPrefix(p.text[p.at:], t) {
			p.at += len(t)
			return t
		}
	}
	return ""
}

func (p *queryParser) or(depth int) (condition, error) {
	return p.chain(depth, "|", p.and, func(a, b condition) condition {
		return func(m [][]byte) bool { return a(m) || b(m) }
	})
}

func (p *queryParser) and(depth int) (condition, error) {
	return p.chain(depth, "&", p.term, func(a, b condition) condition {
		return func(m [][]byte) bool { return a(m) && b(m) }
	})
}

func (p *queryParser) chain(depth int, op string, one func(int) (condition, error), join func(a, b condition) condition) (condition, error) {
	c, err := one(depth)
	for err == nil && p.take(op) != "" {
		p.take(op) // "||" and "&&" too
		var d condition
		if d, err = one(depth); err == nil {
			c = join(c, d)
		}
	}
	return c, err
}

func (p *queryParser) term(depth int) (condition, error) {
	if depth > maxQueryDepth {
		return nil, fmt.Errorf("more than %d parentheses inside of each other", maxQueryDepth)
	}
	if p.take("(") != "" {
		c, err := p.or(depth + 1)
		if err == nil && p.take(")") == "" {
			err = fmt.Errorf("byte %d: ) is missing", p.at)
		}
		return c, err
	}
	a, err := p.operand()
	if err != nil {
		return nil, err
	}
	op := p.take("==", "!=", "<=", ">=", "<", ">")
	if op == "" {
		return nil, fmt.Errorf("byte %d: a comparison is missing before %q", p.at, p.rest())
	}
	b, err := p.operand()
	if err != nil {
		return nil, err
	}
	if a.text != b.text {
		return nil, fmt.Errorf("byte %d: a text and a number cannot be compared", p.at)
	}
	return comparison(op, a, b), nil
}

// comparison holds for NaN only as !=.
func comparison(op string, a, b operand) condition {
	return func(m [][]byte) bool {
		c, ordered := compare(a.value(m), b.value(m))
		switch op {
		case "==":
			return ordered && c == 0
		case "!=":
			return !ordered || c != 0
		case "<":
			return ordered && c < 0
		case "<=":
			return ordered && c <= 0
		case ">":
			return ordered && c > 0
		}
		return ordered && c >= 0
	}
}

// A scalar is a value that can be compared: text, an integer (negative, with its bits), or a float.
type scalar struct {
	isText  bool
	text    []byte
	integer bool
	signed  bool
	bits    uint64
	float   float64
}

func compare(a, b scalar) (c int, ordered bool) {
	switch {
	case a.isText || b.isText:
		return bytes.Compare(a.text, b.text), true
	case a.integer && b.integer:
		na, nb := a.signed && int64(a.bits) < 0, b.signed && int64(b.bits) < 0
		if na != nb {
			return map[bool]int{true: -1, false: 1}[na], true
		}
		return cmp.Compare(a.bits, b.bits), true
	case math.IsNaN(a.number()) || math.IsNaN(b.number()):
		return 0, false
	case a.integer != b.integer && !math.IsInf(a.float, 0) && !math.IsInf(b.float, 0):
		return a.exact().Cmp(b.exact()), true
	}
	return cmp.Compare(a.number(), b.number()), true
}

func (s *scalar) number() float64 {
	if !s.integer {
		return s.float
	}
	if s.signed {
		return float64(int64(s.bits))
	}
	return float64(s.bits)
}

// exact is a number that is finite: integers beyond 2^53 are no floats.
func (s *scalar) exact() *big.Float {
	switch {
	case !s.integer:
		return new(big.Float).SetFloat64(s.float)
	case s.signed:
		return new(big.Float).SetInt64(int64(s.bits))
	}
	return new(big.Float).SetUint64(s.bits)
}

// An operand is a constant or a member.
type operand struct {
	text  bool
	value func(members [][]byte) scalar
}

func constant(s scalar) operand {
	return operand{s.isText, func([][]byte) scalar { return s }}
}

func (p *queryParser) operand() (operand, error) {
	p.space()
	if p.at >= len(p.text) {
		return operand{}, fmt.Errorf("byte %d: it ends where a name or a value is missing", p.at)
	}
	start := p.at
	if strings.HasPrefix(p.text[p.at:], "b'") || strings.HasPrefix(p.text[p.at:], `b"`) {
		p.at++
	}
	if q := p.text[p.at]; q == '\'' || q == '"' {
		body, _, ok := strings.Cut(p.text[p.at+1:], string(q))
		if !ok {
			return operand{}, fmt.Errorf("byte %d: the text does not end", start)
		}
		p.at += len(body) + 2
		return constant(scalar{isText: true, text: []byte(body)}), nil
	}
	for p.at < len(p.text) && !strings.ContainsRune(" \t()<>=!&|'\"", rune(p.text[p.at])) {
		p.at++
	}
	return p.word(start, p.text[start:p.at])
}

// word is a member or a number.
func (p *queryParser) word(at int, w string) (operand, error) {
	for i, m := range p.t.Members {
		if m.Name == w {
			return memberOperand(i, m.Type)
		}
	}
	if v, err := strconv.ParseInt(w, 10, 64); err == nil {
		return constant(scalar{integer: true, signed: true, bits: uint64(v)}), nil
	}
	if v, err := strconv.ParseUint(w, 10, 64); err == nil {
		return constant(scalar{integer: true, bits: v}), nil
	}
	if v, err := strconv.ParseFloat(w, 64); err == nil {
		return constant(scalar{float: v}), nil
	}
	return operand{}, fmt.Errorf("byte %d: %q is neither a member nor a value", at, w)
}

func memberOperand(i int, t *Type) (operand, error) {
	if t.Class == Enum {
		t = t.Base
	}
	switch t.Class {
	case Integer:
		return operand{false, func(m [][]byte) scalar { return scalar{integer: true, signed: t.Signed, bits: integer(t, m[i])} }}, nil
	case Float:
		return operand{false, func(m [][]byte) scalar { return scalar{float: float(t, m[i])} }}, nil
	case String:
		return operand{true, func(m [][]byte) scalar {
			if t.Size == 0 {
				return scalar{isText: true, text: m[i][4:]}
			}
			return scalar{isText: true, text: bytes.TrimRight(m[i], "\x00")}
		}}, nil
	}
	return operand{}, fmt.Errorf("member %d is of class %s, which cannot be compared", i, t.Class)
}

// filter keeps the elements of data for which the condition holds, at most most of them, and gives their numbers.
func (c condition) filter(t *Type, data []byte, most int) (kept []byte, rows []uint64, err error) {
	members := make([][]byte, len(t.Members))
	for row := uint64(0); len(data) > 0 && len(rows) < most; row++ {
		at := 0
		for i, m := range t.Members {
			n := m.Type.width(data[at:])
			if n < 0 {
				return nil, nil, errShort()
			}
			members[i] = data[at : at+n]
			at += n
		}
		if c(members) {
			kept, rows = append(kept, data[:at]...), append(rows, row)
		}
		data = data[at:]
	}
	return kept, rows, nil
}
