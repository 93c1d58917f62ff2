package cli

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/englacial/zagg/core/h5"
)

// head writes for people what an object is, without its values.
func (s *h5Shower) head(ctx context.Context, b *bytes.Buffer, e *h5Entry, info *h5Info) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(b, "  %-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintln(b, h5Name(e.path))
	line("kind", "%s", info.Kind)
	switch {
	case info.File != nil:
		line("target", "%s in file %s", h5Name(string(*info.Target)), h5Name(string(*info.File)))
	case info.Target != nil:
		line("target", "%s", h5Name(string(*info.Target)))
	}
	if e.object != nil && e.object.Kind() == h5.DatatypeKind {
		if t, err := e.object.Datatype(); err == nil {
			line("type", "%s", strings.Join(h5TypeLines(t, strings.Repeat(" ", 14)), "\n"))
		}
	}
	if set := e.dataset(); set != nil {
		s.dataset(ctx, line, set, info)
	}
	if info.Error != "" {
		line("error", "%s", info.Error)
	}
	s.attributes(ctx, b, e.attrs)
	if len(e.links) > 0 && !s.o.recursive {
		fmt.Fprintln(b, "  links")
		for _, l := range e.links {
			fmt.Fprintf(b, "    %s%s\n", h5Name(l.Name), h5Target(l))
		}
	}
	if info.h5Data != nil && info.Chunks != nil {
		h5ChunkLines(b, *info.Chunks)
	}
}

func h5Target(l h5.Link) string {
	switch l.Kind {
	case h5.HardLink:
		return ""
	case h5.SoftLink:
		return " → " + h5Name(l.Target)
	case h5.ExternalLink:
		return " → " + h5Name(l.Target) + " in file " + h5Name(l.File)
	}
	return fmt.Sprintf(" (user-defined link of kind %d)", l.Kind)
}

func (s *h5Shower) dataset(ctx context.Context, line func(name, format string, args ...any), set *h5.Dataset, info *h5Info) {
	line("type", "%s", strings.Join(h5TypeLines(set.Type(), strings.Repeat(" ", 14)), "\n"))
	space := set.Space()
	shape := h5Shape(space)
	line("shape", "%s", shape)
	if most := h5Numbers(space.Max); len(space.Dims) > 0 && most != shape {
		line("max shape", "%s", most)
	}
	storage := set.Storage().String()
	if set.Storage() == h5.Chunked {
		storage += " by " + h5Numbers(set.ChunkShape())
	}
	line("storage", "%s%s", storage, info.h5Stored.text(set))
	if f := h5Filters(set.Filters()); f != "" {
		line("filters", "%s", f)
	}
	if h5FillShown(set) {
		fill := &h5.Values{Type: set.Type(), Data: set.Fill()}
		line("fill value", "%s", s.d.style(ctx, true, true).element(nil, fill, fill.Type, fill.Data))
	} else {
		line("fill value", "zeros")
	}
	if info.Hash != "" {
		line("sha256", "%s", info.Hash)
	} else if info.Unhashed != "" {
		line("sha256", "none: %s", info.Unhashed)
	}
}

func (s *h5Shower) attributes(ctx context.Context, b *bytes.Buffer, attrs []*h5.Attribute) {
	if len(attrs) == 0 {
		return
	}
	fmt.Fprintln(b, "  attributes")
	width := 0
	for _, a := range attrs {
		width = max(width, min(utf8.RuneCountInString(h5Name(a.Name)), 24))
	}
	for _, a := range attrs {
		name := h5Name(a.Name)
		pad := strings.Repeat(" ", max(width-utf8.RuneCountInString(name), 0))
		fmt.Fprintf(b, "    %s%s  %s\n", name, pad, s.d.attribute(ctx, a, strings.Repeat(" ", width+6)))
	}
}

// h5ChunkLines prints the chunk table.
func h5ChunkLines(b *bytes.Buffer, chunks []h5Chunk) {
	fmt.Fprintf(b, "  chunks\n    %20s %12s %10s  %-12s %10s  %s\n", "byte in the file", "bytes", "mask", "first row", "rows", "first element")
	for _, c := range chunks {
		at := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(c.Start)), ","), "[]")
		fmt.Fprintf(b, "    %20d %12d %#10x  %-12d %10d  %s\n", c.Address, c.Size, c.Mask, c.First, c.Rows, at)
	}
}

// text prints one object with its values.
func (s *h5Shower) text(ctx context.Context, e *h5Entry, info *h5Info, sel *h5Selection) error {
	var b bytes.Buffer
	s.head(ctx, &b, e, info)
	s.w.Write(b.Bytes())
	set := e.dataset()
	if set == nil {
		return nil
	}
	const indent = "    "
	s.w.WriteString("  values")
	if s.o.selected {
		fmt.Fprintf(s.w, " [%s]", h5Name(s.o.sel))
	}
	s.w.WriteString("\n" + indent)
	corners, long := h5Elide(set.Shape())
	if s.o.selected || !long || set.Space().Null {
		style := s.d.style(ctx, true, !s.o.selected)
		err := s.values(ctx, set, sel, style, indent, func(*h5.Values) {})
		s.w.WriteByte('\n')
		return err
	}
	v, err := set.Read(ctx, corners.spans)
	if err != nil {
		return err
	}
	n := h5Nest{w: s.w, style: s.d.style(ctx, true, true), indent: indent, dims: v.Shape, gaps: h5Gaps(corners, set.Shape())}
	n.begin()
	for i := range v.Len() {
		n.add(v, v.Element(i))
	}
	s.w.WriteString("\n  (the ends of each dimension: --select shows more)\n")
	return nil
}
