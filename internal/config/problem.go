package config

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/spelling"
)

// maxProblems is how many problems one check reports.
const maxProblems = 20

// A Note tells of a key that is accepted but does nothing, or of a default worth knowing. It is no error.
type Note struct {
	File      string
	Line, Col int
	Key, Text string
}

// String is "run.yaml:4:3: output.sweep: no effect".
func (n Note) String() string { return place(n.File, n.Line, n.Col) + ": " + n.Key + ": " + n.Text }

// place names a position as compilers do, so that editors can jump to it.
func place(file string, line, col int) string {
	if line == 0 {
		return file
	}
	return file + ":" + strconv.Itoa(line) + ":" + strconv.Itoa(col)
}

type problem struct {
	line, col int
	code      core.Code
	text      string
}

// problems collects what is wrong with one document.
type problems struct {
	file  string
	table []key
	list  []problem
	notes []Note
}

// add reports a bad value at the place of n.
func (p *problems) add(n *node, format string, args ...any) {
	p.at(core.Invalid, n.path(), n.line, n.col, format, args...)
}

// later reports a key or value that this version does not cover.
func (p *problems) later(n *node, what string) {
	p.at(core.Unsupported, "", n.keyLine, n.keyCol, "not supported yet: %s", what)
}

// atKey reports a bad key at the place of the key.
func (p *problems) atKey(n *node, format string, args ...any) {
	p.at(core.Invalid, n.path(), n.keyLine, n.keyCol, format, args...)
}

// missing reports that parent lacks a key.
func (p *problems) missing(parent *node, key, format string, args ...any) {
	line, col := parent.keyLine, parent.keyCol
	if line == 0 {
		line, col = parent.line, parent.col
	}
	p.at(core.Invalid, join(parent.path(), key), line, col, format, args...)
}

func (p *problems) at(code core.Code, key string, line, col int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if key != "" {
		text = key + ": " + text
	}
	p.list = append(p.list, problem{line, col, code, text})
}

// note records something worth telling that is no error.
func (p *problems) note(n *node, format string, args ...any) {
	p.notes = append(p.notes, Note{File: p.file, Line: n.keyLine, Col: n.keyCol, Key: n.path(), Text: fmt.Sprintf(format, args...)})
}

// err joins the problems in line order; nil if there are none. It is Invalid if any of them is, else Unsupported.
func (p *problems) err() error {
	if len(p.list) == 0 {
		return nil
	}
	slices.SortStableFunc(p.list, func(a, b problem) int {
		return cmp.Or(cmp.Compare(a.line, b.line), cmp.Compare(a.col, b.col))
	})
	p.list = slices.CompactFunc(p.list, func(a, b problem) bool { return a == b })
	code := core.Unsupported
	errs := make([]error, 0, len(p.list))
	for i, q := range p.list {
		if q.code == core.Invalid {
			code = core.Invalid
		}
		if i < maxProblems {
			errs = append(errs, core.Errorf(q.code, "", place(p.file, q.line, q.col), "%s", q.text))
		}
	}
	if more := len(p.list) - maxProblems; more > 0 {
		errs = append(errs, core.Errorf(code, "", p.file, "and %d more problems", more))
	}
	if len(errs) == 1 {
		return errs[0]
	}
	return &core.Error{Code: code, Err: errors.Join(errs...)}
}

// show is a value as an error quotes it: as JSON, cut to a readable length.
func show(n *node) string {
	s := []rune(string(n.json()))
	if len(s) > 60 {
		return string(s[:57]) + "..."
	}
	return string(s)
}

// nearest is the candidate with the smallest edit distance to name, if it is close enough to be a slip of the keys.
func nearest(name string, candidates []string) string {
	best, bestAt := "", max(1, min(3, len(name)/3))+1
	lower := strings.ToLower(name)
	for _, c := range candidates {
		if d := spelling.Distance(lower, strings.ToLower(c)); d < bestAt {
			best, bestAt = c, d
		}
	}
	return best
}

// didYouMean is `; did you mean "x"?`, or a list of what exists if nothing is near.
func didYouMean(name string, candidates []string) string {
	if n := nearest(name, candidates); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	if len(candidates) == 0 {
		return ""
	}
	return "; have " + strings.Join(candidates, ", ")
}
