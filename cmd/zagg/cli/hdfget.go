package cli

// "zagg hdf ls" and "get": a client of the HDF REST API. The work is in internal/hdfclient.

import (
	"context"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/hdfclient"
	"github.com/englacial/zagg/internal/printed"
)

func (a *app) hdfListCommand() *cobra.Command {
	var access hdfclient.Access
	var o hdfclient.ListOptions
	c := &cobra.Command{
		Use: "ls DOMAIN [PATH]", Short: "List the objects of a domain, or the domains of a folder", Args: cobra.RangeArgs(1, 2), Long: "List the objects of a domain below PATH, or the domains of a folder.\n\n" + hdfWhere,
		Example: `  zagg hdf ls granule.h5
  zagg hdf ls /granules/ --endpoint http://127.0.0.1:5101
  zagg hdf ls -r s3://bucket/granule.h5 /gt1l`,
		RunE: func(cmd *cobra.Command, args []string) error {
			client, err := connectHDF(cmd.Context(), access, args[0])
			if err != nil {
				return err
			}
			path := "/"
			if len(args) > 1 {
				path = args[1]
			}
			return client.List(cmd.Context(), a.stdout, path, o)
		},
	}
	hdfAccessFlags(c, &access)
	c.Flags().BoolVarP(&o.Recursive, "recursive", "r", false, "list groups recursively")
	c.Flags().BoolVar(&o.Attributes, "attributes", false, "show attributes and their values")
	return c
}

type hdfGetOptions struct {
	access hdfclient.Access
	values hdfclient.GetOptions
	out    string
}

func (a *app) hdfGetCommand() *cobra.Command {
	o := &hdfGetOptions{}
	c := &cobra.Command{
		Use: "get DOMAIN PATH", Short: "Print values of a dataset, or the description of a group or type", Args: cobra.ExactArgs(2),
		Long: `Print the values of a dataset as JSON, one row per line, or as bytes. For a group or a committed type print its description.

` + hdfWhere,
		Example: `  zagg hdf get granule.h5 /gt1l/land_ice_segments/h_li --select '0:10'
  zagg hdf get /granule.h5 /ancillary_data/atlas_sdp_gps_epoch --endpoint http+lambda://hdf
  zagg hdf get table.h5 /rows --query 'x > 0.5' --limit 10
  zagg hdf get granule.h5 /gt1l/land_ice_segments/h_li --binary -o h_li.bin`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.hdfGet(cmd.Context(), o, args[0], args[1]) },
	}
	hdfAccessFlags(c, &o.access)
	f := c.Flags()
	f.StringVar(&o.values.Select, "select", "", "part of the dataset: for each dimension a:b:step, an index, or a list [i,j] ('0:10,:', '[[1,5],0:2]')")
	f.StringVar(&o.values.Fields, "fields", "", "members of a compound type, separated by colons")
	f.StringVar(&o.values.Query, "query", "", "print rows of a table that satisfy this condition, with their numbers ('x > 0.5 & name == \"a\"')")
	f.IntVar(&o.values.Limit, "limit", 0, "maximum number of rows of --query")
	f.BoolVar(&o.values.Binary, "binary", false, "write packed bytes in the file's byte order instead of JSON")
	f.StringVarP(&o.out, "output", "o", "", "file to write instead of printing")
	return c
}

func (a *app) hdfGet(ctx context.Context, o *hdfGetOptions, domain, path string) error {
	client, err := connectHDF(ctx, o.access, domain)
	if err != nil {
		return err
	}
	data, err := client.Get(ctx, path, o.values)
	if err != nil {
		return err
	}
	if o.out == "" {
		_, err = a.raw(o.values.Binary).Write(data)
		return err
	}
	if err := os.WriteFile(o.out, data, 0o644); err != nil {
		return core.Errorf(core.Invalid, "--output", o.out, "%w", err)
	}
	return nil
}

// raw is standard output for bytes that are no text.
func (a *app) raw(binary bool) io.Writer {
	if p, ok := a.stdout.(*printed.Writer); ok && binary {
		return p.Unwrap()
	}
	return a.stdout
}
