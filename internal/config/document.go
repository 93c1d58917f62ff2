package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/englacial/zagg/core"
)

// What a document may hold. A run configuration has some hundred values; these bound what hostile input can cost.
const (
	maxYAML  = 256 << 10
	maxJSON  = 4 << 20
	maxDepth = 64
	maxNodes = 50_000 // aliases are counted as often as they are used
)

// parseDocument makes a tree of a YAML or JSON document. JSON has a path of its own: its numbers and escapes are not
// quite YAML's, and it is what workers get.
func parseDocument(file string, data []byte) (*node, error) {
	if !utf8.Valid(data) {
		return nil, core.Errorf(core.Invalid, "", file, "not UTF-8 text")
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff")) // a byte order mark, which some editors write
	b := &builder{file: file}
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' && len(data) <= maxJSON && json.Valid(data) {
		return b.fromJSON(data)
	}
	if len(data) > maxYAML {
		return nil, core.Errorf(core.Invalid, "", file, "%d bytes are too many for a configuration (most: %d)", len(data), maxYAML)
	}
	return b.fromYAML(data)
}

// A builder makes nodes and counts them.
type builder struct {
	file    string
	nodes   int
	anchors map[string]*node
}

func (b *builder) fail(line, col int, format string, args ...any) error {
	return core.Errorf(core.Invalid, "", place(b.file, line, col), format, args...)
}

// room counts one more node at depth and refuses when there are too many.
func (b *builder) room(depth, line, col int) error {
	b.nodes++
	switch {
	case depth > maxDepth:
		return b.fail(line, col, "nested deeper than %d levels", maxDepth)
	case b.nodes > maxNodes:
		return b.fail(line, col, "more than %d values (aliases counted each time they are used)", maxNodes)
	}
	return nil
}

// setNumber makes n the number that text spells in YAML or JSON. ok is false if text is no number.
func (b *builder) setNumber(n *node, text string) (ok bool, err error) {
	digits := strings.ReplaceAll(text, "_", "")
	unsigned := strings.TrimLeft(digits, "+-")
	if unsigned == "" || unsigned[0] != '.' && (unsigned[0] < '0' || unsigned[0] > '9') {
		return false, nil
	}
	if v, isInt, err := parseInt(digits); isInt {
		if err != nil {
			return false, b.fail(n.line, n.col, "%s does not fit 64 bits", text)
		}
		n.kind, n.text = kindInt, v
		return true, nil
	}
	if strings.Trim(digits, "+-.0123456789eE") != "" {
		return false, nil
	}
	v, err := strconv.ParseFloat(digits, 64)
	if errors.Is(err, strconv.ErrRange) {
		return false, b.fail(n.line, n.col, "%s is beyond the range of float64", text)
	} else if err != nil {
		return false, nil
	}
	n.kind, n.text = kindFloat, formatFloat(v)
	return true, nil
}

// parseInt reads decimal, 0x, 0o, 0b and 0-prefixed octal numbers of up to 64 bits and gives them in decimal.
func parseInt(s string) (decimal string, isInt bool, err error) {
	s = strings.TrimPrefix(s, "+")
	if strings.HasPrefix(s, "-") {
		v, err := strconv.ParseInt(s, 0, 64)
		return strconv.FormatInt(v, 10), !errors.Is(err, strconv.ErrSyntax), err
	}
	v, err := strconv.ParseUint(s, 0, 64)
	return strconv.FormatUint(v, 10), !errors.Is(err, strconv.ErrSyntax), err
}

// setNonFinite makes n an infinity or not-a-number, which only a fill value may be; the text is as JSON strings of
// Zarr spell it.
func setNonFinite(n *node, v float64) {
	n.kind = kindFloat
	switch {
	case math.IsNaN(v):
		n.text = "NaN"
	case v > 0:
		n.text = "Infinity"
	default:
		n.text = "-Infinity"
	}
}

// finite reports that a number is one; see setNonFinite.
func (n *node) finite() bool {
	return n.kind != kindFloat || n.text != "NaN" && n.text != "Infinity" && n.text != "-Infinity"
}

// fromJSON builds the tree of valid JSON.
func (b *builder) fromJSON(data []byte) (*node, error) {
	j := &jsonBuilder{builder: b, data: data, dec: json.NewDecoder(bytes.NewReader(data)), line: 1, col: 1}
	j.dec.UseNumber()
	n, err := j.value(nil, "", 0, 0, 0)
	if err == nil {
		if _, err := j.dec.Token(); err != io.EOF {
			return nil, b.fail(j.line, 1, "text after the end of the document")
		}
	}
	return n, err
}

// A jsonBuilder follows a decoder's tokens and keeps count of lines.
type jsonBuilder struct {
	*builder
	data      []byte
	dec       *json.Decoder
	at        int // where line and col were counted to
	line, col int
}

// next gives the next token and where it begins.
func (j *jsonBuilder) next() (tok json.Token, line, col int, err error) {
	start := int(j.dec.InputOffset())
	for start < len(j.data) && strings.IndexByte(" \t\r\n,:", j.data[start]) >= 0 {
		start++
	}
	for ; j.at < start; j.at++ {
		if c := j.data[j.at]; c == '\n' {
			j.line, j.col = j.line+1, 1
		} else if utf8.RuneStart(c) {
			j.col++
		}
	}
	line, col = j.line, j.col
	if tok, err = j.dec.Token(); err != nil {
		err = j.fail(line, col, "%w", err)
	}
	return tok, line, col, err
}

func (j *jsonBuilder) value(parent *node, name string, keyLine, keyCol, depth int) (*node, error) {
	tok, line, col, err := j.next()
	if err == nil {
		err = j.room(depth, line, col)
	}
	if err != nil {
		return nil, err
	}
	n := &node{parent: parent, name: name, line: line, col: col, keyLine: keyLine, keyCol: keyCol}
	switch t := tok.(type) {
	case nil:
		n.kind = kindNull
	case bool:
		n.kind, n.text = kindBool, strconv.FormatBool(t)
	case string:
		n.kind, n.text = kindString, t
	case json.Number:
		_, err = j.setNumber(n, string(t))
	case json.Delim:
		err = j.children(n, t, depth)
	}
	return n, err
}

func (j *jsonBuilder) children(n *node, open json.Delim, depth int) error {
	n.kind = kindList
	if open == '{' {
		n.kind = kindMap
	}
	for j.dec.More() {
		name, line, col := "["+strconv.Itoa(len(n.children))+"]", 0, 0
		if n.kind == kindMap {
			tok, l, c, err := j.next()
			if err != nil {
				return err
			}
			name, line, col = tok.(string), l, c
		}
		c, err := j.value(n, name, line, col, depth+1)
		if err != nil {
			return err
		}
		if line == 0 {
			c.keyLine, c.keyCol = c.line, c.col
		}
		n.children = append(n.children, c)
	}
	_, _, _, err := j.next()
	return err
}
