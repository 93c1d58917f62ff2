package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/h5files"
)

func (a *app) hdfCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "hdf",
		Short: "Serve HDF5 files to h5pyd, and read them through the HDF REST API",
		Long: `Serve HDF5 files, where they lie, through the HDF REST API that h5pyd speaks, and read what such a service has: this
one, the function of "zagg deploy up --service hdf", or HSDS. docs/hdf-service.md walks through it.`,
		Example: `  zagg hdf serve --root granules
  zagg hdf ls granule.h5
  zagg hdf get granule.h5 /gt1l/land_ice_segments/h_li --select '0:10'`,
	}
	c.AddCommand(a.hdfServeCommand(), a.hdfListCommand(), a.hdfGetCommand())
	return c
}

type hdfServeOptions struct {
	root, address, bucket, user, passwordFile string
	region                                    string
	anonymous                                 bool
	public                                    []string
}

// hdfPassword is the environment variable with the password of a server's user.
const hdfPassword = "ZAGG_HDF_PASSWORD"

func (a *app) hdfServeCommand() *cobra.Command {
	o := &hdfServeOptions{}
	c := &cobra.Command{
		Use: "serve --root DIR|s3://bucket/prefix", Short: "Serve the HDF5 files of a folder or a bucket over HTTP", Args: cobra.NoArgs,
		Long: `Serve the HDF5 files below a folder or a prefix, read only, until it is interrupted: requests under way are then answered.
The file DIR/a/b.h5 is the domain /a/b.h5. Symbolic links are followed as long as they stay below DIR.

Without --user everybody may read everything, so listen on this machine only. With it, the password is the first line of
--password-file or the environment variable ` + hdfPassword + `, and --public says what may be read without it.`,
		Example: `  zagg hdf serve --root granules
  HS_ENDPOINT=http://127.0.0.1:5101 python -c 'import h5pyd; print(list(h5pyd.File("/granule.h5")))'
  zagg hdf serve --root s3://bucket/granules --address :5101 --user me --password-file ~/.hdf-password --public /shared`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.hdfServe(cmd.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.root, "root", "", "folder or s3://bucket/prefix with the files")
	f.StringVar(&o.address, "address", "127.0.0.1:5101", "host:port to listen on; port 0 takes a free one")
	f.StringVar(&o.bucket, "bucket", "", "name of the bucket for clients that give one (default: that of s3://, else \"local\")")
	f.StringVar(&o.user, "user", "", "name that may read everything")
	f.StringVar(&o.passwordFile, "password-file", "", "file with the password of --user")
	f.StringArrayVar(&o.public, "public", nil, "folder or domain that may be read without credentials; can be repeated")
	f.StringVar(&o.region, "region", "", "AWS region of an s3:// root")
	f.BoolVar(&o.anonymous, "anonymous", false, "read S3 without credentials")
	cobra.CheckErr(c.MarkFlagRequired("root"))
	return c
}

// password is that of --user.
func (o *hdfServeOptions) password() (string, error) {
	if o.passwordFile == "" {
		if p := os.Getenv(hdfPassword); p != "" || o.user == "" {
			return p, nil
		}
		return "", fmt.Errorf("--user needs --password-file or the environment variable %s: %w for `zagg hdf serve`", hdfPassword, errUsage)
	}
	text, err := os.ReadFile(o.passwordFile)
	if err != nil {
		return "", core.Errorf(core.NotFound, "--password-file", o.passwordFile, "%w", err)
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	if line = bytes.TrimRight(line, "\r"); len(line) == 0 {
		return "", core.Errorf(core.Invalid, "--password-file", o.passwordFile, "its first line is empty")
	}
	return string(line), nil
}

// publicly reports what is in one of the folders.
func publicly(folders []string) func(hdfrest.Name) bool {
	return func(n hdfrest.Name) bool {
		for _, f := range folders {
			f = "/" + strings.Trim(f, "/")
			if f == "/" || n.Path == f || strings.HasPrefix(n.Path, f+"/") {
				return true
			}
		}
		return false
	}
}

// hdfRoot opens a folder or prefix as a store of one bucket.
func hdfRoot(ctx context.Context, o *hdfServeOptions) (store *h5files.Store, bucket string, err error) {
	bucket = o.bucket
	var source h5files.Source
	base := ""
	switch scheme := objstore.Scheme(o.root); scheme {
	case "s3":
		name, prefix, _ := strings.Cut(strings.TrimPrefix(o.root, "s3://"), "/")
		bucket = cmp.Or(bucket, name)
		if base = "s3://" + name + "/"; strings.Trim(prefix, "/") != "" {
			base += strings.Trim(prefix, "/") + "/"
		}
		source, err = s3store.New(ctx, s3store.Options{Region: o.region, Anonymous: o.anonymous})
	case "", "file":
		bucket = cmp.Or(bucket, "local")
		source, err = h5files.OpenFolder(strings.TrimPrefix(o.root, "file://"))
	default:
		err = core.Errorf(core.Unsupported, "--root", o.root, "files are served from folders and s3://, not from %s://", scheme)
	}
	if err != nil {
		return nil, "", err
	}
	return h5files.New(h5files.Options{Bucket: h5files.One(bucket, source, base), Files: 32}), bucket, nil
}

func (a *app) hdfServe(ctx context.Context, o *hdfServeOptions) error {
	password, err := o.password()
	if err != nil {
		return err
	}
	store, bucket, err := hdfRoot(ctx, o)
	if err != nil {
		return err
	}
	server := hdfrest.New(hdfrest.Config{Store: store, Bucket: bucket, User: o.user, Password: password, Public: publicly(o.public)})
	listener, err := net.Listen("tcp", o.address)
	if err != nil {
		return core.Errorf(core.Invalid, "--address", o.address, "%w", err)
	}
	fmt.Fprintf(a.stderr, "serving %s on http://%s\n", o.root, listener.Addr())
	return serveHTTP(ctx, listener, server)
}

// stopPatience is how long requests under way may take after an interrupt.
const stopPatience = 20 * time.Second

// serveHTTP serves until ctx ends, then answers what is under way.
func serveHTTP(ctx context.Context, l net.Listener, h http.Handler) error {
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 5 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopPatience)
		defer cancel()
		stopped <- s.Shutdown(patience)
	})
	err := s.Serve(l)
	if !errors.Is(err, http.ErrServerClosed) {
		stop()
		return core.Errorf(core.Internal, "hdf serve", l.Addr().String(), "%w", err)
	}
	return <-stopped
}

// hdfAccess is how `zagg hdf ls` and `get` reach a domain.
type hdfAccess struct {
	endpoint, user, bucket string
	region                 string
	anonymous              bool
}

const hdfWhere = `DOMAIN is a file (a path, s3://bucket/key), which is read where it lies, or, with --endpoint, a domain of a service: /folder/file.h5.
The endpoint is http://host:port, https://… or http+lambda://FUNCTION; HS_ENDPOINT, HS_USERNAME, HS_PASSWORD and HS_BUCKET are
read as h5pyd does.`

func (o *hdfAccess) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&o.endpoint, "endpoint", "", "HDF REST service to ask (default HS_ENDPOINT where DOMAIN begins with / and is no file)")
	f.StringVar(&o.user, "user", "", "name at the service (default HS_USERNAME); the password is HS_PASSWORD")
	f.StringVar(&o.bucket, "bucket", "", "bucket of the domain (default HS_BUCKET, else the service's)")
	f.StringVar(&o.region, "region", "", "AWS region of an s3:// file, or of the function")
	f.BoolVar(&o.anonymous, "anonymous", false, "read S3 without credentials")
}

// connect finds who answers for a domain, and the domain's name there.
func (o *hdfAccess) connect(ctx context.Context, domain string) (*hdfClient, error) {
	endpoint := o.endpoint
	if endpoint == "" && strings.HasPrefix(domain, "/") {
		if _, err := os.Stat(domain); err != nil {
			endpoint = os.Getenv("HS_ENDPOINT")
		}
	}
	if endpoint == "" {
		return o.openFile(ctx, domain)
	}
	c := &hdfClient{domain: domain, bucket: cmp.Or(o.bucket, os.Getenv("HS_BUCKET")), user: cmp.Or(o.user, os.Getenv("HS_USERNAME")), password: os.Getenv("HS_PASSWORD")}
	if name, ok := strings.CutPrefix(endpoint, "http+lambda://"); ok {
		invoke, err := lambdaTransport(ctx, name, o.region)
		c.do = invoke
		return c, err
	}
	if s := objstore.Scheme(endpoint); s != "http" && s != "https" {
		return nil, fmt.Errorf("--endpoint %q is neither http://, https:// nor http+lambda://: %w for `zagg hdf`", endpoint, errUsage)
	}
	c.do = httpTransport(strings.TrimRight(endpoint, "/"))
	return c, nil
}

// openFile serves one file, or the folder, to this process.
func (o *hdfAccess) openFile(ctx context.Context, file string) (*hdfClient, error) {
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
	store, bucket, err := hdfRoot(ctx, &hdfServeOptions{root: root, region: o.region, anonymous: o.anonymous})
	if err != nil {
		return nil, err
	}
	server := hdfrest.New(hdfrest.Config{Store: store, Bucket: bucket, Limits: hdfrest.Limits{Time: time.Hour, Value: 1 << 30, JSON: 1 << 30}})
	return &hdfClient{domain: name, do: func(ctx context.Context, r *hdfrest.Request) (*hdfrest.Response, error) {
		return server.Serve(ctx, r), nil
	}}, nil
}
