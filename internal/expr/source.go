package expr

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/spelling"
)

// source is the text of an expression, for errors.
type source struct{ text string }

// errorf is an Invalid error at a byte offset: the column, what is wrong, and the line with a caret under it.
func (s *source) errorf(pos int, format string, args ...any) error {
	pos = min(pos, len(s.text))
	line := s.text[strings.LastIndexByte(s.text[:pos], '\n')+1:]
	before := s.text[len(s.text)-len(line) : pos]
	if i := strings.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	col := utf8.RuneCountInString(before)
	runes := []rune(strings.ToValidUTF8(strings.NewReplacer("\t", " ", "\r", " ").Replace(line), "\uFFFD"))
	first := max(0, col-50)
	last := min(len(runes), first+100)
	excerpt := fmt.Sprintf("\n    %s\n    %s^", string(runes[min(first, last):last]), strings.Repeat(" ", col-first))
	return core.Errorf(core.Invalid, "expression", strconv.Quote(clip(s.text, 60)), "col %d: %s%s",
		utf8.RuneCountInString(s.text[:pos])+1, fmt.Sprintf(format, args...), excerpt)
}

// clip shortens a text for a message.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	return string([]rune(s)[:n]) + "…"
}

// nearest is the known names that resemble name most, at most three.
func nearest(name string, known []string) []string {
	type candidate struct {
		name string
		dist int
	}
	var found []candidate
	for _, k := range known {
		if max(len(name), len(k)) > spelling.Longest {
			continue
		}
		if d := spelling.Distance(strings.ToLower(name), strings.ToLower(k)); d <= max(1, min(len(name), len(k))/3) {
			found = append(found, candidate{k, d})
		}
	}
	slices.SortStableFunc(found, func(a, b candidate) int { return cmp.Compare(a.dist, b.dist) })
	var names []string
	for _, c := range found[:min(3, len(found))] {
		if c.dist == found[0].dist && !slices.Contains(names, c.name) {
			names = append(names, c.name)
		}
	}
	return names
}

// didYouMean is the end of a message about an unknown name.
func didYouMean(name string, known []string) string {
	if near := nearest(name, known); len(near) > 0 {
		return "; did you mean " + strings.Join(near, " or ") + "?"
	}
	return ""
}
