// Package store is a store as a whole: where everything of it lies (Layout), how it is laid out and made ready for jobs (Template),
// what says that a shard is done (Record), and how what a plan does not have is removed. The data objects themselves are written by
// package engine.
package store

import (
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
