package cli

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/deploy"
	stack "github.com/englacial/zagg/internal/deploy"
)

// deployOptions are the flags of `zagg deploy`.
type deployOptions struct {
	stack, region, bundle, artifacts                 string
	function, architecture, output, prefix, granules string
	role, roleName                                   string
	memory, timeout, tmp, reserved, logDays          int
	createBucket, variants, metrics, yes, json       bool
}

func (a *app) deployCommand() *cobra.Command {
	o := &deployOptions{}
	c := &cobra.Command{
		Use:   "deploy",
		Short: "Stand up, change and remove zagg's functions on AWS Lambda",
		Long: `Create or change a CloudFormation stack with the function that computes shards, its role and its logs. What would change
is shown first. docs/standing-up.md walks through it. Removing a stack leaves buckets and data as they are.`,
		Example: `  zagg deploy up --output-bucket my-grids
  zagg deploy status
  zagg deploy update --bundle zagg-worker-arm64.zip --memory 4096
  zagg deploy down`,
	}
	up := &cobra.Command{
		Use: "up --output-bucket BUCKET [--bundle ZIP]", Short: "Create the stack, or change it to what is given", Args: cobra.NoArgs,
		Long: `Create the stack, or change it to what is given. Without --bundle the function is built first, with all built-in
plugins, as "zagg bundle" does; that needs Go, and a C compiler for the architecture because of the grid h3.`,
		Example: "  zagg deploy up --output-bucket my-grids --create-output-bucket\n" +
			"  zagg deploy up --bundle zagg-worker-amd64.zip --architecture x86_64 --output-bucket my-grids\n" +
			"  zagg deploy up --bundle zagg-worker-arm64.zip --output-bucket my-grids --role-arn arn:aws:iam::123456789012:role/zagg",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.deployUp(cmd, o, true) },
	}
	update := &cobra.Command{
		Use: "update [--bundle ZIP]", Short: "Change a stack that is there: another bundle, other parameters; what is not given stays", Args: cobra.NoArgs,
		Example: "  zagg deploy update --bundle zagg-worker-arm64.zip\n  zagg deploy update --memory 4096 --variants",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.deployUp(cmd, o, false) },
	}
	status := &cobra.Command{
		Use: "status", Short: "Say what the stack is and what it made", Args: cobra.NoArgs, Example: "  zagg deploy status --stack zagg-backend --json",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.deployStatus(cmd.Context(), o) },
	}
	down := &cobra.Command{
		Use: "down", Short: "Remove the stack; buckets and stores stay", Args: cobra.NoArgs, Example: "  zagg deploy down --stack zagg-backend",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.deployDown(cmd.Context(), o) },
	}
	for _, sub := range []*cobra.Command{up, update, status, down} {
		sub.Flags().StringVar(&o.stack, "stack", "zagg-backend", "name of the CloudFormation stack")
		sub.Flags().StringVar(&o.region, "region", "us-west-2", "AWS region of the function: that of the granules, so that reading them is free")
		c.AddCommand(sub)
	}
	deployParameters(up, o)
	deployParameters(update, o)
	status.Flags().BoolVar(&o.json, "json", false, "print JSON")
	down.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	return c
}

func deployParameters(c *cobra.Command, o *deployOptions) {
	f := c.Flags()
	f.StringVar(&o.bundle, "bundle", "", "zip of the function, made by `zagg bundle` (default: up builds it, update leaves it as it is)")
	f.StringVar(&o.artifacts, "artifact-bucket", "", "bucket in the region where the zip is kept (default zagg-artifacts-ACCOUNT-REGION, made if it is missing)")
	f.StringVar(&o.function, "function-name", "process-shard", "name of the function")
	f.StringVar(&o.architecture, "architecture", "arm64", "of the bundle: arm64, x86_64")
	f.StringVar(&o.output, "output-bucket", "", "bucket that stores are written to")
	f.StringVar(&o.prefix, "output-prefix", "", "let the function write below this prefix only, with a slash at its end")
	f.BoolVar(&o.createBucket, "create-output-bucket", false, "create the bucket; it stays when the stack goes")
	f.StringVar(&o.granules, "granule-bucket", "", "bucket that the function may read granules and indexes from, beside the archives whose credentials travel with the event")
	f.StringVar(&o.role, "role-arn", "", "take this role instead of creating one (CreateExecutionRole=false)")
	f.StringVar(&o.roleName, "role-name", "zagg-lambda-execution", "name of the role to create")
	f.IntVar(&o.memory, "memory", 2048, "memory of a worker in MB")
	f.IntVar(&o.timeout, "timeout", 720, "time-out in seconds, at most 900")
	f.IntVar(&o.tmp, "tmp", 512, "ephemeral storage in MB")
	f.IntVar(&o.reserved, "reserved-concurrency", -1, "workers set aside, and the most at once; -1: none")
	f.IntVar(&o.logDays, "log-days", 14, "days that logs are kept")
	f.BoolVar(&o.variants, "variants", false, "also make the functions NAME-2048, -4096 and -8192")
	f.BoolVar(&o.metrics, "metrics", false, "count shards as CloudWatch metrics, which cost extra")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	c.RegisterFlagCompletionFunc("architecture", fixed("arm64", "x86_64"))
}

// parametersOf are the template's parameters whose flags were given.
func (o *deployOptions) parametersOf(c *cobra.Command) map[string]string {
	values := map[string]struct{ name, value string }{
		"function-name": {"FunctionName", o.function}, "architecture": {"Architecture", o.architecture},
		"output-bucket": {"OutputBucketName", o.output}, "output-prefix": {"OutputPrefix", o.prefix},
		"create-output-bucket": {"CreateOutputBucket", strconv.FormatBool(o.createBucket)}, "granule-bucket": {"GranuleBucketName", o.granules},
		"role-arn": {"ExecutionRoleArn", o.role}, "role-name": {"ExecutionRoleName", o.roleName},
		"memory": {"MemorySize", strconv.Itoa(o.memory)}, "timeout": {"Timeout", strconv.Itoa(o.timeout)}, "tmp": {"EphemeralStorageSize", strconv.Itoa(o.tmp)},
		"reserved-concurrency": {"ReservedConcurrency", strconv.Itoa(o.reserved)}, "log-days": {"LogRetentionDays", strconv.Itoa(o.logDays)},
		"variants": {"CreateMemoryVariants", strconv.FormatBool(o.variants)}, "metrics": {"CreateLogMetricFilters", strconv.FormatBool(o.metrics)},
	}
	given := map[string]string{}
	for flag, p := range values {
		if c.Flags().Changed(flag) {
			given[p.name] = p.value
		}
	}
	if o.role != "" {
		given["CreateExecutionRole"] = "false"
	}
	return given
}

func (o *deployOptions) check(create bool) error {
	switch {
	case create && o.output == "":
		return fmt.Errorf("--output-bucket is missing: %w for `zagg deploy up`", errUsage)
	case o.architecture != "arm64" && o.architecture != "x86_64":
		return fmt.Errorf("--architecture is %q; have arm64, x86_64: %w for `zagg deploy`", o.architecture, errUsage)
	case o.prefix != "" && !strings.HasSuffix(o.prefix, "/"):
		return fmt.Errorf("--output-prefix %q needs a slash at its end: %w for `zagg deploy`", o.prefix, errUsage)
	}
	return nil
}

// A cloud is an account's region.
type cloud struct {
	config aws.Config
	stack  *stack.Stack
}

func openCloud(ctx context.Context, o *deployOptions) (*cloud, error) {
	cfg, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(o.region))
	if err != nil {
		return nil, core.Errorf(core.Invalid, "deploy", o.region, "AWS configuration: %w", err)
	}
	poll := 2 * time.Second
	if cfg.BaseEndpoint != nil { // a test server answers at once
		poll = 50 * time.Millisecond
	}
	return &cloud{cfg, &stack.Stack{Client: cloudformation.NewFromConfig(cfg), Name: o.stack, Poll: poll}}, nil
}

func (a *app) deployUp(cmd *cobra.Command, o *deployOptions, create bool) error {
	if err := o.check(create); err != nil {
		return err
	}
	ctx := cmd.Context()
	c, err := openCloud(ctx, o)
	if err != nil {
		return err
	}
	state, err := c.stack.Describe(ctx)
	if err != nil && (!create || core.CodeOf(err) != core.NotFound) {
		return err
	}
	given := o.parametersOf(cmd)
	if o.bundle != "" || create {
		if given["ArtifactBucket"], given["FunctionS3Key"], err = a.bring(ctx, c, o, architectureOf(o, given, state)); err != nil {
			return err
		}
	}
	plan, err := c.stack.Plan(ctx, deploy.Template(), given)
	if err != nil {
		return err
	}
	if plan == nil {
		fmt.Fprintln(a.stdout, "Nothing to change.")
		return nil
	}
	a.printChanges(o, plan)
	if !a.confirm(o.yes, "Go on?") {
		if err := c.stack.Discard(ctx, plan); err != nil {
			return err
		}
		fmt.Fprintln(a.stderr, "Nothing was changed.")
		return errSilent
	}
	if err := c.stack.Execute(ctx, plan, a.sayLine); err != nil {
		return err
	}
	return a.deployStatus(ctx, o)
}

func (a *app) sayLine(line string) { fmt.Fprintln(a.stderr, "  "+line) }

func (a *app) printChanges(o *deployOptions, p *stack.Plan) {
	verb := "change"
	if p.Create {
		verb = "be created"
	}
	fmt.Fprintf(a.stderr, "Stack %s in %s will %s:\n", o.stack, o.region, verb)
	for _, c := range p.Changes {
		note := ""
		if c.Replacement {
			note = "  (made anew)"
		}
		fmt.Fprintf(a.stderr, "  %-7s %-18s %s%s\n", strings.ToLower(c.Action), c.Resource, c.Type, note)
	}
}

// confirm asks; anything but y or yes, the end of input too, is no.
func (a *app) confirm(yes bool, question string) bool {
	if yes {
		return true
	}
	fmt.Fprintf(a.stderr, "%s [y/N] ", question)
	answer, _ := bufio.NewReader(a.stdin).ReadString('\n')
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return true
	}
	return false
}

func (a *app) deployStatus(ctx context.Context, o *deployOptions) error {
	c, err := openCloud(ctx, o)
	if err != nil {
		return err
	}
	state, err := c.stack.Describe(ctx)
	if err != nil {
		return err
	}
	if o.json {
		enc := json.NewEncoder(a.stdout)
		enc.SetIndent("", "  ")
		return enc.Encode(state)
	}
	w := tabwriter.NewWriter(a.stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Stack\t%s, %s since %s\n", state.Name, state.Status, state.Updated.UTC().Format(time.RFC3339))
	if state.Reason != "" {
		fmt.Fprintf(w, "Reason\t%s\n", state.Reason)
	}
	for _, name := range slices.Sorted(maps.Keys(state.Outputs)) {
		fmt.Fprintf(w, "%s\t%s\n", name, state.Outputs[name])
	}
	for _, name := range []string{"MemorySize", "Timeout", "EphemeralStorageSize"} {
		fmt.Fprintf(w, "%s\t%s\n", name, state.Parameters[name])
	}
	return w.Flush()
}

func (a *app) deployDown(ctx context.Context, o *deployOptions) error {
	c, err := openCloud(ctx, o)
	if err != nil {
		return err
	}
	state, err := c.stack.Describe(ctx)
	if err != nil {
		return err
	}
	if !a.confirm(o.yes, fmt.Sprintf("Remove stack %s (%s) in %s? Buckets and stores stay.", state.Name, state.Status, o.region)) {
		fmt.Fprintln(a.stderr, "Nothing was removed.")
		return errSilent
	}
	if err := c.stack.Delete(ctx, a.sayLine); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "Stack %s is gone. What stays: s3://%s (stores), s3://%s (bundles).\n", state.Name, state.Parameters["OutputBucketName"], state.Parameters["ArtifactBucket"])
	return nil
}
