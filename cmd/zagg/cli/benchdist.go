package cli

// "zagg bench distribute" and "resolve": a release in the bucket that users deploy from.

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/bench"
	"github.com/englacial/zagg/internal/drivers"
)

func (a *app) benchDistributeCommand() *cobra.Command {
	var zips, to, tag, region string
	c := &cobra.Command{
		Use:   "distribute --zips FOLDER --to s3://BUCKET --tag X.Y.Z",
		Short: "Upload a release's functions to the bucket that users deploy from",
		Long: `Upload exactly the zips of a release (` + strings.Join(bench.Bundles(), ", ") + `)
as <minor>/<zip> with SHA256SUMS, then add the version to versions.json. A missing or
unexpected zip is an error before any upload. Repeating the command changes nothing.`,
		Example: `  zagg bench distribute --zips dist/lambda --to s3://sliderule-public-cors --tag 1.2.3`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			access := drivers.Environment()
			access.Region = region
			store, err := drivers.Open(cmd.Context(), access, to)
			if err != nil {
				return err
			}
			v, err := bench.Distribute(cmd.Context(), store, to, zips, tag)
			if err != nil {
				return err
			}
			fmt.Fprintf(a.stdout, "%s is at %s; latest is %s of %s\n", tag, to, v.Latest, strings.Join(v.Minors, ", "))
			return nil
		},
	}
	f := c.Flags()
	f.StringVar(&zips, "zips", "", "folder with the zips")
	f.StringVar(&to, "to", "", "bucket or folder to distribute from")
	f.StringVar(&tag, "tag", "", "the release, such as 1.2.3")
	f.StringVar(&region, "region", "", "AWS region of the bucket")
	return required(c, "zips", "to", "tag")
}

func (a *app) benchResolveCommand() *cobra.Command {
	var from []string
	var version, tag, bundle, region string
	var anonymous bool
	c := &cobra.Command{
		Use:   "resolve --from s3://BUCKET [--from MIRROR]",
		Short: "Find the minor version and the zip of a version",
		Long: `Resolve a version as stand_up.sh does with LAMBDA_VERSION. "latest" is the latest version in versions.json of the first
bucket, else --tag, else the version of this program. With --zip also print the address of the zip in the first bucket that
has it.`,
		Example: `  zagg bench resolve --from s3://sliderule-public-cors
  zagg bench resolve --from s3://sliderule-public-cors --from https://mirror.example/zagg --version 1.2 --zip lambda_function_arm64.zip`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			access := drivers.Environment()
			access.Region, access.Anonymous = region, anonymous
			store, err := drivers.Open(cmd.Context(), access, from...)
			if err != nil {
				return err
			}
			minor, err := bench.Resolve(cmd.Context(), store, from[0], version, tag, Version)
			if err != nil {
				return err
			}
			if bundle == "" {
				fmt.Fprintln(a.stdout, minor)
				return nil
			}
			url, err := bench.Locate(cmd.Context(), store, from, minor, bundle)
			if err != nil {
				return err
			}
			fmt.Fprintln(a.stdout, url)
			return nil
		},
	}
	f := c.Flags()
	f.StringArrayVar(&from, "from", nil, "bucket or folder of a distribution; repeat for mirrors, which are tried in turn")
	f.StringVar(&version, "version", "latest", "latest, a minor version or a tag")
	f.StringVar(&tag, "tag", "", "the latest tag, used if versions.json cannot be read")
	f.StringVar(&bundle, "zip", "", "print the address of this zip")
	f.StringVar(&region, "region", "", "AWS region of the buckets")
	f.BoolVar(&anonymous, "anonymous", false, "read without credentials")
	return required(c, "from")
}
