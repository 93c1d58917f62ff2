package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core/h5"
)

// h5ListOptions are the flags of `zagg h5 ls`.
type h5ListOptions struct {
	h5Access
	attrs, sizes, json bool
	depth              int
}

func (a *app) h5ListCommand() *cobra.Command {
	o := h5ListOptions{}
	c := &cobra.Command{
		Use:   "ls URL [PATH]",
		Short: "List the objects of an HDF5 file",
		Long: `List what links lead to from PATH (default /), in the order of the links: kind, name, type, shape, how the values are
stored (chunk shape, filters with their parameters) and the number of attributes. An object that several links lead to is
described once; the other links name that place.

` + h5Where,
		Example: `  zagg h5 ls granule.h5
  zagg h5 ls granule.h5 /gt1l/land_ice_segments --attrs
  zagg h5 ls s3://bucket/granule.h5 --depth 1
  zagg h5 ls granule.h5 --sizes --json`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.h5List(cmd.Context(), args[0], strings.Join(args[1:], ""), o)
		},
	}
	o.flags(c)
	c.Flags().BoolVar(&o.attrs, "attrs", false, "with attributes and their values")
	c.Flags().BoolVar(&o.sizes, "sizes", false, "with the number of chunks, bytes in the file and ratio; reads chunk tables")
	c.Flags().IntVar(&o.depth, "depth", -1, "levels below PATH; -1: all")
	c.Flags().BoolVar(&o.json, "json", false, "print a JSON array, one line for each link")
	return c
}

func (a *app) h5List(ctx context.Context, url, path string, o h5ListOptions) error {
	s, err := a.openH5(ctx, url, o.h5Access)
	if err != nil {
		return err
	}
	defer a.reportH5(s)
	top, err := s.Object(ctx, h5Path(path))
	if err != nil {
		return err
	}
	d := &h5Describer{s: s, attrs: o.attrs, sizes: o.sizes}
	w := bufio.NewWriter(a.stdout)
	defer w.Flush()
	out := h5Printer(&h5Array{d: d, w: w})
	if !o.json {
		d.attrs = false
		out = &h5Lines{d: d, w: w, attrs: o.attrs}
	}
	failed := 0
	walk := h5Walk{f: s.File, depth: o.depth, attrs: true, chunks: o.sizes, visit: func(e *h5Entry) error {
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
	return h5Failed(failed)
}

// An h5Printer prints what a walk visits.
type h5Printer interface {
	// entry reports whether the entry could be read whole.
	entry(ctx context.Context, e *h5Entry) (bool, error)
	finish() error
}

// An h5Array prints a JSON array, an element a line.
type h5Array struct {
	d *h5Describer
	w *bufio.Writer
	n int
}

func (p *h5Array) entry(ctx context.Context, e *h5Entry) (bool, error) {
	i := p.d.info(ctx, e)
	b, err := h5Marshal(i)
	if err != nil {
		return false, err
	}
	return i.Error == "", p.line(b)
}

func (p *h5Array) line(b []byte) error {
	p.w.WriteString(map[bool]string{true: "[\n", false: ",\n"}[p.n == 0])
	p.n++
	_, err := p.w.Write(b)
	return err
}

func (p *h5Array) finish() error {
	if p.n == 0 {
		p.w.WriteString("[")
	}
	p.w.WriteString("\n]\n")
	return p.w.Flush()
}

// h5Rows is how many lines are aligned with each other.
const h5Rows = 400

// An h5Lines prints a tree for people, in columns.
type h5Lines struct {
	d     *h5Describer
	w     *bufio.Writer
	attrs bool
	rows  [][]string // a row of one cell is a line of its own
	lines int
}

func (p *h5Lines) entry(ctx context.Context, e *h5Entry) (bool, error) {
	indent := strings.Repeat("  ", e.depth)
	name := h5Name(e.link.Name)
	if e.depth == 0 {
		name = h5Name(e.path)
	}
	i := p.d.info(ctx, e)
	row := []string{i.Kind, indent + name}
	switch {
	case e.object == nil && i.File != nil:
		row[1] += " → " + h5Name(string(*i.File)) + " " + h5Name(string(*i.Target))
	case e.object == nil && i.Target != nil:
		row[1] += " → " + h5Name(string(*i.Target))
	case e.object != nil:
		row = append(row, h5Cut(string(i.Type)), p.shape(e), p.storage(e, i), h5Count(len(e.attrs), "attribute"))
	}
	p.rows = append(p.rows, row)
	if i.Error != "" {
		p.rows = append(p.rows, []string{indent + "    error: " + i.Error})
	}
	if p.attrs {
		for _, a := range e.attrs {
			p.rows = append(p.rows, []string{indent + "    @" + h5Name(a.Name) + " = " + p.d.attribute(ctx, a, indent+"      ")})
		}
	}
	if p.lines++; p.lines%h5Rows == 0 {
		return i.Error == "", p.flush()
	}
	return i.Error == "", nil
}

// attribute is an attribute's value for people.
func (d *h5Describer) attribute(ctx context.Context, a *h5.Attribute, indent string) string {
	v, err := a.Values(ctx)
	if err != nil {
		return "error: " + h5Reason(err)
	}
	var b bytes.Buffer
	style := d.style(ctx, true, true)
	if sel, long := h5Elide(v.Shape); long {
		kept := *v
		kept.Data = nil
		for i := range v.Len() {
			if h5Kept(sel, v.Shape, i) {
				kept.Data = append(kept.Data, v.Element(i)...)
			}
		}
		w := bufio.NewWriter(&b)
		n := h5Nest{w: w, style: style, indent: indent, dims: sel.counts(), gaps: h5Gaps(sel, v.Shape)}
		n.begin()
		for i := range kept.Len() {
			n.add(&kept, kept.Element(i))
		}
		w.Flush()
		return b.String()
	}
	h5WriteValues(&b, v, a.Space, style, indent)
	return b.String()
}

// h5Kept reports whether element i of an array is in the selection.
func h5Kept(s *h5Selection, dims []uint64, i int) bool {
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

func (p *h5Lines) shape(e *h5Entry) string {
	switch set := e.dataset(); {
	case set != nil:
		return h5Shape(set.Space())
	case e.object.Kind() == h5.GroupKind && len(e.links) > 0:
		return h5Count(len(e.links), "link")
	}
	return ""
}

func h5Count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return thousands(int64(n)) + " " + what
}

func (p *h5Lines) storage(e *h5Entry, i *h5Info) string {
	set := e.dataset()
	if set == nil {
		return ""
	}
	text := h5Storage(set)
	return text + i.h5Stored.text(set)
}

// h5Storage says how values are stored.
func h5Storage(set *h5.Dataset) string {
	text := set.Storage().String()
	if set.Storage() == h5.Chunked {
		text += " " + h5Numbers(set.ChunkShape())
	}
	if f := h5Filters(set.Filters()); f != "" {
		text += " " + f
	}
	return text
}

// text is what is stored, for people.
func (s *h5Stored) text(set *h5.Dataset) string {
	switch {
	case s == nil:
		return ""
	case s.Bytes == 0:
		return ", nothing stored"
	case set.Storage() != h5.Chunked:
		return ", " + h5Bytes(s.Bytes)
	}
	return fmt.Sprintf(", %s in %s, %.2f : 1", h5Bytes(s.Bytes), h5Count(s.Count, "chunk"), s.Ratio)
}

// h5Cut shortens what would make a column too wide.
func h5Cut(s string) string {
	const most = 40
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// flush prints the rows with their columns aligned.
func (p *h5Lines) flush() error {
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

func (p *h5Lines) finish() error { return p.flush() }
