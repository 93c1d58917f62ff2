package cli

// Flags and help of "zagg deploy" that depend on the services there are.

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
	f.String("role-arn", "", "use this role instead of creating one (CreateExecutionRole=false)")
	f.String("role-name", "", "name of the role to create (default zagg-lambda-execution for the worker, else zagg-SERVICE-execution)")

	f.String("output-bucket", "", "worker: bucket for stores")
	f.String("output-prefix", "", "worker: the function may write only below this prefix, which ends with a slash")
	f.Bool("create-output-bucket", false, "worker: create the bucket; it is kept when the stack is removed")
	f.String("granule-bucket", "", "worker: bucket with granules and indexes that the function may read, in addition to archives with credentials")
	f.String("output-key-arn", "", "worker: KMS key of the output bucket, if it has one")
	f.String("granule-key-arn", "", "worker: KMS key of the granules' bucket, if it has one")
	f.String("failure-bucket", "", "worker: bucket for Lambda's records of failed events (default the output bucket); none: nowhere")
	f.String("subnets", "", "worker: subnets of a VPC to run in, separated by commas; the VPC needs an S3 gateway endpoint")
	f.String("security-groups", "", "worker: security groups of the VPC, separated by commas")
	f.Int("tmp", 0, "worker: ephemeral storage in MB (default 512)")
	f.Int("reserved-concurrency", -1, "worker, hdf: reserved concurrency, which is also the limit; -1: none")
	f.Bool("variants", false, "worker: also create the functions NAME-2048, -4096 and -8192")
	f.Bool("metrics", false, "worker: count shards as CloudWatch metrics, which cost extra")

	f.String("bucket", "", "hdf: bucket with the files")
	f.String("prefix", "", "hdf: serve only files below this prefix, which ends with a slash")
	f.Bool("writes", false, "hdf: allow creating, changing and removing domains in HSDS's storage")
	f.String("second-bucket", "", "hdf: another bucket that may be read")
	f.String("public-prefix", "", "hdf: --http-api serves files below this prefix, which ends with a slash, without a password")
	f.String("s3-gateway", "", "hdf: base URL of an S3 service other than the region's")
	f.Bool("http-api", false, "hdf: create an HTTP API for the function, for clients without AWS credentials")
	f.String("password", "", "hdf: password of the user with the function's name; required by --http-api")

	f.String("zip-bucket", "", "zipedit: bucket with the zips that may be changed")
	f.String("zip-prefix", "", "zipedit: only zips below this prefix, which ends with a slash")
	f.String("file-bucket", "", "zipedit: additional bucket for new contents given as {\"s3\": …}")
	f.String("zip-key-arn", "", "zipedit: KMS key of that bucket, if it has one")
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
