package cli

// "zagg h5": looking into HDF5 files, on this machine or in a bucket. The work is in internal/h5dump.

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/h5dump"
	"github.com/englacial/zagg/internal/quantity"
)

func (a *app) h5Command() *cobra.Command {
	c := &cobra.Command{
		Use:   "h5",
		Short: "Inspect HDF5 files: objects, types, chunks, values",
		Example: `  zagg h5 ls granule.h5
  zagg h5 show granule.h5 /gt1l/land_ice_segments/h_li --select 0:10`,
	}
	c.AddCommand(a.h5ListCommand(), a.h5ShowCommand())
	return c
}

func (a *app) h5ListCommand() *cobra.Command {
	var access h5Access
	o := h5dump.ListOptions{}
	c := &cobra.Command{
		Use:   "ls URL [PATH]",
		Short: "List the objects of an HDF5 file",
		Long: `List the objects below PATH (default /), in the order of the links: kind, name, type, shape, storage (chunk shape, filters
with their parameters) and number of attributes. An object with several links is described once; its other links name the
first path.

` + h5Where,
		Example: `  zagg h5 ls granule.h5
  zagg h5 ls granule.h5 /gt1l/land_ice_segments --attrs
  zagg h5 ls s3://bucket/granule.h5 --depth 1
  zagg h5 ls granule.h5 --sizes --json
  zagg h5 ls granule.h5 --paths | grep quality`,
		Args: cobra.RangeArgs(1, 2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.dump(cmd.Context(), args[0], access, func(ctx context.Context, f *h5.File) error {
				return h5dump.List(ctx, a.stdout, f, strings.Join(args[1:], ""), o)
			})
		},
	}
	access.flags(c)
	c.Flags().BoolVar(&o.Attrs, "attrs", false, "show attributes and their values")
	c.Flags().BoolVar(&o.Sizes, "sizes", false, "show number of chunks, bytes in the file and compression ratio; reads chunk tables")
	c.Flags().BoolVar(&o.Paths, "paths", false, "print full paths instead of a tree")
	c.Flags().IntVar(&o.Depth, "depth", -1, "levels below PATH; -1: all")
	c.Flags().BoolVar(&o.JSON, "json", false, "print a JSON array, one line per link")
	return c
}

func (a *app) h5ShowCommand() *cobra.Command {
	var access h5Access
	o := h5dump.ShowOptions{}
	c := &cobra.Command{
		Use:   "show URL PATH",
		Short: "Show an object of an HDF5 file: type, storage, attributes, values",
		Long: `Show the object at PATH: datatype, shape, storage, filters, fill value, attributes and values. If there are many values, the
text shows the ends of each dimension; --select and --json show all selected values.

With --json a datatype is a tree (class, size, byte_order, members, base, …), numbers are exact, NaN and infinities are the
strings "NaN", "Infinity" and "-Infinity", bytes that are not UTF-8 are {"base64": …}, an enum's value is its number,
and a reference is {"address": …, "path": …}. sha256 is the hash of the values in C order: numbers little-endian, members of
compounds one after another, strings of fixed size padded with NUL, references as the 8 bytes of the address, and
variable-length strings and sequences as their size in bytes (4 bytes, little-endian) followed by the bytes.

--recursive shows all objects below PATH, each at its first path, the other links, and only hashes of values. An object that
cannot be read has an error, and the exit code is 1. Unwritten data takes no bytes in a file but can be declared with any
size: more than 2 GiB of it are hashed only with --full-hash, and more than 64 MiB are printed only with --select.

` + h5Where,
		Example: `  zagg h5 show granule.h5 /gt1l/land_ice_segments/h_li
  zagg h5 show granule.h5 /gt1l/residual_histogram/count --select 0:10,:
  zagg h5 show s3://bucket/granule.h5 /gt1l/land_ice_segments/h_li --chunks
  zagg h5 show granule.h5 / --recursive --json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Selected = cmd.Flags().Changed("select")
			if o.Recursive && o.Selected {
				return fmt.Errorf("--select and --recursive do not go together: %w for %q", errUsage, cmd.CommandPath())
			}
			return a.dump(cmd.Context(), args[0], access, func(ctx context.Context, f *h5.File) error {
				return h5dump.Show(ctx, a.stdout, f, args[1], o)
			})
		},
	}
	access.flags(c)
	c.Flags().StringVar(&o.Selection, "select", "", "values to show, in numpy's syntax: for each dimension an index or start:stop:step, such as 0:10,: or -1,...")
	c.Flags().BoolVar(&o.Chunks, "chunks", false, "show the chunk table: first element, rows, offset in the file, bytes, filter mask")
	c.Flags().BoolVar(&o.Recursive, "recursive", false, "show all objects below PATH, with hashes instead of values")
	c.Flags().BoolVar(&o.JSON, "json", false, "print JSON; with --recursive an array, one line per link")
	c.Flags().BoolVar(&o.NoHash, "no-hash", false, "do not hash values; --recursive then reads none")
	c.Flags().BoolVar(&o.FullHash, "full-hash", false, "hash unwritten values of any size")
	c.MarkFlagsMutuallyExclusive("no-hash", "full-hash")
	return c
}

// dump opens a file, prints of it, and says what that took.
func (a *app) dump(ctx context.Context, url string, o h5Access, print func(context.Context, *h5.File) error) error {
	s, err := a.openH5(ctx, url, o)
	if err != nil {
		return err
	}
	defer a.reportH5(s)
	return print(ctx, s.File)
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
const h5Where = `URL is a file, s3://bucket/key or https://…. Only the necessary byte ranges are read; the last line on standard error shows
the number of requests and bytes. S3 access uses the settings of the AWS SDK (AWS_PROFILE, AWS_ENDPOINT_URL_S3 and so on);
EARTHDATA_TOKEN is sent to NASA's HTTPS servers.`

// An h5Source is an open file whose requests are counted.
type h5Source struct {
	*h5.File
	used objstore.Counter
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
	s.File, err = h5.Open(ctx, objstore.Coalesce(way.Source, way.Gap, way.MaxRequest), url, h5.Options{ValueBytes: h5dump.ValueBytes})
	return s, err
}

// reportH5 says on standard error what is wrong with the file as a whole, and what reading took.
func (a *app) reportH5(s *h5Source) {
	for _, w := range s.Warnings() {
		fmt.Fprintf(a.stderr, "warning: %s: %s\n", s.URL(), w)
	}
	u := s.used.Usage()
	fmt.Fprintf(a.stderr, "%s%s, %s of %s read\n", quantity.Counted(u.Gets+u.Heads, "request"), quantity.Retried(u.Retries), h5dump.Bytes(u.Down), h5dump.Bytes(s.Size()))
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
		if strings.HasPrefix(parent+l.Name, typed) && h5dump.Plain(l.Name) {
			names = append(names, parent+l.Name)
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp | cobra.ShellCompDirectiveNoSpace
}
