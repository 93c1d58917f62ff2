package config

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// fromYAML builds the tree of one YAML document.
func (b *builder) fromYAML(data []byte) (root *node, err error) {
	b.anchors = map[string]*node{}
	file, err := b.parseYAML(data)
	if err != nil {
		return nil, err
	}
	var body ast.Node
	for _, d := range file.Docs {
		if d.Body == nil || d.Body.Type() == ast.CommentType || d.Body.Type() == ast.DirectiveType {
			continue
		}
		if body != nil {
			p := d.Body.GetToken().Position
			return nil, b.fail(p.Line, p.Column, "a second document begins here; a configuration is one document")
		}
		body = d.Body
	}
	if body == nil {
		return nil, b.fail(0, 0, "the configuration is empty")
	}
	return b.yaml(body, &node{}, 0)
}

// parseYAML runs the YAML library, and turns a panic of it over odd input into an error.
func (b *builder) parseYAML(data []byte) (file *ast.File, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = b.fail(0, 0, "not YAML that can be parsed: %v", r)
		}
	}()
	tokens := lexer.Tokenize(string(data))
	if err := b.checkDepth(tokens); err != nil {
		return nil, err
	}
	file, err = parser.Parse(tokens, 0, parser.AllowDuplicateMapKey())
	if err == nil {
		return file, nil
	}
	if e, ok := errors.AsType[yaml.Error](err); ok && e.GetToken() != nil {
		p := e.GetToken().Position
		return nil, b.fail(p.Line, p.Column, "not YAML: %s", e.GetMessage())
	}
	return nil, b.fail(0, 0, "not YAML: %s", firstLine(err.Error()))
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// checkDepth refuses, before the recursive parser sees it, text that nests too deeply: many open brackets, or many
// markers that open a level ("- - -", "? ?", "a: b:", tags, anchors) on one line.
func (b *builder) checkDepth(tokens token.Tokens) error {
	flow, line, onLine := 0, 0, 0
	for _, t := range tokens {
		if t.Position.Line != line {
			line, onLine = t.Position.Line, 0
		}
		switch t.Type {
		case token.SequenceStartType, token.MappingStartType:
			flow++
		case token.SequenceEndType, token.MappingEndType:
			flow--
		case token.MappingValueType:
			if flow <= 0 {
				onLine++
			}
		case token.SequenceEntryType, token.MappingKeyType, token.TagType, token.AnchorType:
			onLine++
		}
		if flow > maxDepth || onLine > maxDepth {
			return b.fail(t.Position.Line, t.Position.Column, "nested deeper than %d levels", maxDepth)
		}
	}
	return nil
}

// yaml makes a node of an AST node. at carries parent, name and place of the key.
func (b *builder) yaml(a ast.Node, at *node, depth int) (*node, error) {
	n := &node{parent: at.parent, name: at.name, keyLine: at.keyLine, keyCol: at.keyCol}
	if a == nil {
		n.kind, n.line, n.col = kindNull, at.keyLine, at.keyCol
		return n, nil
	}
	if tk := a.GetToken(); tk != nil && tk.Position != nil {
		n.line, n.col = tk.Position.Line, tk.Position.Column
	}
	if err := b.room(depth, n.line, n.col); err != nil {
		return nil, err
	}
	n, err := b.fill(n, a, depth)
	if err == nil && n.keyLine == 0 {
		n.keyLine, n.keyCol = n.line, n.col
	}
	return n, err
}

func (b *builder) fill(n *node, a ast.Node, depth int) (*node, error) {
	switch v := a.(type) {
	case *ast.NullNode:
		n.kind = kindNull
	case *ast.BoolNode:
		n.kind, n.text = kindBool, strconv.FormatBool(v.Value)
	case *ast.InfinityNode:
		setNonFinite(n, v.Value)
	case *ast.NanNode:
		n.kind, n.text = kindFloat, "NaN"
	case *ast.IntegerNode, *ast.FloatNode:
		return n, b.scalar(n, a.GetToken().Value, true)
	case *ast.StringNode:
		return n, b.scalar(n, v.Value, isPlain(v.Token))
	case *ast.LiteralNode:
		n.kind, n.text = kindString, v.Value.Value
	case *ast.SequenceNode:
		return n, b.sequence(n, v, depth)
	case *ast.MappingNode:
		return n, b.mapping(n, v.Values, v.IsFlowStyle, depth)
	case *ast.MappingValueNode:
		return n, b.mapping(n, []*ast.MappingValueNode{v}, false, depth)
	case *ast.AnchorNode:
		out, err := b.yaml(v.Value, n, depth)
		if err == nil {
			b.anchors[v.Name.GetToken().Value] = out
		}
		return out, err
	case *ast.AliasNode:
		return n, b.alias(n, v, depth)
	case *ast.TagNode:
		return b.tag(n, v, depth)
	default:
		return nil, b.fail(n.line, n.col, "a %s cannot stand here", strings.ToLower(a.Type().String()))
	}
	return n, nil
}

func isPlain(t *token.Token) bool {
	return t.Type != token.SingleQuoteType && t.Type != token.DoubleQuoteType
}

// scalar resolves a scalar: what is written without quotes and looks like a number is one.
func (b *builder) scalar(n *node, text string, plain bool) error {
	n.kind, n.text, n.plain = kindString, text, plain
	if !plain {
		return nil
	}
	if strings.EqualFold(text, "+.inf") {
		setNonFinite(n, math.Inf(1))
		return nil
	}
	_, err := b.setNumber(n, text)
	return err
}

// alias makes n a copy of what an alias stands for. An anchor can be used only after its end, so no value contains
// itself.
func (b *builder) alias(n *node, v *ast.AliasNode, depth int) error {
	name := v.Value.GetToken().Value
	a, ok := b.anchors[name]
	if !ok {
		return b.fail(n.line, n.col, "no anchor &%s before this alias", name)
	}
	return b.copyInto(n, a, depth)
}

// copyInto gives n the value of from; every node of it counts again.
func (b *builder) copyInto(n, from *node, depth int) error {
	n.kind, n.text, n.plain = from.kind, from.text, from.plain
	for _, c := range from.children {
		if err := b.room(depth+1, n.line, n.col); err != nil {
			return err
		}
		x := &node{parent: n, name: c.name, line: c.line, col: c.col, keyLine: c.keyLine, keyCol: c.keyCol}
		n.children = append(n.children, x)
		if err := b.copyInto(x, c, depth+1); err != nil {
			return err
		}
	}
	return nil
}

// tag accepts the tags of plain YAML; only !!str changes anything.
func (b *builder) tag(n *node, v *ast.TagNode, depth int) (*node, error) {
	tag := v.Start.Value
	want, ok := map[string]kind{"!!str": kindString, "!!int": kindInt, "!!float": kindNumber, "!!bool": kindBool,
		"!!null": kindNull, "!!seq": kindList, "!!map": kindMap}[tag]
	if !ok {
		return nil, b.fail(n.line, n.col, "the tag %s means nothing here; leave it out", tag)
	}
	out, err := b.yaml(v.Value, n, depth+1)
	if err != nil {
		return nil, err
	}
	if want == kindString && out.kind&(kindScalar|kindNull) != 0 {
		out.kind, out.plain = kindString, false
		if _, block := v.Value.(*ast.LiteralNode); v.Value != nil && !block {
			out.text = v.Value.GetToken().Value
		}
		return out, nil
	}
	if out.kind&want == 0 {
		return nil, b.fail(n.line, n.col, "%s stands before %s", tag, out.kind.names())
	}
	return out, nil
}

func (b *builder) sequence(n *node, v *ast.SequenceNode, depth int) error {
	n.kind = kindList
	for i, item := range v.Values {
		c, err := b.yaml(item, &node{parent: n, name: fmt.Sprintf("[%d]", i)}, depth+1)
		if err != nil {
			return err
		}
		n.children = append(n.children, c)
	}
	return nil
}

// mapping adds the members of a map; what "<<" merges comes after and does not replace them.
// A block map stands where its first key does.
func (b *builder) mapping(n *node, values []*ast.MappingValueNode, flow bool, depth int) error {
	n.kind = kindMap
	var merged []ast.Node
	for _, v := range values {
		if v.Key.IsMergeKey() {
			merged = append(merged, v.Value)
			continue
		}
		key, err := b.key(v.Key)
		if err != nil {
			return err
		}
		c, err := b.yaml(v.Value, &node{parent: n, name: key.text, keyLine: key.line, keyCol: key.col}, depth+1)
		if err != nil {
			return err
		}
		n.children = append(n.children, c)
	}
	if len(n.children) > 0 && !flow {
		n.line, n.col = n.children[0].keyLine, n.children[0].keyCol
	}
	for _, m := range merged {
		if err := b.merge(n, m, depth); err != nil {
			return err
		}
	}
	return nil
}

// key reads a map's key, which must be a scalar. Its text is kept: 12 is "12".
func (b *builder) key(k ast.MapKeyNode) (*node, error) {
	var a ast.Node = k
	if m, ok := a.(*ast.MappingKeyNode); ok {
		a = m.Value
	}
	n := &node{}
	if a == nil || a.GetToken() == nil {
		return n, b.fail(0, 0, "a key of a map is empty")
	}
	t := a.GetToken()
	n.line, n.col, n.text = t.Position.Line, t.Position.Column, t.Value
	if _, ok := a.(ast.ScalarNode); !ok || a.Type() == ast.AliasType || a.Type() == ast.AnchorType || a.Type() == ast.TagType || a.Type() == ast.LiteralType {
		return n, b.fail(n.line, n.col, "a key must be plain text")
	}
	return n, nil
}

func (b *builder) merge(n *node, value ast.Node, depth int) error {
	m, err := b.yaml(value, &node{parent: n}, depth+1)
	if err != nil {
		return err
	}
	maps := []*node{m}
	if m.kind == kindList {
		maps = m.children
	}
	for _, from := range maps {
		if from.kind != kindMap {
			return b.fail(from.line, from.col, "<< merges a map, not %s", from.kind.names())
		}
		for _, c := range from.children {
			if n.child(c.name) == nil {
				c.parent = n
				n.children = append(n.children, c)
			}
		}
	}
	return nil
}
