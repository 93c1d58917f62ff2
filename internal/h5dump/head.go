package h5dump

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/englacial/zagg/core/h5"
)

// head writes for people what an object is, without its values.
func (s *shower) head(ctx context.Context, b *bytes.Buffer, e *visited, info *objectInfo) {
	line := func(name, format string, args ...any) {
		fmt.Fprintf(b, "  %-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	fmt.Fprintln(b, quoteName(e.path))
	line("kind", "%s", info.Kind)
	switch {
	case info.File != nil:
		line("target", "%s in file %s", quoteName(string(*info.Target)), quoteName(string(*info.File)))
	case info.Target != nil:
		line("target", "%s", quoteName(string(*info.Target)))
	}
	if e.object != nil && e.object.Kind() == h5.DatatypeKind {
		if t, err := e.object.Datatype(); err == nil {
			line("type", "%s", strings.Join(typeLines(t, strings.Repeat(" ", 14)), "\n"))
		}
	}
	if set := e.dataset(); set != nil {
		s.dataset(ctx, line, set, info)
	}
	if info.Error != "" {
		line("error", "%s", info.Error)
	}
	s.attributes(ctx, b, e.attrs)
	if len(e.links) > 0 && !s.o.Recursive {
		fmt.Fprintln(b, "  links")
		for _, l := range e.links {
			fmt.Fprintf(b, "    %s%s\n", quoteName(l.Name), targetOf(l))
		}
	}
	if info.datasetInfo != nil && info.Chunks != nil {
		chunkLines(b, *info.Chunks)
	}
}

func targetOf(l h5.Link) string {
	switch l.Kind {
	case h5.HardLink:
		return ""
	case h5.SoftLink:
		return " → " + quoteName(l.Target)
	case h5.ExternalLink:
		return " → " + quoteName(l.Target) + " in file " + quoteName(l.File)
	}
	return fmt.Sprintf(" (user-defined link of kind %d)", l.Kind)
}

func (s *shower) dataset(ctx context.Context, line func(name, format string, args ...any), set *h5.Dataset, info *objectInfo) {
	line("type", "%s", strings.Join(typeLines(set.Type(), strings.Repeat(" ", 14)), "\n"))
	space := set.Space()
	shape := shapeText(space)
	line("shape", "%s", shape)
	if most := numbersOf(space.Max); len(space.Dims) > 0 && most != shape {
		line("max shape", "%s", most)
	}
	storage := set.Storage().String()
	if set.Storage() == h5.Chunked {
		storage += " by " + numbersOf(set.ChunkShape())
	}
	line("storage", "%s%s", storage, info.storedInfo.text(set))
	if f := filtersText(set.Filters()); f != "" {
		line("filters", "%s", f)
	}
	if fillShown(set) {
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

func (s *shower) attributes(ctx context.Context, b *bytes.Buffer, attrs []*h5.Attribute) {
	if len(attrs) == 0 {
		return
	}
	fmt.Fprintln(b, "  attributes")
	width := 0
	for _, a := range attrs {
		width = max(width, min(utf8.RuneCountInString(quoteName(a.Name)), 24))
	}
	for _, a := range attrs {
		name := quoteName(a.Name)
		pad := strings.Repeat(" ", max(width-utf8.RuneCountInString(name), 0))
		fmt.Fprintf(b, "    %s%s  %s\n", name, pad, s.d.attribute(ctx, a, strings.Repeat(" ", width+6)))
	}
}

// chunkLines prints the chunk table.
func chunkLines(b *bytes.Buffer, chunks []chunkInfo) {
	fmt.Fprintf(b, "  chunks\n    %20s %12s %10s  %-12s %10s  %s\n", "byte in the file", "bytes", "mask", "first row", "rows", "first element")
	for _, c := range chunks {
		at := strings.Trim(strings.Join(strings.Fields(fmt.Sprint(c.Start)), ","), "[]")
		fmt.Fprintf(b, "    %20d %12d %#10x  %-12d %10d  %s\n", c.Address, c.Size, c.Mask, c.First, c.Rows, at)
	}
}

// text prints one object with its values.
func (s *shower) text(ctx context.Context, e *visited, info *objectInfo, sel *selected) error {
	var b bytes.Buffer
	s.head(ctx, &b, e, info)
	s.w.Write(b.Bytes())
	set := e.dataset()
	if set == nil {
		return nil
	}
	const indent = "    "
	s.w.WriteString("  values")
	if s.o.Selected {
		fmt.Fprintf(s.w, " [%s]", quoteName(s.o.Selection))
	}
	s.w.WriteString("\n" + indent)
	corners, long := elide(set.Shape())
	if s.o.Selected || !long || set.Space().Null {
		style := s.d.style(ctx, true, !s.o.Selected)
		err := s.values(ctx, set, sel, style, indent, func(*h5.Values) {})
		s.w.WriteByte('\n')
		return err
	}
	v, err := set.Read(ctx, corners.spans)
	if err != nil {
		return err
	}
	n := nesting{w: s.w, style: s.d.style(ctx, true, true), indent: indent, dims: v.Shape, gaps: gapsOf(corners, set.Shape())}
	n.begin()
	for i := range v.Len() {
		n.add(v, v.Element(i))
	}
	s.w.WriteString("\n  (the ends of each dimension: --select shows more)\n")
	return nil
}
