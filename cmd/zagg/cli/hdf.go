package cli

// "zagg hdf" and its server, which speaks the HDF REST API. The work is in internal/hdfrest.

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/hdfclient"
)

func (a *app) hdfCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "hdf",
		Short: "Serve HDF5 files to h5pyd, and read them through the HDF REST API",
		Long: `Serve HDF5 files from where they are stored through the HDF REST API of h5pyd, and read from such a service: this one, the
function of "zagg deploy up --service hdf", or HSDS. docs/hdf-service.md explains the steps.`,
		Example: `  zagg hdf serve --root granules
  zagg hdf ls granule.h5
  zagg hdf get granule.h5 /gt1l/land_ice_segments/h_li --select '0:10'`,
	}
	c.AddCommand(a.hdfServeCommand(), a.hdfListCommand(), a.hdfGetCommand(), a.hdfCheckCommand())
	return c
}

type hdfServeOptions struct {
	address string
	service hdfclient.Service
}

func (a *app) hdfServeCommand() *cobra.Command {
	o := &hdfServeOptions{}
	c := &cobra.Command{
		Use: "serve --root DIR|s3://bucket/prefix", Short: "Serve HDF5 files and HSDS domains over HTTP", Args: cobra.NoArgs,
		Long: `Serve the HDF5 files below a folder or a prefix, read-only, until interrupted; running requests are then completed. The file
DIR/a/b.h5 is the domain /a/b.h5. Symbolic links are followed if they stay below DIR.

Domains in HSDS's own storage are served as well, with the rights in their ACLs. With --write they can be created, changed and
removed. Concurrent changes are never lost; for this the store must honour conditional PUTs. Only one server may write to a
local folder.

Without --user anyone can read everything, so listen on this machine only. With --user, the password is the first line of
--password-file or the environment variable ` + hdfclient.PasswordVariable + `, and --public names what can be read without it.`,
		Example: `  zagg hdf serve --root granules
  HS_ENDPOINT=http://127.0.0.1:5101 python -c 'import h5pyd; print(list(h5pyd.File("/granule.h5")))'
  zagg hdf serve --root s3://bucket/granules --address :5101 --user me --password-file ~/.hdf-password --public /shared`,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.hdfServe(cmd.Context(), o) },
	}
	f := c.Flags()
	f.StringVar(&o.service.Root, "root", "", "folder or s3://bucket/prefix with the files")
	f.StringVar(&o.address, "address", "127.0.0.1:5101", "host:port to listen on; port 0 means a free one")
	f.StringVar(&o.service.Bucket, "bucket", "", "name of the bucket, for clients that give one (default: that of s3://, else \"local\")")
	f.StringVar(&o.service.User, "user", "", "user who may read everything")
	f.StringVar(&o.service.PasswordFile, "password-file", "", "file with the password of --user")
	f.StringArrayVar(&o.service.Public, "public", nil, "folder or domain that can be read without credentials; repeatable")
	f.StringVar(&o.service.UsersFile, "users-file", "", "file with more users, one name:password per line, with the rights that HSDS domains grant them")
	f.BoolVar(&o.service.Write, "write", false, "allow creating, changing and removing HSDS domains; --user is their administrator")
	f.BoolVar(&o.service.Unconditional, "write-unconditional", false, "write even if the store does not honour conditional PUTs; concurrent changes may be lost")
	f.StringVar(&o.service.Access.Region, "region", "", "AWS region of an s3:// root")
	f.BoolVar(&o.service.Access.Anonymous, "anonymous", false, "read S3 without credentials")
	cobra.CheckErr(c.MarkFlagRequired("root"))
	return c
}

func (a *app) hdfServe(ctx context.Context, o *hdfServeOptions) error {
	s := &o.service
	switch {
	case s.User != "" && s.PasswordFile == "" && os.Getenv(hdfclient.PasswordVariable) == "":
		return fmt.Errorf("--user needs --password-file or the environment variable %s: %w for `zagg hdf serve`", hdfclient.PasswordVariable, errUsage)
	case s.UsersFile != "" && s.User == "":
		return fmt.Errorf("--users-file needs --user: %w for `zagg hdf serve`", errUsage)
	}
	handler, err := s.Open(ctx)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.address)
	if err != nil {
		return core.Errorf(core.Invalid, "--address", o.address, "%w", err)
	}
	fmt.Fprintf(a.stderr, "serving %s on http://%s\n", s.Root, listener.Addr())
	return serveHTTP(ctx, listener, handler)
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

const hdfWhere = `DOMAIN is a file (a path or s3://bucket/key), which is read directly, or, with --endpoint, a domain of a service, such as
/folder/file.h5. The endpoint is http://host:port, https://… or http+lambda://FUNCTION. HS_ENDPOINT, HS_USERNAME,
HS_PASSWORD and HS_BUCKET have the same meaning as for h5pyd.`

// hdfAccessFlags are those of `zagg hdf ls` and `get`.
func hdfAccessFlags(c *cobra.Command, o *hdfclient.Access) {
	f := c.Flags()
	f.StringVar(&o.Endpoint, "endpoint", "", "HDF REST service (default HS_ENDPOINT, if DOMAIN begins with / and is not a file)")
	f.StringVar(&o.User, "user", "", "user name at the service (default HS_USERNAME); the password is HS_PASSWORD")
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
