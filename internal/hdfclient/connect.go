package hdfclient

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/h5files"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
)

// ErrEndpoint is of an endpoint that is none.
var ErrEndpoint = errors.New("is neither http://, https:// nor http+lambda://")

// Access is how a domain is reached. What is "" is taken from the variables that h5pyd reads: HS_ENDPOINT, HS_USERNAME, HS_BUCKET;
// the password is HS_PASSWORD.
type Access struct {
	Endpoint, User, Bucket string
	Region                 string // AWS region of an s3:// file, or of the function
	Anonymous              bool   // read S3 without credentials
}

// Connect finds who answers for a domain, and the domain's name there. Without an endpoint, domain is a file or a folder, which this
// process serves to itself.
func (a Access) Connect(ctx context.Context, domain string) (*Client, error) {
	endpoint := a.Endpoint
	if endpoint == "" && strings.HasPrefix(domain, "/") {
		if _, err := os.Stat(domain); err != nil {
			endpoint = os.Getenv("HS_ENDPOINT")
		}
	}
	if endpoint == "" {
		return a.openFile(ctx, domain)
	}
	c := &Client{domain: domain, bucket: cmp.Or(a.Bucket, os.Getenv("HS_BUCKET")), user: cmp.Or(a.User, os.Getenv("HS_USERNAME")), password: os.Getenv("HS_PASSWORD")}
	if name, ok := strings.CutPrefix(endpoint, "http+lambda://"); ok {
		invoke, err := lambdaTransport(ctx, name, a.Region)
		c.do = invoke
		return c, err
	}
	if s := objstore.Scheme(endpoint); s != "http" && s != "https" {
		return nil, fmt.Errorf("%q %w", endpoint, ErrEndpoint)
	}
	c.do = httpTransport(strings.TrimRight(endpoint, "/"))
	return c, nil
}

// openFile serves one file, or the folder, to this process.
func (a Access) openFile(ctx context.Context, file string) (*Client, error) {
	root, name := "", ""
	if objstore.Scheme(file) == "s3" {
		bucket, key, _ := strings.Cut(strings.TrimPrefix(file, "s3://"), "/")
		root, name = "s3://"+bucket, "/"+key
	} else {
		path, err := filepath.Abs(strings.TrimPrefix(file, "file://"))
		if err != nil {
			return nil, core.Errorf(core.Invalid, "hdf", file, "%w", err)
		}
		info, err := os.Stat(path)
		switch {
		case err != nil:
			return nil, core.Errorf(core.NotFound, "hdf", file, "no such file; a domain of a service needs --endpoint or HS_ENDPOINT")
		case info.IsDir():
			root, name = path, "/"
		default:
			root, name = filepath.Dir(path), "/"+filepath.Base(path)
		}
	}
	opened, err := OpenRoot(ctx, root, "", s3store.Options{Region: a.Region, Anonymous: a.Anonymous}, hsds.Options{})
	if err != nil {
		return nil, err
	}
	server := hdfrest.New(hdfrest.Config{Store: opened.Store(), Bucket: opened.Bucket, Limits: hdfrest.Limits{Time: time.Hour, Value: 1 << 30, JSON: 1 << 30}})
	return &Client{domain: name, do: func(ctx context.Context, r *hdfrest.Request) (*hdfrest.Response, error) {
		return server.Serve(ctx, r), nil
	}}, nil
}

// A Root is a folder or an s3:// prefix that is served as one bucket.
type Root struct {
	Bucket string
	Files  *h5files.Store // HDF5 files
	Kept   *hsds.Store    // domains that HSDS keeps
}

// Store is both of a root.
func (r *Root) Store() hdfrest.Keeper { return hdfrest.Both(r.Files, r.Kept) }

// OpenRoot opens a root. Its bucket is called bucket, or, where that is "", as in S3, or "local". kept says how domains of HSDS
// are used.
func OpenRoot(ctx context.Context, root, bucket string, access s3store.Options, kept hsds.Options) (*Root, error) {
	var source h5files.Source
	var keeping hsds.Source
	var err error
	base := ""
	switch scheme := objstore.Scheme(root); scheme {
	case "s3":
		name, prefix, _ := strings.Cut(strings.TrimPrefix(root, "s3://"), "/")
		bucket = cmp.Or(bucket, name)
		if base = "s3://" + name + "/"; strings.Trim(prefix, "/") != "" {
			base += strings.Trim(prefix, "/") + "/"
		}
		var s *s3store.Store
		s, err = s3store.New(ctx, access)
		source, keeping = s, s
	case "", "file":
		bucket = cmp.Or(bucket, "local")
		dir := strings.TrimPrefix(root, "file://")
		if source, err = h5files.OpenFolder(dir); err == nil {
			keeping, err = hsds.OpenFolder(dir)
		}
	default:
		err = core.Errorf(core.Unsupported, "--root", root, "files are served from folders and s3://, not from %s://", scheme)
	}
	if err != nil {
		return nil, err
	}
	kept.Bucket = hsds.One(bucket, keeping, base)
	return &Root{bucket, h5files.New(h5files.Options{Bucket: h5files.One(bucket, source, base), Files: 32}), hsds.New(kept)}, nil
}
