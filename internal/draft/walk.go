package draft

import (
	"context"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

const (
	mostObjects = 200_000 // of a file that is drafted for
	deepest     = 64      // groups inside of each other
	batchOf     = 256     // objects that are opened with one request
)

// A walker collects the datasets of numbers of one or two axes.
type walker struct {
	file     *h5.File
	met      map[uint64]bool // objects by address: each counts once, by its first name
	datasets []*h5.Dataset
}

// numbers are the file's datasets of numbers with rows, in the order of its links.
func numbers(ctx context.Context, f *h5.File) ([]*h5.Dataset, error) {
	root, err := f.Root(ctx)
	if err != nil {
		return nil, err
	}
	w := &walker{file: f, met: map[uint64]bool{}}
	if err := w.group(ctx, root, "", 0); err != nil {
		return nil, err
	}
	return w.datasets, nil
}

func (w *walker) group(ctx context.Context, g *h5.Group, path string, depth int) error {
	links, err := g.Links(ctx)
	if err != nil || depth > deepest {
		return err
	}
	var paths []string
	for _, l := range links {
		if l.Kind == h5.HardLink && !w.met[l.Address] && !strings.Contains(l.Name, "{") {
			w.met[l.Address] = true
			paths = append(paths, path+"/"+l.Name)
		}
	}
	if len(w.met) > mostObjects {
		return core.Errorf(core.Unsupported, "draft.New", w.file.URL(), "it has more than %d objects", mostObjects)
	}
	for len(paths) > 0 {
		n := min(len(paths), batchOf)
		objects, err := w.file.Objects(ctx, paths[:n]...)
		if err != nil {
			return err
		}
		for i, o := range objects {
			if err := w.object(ctx, o, paths[i], depth); err != nil {
				return err
			}
		}
		paths = paths[n:]
	}
	return nil
}

func (w *walker) object(ctx context.Context, o *h5.Object, path string, depth int) error {
	switch {
	case o == nil:
	case o.Kind() == h5.GroupKind:
		g, err := o.Group()
		if err != nil {
			return err
		}
		return w.group(ctx, g, path, depth+1)
	case o.Kind() == h5.DatasetKind:
		if d, err := o.Dataset(); err == nil && isColumn(d) {
			w.datasets = append(w.datasets, d)
		}
	}
	return nil
}

// isColumn reports a dataset that a variable can be of.
func isColumn(d *h5.Dataset) bool {
	t, err := d.Type().Column()
	axes := len(d.Shape())
	return err == nil && t != core.Bytes && axes >= 1 && axes <= 2 && d.Rows() > 0 && d.Width() > 0 && d.Readable() == nil
}
