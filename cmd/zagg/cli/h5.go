package cli

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/drivers"
)

func (a *app) h5Command() *cobra.Command {
	c := &cobra.Command{
		Use:   "h5",
		Short: "Look into HDF5 files: objects, types, chunks, values",
		Example: `  zagg h5 ls granule.h5
  zagg h5 show granule.h5 /gt1l/land_ice_segments/h_li --select 0:10`,
	}
	c.AddCommand(a.h5ListCommand(), a.h5ShowCommand())
	return c
}

// An h5Access is how a file is reached.
type h5Access struct {
	region    string
	anonymous bool
}

func (o *h5Access) flags(c *cobra.Command) {
	c.Flags().StringVar(&o.region, "region", "", "AWS region of an s3:// URL")
	c.Flags().BoolVar(&o.anonymous, "anonymous", false, "read S3 without credentials")
	c.ValidArgsFunction = h5Complete
}

// h5Where is the help on URLs, the same for both commands.
const h5Where = `URL is a file, s3://bucket/key or https://…; only the byte ranges that are needed are read, and the last line on standard
error says how many requests and bytes it took. S3 is reached as the AWS SDK finds it (AWS_PROFILE, AWS_ENDPOINT_URL_S3
and so on); EARTHDATA_TOKEN is sent to NASA's HTTPS servers.`

// h5ValueBytes bounds what one read of values may bring into memory.
const h5ValueBytes = 256 << 20

// An h5Source is an open file whose requests are counted.
type h5Source struct {
	*h5.File
	used objstore.Counter
	refs h5Refs
}

// openH5 opens a file to be read as the drivers of its URL are best used.
func (a *app) openH5(ctx context.Context, url string, o h5Access) (*h5Source, error) {
	access := drivers.Environment()
	access.Region, access.Anonymous = o.region, o.anonymous
	store, err := drivers.Open(ctx, access, url)
	if err != nil {
		return nil, err
	}
	s := &h5Source{}
	via := objstore.RetryReader(objstore.MeterReader(store, &s.used), objstore.Policy{OnRetry: s.used.Retried})
	way := host.NewStores(via, nil, url)
	s.File, err = h5.Open(ctx, objstore.Coalesce(way.Source, way.Gap, way.MaxRequest), url, h5.Options{ValueBytes: h5ValueBytes})
	s.refs.file = s.File
	return s, err
}

// reportH5 says on standard error what is wrong with the file as a whole, and what reading took.
func (a *app) reportH5(s *h5Source) {
	for _, w := range s.Warnings() {
		fmt.Fprintf(a.stderr, "warning: %s: %s\n", s.URL(), w)
	}
	u := s.used.Usage()
	fmt.Fprintf(a.stderr, "%s requests%s, %s of %s read\n", thousands(u.Gets+u.Heads), retried(u.Retries), h5Bytes(u.Down), h5Bytes(s.Size()))
}

// h5Bytes prints bytes in a unit that shows them.
func h5Bytes(n int64) string {
	switch {
	case n < 10_000:
		return thousands(n) + " bytes"
	case n < 1e6:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	}
	return megabytes(n)
}

// h5Failed is the error of a command that went on after n objects could not be read, each of which was reported.
func h5Failed(n int) error {
	if n == 0 {
		return nil
	}
	return core.Errorf(core.Corrupt, "zagg h5", "", "%d of the objects could not be read whole; see the lines with an error", n)
}

// h5Path makes a path absolute, as it is printed.
func h5Path(p string) string { return path.Clean("/" + p) }

// h5Reason is an error's text without the operation and file that stand above it anyway.
func h5Reason(err error) string {
	var e *core.Error
	if errors.As(err, &e) && e.Op != "" {
		return e.Code.String() + ": " + e.Err.Error()
	}
	return err.Error()
}

// h5Complete completes the file, and paths inside of it if it is on this machine.
func h5Complete(cmd *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	switch {
	case len(args) == 0:
		return []string{"h5", "hdf5", "he5", "nc", "nc4"}, cobra.ShellCompDirectiveFilterFileExt
	case len(args) > 1 || objstore.Scheme(args[0]) != "":
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	ctx := context.Background()
	f, err := h5.Open(ctx, &objstore.File{}, args[0], h5.Options{})
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	parent := typed[:strings.LastIndex(typed, "/")+1]
	g, err := f.Group(ctx, parent)
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	links, _ := g.Links(ctx)
	var names []string
	for _, l := range links {
		if strings.HasPrefix(parent+l.Name, typed) && h5Plain(l.Name) {
			names = append(names, parent+l.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
