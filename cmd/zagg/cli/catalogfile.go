package cli

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/filekind"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geoparquet"
	"github.com/englacial/zagg/internal/catalog/stac"
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
	if path, local := localPath(name); local {
		if f, err = recogniseFile(path); err != nil {
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
	return "", granuleFault(name, f)
}

// granuleFault is the error of a file that is no granule; nil if it is one.
func granuleFault(name string, f filekind.File) error {
	switch {
	case f.Truncated():
		return core.Errorf(core.Corrupt, "granule", name, "this is %s: download it again", f)
	case f.Kind == filekind.HDF5:
		return nil
	}
	way := ""
	switch f.Kind {
	case filekind.HTML:
		way = "; such a page is what a server sends to who is not logged in"
	case filekind.Gzip, filekind.Zip, filekind.Zstd, filekind.Bzip2, filekind.XZ, filekind.Tar:
		way = "; unpack it first"
	case filekind.NetCDF3, filekind.HDF4:
		way = "; convert it to netCDF-4"
	case filekind.JSON, filekind.Parquet:
		way = "; zagg catalog makes a shard map of a catalog, which zagg run --catalog takes"
	}
	return core.Errorf(core.Invalid, "granule", name, "this is %s: neither a granule (HDF5) nor a catalog (STAC items as JSON, stac-geoparquet)%s", f, way)
}

// localPath is the path of a file on this machine.
func localPath(name string) (string, bool) {
	scheme := objstore.Scheme(name)
	return strings.TrimPrefix(name, "file://"), scheme == "" || scheme == "file"
}

// recogniseFile recognises a regular file on this machine.
func recogniseFile(path string) (filekind.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return filekind.File{}, err
	}
	if !info.Mode().IsRegular() {
		return filekind.File{}, core.Errorf(core.Invalid, "granule", path, "is no regular file")
	}
	data, err := (&objstore.File{}).ReadRanges(context.Background(), path, []core.Range{{Length: filekind.Head}})
	if err != nil {
		return filekind.File{}, err
	}
	return filekind.Recognise(data[0], info.Size()), nil
}

func recogniseURL(ctx context.Context, url string) (filekind.File, error) {
	store, err := drivers(ctx, storeOptions{}, url)
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
	if path, local := localPath(name); local && kind == filekind.Parquet {
		f, closer, err := geoparquet.Open(path, table)
		r.close = closer
		return f, err
	}
	store, err := drivers(ctx, storeOptions{}, name)
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
	store, err := drivers(ctx, storeOptions{}, r.args...)
	if err != nil {
		return nil, err
	}
	granules, err := expandGranules(ctx, store, r.args)
	if err != nil {
		return nil, err
	}
	addresses := make([]string, len(granules))
	for i, g := range granules {
		addresses[i] = g.Assets["data"]
		if path, local := localPath(addresses[i]); local {
			f, err := recogniseFile(path)
			if err != nil {
				continue // lists may name what is elsewhere
			}
			if err := granuleFault(addresses[i], f); err != nil {
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
