package cli

// "zagg quickdeploy": changed files of a function, patched into its zip. The work is in internal/quickdeploy.

import (
	"context"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bundle"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/quickdeploy"
	"github.com/englacial/zagg/internal/screen"
)

// quickOptions are the flags of `zagg quickdeploy`.
type quickOptions struct {
	zip, stack, region, zipedit              string
	changes, removals, functions             []string
	plugins, replaces                        []string
	local, dryRun, rollback, rebuild, asJSON bool
	build                                    bundle.Options
}

func (a *app) quickdeployCommand() *cobra.Command {
	o := &quickOptions{}
	c := &cobra.Command{
		Use:   "quickdeploy --zip s3://BUCKET/KEY --change NAME=FILE… --functions A,B|--stack NAME",
		Short: "Change files of a function's zip in place and update functions in parallel",
		Long: `Change files inside the zip of one or more functions, with the function zipedit ("zagg deploy up --service zipedit") or from
this machine (--local), then update all functions in parallel. Their configuration stays. A function that fails does not delay
the others; the exit code is then 1. docs/quickdeploy.md explains the details.

With --bundle, build the worker from the working tree and change the files that differ from the zip, to try out changes of a
plugin. --rollback restores the previous version of the zip, in a bucket with versioning.`,
		Example: `  zagg quickdeploy --zip s3://my-bundles/app.zip --change config.json=config.json --functions one,two,three
  zagg quickdeploy --stack zagg-backend --bundle --local
  zagg quickdeploy --zip s3://my-bundles/app.zip --rollback --functions one,two,three`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return a.quickdeploy(cmd.Context(), o)
		},
	}
	f := c.Flags()
	f.StringVar(&o.zip, "zip", "", "the zip: s3://BUCKET/KEY (default with --stack: the zip of the stack)")
	f.StringArrayVar(&o.changes, "change", nil, "replace NAME in the zip with the contents of FILE, or add it: NAME=FILE; repeatable")
	f.StringArrayVar(&o.removals, "delete", nil, "delete NAME from the zip; repeatable")
	f.StringSliceVar(&o.functions, "functions", nil, "functions to update, by name or ARN")
	f.StringVar(&o.stack, "stack", "", "update all functions of this CloudFormation stack")
	f.StringVar(&o.region, "region", "us-west-2", "AWS region of the functions and the zip")
	f.StringVar(&o.zipedit, "zipedit", "zipedit", "name of the function that changes the zip")
	f.BoolVar(&o.local, "local", false, "change the zip from this machine, without the function zipedit")
	f.BoolVar(&o.dryRun, "dry-run", false, "print what would be done, and do nothing")
	f.BoolVar(&o.rollback, "rollback", false, "restore the previous version of the zip")
	f.BoolVar(&o.rebuild, "bundle", false, "build the zip's function from the working tree and change the files that differ")
	f.StringSliceVar(&o.build.Builtins, "builtin", nil, "with --bundle: built-in plugins to include (default: those of the zip)")
	f.StringArrayVar(&o.plugins, "plugin", nil, "with --bundle: Go package of a third-party plugin; repeatable")
	f.StringArrayVar(&o.replaces, "replace", nil, "with --bundle: use a local folder for a plugin: PACKAGE=FOLDER; repeatable")
	f.StringVar(&o.build.Source, "source", "", "with --bundle: folder with zagg's source (default: the checkout that contains the working folder)")
	f.BoolVar(&o.asJSON, "json", false, "print the result as JSON")
	return c
}

func (o *quickOptions) check() error {
	edits := len(o.changes) + len(o.removals)
	building := len(o.plugins)+len(o.replaces)+len(o.build.Builtins) > 0 || o.build.Source != ""
	wrong := ""
	switch {
	case len(o.functions) == 0 && o.stack == "":
		wrong = "--functions or --stack is missing"
	case len(o.functions) > 0 && o.stack != "":
		wrong = "--functions and --stack exclude each other"
	case o.zip == "" && o.stack == "":
		wrong = "--zip is missing"
	case o.rollback && (edits > 0 || o.rebuild):
		wrong = "--rollback goes with neither --change, --delete nor --bundle"
	case !o.rollback && !o.rebuild && edits == 0:
		wrong = "nothing to do: give --change, --delete, --bundle or --rollback"
	case building && !o.rebuild:
		wrong = "--builtin, --plugin, --replace and --source need --bundle"
	default:
		return nil
	}
	return fmt.Errorf("%s: %w for `zagg quickdeploy`", wrong, errUsage)
}

// options are the flags as what quickdeploy is asked for.
func (o *quickOptions) options(a *app) (quickdeploy.Options, error) {
	q := quickdeploy.Options{
		Zip: o.zip, Stack: o.stack, Region: o.region, Functions: o.functions, Local: o.local, Zipedit: o.zipedit, DryRun: o.dryRun, Rollback: o.rollback,
		Out: a.stdout, Log: a.stderr,
	}
	for _, text := range o.changes {
		name, file, ok := strings.Cut(text, "=")
		if !ok || name == "" || file == "" {
			return q, fmt.Errorf("--change %q: want NAME=FILE: %w for `zagg quickdeploy`", text, errUsage)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return q, core.Errorf(core.NotFound, "--change", name, "%w", err)
		}
		q.Changes = append(q.Changes, quickdeploy.Change{Name: name, Data: append([]byte{}, data...)})
	}
	for _, name := range o.removals {
		q.Changes = append(q.Changes, quickdeploy.Change{Name: name})
	}
	if o.rebuild {
		q.Build = &o.build
		return q, choosePlugins(q.Build, o.plugins, o.replaces)
	}
	return q, nil
}

func (a *app) quickdeploy(ctx context.Context, o *quickOptions) error {
	options, err := o.options(a)
	if err != nil {
		return err
	}
	s, err := quickdeploy.Open(ctx, options)
	if err != nil {
		return err
	}
	done, err := s.ChangeZip(ctx)
	if err != nil || o.dryRun {
		return err
	}
	a.updateFunctions(ctx, s, done)
	failed := done.Failed()
	if o.asJSON {
		if err := a.printJSON(done); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(a.stdout, "%d of %d functions have the new code, %s in all\n", len(done.Functions)-failed, len(done.Functions), quantity.Seconds(done.Seconds))
	}
	if failed > 0 {
		return errSilent
	}
	return nil
}

// updateFunctions has all functions take the zip and shows how far each is: a table that changes on a terminal, else a line for
// each that has come to an end.
func (a *app) updateFunctions(ctx context.Context, s *quickdeploy.Session, done *quickdeploy.Report) {
	table := screen.NewTable(a.stderr, s.Functions)
	if table == nil {
		s.Update(ctx, done, nil)
	} else {
		s.Update(ctx, done, table.Say)
		table.Wait()
	}
	for _, r := range done.Functions {
		if table == nil || r.Err != nil { // a row has no room for the reason
			fmt.Fprintln(a.stderr, r)
		}
	}
}
