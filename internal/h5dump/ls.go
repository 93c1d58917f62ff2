package h5dump

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core/h5"
)

// ListOptions say what is listed of each object.
type ListOptions struct {
	Attrs bool // with attributes and their values
	Sizes bool // with the number of chunks, bytes in the file and ratio; reads chunk tables
	JSON  bool // a JSON array, an element a line
	Paths bool // whole paths in place of names under each other, to be searched
	Depth int  // levels below the path; -1: all
}

// List prints what links lead to from a path. Objects that cannot be read whole are printed with the reason; the error then
// says how many they are.
func List(ctx context.Context, to io.Writer, f *h5.File, path string, o ListOptions) error {
	top, err := f.Object(ctx, absolute(path))
	if err != nil {
		return orMissing(ctx, f, path, err)
	}
	d := &describer{s: newSource(f), attrs: o.Attrs, sizes: o.Sizes}
	w := bufio.NewWriter(to)
	defer w.Flush()
	out := printer(&jsonArray{d: d, w: w})
	if !o.JSON {
		d.attrs = false
		out = &listing{d: d, w: w, attrs: o.Attrs, paths: o.Paths}
	}
	failed := 0
	walk := walker{f: f, depth: o.Depth, attrs: true, chunks: o.Sizes, visit: func(e *visited) error {
		ok, err := out.entry(ctx, e)
		if !ok {
			failed++
		}
		return err
	}}
	if err := walk.from(ctx, top); err != nil {
		return err
	}
	if err := out.finish(); err != nil {
		return err
	}
	return failedObjects(failed)
}

// A printer prints what a walk visits.
type printer interface {
	// entry reports whether the entry could be read whole.
	entry(ctx context.Context, e *visited) (bool, error)
	finish() error
}

// A jsonArray prints a JSON array, an element a line.
type jsonArray struct {
	d *describer
	w *bufio.Writer
	n int
}

func (p *jsonArray) entry(ctx context.Context, e *visited) (bool, error) {
	i := p.d.info(ctx, e)
	b, err := marshal(i)
	if err != nil {
		return false, err
	}
	return i.Error == "", p.line(b)
}

func (p *jsonArray) line(b []byte) error {
	p.w.WriteString(map[bool]string{true: "[\n", false: ",\n"}[p.n == 0])
	p.n++
	_, err := p.w.Write(b)
	return err
}

func (p *jsonArray) finish() error {
	if p.n == 0 {
		p.w.WriteString("[")
	}
	p.w.WriteString("\n]\n")
	return p.w.Flush()
}

// rowsText is how many lines are aligned with each other.
const rowsText = 400

// A listing prints a tree for people, in columns.
type listing struct {
	d     *describer
	w     *bufio.Writer
	attrs bool
	paths bool       // whole ones, without indentation
	rows  [][]string // a row of one cell is a line of its own
	lines int
}

func (p *listing) entry(ctx context.Context, e *visited) (bool, error) {
	indent := strings.Repeat("  ", e.depth)
	name := quoteName(e.link.Name)
	if e.depth == 0 || p.paths {
		name = quoteName(e.path)
	}
	if p.paths {
		indent = ""
	}
	i := p.d.info(ctx, e)
	row := []string{i.Kind, indent + name}
	switch {
	case e.object == nil && i.File != nil:
		row[1] += " → " + quoteName(string(*i.File)) + " " + quoteName(string(*i.Target))
	case e.object == nil && i.Target != nil:
		row[1] += " → " + quoteName(string(*i.Target))
	case e.object != nil:
		row = append(row, cutText(string(i.Type)), p.shape(e), p.storage(e, i), countOf(len(e.attrs), "attribute"))
	}
	p.rows = append(p.rows, row)
	if i.Error != "" {
		p.rows = append(p.rows, []string{indent + "    error: " + i.Error})
	}
	if p.attrs {
		for _, a := range e.attrs {
			p.rows = append(p.rows, []string{indent + "    @" + quoteName(a.Name) + " = " + p.d.attribute(ctx, a, indent+"      ")})
		}
	}
	if p.lines++; p.lines%rowsText == 0 {
		return i.Error == "", p.flush()
	}
	return i.Error == "", nil
}

// attribute is an attribute's value for people.
func (d *describer) attribute(ctx context.Context, a *h5.Attribute, indent string) string {
	v, err := a.Values(ctx)
	if err != nil {
		return "error: " + reasonOf(err)
	}
	var b bytes.Buffer
	style := d.style(ctx, true, true)
	if sel, long := elide(v.Shape); long {
		kept := *v
		kept.Data = nil
		for i := range v.Len() {
			if isKept(sel, v.Shape, i) {
				kept.Data = append(kept.Data, v.Element(i)...)
			}
		}
		w := bufio.NewWriter(&b)
		n := nesting{w: w, style: style, indent: indent, dims: sel.counts(), gaps: gapsOf(sel, v.Shape)}
		n.begin()
		for i := range kept.Len() {
			n.add(&kept, kept.Element(i))
		}
		w.Flush()
		return b.String()
	}
	writeValues(&b, v, a.Space, style, indent)
	return b.String()
}

// isKept reports whether element i of an array is in the selection.
func isKept(s *selected, dims []uint64, i int) bool {
	for k := len(dims) - 1; k >= 0; k-- {
		at := int64(uint64(i) % dims[k])
		i = int(uint64(i) / dims[k])
		in := false
		for _, p := range s.spans[k] {
			in = in || at >= p.Start && at < p.Start+p.Count
		}
		if !in {
			return false
		}
	}
	return true
}

func (p *listing) shape(e *visited) string {
	switch set := e.dataset(); {
	case set != nil:
		return shapeText(set.Space())
	case e.object.Kind() == h5.GroupKind && len(e.links) > 0:
		return countOf(len(e.links), "link")
	}
	return ""
}

func countOf(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return humanize.Comma(int64(n)) + " " + what
}

func (p *listing) storage(e *visited, i *objectInfo) string {
	set := e.dataset()
	if set == nil {
		return ""
	}
	text := storageText(set)
	return text + i.storedInfo.text(set)
}

// storageText says how values are stored.
func storageText(set *h5.Dataset) string {
	text := set.Storage().String()
	if set.Storage() == h5.Chunked {
		text += " " + numbersOf(set.ChunkShape())
	}
	if f := filtersText(set.Filters()); f != "" {
		text += " " + f
	}
	return text
}

// text is what is stored, for people.
func (s *storedInfo) text(set *h5.Dataset) string {
	switch {
	case s == nil:
		return ""
	case s.Bytes == 0:
		return ", nothing stored"
	case set.Storage() != h5.Chunked:
		return ", " + Bytes(s.Bytes)
	}
	return fmt.Sprintf(", %s in %s, %.2f : 1", Bytes(s.Bytes), countOf(s.Count, "chunk"), s.Ratio)
}

// cutText shortens what would make a column too wide.
func cutText(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// flush prints the rows with their columns aligned.
func (p *listing) flush() error {
	var widths []int
	for _, r := range p.rows {
		for i, c := range r {
			if len(widths) <= i {
				widths = append(widths, 0)
			}
			if len(r) > 2 || len(r) == 2 && i == 0 {
				widths[i] = max(widths[i], utf8.RuneCountInString(c))
			}
		}
	}
	for _, r := range p.rows {
		for i, c := range r {
			p.w.WriteString(c)
			if i < len(r)-1 {
				p.w.WriteString(strings.Repeat(" ", 2+max(widths[i]-utf8.RuneCountInString(c), 0)))
			}
		}
		p.w.WriteByte('\n')
	}
	p.rows = p.rows[:0]
	return p.w.Flush()
}

func (p *listing) finish() error { return p.flush() }
