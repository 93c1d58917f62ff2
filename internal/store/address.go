// Package store manages a store as a whole: its addresses (Layout), its set-up for jobs (Template), the records of finished shards
// (Record), and the removal of shards that are not in a plan. Package engine writes the data objects.
package store

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// Address is a store's address without a slash at its end; a local path is made absolute, so that a job means the same
// wherever it runs on this machine. product, if it is given, is a folder below.
func Address(store, product string) (string, error) {
	scheme := objstore.Scheme(store)
	rest := strings.Trim(strings.TrimPrefix(store, scheme+"://"), "/")
	switch {
	case scheme == "s3":
		bucket, key, _ := strings.Cut(strings.TrimPrefix(strings.TrimRight(store, "/"), "s3://"), "/")
		if bucket == "" || key == "" {
			return "", core.Errorf(core.Invalid, "--store", store, "want s3://bucket/key")
		}
	case scheme != "" && scheme != "file":
		return "", core.Errorf(core.Unsupported, "--store", store, "stores can be written to local folders and s3://, not to %s://", scheme)
	case scheme == "file" && !strings.HasPrefix(store[len("file://"):], "/"):
		return "", core.Errorf(core.Invalid, "--store", store, "want file:///path or a plain path: what stands between file:// and the next / is a machine, and this one's files are written only")
	case rest == "" || strings.HasPrefix(store, "s3:"):
		return "", core.Errorf(core.Invalid, "--store", store, "not the address of a store: want a path below a folder or s3://bucket/key")
	}
	store = strings.TrimRight(store, "/")
	if product != "" {
		store += "/" + product
	}
	if scheme == "" {
		return filepath.Abs(store)
	}
	return store, nil
}

// checkPlace refuses an address at which no store can be: a file, or below one.
func checkPlace(ctx context.Context, objects core.ObjectStore, url string) error {
	const op = "--store"
	if scheme := objstore.Scheme(url); scheme != "" && scheme != "file" {
		_, err := objects.Stat(ctx, url)
		if err == nil {
			return core.Errorf(core.Invalid, op, url, "there is an object of this name, and a store is many objects below a name: choose another")
		}
		if core.Is(err, core.NotFound) {
			return nil
		}
		return err
	}
	path := url
	if objstore.Scheme(url) == "file" {
		path = url[len("file://"):]
	}
	for _, p := range []string{path, path + ".status"} {
		for ; p != filepath.Dir(p); p = filepath.Dir(p) {
			info, err := os.Stat(p)
			if err == nil && !info.IsDir() {
				return core.Errorf(core.Invalid, op, url, "%s is a file, and a store is a folder: choose another", p)
			}
			if err == nil {
				break
			}
		}
	}
	return nil
}
