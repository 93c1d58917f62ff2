package sources

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/filekind"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geoparquet"
	"github.com/englacial/zagg/internal/catalog/stac"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/run"
)

// openFile reads a catalog, which its content tells, or takes the arguments for granules.
func (o *Options) openFile(ctx context.Context) (catalog.Source, io.Closer, error) {
	for _, name := range o.Files {
		kind, err := catalogKind(ctx, name)
		switch {
		case err != nil:
			return nil, nil, err
		case kind == "":
			continue
		case len(o.Files) > 1:
			return nil, nil, fmt.Errorf("%s is a catalog; %w", name, ErrSeveral)
		}
		return o.openCatalog(ctx, name, kind)
	}
	list, err := openList(ctx, o.Files)
	return list, nil, err
}

// catalogKind is JSON or Parquet for a catalog, and "" for granules, folders, patterns and lists. What is none of these is
// an error.
func catalogKind(ctx context.Context, name string) (filekind.Kind, error) {
	ending := strings.ToLower(path.Ext(catalog.FileID(name)))
	byName := map[string]filekind.Kind{".parquet": filekind.Parquet, ".geoparquet": filekind.Parquet, ".json": filekind.JSON, ".geojson": filekind.JSON}[ending]
	if strings.HasPrefix(name, "@") || ending == ".txt" || ending == ".lst" {
		return "", nil
	}
	var f filekind.File
	var err error
	if path, local := run.LocalPath(name); local {
		if f, err = run.RecogniseFile(path); err != nil {
			return byName, nil // no such file, a folder: who opens it says so
		}
	} else if byName != "" || catalog.IsData(name) || strings.HasSuffix(name, "/") || strings.ContainsAny(name, "*[") {
		return byName, nil // nothing is asked of a store for a name that says enough
	} else if f, err = recogniseURL(ctx, name); err != nil {
		return "", err
	}
	switch {
	case f.Kind == filekind.JSON || f.Kind == filekind.Parquet:
		return f.Kind, nil
	case byName != "" && slices.Contains([]filekind.Kind{filekind.Empty, filekind.Text, filekind.Unknown}, f.Kind):
		return byName, nil // its reader says what is wrong with it
	}
	return "", run.GranuleFault(name, f)
}

func recogniseURL(ctx context.Context, url string) (filekind.File, error) {
	store, err := drivers.Open(ctx, drivers.Environment(), url)
	if err != nil {
		return filekind.File{}, err
	}
	data, err := objstore.RetryReader(store, objstore.Policy{}).ReadRanges(ctx, url, []core.Range{{Length: filekind.Head}})
	if err != nil {
		return filekind.File{}, err
	}
	return filekind.Recognise(data[0], -1), nil
}

func (o *Options) openCatalog(ctx context.Context, name string, kind filekind.Kind) (catalog.Source, io.Closer, error) {
	table := geoparquet.Options{Rules: o.Rules, TimeKey: o.TimeKey, NoGeometry: o.Anywhere, Edges: o.Edges}
	if path, local := run.LocalPath(name); local && kind == filekind.Parquet {
		f, closer, err := geoparquet.Open(path, table)
		return f, closer, err
	}
	store, err := drivers.Open(ctx, drivers.Environment(), name)
	if err != nil {
		return nil, nil, err
	}
	data, err := objstore.ReadAll(ctx, objstore.RetryReader(store, objstore.Policy{}), name, largest)
	if err != nil {
		return nil, nil, err
	}
	var source catalog.Source
	if kind == filekind.JSON {
		source, err = stac.Parse(name, data, stac.ItemOptions{Rules: o.Rules, TimeKey: o.TimeKey, Anywhere: o.Anywhere, Edges: o.Edges})
	} else {
		source, err = geoparquet.New(name, bytes.NewReader(data), int64(len(data)), table)
	}
	return source, nil, err
}

// openList takes the arguments for granules. Those on this machine are looked at.
func openList(ctx context.Context, files []string) (catalog.Source, error) {
	store, err := drivers.Open(ctx, drivers.Environment(), files...)
	if err != nil {
		return nil, err
	}
	granules, err := run.Granules(ctx, store, files)
	if err != nil {
		return nil, err
	}
	addresses := make([]string, len(granules))
	for i, g := range granules {
		addresses[i] = g.Assets["data"]
		if path, local := run.LocalPath(addresses[i]); local {
			f, err := run.RecogniseFile(path)
			if err != nil {
				continue // lists may name what is elsewhere
			}
			if err := run.GranuleFault(addresses[i], f); err != nil {
				return nil, err
			}
		}
	}
	return catalog.NewList(addresses)
}
