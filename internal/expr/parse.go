package expr

import (
	"slices"
	"strings"
)

// Limits of a source. A node is an operation, a name or a number.
const (
	maxSource = 4096
	maxNodes  = 1024
	maxDepth  = 64
)

type nodeKind uint8

const (
	nodeConst   nodeKind = iota // num
	nodeName                    // text; after resolving: column
	nodeAttr                    // kids[0].text
	nodeUnary                   // text: + - ~
	nodeBinary                  // text
	nodeCompare                 // ops between kids
	nodeAnd
	nodeOr
	nodeNot
	nodeCond  // kids: then, condition, else
	nodeIndex // kids: of, index or slice
	nodeSlice // kids: start, stop, step; nil where left out
	nodeCall  // kids[0] is what is called until resolved, then the arguments; keys their names
	nodeTuple // a tuple or a list
	nodeText  // text: a quoted name of a type
	nodeType  // num.typ: np.float32 and the like
)

// A node is a part of the expression.
type node struct {
	kind   nodeKind
	pos    int
	text   string
	ops    []string
	kids   []*node
	keys   []string
	num    value
	column int       // of a name: index into Program.inputs
	fn     *function // of a call
}

type parser struct {
	src    *source
	tokens []token
	nodes  int
	depth  int
}

// parse makes the tree of a source.
func parse(src *source) (*node, error) {
	if len(src.text) > maxSource {
		return nil, src.errorf(maxSource, "the expression has %d bytes; at most %d", len(src.text), maxSource)
	}
	tokens, err := lex(src)
	if err != nil {
		return nil, err
	}
	p := &parser{src: src, tokens: tokens}
	if p.peek().kind == tokenEnd {
		return nil, src.errorf(0, "the expression is empty")
	}
	n, err := p.expression()
	if err != nil {
		return nil, err
	}
	if p.peek().kind != tokenEnd {
		return nil, p.unexpected()
	}
	return n, nil
}

func (p *parser) peek() token { return p.tokens[0] }

func (p *parser) next() token {
	t := p.tokens[0]
	if t.kind != tokenEnd {
		p.tokens = p.tokens[1:]
	}
	return t
}

// at reports whether the next token is one of these operators or words.
func (p *parser) at(texts ...string) bool {
	t := p.peek()
	return (t.kind == tokenOp || t.kind == tokenName) && slices.Contains(texts, t.text)
}

func (p *parser) expect(text string) error {
	if !p.at(text) {
		return p.src.errorf(p.peek().pos, "expected %s, found %s", text, clip(p.peek().text, 40))
	}
	p.next()
	return nil
}

// words of Python that the language leaves out.
var refused = [...]string{"lambda", "for", "in", "is", "await", "async", "yield", "import", "from", "class", "def", "while",
	"with", "try", "global", "nonlocal", "del", "return", "pass", "raise", "assert", "break", "continue", "if", "else", "and", "or", "except", "finally"}

func (p *parser) unexpected() error {
	t := p.peek()
	if t.kind == tokenName && slices.Contains(refused[:], t.text) {
		return p.src.errorf(t.pos, "%s is not possible here", t.text)
	}
	return p.src.errorf(t.pos, "unexpected %s", clip(t.text, 40))
}

func (p *parser) make(kind nodeKind, pos int, text string, kids ...*node) (*node, error) {
	if p.nodes++; p.nodes > maxNodes {
		return nil, p.src.errorf(pos, "the expression has more than %d parts", maxNodes)
	}
	return &node{kind: kind, pos: pos, text: text, kids: kids}, nil
}

// enter counts nesting; leave with p.depth--.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxDepth {
		return p.src.errorf(p.peek().pos, "the expression is nested more than %d deep", maxDepth)
	}
	return nil
}

// expression: or ["if" or "else" expression]
func (p *parser) expression() (*node, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	then, err := p.logic("or")
	if err != nil || !p.at("if") {
		return then, err
	}
	pos := p.next().pos
	cond, err := p.logic("or")
	if err != nil {
		return nil, err
	}
	if err = p.expect("else"); err != nil {
		return nil, err
	}
	other, err := p.expression()
	if err != nil {
		return nil, err
	}
	return p.make(nodeCond, pos, "if", then, cond, other)
}

// logic: or: and {"or" and}; and: not {"and" not}
func (p *parser) logic(word string) (*node, error) {
	kind, below := nodeOr, func() (*node, error) { return p.logic("and") }
	if word == "and" {
		kind, below = nodeAnd, p.not
	}
	first, err := below()
	if err != nil || !p.at(word) {
		return first, err
	}
	n, err := p.make(kind, p.peek().pos, word, first)
	for err == nil && p.at(word) {
		p.next()
		var k *node
		if k, err = below(); err == nil {
			n.kids = append(n.kids, k)
		}
	}
	return n, err
}

func (p *parser) not() (*node, error) {
	if !p.at("not") {
		return p.comparison()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	pos := p.next().pos
	k, err := p.not()
	if err != nil {
		return nil, err
	}
	return p.make(nodeNot, pos, "not", k)
}

func (p *parser) comparison() (*node, error) {
	first, err := p.binary(0)
	if err != nil || !p.at("<", "<=", ">", ">=", "==", "!=") {
		return first, err
	}
	n, err := p.make(nodeCompare, p.peek().pos, "", first)
	for err == nil && p.at("<", "<=", ">", ">=", "==", "!=") {
		n.ops = append(n.ops, p.next().text)
		var k *node
		if k, err = p.binary(0); err == nil {
			n.kids = append(n.kids, k)
		}
	}
	return n, err
}

// levels of binary operators, loosest first.
var levels = [...][]string{{"|"}, {"^"}, {"&"}, {"<<", ">>"}, {"+", "-"}, {"*", "/", "//", "%"}}

func (p *parser) binary(level int) (*node, error) {
	if level == len(levels) {
		return p.unary()
	}
	a, err := p.binary(level + 1)
	for err == nil && p.at(levels[level]...) {
		op := p.next()
		var b *node
		if b, err = p.binary(level + 1); err == nil {
			a, err = p.make(nodeBinary, op.pos, op.text, a, b)
		}
	}
	return a, err
}

// unary binds looser than ** on its right: -x**2 is -(x**2).
func (p *parser) unary() (*node, error) {
	if !p.at("-", "+", "~") {
		return p.power()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	op := p.next()
	k, err := p.unary()
	if err != nil {
		return nil, err
	}
	return p.make(nodeUnary, op.pos, op.text, k)
}

// power: postfix ["**" unary]
func (p *parser) power() (*node, error) {
	a, err := p.postfix()
	if err != nil || !p.at("**") {
		return a, err
	}
	if err = p.enter(); err != nil {
		return nil, err
	}
	defer func() { p.depth-- }()
	op := p.next()
	b, err := p.unary()
	if err != nil {
		return nil, err
	}
	return p.make(nodeBinary, op.pos, "**", a, b)
}

func (p *parser) postfix() (*node, error) {
	n, err := p.primary()
	for err == nil {
		switch {
		case p.at("."):
			p.next()
			name := p.next()
			if name.kind != tokenName {
				return nil, p.src.errorf(name.pos, "expected a name after the point, found %s", clip(name.text, 40))
			}
			n, err = p.make(nodeAttr, name.pos, name.text, n)
		case p.at("("):
			n, err = p.call(n)
		case p.at("["):
			n, err = p.index(n)
		default:
			return n, nil
		}
	}
	return nil, err
}

func (p *parser) primary() (*node, error) {
	t := p.peek()
	switch {
	case t.kind == tokenNumber:
		p.next()
		n, err := p.make(nodeConst, t.pos, t.text)
		if err == nil {
			n.num = t.num
		}
		return n, err
	case t.kind == tokenString:
		p.next()
		return p.make(nodeText, t.pos, strings.Trim(t.text, t.text[:1]))
	case p.at("("), p.at("["):
		return p.group()
	case t.kind == tokenName && !slices.Contains(refused[:], t.text):
		p.next()
		return p.make(nodeName, t.pos, t.text)
	}
	return nil, p.unexpected()
}

// group: parentheses, a tuple or a list.
func (p *parser) group() (*node, error) {
	open := p.next()
	end := map[string]string{"(": ")", "[": "]"}[open.text]
	n, err := p.make(nodeTuple, open.pos, open.text)
	comma := false
	for err == nil && !p.at(end) {
		var k *node
		if k, err = p.expression(); err != nil {
			return nil, err
		}
		if n.kids = append(n.kids, k); !p.at(",") {
			break
		}
		comma = true
		p.next()
	}
	if err != nil {
		return nil, err
	}
	if err = p.expect(end); err != nil {
		return nil, err
	}
	if end == ")" && len(n.kids) == 1 && !comma {
		return n.kids[0], nil
	}
	return n, nil
}

func (p *parser) call(f *node) (*node, error) {
	p.next()
	n, err := p.make(nodeCall, f.pos, "", f)
	for err == nil && !p.at(")") {
		key := ""
		if len(p.tokens) > 1 && p.peek().kind == tokenName && p.tokens[1].kind == tokenOp && p.tokens[1].text == "=" {
			key = p.next().text
			p.next()
		} else if len(n.keys) > 0 && n.keys[len(n.keys)-1] != "" {
			return nil, p.src.errorf(p.peek().pos, "an argument without a name follows one with a name")
		}
		var k *node
		if k, err = p.expression(); err != nil {
			return nil, err
		}
		n.kids, n.keys = append(n.kids, k), append(n.keys, key)
		if !p.at(",") {
			break
		}
		p.next()
	}
	if err != nil {
		return nil, err
	}
	return n, p.expect(")")
}

func (p *parser) index(of *node) (*node, error) {
	open := p.next()
	var parts [3]*node
	colons := 0
	for !p.at("]") {
		if p.at(":") {
			if colons++; colons > 2 {
				return nil, p.unexpected()
			}
			p.next()
			continue
		}
		if parts[colons] != nil {
			break
		}
		k, err := p.expression()
		if err != nil {
			return nil, err
		}
		parts[colons] = k
	}
	if p.at(",") {
		return nil, p.src.errorf(p.peek().pos, "arrays have one dimension; an index has no comma; np.column_stack((a, b)) makes rows of arrays")
	}
	if err := p.expect("]"); err != nil {
		return nil, err
	}
	if colons == 0 {
		if parts[0] == nil {
			return nil, p.src.errorf(open.pos, "the index is empty")
		}
		return p.make(nodeIndex, open.pos, "", of, parts[0])
	}
	slice, err := p.make(nodeSlice, open.pos, "", parts[:]...)
	if err != nil {
		return nil, err
	}
	return p.make(nodeIndex, open.pos, "", of, slice)
}
