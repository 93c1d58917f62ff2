package cli

import (
	"bytes"
	"context"
	"fmt"
	"maps"
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
func (r *cataloger) openFile(ctx context.Context, rules catalog.Rules, anywhere bool) (catalog.Source, error) {
	for _, name := range r.args {
		kind, err := r.catalogKind(ctx, name)
		switch {
		case err != nil:
			return nil, err
		case kind == "":
			continue
		case len(r.args) > 1:
			return nil, r.usage("%s is a catalog; give one, and nothing else", name)
		}
		return r.openCatalog(ctx, name, kind, rules, anywhere)
	}
	return r.openList(ctx)
}

// catalogKind is JSON or Parquet for a catalog, and "" for granules, folders, patterns and lists. What is none of these is
// an error.
func (r *cataloger) catalogKind(ctx context.Context, name string) (filekind.Kind, error) {
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

func (r *cataloger) openCatalog(ctx context.Context, name string, kind filekind.Kind, rules catalog.Rules, anywhere bool) (catalog.Source, error) {
	table := geoparquet.Options{Rules: rules, TimeKey: r.o.timeKey, NoGeometry: anywhere, Edges: r.edges}
	if path, local := run.LocalPath(name); local && kind == filekind.Parquet {
		f, closer, err := geoparquet.Open(path, table)
		r.close = closer
		return f, err
	}
	store, err := drivers.Open(ctx, drivers.Environment(), name)
	if err != nil {
		return nil, err
	}
	data, err := objstore.ReadAll(ctx, objstore.RetryReader(store, objstore.Policy{}), name, largestCatalog)
	if err != nil {
		return nil, err
	}
	if kind == filekind.JSON {
		return stac.Parse(name, data, stac.ItemOptions{Rules: rules, TimeKey: r.o.timeKey, Anywhere: anywhere, Edges: r.edges})
	}
	return geoparquet.New(name, bytes.NewReader(data), int64(len(data)), table)
}

// openList takes the arguments for granules. Those on this machine are looked at.
func (r *cataloger) openList(ctx context.Context) (catalog.Source, error) {
	store, err := drivers.Open(ctx, drivers.Environment(), r.args...)
	if err != nil {
		return nil, err
	}
	granules, err := run.Granules(ctx, store, r.args)
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

// compare warns where the granules are of another product than the one that the configuration reads.
func (r *cataloger) compare(product string, tee *catalogTee) {
	others := 0
	var names []string
	for _, name := range slices.Sorted(maps.Keys(tee.products)) {
		if product != "" && !strings.EqualFold(name, product) {
			others += tee.products[name]
			names = append(names, name)
		}
	}
	if others > 0 {
		fmt.Fprintf(r.app.stderr, "WARNING %s of %s granules are of %s, and the configuration reads %s\n", thousands(int64(others)), thousands(int64(tee.count)), strings.Join(names, ", "), product)
	}
}
