package hdf

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/h5files"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
)

// The environment of the function:
//
//	AWS_S3_GATEWAY    base URL of S3; "": the region's
//	BUCKET_NAME       bucket of requests that name none
//	ZAGG_HDF_READ     what may be read: buckets and folders, "bucket bucket2/folder", separated by spaces or commas.
//	                  "": what the function's role may read
//	ZAGG_HDF_PUBLIC   what may be read through API Gateway without credentials, in the same form
//	ZAGG_HDF_USER     user of requests; "": the function's name
//	ZAGG_HDF_PASSWORD his password; "": "lambda". Everybody knows that one: it is for functions that are only invoked
//	ZAGG_HDF_WRITE    "1": domains in HSDS's storage may be made, changed and removed, by the rights that they say
//	ZAGG_HDF_ADMINS   users who may do that with all of them, and make top-level folders
//
// Credentials for S3 are the role's.
const (
	envGateway  = "AWS_S3_GATEWAY"
	envBucket   = "BUCKET_NAME"
	envRead     = "ZAGG_HDF_READ"
	envPublic   = "ZAGG_HDF_PUBLIC"
	envUser     = "ZAGG_HDF_USER"
	envPassword = "ZAGG_HDF_PASSWORD"
	envWrite    = "ZAGG_HDF_WRITE"
	envAdmins   = "ZAGG_HDF_ADMINS"
)

// places are buckets with the folders meant; none: all of the bucket.
type places map[string][]string

// parsePlaces reads "bucket bucket/folder s3://bucket/folder/".
func parsePlaces(name, text string) (places, error) {
	out := places{}
	for _, p := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		bucket, folder, _ := strings.Cut(strings.TrimPrefix(p, "s3://"), "/")
		folder = strings.Trim(folder, "/")
		if bucket == "" || strings.Contains("/"+folder+"/", "/../") || strings.Contains(folder, "//") {
			return nil, core.Errorf(core.Invalid, "hdf", name, "%q is neither a bucket nor a bucket/folder", p)
		}
		list, known := out[bucket]
		switch {
		case folder == "":
			out[bucket] = []string{}
		case !known || len(list) > 0: // all of a bucket stays all
			out[bucket] = append(list, "/"+folder)
		}
	}
	return out, nil
}

// has reports a name in one of the places.
func (p places) has(n hdfrest.Name) bool {
	folders, ok := p[n.Bucket]
	if !ok || len(folders) == 0 {
		return ok
	}
	for _, f := range folders {
		if n.Path == f || strings.HasPrefix(n.Path, f+"/") {
			return true
		}
	}
	return false
}

// buckets opens buckets by their names.
type buckets struct {
	read    places
	options s3store.Options

	mu    sync.Mutex
	store *s3store.Store
}

// files is a bucket of HDF5 files.
func (b *buckets) files(ctx context.Context, name string) (*h5files.Bucket, error) {
	s, folders, err := b.open(ctx, name)
	return &h5files.Bucket{Name: name, Source: s, Base: "s3://" + name + "/", Allowed: folders}, err
}

// kept is a bucket of domains as HSDS keeps them.
func (b *buckets) kept(ctx context.Context, name string) (*hsds.Bucket, error) {
	s, folders, err := b.open(ctx, name)
	return &hsds.Bucket{Name: name, Source: s, Base: "s3://" + name + "/", Allowed: folders}, err
}

func (b *buckets) open(ctx context.Context, name string) (store *s3store.Store, folders []string, err error) {
	folders, ok := b.read[name]
	if len(b.read) > 0 && !ok || name == "" || strings.ContainsAny(name, "/\\:@?#% ") || len(name) > 63 {
		return nil, nil, core.Errorf(core.NotFound, "hdf", fmt.Sprintf("%.63q", name), "there is no such bucket, or it may not be read here")
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.store == nil {
		s, err := s3store.New(ctx, b.options)
		if err != nil {
			return nil, nil, err
		}
		b.store = s
	}
	return b.store, folders, nil
}

// credentials of requests.
func credentials(env func(string) string) (user, password string) {
	return cmp.Or(env(envUser), env("AWS_LAMBDA_FUNCTION_NAME"), "lambda"), cmp.Or(env(envPassword), "lambda")
}
