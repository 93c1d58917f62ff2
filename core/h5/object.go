package h5

// Objects: opening what paths and addresses lead to, many at once with few requests.

import (
	"bytes"
	"context"
	"fmt"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/filter"
	"github.com/englacial/zagg/core/h5/internal/header"
	"github.com/englacial/zagg/core/h5/internal/space"
)

// A Kind is what an object is.
type Kind uint8

// The kinds.
const (
	GroupKind Kind = iota + 1
	DatasetKind
	DatatypeKind // a committed datatype
)

// String is the kind's name.
func (k Kind) String() string {
	if k >= GroupKind && k <= DatatypeKind {
		return [...]string{"", "group", "dataset", "datatype"}[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// An Object is a group, dataset or committed datatype whose header has been read.
type Object struct {
	f    *File
	head *header.Header // perhaps without continuation blocks that hold attributes only
	path string
	kind Kind

	dataset *Dataset // of a dataset, with what kept it from being one
	failed  error
}

// Path is the name by which the object was reached.
func (o *Object) Path() string { return o.path }

// Kind is what the object is.
func (o *Object) Kind() Kind { return o.kind }

// Address is where the object's header is, relative to the end of the user block: the same for all its names.
func (o *Object) Address() uint64 { return o.head.Addr }

// File is the file it is in.
func (o *Object) File() *File { return o.f }

// A Group is an object with links.
type Group struct{ *Object }

// Group is the object as a group; Invalid if it is none.
func (o *Object) Group() (*Group, error) {
	if o.kind != GroupKind {
		return nil, o.wrongKind(GroupKind)
	}
	return &Group{o}, nil
}

func (o *Object) wrongKind(want Kind) error {
	return core.Errorf(core.Invalid, "h5", o.f.url+" "+o.path, "is a %s, not a %s", o.kind, want)
}

// Root is the root group.
func (f *File) Root(ctx context.Context) (*Group, error) { return f.Group(ctx, "/") }

// Object opens what is at path ("/a/b"; the leading slash may be left out), following soft links. NotFound: there is
// no such link; Unsupported: it leads into another file. Other errors are those of the headers on the way.
func (f *File) Object(ctx context.Context, path string) (*Object, error) {
	found, err := f.Objects(ctx, path)
	if err == nil && found[0] == nil {
		err = core.Errorf(core.NotFound, "h5.Object", f.url+" "+path, "no such object")
	}
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// Group opens the group at path.
func (f *File) Group(ctx context.Context, path string) (*Group, error) {
	o, err := f.Object(ctx, path)
	if err != nil {
		return nil, err
	}
	return o.Group()
}

// Dataset opens the dataset at path.
func (f *File) Dataset(ctx context.Context, path string) (*Dataset, error) {
	o, err := f.Object(ctx, path)
	if err != nil {
		return nil, err
	}
	return o.Dataset()
}

// ObjectAt opens the object whose header is at an address, as links and object references give it; path is what it is
// to be called in errors.
func (f *File) ObjectAt(ctx context.Context, address uint64, path string) (*Object, error) {
	o, err := f.load(f.space.Reader(ctx), address, path)
	return o, f.fail("h5.Object", path, err)
}

// Objects opens many objects with few requests: what the walks to them miss is read together. An object that does not
// exist is nil, in the place of its path.
func (f *File) Objects(ctx context.Context, paths ...string) ([]*Object, error) {
	out := make([]*Object, len(paths))
	err := f.objects(ctx, paths, func(_ *space.Reader, i int, o *Object) error {
		out[i] = o
		return nil
	})
	if err != nil {
		return nil, f.fail("h5.Object", "", err)
	}
	return out, nil
}

// objects opens what is at paths; found is called from many goroutines at once, each with another i.
func (f *File) objects(ctx context.Context, paths []string, found func(r *space.Reader, i int, o *Object) error) error {
	want := make([]wanted, len(paths))
	for i, p := range paths {
		want[i] = wanted{i, split(p)}
	}
	r := f.space.Reader(ctx)
	f.foresee(r, want)
	return f.descend(r, f.super.Root, "/", want, 0, func(w wanted, addr uint64) error {
		o, err := f.load(r, addr, "/"+strings.Join(split(paths[w.index]), "/"))
		if err != nil {
			return err
		}
		return found(r, w.index, o)
	})
}

// Datasets opens many datasets and reads their chunk tables with few requests. One that does not exist is nil; an object
// that is no dataset is an error. A chunk table that cannot be read is left for Chunks and LoadChunks to tell.
func (f *File) Datasets(ctx context.Context, paths ...string) ([]*Dataset, error) {
	out := make([]*Dataset, len(paths))
	err := f.objects(ctx, paths, func(r *space.Reader, i int, o *Object) error {
		d, err := o.Dataset()
		if err != nil {
			return err
		}
		out[i] = d
		if err = d.load(r); core.Is(err, core.Unavailable) {
			return err
		}
		return nil
	})
	if err != nil {
		return nil, f.fail("h5.Datasets", "", err)
	}
	return out, nil
}

// enough reports that a header's continuation blocks can only hold attributes: the rest of it is read when these are
// wanted. Where the header of a product's dataset was continued, the block is often far away.
func enough(h *header.Header) bool {
	if m := h.First(header.Layout); m != nil {
		chunked := len(m.Body) > 2 && (m.Body[0] >= 3 && m.Body[1] == byte(Chunked) || m.Body[0] < 3 && m.Body[2] == byte(Chunked))
		for _, typ := range []int{header.Dataspace, header.Datatype, header.Fill, header.Filters} {
			chunked = chunked && h.First(typ) != nil
		}
		return chunked
	}
	if m := h.First(header.LinkInfo); m != nil {
		at := 2 // version, flags
		if len(m.Body) > 1 && m.Body[1]&1 != 0 {
			at += 8
		}
		return len(m.Body) >= at+8 && !bytes.Equal(m.Body[at:at+8], []byte("\xff\xff\xff\xff\xff\xff\xff\xff"))
	}
	return h.First(header.SymbolTable) != nil
}

// full is the object's header with all its blocks.
func (o *Object) full(r *space.Reader) (*header.Header, error) {
	if !o.head.Partial {
		return o.head, nil
	}
	return header.Read(r, o.head.Addr, nil)
}

// load reads a header and finds out what kind of object it is of, by the messages that only one kind has.
func (f *File) load(r *space.Reader, addr uint64, path string) (*Object, error) {
	head, err := header.Read(r, addr, enough)
	if err != nil {
		return nil, err
	}
	o := &Object{f: f, head: head, path: path}
	switch {
	case head.First(header.Layout) != nil:
		o.kind = DatasetKind
		d := &Dataset{Object: o}
		if o.failed = d.decode(r); core.Is(o.failed, core.Unavailable) {
			return nil, o.failed
		}
		if o.failed == nil {
			o.dataset = d
		}
	case head.First(header.SymbolTable) != nil, head.First(header.LinkInfo) != nil, head.First(header.Link) != nil:
		o.kind = GroupKind
	case head.First(header.Datatype) != nil:
		o.kind = DatatypeKind
	default:
		return nil, cursor.Corrupt("object header", int64(addr)+r.Base, "is of no group, dataset or datatype")
	}
	return o, nil
}

// unfilter undoes the filters of heap blocks.
func (f *File) unfilter(c *cursor.Cursor, data []byte, mask uint32, size int64) ([]byte, error) {
	p, err := filter.Parse(c, f.filters)
	if err != nil {
		return nil, err
	}
	if err := plausible(p, int64(len(data)), size, f.opt.ChunkBytes); err != nil {
		return nil, cursor.Corrupt("filtered heap object", c.Base(), "%w", err)
	}
	out, err := p.Decode(&f.scratch, make([]byte, size), data, int(size), mask)
	if err != nil {
		return nil, cursor.Corrupt("filtered heap object", c.Base(), "%w", err)
	}
	return out, nil
}
