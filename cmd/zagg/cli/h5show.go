package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// h5ShowOptions are the flags of `zagg h5 show`.
type h5ShowOptions struct {
	h5Access
	sel                     string
	selected                bool // --select was given
	chunks, recursive, json bool
	noHash, fullHash        bool
}

func (a *app) h5ShowCommand() *cobra.Command {
	o := h5ShowOptions{}
	c := &cobra.Command{
		Use:   "show URL PATH",
		Short: "Show an object of an HDF5 file: type, storage, attributes, values",
		Long: `Show what is at PATH: datatype, shape, storage, filters, fill value, attributes and values. Of many values the text shows
the ends of each dimension; --select and --json show all that are selected.

With --json a datatype is a tree (class, size, byte_order, members, base, …), numbers are exact, NaN and infinities are the
strings "NaN", "Infinity" and "-Infinity", bytes that are not UTF-8 are {"base64": …}, an enum's value is its number,
and a reference is {"address": …, "path": …}. sha256 is that of the values in C order, numbers little-endian, members of
compounds one after another, strings of fixed size filled with NUL, references as the 8 bytes of the address, and
variable strings and sequences as their bytes after the number of these (4 bytes, little-endian).

--recursive shows all objects below PATH, each at the first path that leads to it, and the other links; of values only the
hash. An object that cannot be read has an error, and the exit code is 1. What was never written has no byte in a file but
can be declared of any size: more than 2 GiB of it are not hashed, unless --full-hash says so, and more than 64 MiB are not
printed, unless --select does.

` + h5Where,
		Example: `  zagg h5 show granule.h5 /gt1l/land_ice_segments/h_li
  zagg h5 show granule.h5 /gt1l/residual_histogram/count --select 0:10,:
  zagg h5 show s3://bucket/granule.h5 /gt1l/land_ice_segments/h_li --chunks
  zagg h5 show granule.h5 / --recursive --json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.selected = cmd.Flags().Changed("select")
			if o.recursive && o.selected {
				return fmt.Errorf("--select and --recursive do not go together: %w for %q", errUsage, cmd.CommandPath())
			}
			return a.h5Show(cmd.Context(), args[0], args[1], o)
		},
	}
	o.flags(c)
	c.Flags().StringVar(&o.sel, "select", "", "values to show, as numpy has it: for each dimension an index or start:stop:step, such as 0:10,: or -1,...")
	c.Flags().BoolVar(&o.chunks, "chunks", false, "with the chunk table: first element, rows, byte in the file, bytes, filter mask")
	c.Flags().BoolVar(&o.recursive, "recursive", false, "all objects below PATH, with hashes in place of values")
	c.Flags().BoolVar(&o.json, "json", false, "print JSON; with --recursive an array, one line for each link")
	c.Flags().BoolVar(&o.noHash, "no-hash", false, "without the SHA-256 of values: --recursive then reads none")
	c.Flags().BoolVar(&o.fullHash, "full-hash", false, "hash values that were never written, however many")
	c.MarkFlagsMutuallyExclusive("no-hash", "full-hash")
	return c
}

func (a *app) h5Show(ctx context.Context, url, path string, o h5ShowOptions) error {
	s, err := a.openH5(ctx, url, o.h5Access)
	if err != nil {
		return err
	}
	defer a.reportH5(s)
	object, err := s.Object(ctx, h5Path(path))
	if err != nil {
		return err
	}
	sh := &h5Shower{d: &h5Describer{s: s, attrs: o.json, chunks: o.chunks, sizes: true}, o: o, w: bufio.NewWriter(a.stdout)}
	sh.budget.all = o.fullHash
	sh.budget.left = h5FillHashed
	defer sh.w.Flush()
	if o.recursive {
		return sh.all(ctx, object)
	}
	return sh.one(ctx, object)
}

// An h5Shower shows objects.
type h5Shower struct {
	d *h5Describer
	o h5ShowOptions
	w *bufio.Writer

	budget h5Budget // of hashes
}

// one shows an object with its values.
func (s *h5Shower) one(ctx context.Context, object *h5.Object) error {
	var entry *h5Entry
	walk := h5Walk{f: s.d.s.File, attrs: true, chunks: true, visit: func(e *h5Entry) error {
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
	if s.o.selected && set == nil {
		return core.Errorf(core.Invalid, "--select", entry.path, "is no dataset: it has no values to select")
	}
	sel := &h5Selection{}
	var err error
	if set != nil {
		if sel, err = h5Select(s.o.sel, set.Shape()); err != nil {
			return err
		}
		if n := h5Unwritten(ctx, set); s.o.json && !s.o.selected && n > h5FillValues {
			return core.Errorf(core.Unsupported, "zagg h5", set.Path(), "%s: --select says which to print", h5Unread(set, n))
		}
	}
	info := s.d.info(ctx, entry)
	if s.o.json {
		err = s.json(ctx, entry, info, sel)
	} else {
		err = s.text(ctx, entry, info, sel)
	}
	if err == nil {
		err = s.w.Flush()
	}
	if err == nil && info.Error != "" {
		err = h5Failed(1)
	}
	return err
}

// json prints one object; its values are written as they arrive.
func (s *h5Shower) json(ctx context.Context, e *h5Entry, info *h5Info, sel *h5Selection) error {
	for _, l := range e.links {
		link := h5Info{Path: h5Text(strings.TrimSuffix(e.path, "/") + "/" + l.Name)}
		s.d.link(&link, &h5Entry{link: l})
		info.Links = append(info.Links, link)
	}
	b, err := h5Marshal(info)
	if err != nil {
		return err
	}
	set := e.dataset()
	if set == nil {
		s.w.Write(append(b, '\n'))
		return nil
	}
	s.w.Write(bytes.TrimSuffix(b, []byte("}")))
	if s.o.selected {
		fmt.Fprintf(s.w, `,"selection":%s`, h5Quote(nil, s.o.sel))
	}
	s.w.WriteString(`,"values":`)
	sum := newH5Hash()
	also := sum.add
	if s.o.noHash {
		also = func(*h5.Values) {}
	}
	if err := s.values(ctx, set, sel, s.d.style(ctx, false, false), "", also); err != nil {
		return err
	}
	if !s.o.noHash {
		fmt.Fprintf(s.w, ",\"sha256\":\"%s\"", sum)
	}
	s.w.WriteString("}\n")
	return nil
}

// values writes the selected values of a dataset block after block.
func (s *h5Shower) values(ctx context.Context, set *h5.Dataset, sel *h5Selection, style *h5Style, indent string, also func(*h5.Values)) error {
	if set.Space().Null {
		s.w.WriteString("null")
		return nil
	}
	n := h5Nest{w: s.w, style: style, indent: indent, dims: sel.shape()}
	n.begin()
	return s.d.read(ctx, set, sel, func(v *h5.Values) error {
		for i := range v.Len() {
			n.add(v, v.Element(i))
		}
		also(v)
		return ctx.Err()
	})
}

// h5InFlight is how many objects are read ahead of the one that is printed.
const h5InFlight = 3

// all shows everything below an object. Values of a few objects are read at once, and printed in order.
func (s *h5Shower) all(ctx context.Context, object *h5.Object) error {
	g, ctx := errgroup.WithContext(ctx)
	queue := make(chan chan []byte, h5InFlight)
	out := &h5Array{w: s.w}
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
	walk := h5Walk{f: s.d.s.File, depth: -1, attrs: true, chunks: true, visit: func(e *h5Entry) error {
		unhashed := s.afford(ctx, e)
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
	if s.o.json {
		if err := out.finish(); err != nil {
			return err
		}
	}
	if err := s.w.Flush(); err != nil {
		return err
	}
	return h5Failed(int(failed.Load()))
}

// afford is what a dataset's hash would cost too much of; "": it is within the budget. The walk comes to the datasets in
// order, so that it is the same ones every time that are not hashed.
func (s *h5Shower) afford(ctx context.Context, e *h5Entry) string {
	if set := e.dataset(); set != nil && !s.o.noHash {
		return s.budget.take(ctx, set)
	}
	return ""
}

// describe is what is printed of an entry when all are, and whether it could be read whole.
func (s *h5Shower) describe(ctx context.Context, e *h5Entry, unhashed string) ([]byte, bool, error) {
	info := s.d.info(ctx, e)
	if info.h5Data != nil {
		info.Unhashed = unhashed
	}
	if set := e.dataset(); set != nil && info.Error == "" && !s.o.noHash && unhashed == "" {
		sum, err := s.d.hash(ctx, set)
		switch {
		case h5Fatal(err):
			return nil, false, err
		case err != nil:
			info.Error = h5Reason(err)
		default:
			info.Hash = sum
		}
	}
	if s.o.json {
		b, err := h5Marshal(info)
		return b, info.Error == "", err
	}
	var b bytes.Buffer
	s.head(ctx, &b, e, info)
	b.WriteByte('\n')
	return b.Bytes(), info.Error == "", nil
}

func (s *h5Shower) print(out *h5Array, b []byte) error {
	if s.o.json {
		return out.line(b)
	}
	_, err := s.w.Write(b)
	return err
}
