package cli

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/httpstore"
	"github.com/englacial/zagg/core/objstore/s3store"
)

// storeOptions is how S3 is reached; the zero value leaves everything to the SDK's environment and files.
type storeOptions struct {
	endpoint, region string
	anonymous        bool
	provide          func(context.Context) (aws.Credentials, error) // keys; nil: the environment's
}

// earthdataToken is the environment variable with a bearer token of NASA's Earthdata Login, sent to NASA's hosts alone.
const earthdataToken = "EARTHDATA_TOKEN"

func earthdataHosts() []string { return []string{".nasa.gov", ".earthdatacloud.nasa.gov"} }

// drivers opens what the URLs need: S3 only if one of them is on it, because finding credentials takes time.
func drivers(ctx context.Context, o storeOptions, urls ...string) (core.ObjectStore, error) {
	file := &objstore.File{}
	by := map[string]core.ObjectReader{"": file, "file": file}
	for _, u := range urls {
		switch scheme := objstore.Scheme(u); {
		case by[scheme] != nil:
		case scheme == "s3":
			s, err := s3store.New(ctx, s3store.Options{Endpoint: o.endpoint, Region: o.region, Anonymous: o.anonymous, Provide: o.provide})
			if err != nil {
				return nil, err
			}
			by["s3"] = s
		case scheme == "http" || scheme == "https":
			s := httpstore.New(httpstore.Options{Token: httpstore.Token(os.Getenv(earthdataToken)), TokenHosts: earthdataHosts()})
			by["http"], by["https"] = s, s
		}
	}
	return objstore.Mux(by), nil
}

// storeURL is a store's address without a slash at its end; a local path is made absolute, so that a job means the same
// wherever it runs on this machine.
func storeURL(store, product string) (string, error) {
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
