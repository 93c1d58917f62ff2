package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/hdfclient"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
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
	c.AddCommand(a.hdfServeCommand(), a.hdfListCommand(), a.hdfGetCommand(), a.hdfCheckCommand())
	return c
}

type hdfServeOptions struct {
	root, address, bucket, user, passwordFile string
	region                                    string
	anonymous, write, unconditional           bool
	usersFile                                 string
	public                                    []string
}

// hdfPassword is the environment variable with the password of a server's user.
const hdfPassword = "ZAGG_HDF_PASSWORD"

func (a *app) hdfServeCommand() *cobra.Command {
	o := &hdfServeOptions{}
	c := &cobra.Command{
		Use: "serve --root DIR|s3://bucket/prefix", Short: "Serve HDF5 files, and domains that HSDS keeps, over HTTP", Args: cobra.NoArgs,
		Long: `Serve the HDF5 files below a folder or a prefix, read only, until it is interrupted: requests under way are then answered.
The file DIR/a/b.h5 is the domain /a/b.h5. Symbolic links are followed as long as they stay below DIR.

Domains in HSDS's own storage are served beside them, by the rights that they say. With --write they can be made, changed and
removed; no change is lost to another at the same time, for which the store must keep the conditions of a PUT. A folder on this
machine must be written by one server only.

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
	f.StringVar(&o.usersFile, "users-file", "", "file with more users, a line name:password each, who may use kept domains by their rights")
	f.BoolVar(&o.write, "write", false, "let domains in HSDS's storage be made, changed and removed; --user is their administrator")
	f.BoolVar(&o.unconditional, "write-unconditional", false, "write also where the store does not keep the conditions of a PUT: changes at the same time are lost")
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

// users are those of --users-file.
func (o *hdfServeOptions) users() (map[string]string, error) {
	if o.usersFile == "" {
		return nil, nil
	}
	if o.user == "" {
		return nil, fmt.Errorf("--users-file needs --user: %w for `zagg hdf serve`", errUsage)
	}
	text, err := os.ReadFile(o.usersFile)
	if err != nil {
		return nil, core.Errorf(core.NotFound, "--users-file", o.usersFile, "%w", err)
	}
	users := map[string]string{}
	for i, line := range strings.Split(string(text), "\n") {
		if line = strings.TrimRight(line, "\r"); line == "" {
			continue
		}
		name, password, ok := strings.Cut(line, ":")
		if !ok || name == "" || password == "" {
			return nil, core.Errorf(core.Invalid, "--users-file", fmt.Sprintf("%s:%d", o.usersFile, i+1), "is not name:password")
		}
		users[name] = password
	}
	return users, nil
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

func (a *app) hdfServe(ctx context.Context, o *hdfServeOptions) error {
	password, err := o.password()
	if err != nil {
		return err
	}
	users, err := o.users()
	if err != nil {
		return err
	}
	root, err := hdfclient.OpenRoot(ctx, o.root, o.bucket, s3store.Options{Region: o.region, Anonymous: o.anonymous},
		hsds.Options{Write: o.write || o.unconditional, Unconditional: o.unconditional})
	if err != nil {
		return err
	}
	if o.write {
		if err := root.Kept.Writable(ctx, hdfrest.Name{Bucket: root.Bucket, Path: "/"}); err != nil {
			return err
		}
	}
	server := hdfrest.New(hdfrest.Config{
		Store: root.Store(), Bucket: root.Bucket, User: o.user, Password: password, Users: users, Admins: []string{o.user}, Public: publicly(o.public),
	})
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
		return core.Errorf(core.Internal, "serve", l.Addr().String(), "%w", err)
	}
	return <-stopped
}

const hdfWhere = `DOMAIN is a file (a path, s3://bucket/key), which is read where it lies, or, with --endpoint, a domain of a service: /folder/file.h5.
The endpoint is http://host:port, https://… or http+lambda://FUNCTION; HS_ENDPOINT, HS_USERNAME, HS_PASSWORD and HS_BUCKET are
read as h5pyd does.`

// hdfAccessFlags are those of `zagg hdf ls` and `get`.
func hdfAccessFlags(c *cobra.Command, o *hdfclient.Access) {
	f := c.Flags()
	f.StringVar(&o.Endpoint, "endpoint", "", "HDF REST service to ask (default HS_ENDPOINT where DOMAIN begins with / and is no file)")
	f.StringVar(&o.User, "user", "", "name at the service (default HS_USERNAME); the password is HS_PASSWORD")
	f.StringVar(&o.Bucket, "bucket", "", "bucket of the domain (default HS_BUCKET, else the service's)")
	f.StringVar(&o.Region, "region", "", "AWS region of an s3:// file, or of the function")
	f.BoolVar(&o.Anonymous, "anonymous", false, "read S3 without credentials")
}

func connectHDF(ctx context.Context, o hdfclient.Access, domain string) (*hdfclient.Client, error) {
	c, err := o.Connect(ctx, domain)
	if errors.Is(err, hdfclient.ErrEndpoint) {
		err = fmt.Errorf("--endpoint %w: %w for `zagg hdf`", err, errUsage)
	}
	return c, err
}
