package cli

// "zagg hdf check": orphaned objects in HSDS's storage.

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/hdfclient"
	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/hsds"
	"github.com/englacial/zagg/internal/quantity"
)

type hdfCheckOptions struct {
	root, bucket, region string
	anonymous, fix       bool
	age                  time.Duration
}

func (a *app) hdfCheckCommand() *cobra.Command {
	o := &hdfCheckOptions{}
	c := &cobra.Command{
		Use: "check --root DIR|s3://bucket/prefix DOMAIN", Short: "Find orphaned objects in a domain of HSDS's storage", Args: cobra.ExactArgs(1),
		Long: `Check all stored objects of a domain: objects without a link, chunks without a dataset or beyond its extent, unfinished
changes, dangling links and unreadable metadata. The first three are left by killed clients or servers and are not visible
through the service, as are traces: the notes of a domain that was being made or removed, with what is left of it. With --fix
all of these are removed, and unfinished changes are completed.`,
		Example: `  zagg hdf check --root s3://bucket /home/me/data.h5
  zagg hdf check --root s3://bucket /home/me/data.h5 --fix`,
		RunE: func(cmd *cobra.Command, args []string) error { return a.hdfCheck(cmd.Context(), o, args[0]) },
	}
	f := c.Flags()
	f.StringVar(&o.root, "root", "", "folder or s3://bucket/prefix with the domain")
	f.StringVar(&o.bucket, "bucket", "", "name of the bucket (default: that of s3://, else \"local\")")
	f.BoolVar(&o.fix, "fix", false, "remove orphaned objects and complete unfinished changes")
	f.DurationVar(&o.age, "age", time.Hour, "ignore objects younger than this, which may be in use")
	f.StringVar(&o.region, "region", "", "AWS region of an s3:// root")
	f.BoolVar(&o.anonymous, "anonymous", false, "read S3 without credentials")
	cobra.CheckErr(c.MarkFlagRequired("root"))
	return c
}

func (a *app) hdfCheck(ctx context.Context, o *hdfCheckOptions, domain string) error {
	root, err := hdfclient.OpenRoot(ctx, o.root, o.bucket, s3store.Options{Region: o.region, Anonymous: o.anonymous}, hsds.Options{Write: o.fix})
	if err != nil {
		return err
	}
	found, err := root.Kept.Check(ctx, hdfrest.Name{Bucket: root.Bucket, Path: domain}, hsds.Check{Age: o.age, Fix: o.fix})
	left := 0
	for _, f := range found {
		word := "found"
		if f.Remove && o.fix && err == nil {
			word = "removed"
		} else if !f.Remove || !o.fix {
			left++
		}
		fmt.Fprintf(a.stdout, "%s %s: %s\n", word, f.Key, f.What)
	}
	if err != nil {
		return err
	}
	if left > 0 {
		return core.Errorf(core.Invalid, "hdf check", domain, "%s", quantity.Counted(int64(left), "orphaned or damaged object"))
	}
	fmt.Fprintln(a.stderr, "nothing else is wrong with", domain)
	return nil
}
