package cli

// "zagg deploy": stacks on AWS, made and removed. The work is in internal/deploy.

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	stack "github.com/englacial/zagg/internal/deploy"
)

// deployOptions are the flags of `zagg deploy`, beside those that only fill parameters of a template.
type deployOptions struct {
	serviceName, stack, region, bundle, artifacts string
	yes, json                                     bool
}

func (a *app) deployCommand() *cobra.Command {
	o := &deployOptions{}
	c := &cobra.Command{
		Use:   "deploy",
		Short: "Deploy, update and remove zagg's functions on AWS Lambda",
		Long: `Create or change a CloudFormation stack with a function, its role and its logs. The changes are shown first. Removing a stack
keeps buckets and data. docs/standing-up.md explains the steps.

Each service has its own stack:
` + servicesHelp(),
		Example: `  zagg deploy up --output-bucket my-grids
  zagg deploy status
  zagg deploy update --bundle zagg-worker-arm64.zip --memory 4096
  zagg deploy down
  zagg deploy up --service hdf --bucket my-granules
  zagg deploy up --service zipedit --zip-bucket my-bundles`,
	}
	up := &cobra.Command{
		Use: "up [--service NAME] [--bundle ZIP]", Short: "Create or change the stack", Args: cobra.NoArgs,
		Long: `Create or change the stack. Without --bundle, first build the function with all built-in plugins, like "zagg bundle". This needs
Go and, for the worker, a C compiler for the architecture because of the grid h3.`,
		Example: "  zagg deploy up --output-bucket my-grids --create-output-bucket\n" +
			"  zagg deploy up --bundle zagg-worker-amd64.zip --architecture x86_64 --output-bucket my-grids\n" +
			"  zagg deploy up --bundle zagg-worker-arm64.zip --output-bucket my-grids --role-arn arn:aws:iam::123456789012:role/zagg\n" +
			"  zagg deploy up --service zipedit --zip-bucket my-bundles",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.deployUp(cmd, o, true) },
	}
	update := &cobra.Command{
		Use: "update [--bundle ZIP]", Short: "Change an existing stack; parameters that are not given stay", Args: cobra.NoArgs,
		Example: "  zagg deploy update --bundle zagg-worker-arm64.zip\n  zagg deploy update --memory 4096 --variants",
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.deployUp(cmd, o, false) },
	}
	status := &cobra.Command{
		Use: "status", Short: "Show the state and outputs of the stack", Args: cobra.NoArgs, Example: "  zagg deploy status --stack zagg-backend --json",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.deployStatus(cmd.Context(), o) },
	}
	down := &cobra.Command{
		Use: "down", Short: "Remove the stack; keep buckets and stores", Args: cobra.NoArgs, Example: "  zagg deploy down --stack zagg-backend",
		RunE: func(cmd *cobra.Command, _ []string) error { return a.deployDown(cmd.Context(), o) },
	}
	for _, sub := range []*cobra.Command{up, update, status, down} {
		sub.Flags().StringVar(&o.serviceName, "service", "worker", "service: "+strings.Join(serviceNames(), ", "))
		sub.Flags().StringVar(&o.stack, "stack", "", "name of the CloudFormation stack (default: the service's, "+stacksHelp()+")")
		sub.Flags().StringVar(&o.region, "region", "us-west-2", "AWS region of the function; in the region of the granules reading is free")
		sub.RegisterFlagCompletionFunc("service", fixed(serviceNames()...))
		sub.PreRunE = func(cmd *cobra.Command, _ []string) error { return o.resolve(cmd) }
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
	f.StringVar(&o.bundle, "bundle", "", "zip of the function, made by \"zagg bundle\" (default: up builds it, update leaves it as it is)")
	f.StringVar(&o.artifacts, "artifact-bucket", "", "bucket for the zip, in the same region (default zagg-artifacts-ACCOUNT-REGION, created if missing)")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	parameterFlags(f)
	c.RegisterFlagCompletionFunc("architecture", fixed("arm64", "x86_64"))
}

// resolve finds the service, and its stack if none is named.
func (o *deployOptions) resolve(c *cobra.Command) error {
	s, ok := stack.Services()[o.serviceName]
	if !ok {
		return fmt.Errorf("--service is %q; have %s: %w for `zagg deploy`", o.serviceName, strings.Join(serviceNames(), ", "), errUsage)
	}
	o.stack = cmp.Or(o.stack, s.StackName)
	return foreign(s, c)
}

func (o *deployOptions) service() stack.Service { return stack.Services()[o.serviceName] }

func (a *app) deployUp(cmd *cobra.Command, o *deployOptions, create bool) error {
	given := given(o.service(), cmd)
	if wrong := o.service().Check(given, create); wrong != "" {
		return fmt.Errorf("%s: %w for `%s`", wrong, errUsage, cmd.CommandPath())
	}
	ctx := cmd.Context()
	c, err := stack.OpenCloud(ctx, o.region, o.stack)
	if err != nil {
		return err
	}
	changed, err := c.Up(ctx, stack.Up{Service: o.service(), Given: given, Create: create, Bundle: o.bundle, Artifacts: o.artifacts}, a.asker(o))
	switch {
	case errors.Is(err, stack.ErrDeclined):
		fmt.Fprintln(a.stderr, "Nothing was changed.")
		return errSilent
	case err != nil:
		return err
	case !changed:
		fmt.Fprintln(a.stdout, "Nothing to change.")
		return nil
	}
	return a.deployStatus(ctx, o)
}

// asker asks on the terminal and shows there what happens.
func (a *app) asker(o *deployOptions) stack.Asker {
	return stack.Asker{
		Confirm: func(question string) bool { return a.confirm(o.yes, question) },
		Say:     func(line string) { fmt.Fprintln(a.stderr, "  "+line) },
		Show:    func(p *stack.Plan) { p.Print(a.stderr, o.stack, o.region) },
		Log:     a.stderr,
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
	c, err := stack.OpenCloud(ctx, o.region, o.stack)
	if err != nil {
		return err
	}
	state, err := c.Stack.Describe(ctx)
	if err != nil {
		return err
	}
	return a.printResult(state, o.json)
}

func (a *app) deployDown(ctx context.Context, o *deployOptions) error {
	c, err := stack.OpenCloud(ctx, o.region, o.stack)
	if err != nil {
		return err
	}
	question := func(s *stack.State) string {
		return fmt.Sprintf("Remove stack %s (%s) in %s? Buckets and stores stay.", s.Name, s.Status, o.region)
	}
	gone, err := c.Down(ctx, o.service(), question, a.asker(o))
	if errors.Is(err, stack.ErrDeclined) {
		fmt.Fprintln(a.stderr, "Nothing was removed.")
		return errSilent
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "Stack %s is deleted. Kept: %s.\n", gone.Name, o.service().RemainingBuckets(gone.Parameters))
	return nil
}
