package h5dump

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// ShowOptions say what is shown of an object.
type ShowOptions struct {
	Selection string // values, as numpy indexes them
	Selected  bool   // Selection is given; otherwise as many are shown as suit the form
	Chunks    bool   // with the chunk table
	Recursive bool   // all objects below the path, with hashes in place of values
	JSON      bool
	NoHash    bool // without the SHA-256 of values
	FullHash  bool // hash values that were never written, however many
}

// Show prints the object at a path: type, storage, attributes, values. Objects that cannot be read whole are printed with the
// reason; the error then says how many they are.
func Show(ctx context.Context, to io.Writer, f *h5.File, path string, o ShowOptions) error {
	object, err := f.Object(ctx, absolute(path))
	if err != nil {
		return orMissing(ctx, f, path, err)
	}
	s := &shower{d: &describer{s: newSource(f), attrs: o.JSON, chunks: o.Chunks, sizes: true}, o: o, w: bufio.NewWriter(to)}
	s.budget.all = o.FullHash
	s.budget.left = fillHashed
	defer s.w.Flush()
	if o.Recursive {
		return s.all(ctx, object)
	}
	return s.one(ctx, object)
}

// A shower shows objects.
type shower struct {
	d *describer
	o ShowOptions
	w *bufio.Writer

	budget hashBudget // of hashes
}

// one shows an object with its values.
func (s *shower) one(ctx context.Context, object *h5.Object) error {
	var entry *visited
	walk := walker{f: s.d.s.File, attrs: true, chunks: true, visit: func(e *visited) error {
		entry = e
		return nil
	}}
	if err := walk.from(ctx, object); err != nil {
		return err
	}
	if g, err := object.Group(); err == nil {
		if entry.links, err = g.Links(ctx); err != nil {
			return err
		}
	}
	set := entry.dataset()
	if s.o.Selected && set == nil {
		return core.Errorf(core.Invalid, "--select", entry.path, "is not a dataset: it has no values to select")
	}
	sel := &selected{}
	var err error
	if set != nil {
		if sel, err = parseSelection(s.o.Selection, set.Shape()); err != nil {
			return err
		}
		if n := unwrittenBytes(ctx, set); s.o.JSON && !s.o.Selected && n > fillValues {
			return core.Errorf(core.Unsupported, "zagg h5", set.Path(), "%s: --select says which to print", unreadText(set, n))
		}
	}
	info := s.d.info(ctx, entry)
	if s.o.JSON {
		err = s.json(ctx, entry, info, sel)
	} else {
		err = s.text(ctx, entry, info, sel)
	}
	if err == nil {
		err = s.w.Flush()
	}
	if err == nil && info.Error != "" {
		err = failedObjects(1)
	}
	return err
}

// json prints one object; its values are written as they arrive.
func (s *shower) json(ctx context.Context, e *visited, info *objectInfo, sel *selected) error {
	for _, l := range e.links {
		link := objectInfo{Path: safeText(strings.TrimSuffix(e.path, "/") + "/" + l.Name)}
		s.d.link(&link, &visited{link: l})
		info.Links = append(info.Links, link)
	}
	b, err := marshal(info)
	if err != nil {
		return err
	}
	set := e.dataset()
	if set == nil {
		s.w.Write(append(b, '\n'))
		return nil
	}
	s.w.Write(bytes.TrimSuffix(b, []byte("}")))
	if s.o.Selected {
		fmt.Fprintf(s.w, `,"selection":%s`, quoteText(nil, s.o.Selection))
	}
	s.w.WriteString(`,"values":`)
	sum := newHash()
	also := sum.add
	if s.o.NoHash {
		also = func(*h5.Values) {}
	}
	if err := s.values(ctx, set, sel, s.d.style(ctx, false, false), "", also); err != nil {
		return err
	}
	if !s.o.NoHash {
		fmt.Fprintf(s.w, ",\"sha256\":\"%s\"", sum)
	}
	s.w.WriteString("}\n")
	return nil
}

// values writes the selected values of a dataset block after block.
func (s *shower) values(ctx context.Context, set *h5.Dataset, sel *selected, style *valueStyle, indent string, also func(*h5.Values)) error {
	if set.Space().Null {
		s.w.WriteString("null")
		return nil
	}
	n := nesting{w: s.w, style: style, indent: indent, dims: sel.shape()}
	n.begin()
	return s.d.read(ctx, set, sel, func(v *h5.Values) error {
		for i := range v.Len() {
			n.add(v, v.Element(i))
		}
		also(v)
		return ctx.Err()
	})
}

// inFlight is how many objects are read ahead of the one that is printed.
const inFlight = 3

// all shows everything below an object. Values of a few objects are read at once, and printed in order.
func (s *shower) all(ctx context.Context, object *h5.Object) error {
	g, ctx := errgroup.WithContext(ctx)
	queue := make(chan chan []byte, inFlight)
	out := &jsonArray{w: s.w}
	g.Go(func() error {
		for job := range queue {
			select {
			case b := <-job:
				if err := s.print(out, b); err != nil {
					return err
				}
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	var failed atomic.Int64
	walk := walker{f: s.d.s.File, depth: -1, attrs: true, chunks: true, visit: func(e *visited) error {
		unhashed := s.skipReason(ctx, e)
		job := make(chan []byte, 1)
		select {
		case queue <- job:
		case <-ctx.Done():
			return ctx.Err()
		}
		g.Go(func() error {
			b, whole, err := s.describe(ctx, e, unhashed)
			if !whole {
				failed.Add(1)
			}
			job <- b
			return err
		})
		return nil
	}}
	err := walk.from(ctx, object)
	close(queue)
	if e := g.Wait(); e != nil {
		err = e
	}
	if err != nil {
		return err
	}
	if s.o.JSON {
		if err := out.finish(); err != nil {
			return err
		}
	}
	if err := s.w.Flush(); err != nil {
		return err
	}
	return failedObjects(int(failed.Load()))
}

// skipReason is what a dataset's hash would cost too much of; "": it is within the budget. The walk comes to the datasets in
// order, so that it is the same ones every time that are not hashed.
func (s *shower) skipReason(ctx context.Context, e *visited) string {
	if set := e.dataset(); set != nil && !s.o.NoHash {
		return s.budget.take(ctx, set)
	}
	return ""
}

// describe is what is printed of an entry when all are, and whether it could be read whole.
func (s *shower) describe(ctx context.Context, e *visited, unhashed string) ([]byte, bool, error) {
	info := s.d.info(ctx, e)
	if info.datasetInfo != nil {
		info.Unhashed = unhashed
	}
	if set := e.dataset(); set != nil && info.Error == "" && !s.o.NoHash && unhashed == "" {
		sum, err := s.d.hash(ctx, set)
		switch {
		case isFatal(err):
			return nil, false, err
		case err != nil:
			info.Error = reasonOf(err)
		default:
			info.Hash = sum
		}
	}
	if s.o.JSON {
		b, err := marshal(info)
		return b, info.Error == "", err
	}
	var b bytes.Buffer
	s.head(ctx, &b, e, info)
	b.WriteByte('\n')
	return b.Bytes(), info.Error == "", nil
}

func (s *shower) print(out *jsonArray, b []byte) error {
	if s.o.JSON {
		return out.line(b)
	}
	_, err := s.w.Write(b)
	return err
}
