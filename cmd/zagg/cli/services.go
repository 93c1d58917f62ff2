package cli

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	stack "github.com/englacial/zagg/internal/deploy"
)

// parameterFlags are the flags of all services' parameters. A flag that is not given leaves the template's default, or
// what the stack has.
func parameterFlags(f *pflag.FlagSet) {
	f.String("function-name", "", "name of the function (default process-shard for the worker, else the service's name)")
	f.String("architecture", "", "of the bundle: arm64, x86_64 (default arm64)")
	f.Int("memory", 0, "memory in MB (default 2048 for the worker, 1024 for hdf, 256 for zipedit)")
	f.Int("timeout", 0, "time-out in seconds, at most 900 (default 720 for the worker, 30 for hdf, 60 for zipedit)")
	f.Int("log-days", 0, "days that logs are kept (default 14)")
	f.String("role-arn", "", "take this role instead of creating one (CreateExecutionRole=false)")
	f.String("role-name", "", "name of the role to create (default zagg-lambda-execution for the worker, else zagg-SERVICE-execution)")

	f.String("output-bucket", "", "worker: bucket that stores are written to")
	f.String("output-prefix", "", "worker: let the function write below this prefix only, with a slash at its end")
	f.Bool("create-output-bucket", false, "worker: create the bucket; it stays when the stack goes")
	f.String("granule-bucket", "", "worker: bucket that the function may read granules and indexes from, beside the archives whose credentials travel with the event")
	f.String("output-key-arn", "", "worker: KMS key of the output bucket, where it has one of its own")
	f.String("granule-key-arn", "", "worker: KMS key of the granules' bucket, where it has one of its own")
	f.String("failure-bucket", "", "worker: bucket where Lambda leaves records of events that came to nothing (default the output bucket); none: nowhere")
	f.String("subnets", "", "worker: subnets of a VPC to run in, separated by commas, with a gateway endpoint of S3")
	f.String("security-groups", "", "worker: security groups of that VPC, separated by commas")
	f.Int("tmp", 0, "worker: ephemeral storage in MB (default 512)")
	f.Int("reserved-concurrency", -1, "worker, hdf: invocations set aside, and the most at once; -1: none")
	f.Bool("variants", false, "worker: also make the functions NAME-2048, -4096 and -8192")
	f.Bool("metrics", false, "worker: count shards as CloudWatch metrics, which cost extra")

	f.String("bucket", "", "hdf: bucket with the files")
	f.String("prefix", "", "hdf: files below this prefix only, with a slash at its end")
	f.Bool("writes", false, "hdf: domains in HSDS's storage may be made, changed and removed")
	f.String("second-bucket", "", "hdf: another bucket that may be read")
	f.String("public-prefix", "", "hdf: files below this prefix may be read through --http-api without a password, with a slash at its end")
	f.String("s3-gateway", "", "hdf: base URL of another S3 than the region's")
	f.Bool("http-api", false, "hdf: make an HTTP API in front of the function, for clients without AWS")
	f.String("password", "", "hdf: password of the user that is called as the function; --http-api needs one")

	f.String("zip-bucket", "", "zipedit: bucket with the zips that may be changed")
	f.String("zip-prefix", "", "zipedit: zips below this prefix only, with a slash at its end")
	f.String("file-bucket", "", "zipedit: bucket that new contents may be read from, {\"s3\": …}, beside that of the zips")
	f.String("zip-key-arn", "", "zipedit: KMS key of that bucket, where it has one of its own")
}

func serviceNames() []string { return slices.Sorted(maps.Keys(stack.Services())) }

func servicesHelp() string {
	var b strings.Builder
	for _, name := range serviceNames() {
		fmt.Fprintf(&b, "  %-8s %s\n", name, stack.Services()[name].Does)
	}
	return strings.TrimRight(b.String(), "\n")
}

func stacksHelp() string {
	var list []string
	for _, name := range serviceNames() {
		list = append(list, stack.Services()[name].StackName)
	}
	return strings.Join(list, ", ")
}

// given are the template's parameters whose flags were given.
func given(s stack.Service, c *cobra.Command) map[string]string {
	values := map[string]string{}
	c.Flags().Visit(func(f *pflag.Flag) {
		if p := s.Parameter(f.Name); p != "" {
			values[p] = f.Value.String()
		}
	})
	if values["ExecutionRoleArn"] != "" {
		values["CreateExecutionRole"] = "false"
	}
	return values
}

// foreign refuses a flag that is a parameter of other services only.
func foreign(s stack.Service, c *cobra.Command) (err error) {
	c.Flags().Visit(func(f *pflag.Flag) {
		if s.Parameter(f.Name) != "" {
			return
		}
		for _, other := range serviceNames() {
			if stack.Services()[other].Parameter(f.Name) != "" {
				err = cmp.Or(err, fmt.Errorf("--%s is of --service %s, not of %s: %w for `zagg deploy`", f.Name, other, s.Name, errUsage))
			}
		}
	})
	return err
}
