package cli

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bundle"
	"github.com/englacial/zagg/internal/deploy"
	"github.com/englacial/zagg/internal/quickdeploy"
	"github.com/englacial/zagg/internal/zippatch"
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
		Long: `Change files inside the zip that functions are made from, by the function zipedit ("zagg deploy up --service zipedit") or
from this machine (--local), then have all functions take it, at the same time. Their configuration stays. A function that
fails does not hold the others up; the exit code is then 1. docs/quickdeploy.md tells more.

With --bundle the worker is built from the working tree, and what differs from the zip is changed: the loop of editing a
plugin and trying it. --rollback goes back to the version of the zip before, in a bucket with versioning.`,
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
	f.StringVar(&o.zip, "zip", "", "the zip: s3://BUCKET/KEY (default with --stack: that which zagg deploy made the stack from)")
	f.StringArrayVar(&o.changes, "change", nil, "NAME=FILE: NAME in the zip becomes what FILE has, or is added; may be repeated")
	f.StringArrayVar(&o.removals, "delete", nil, "NAME in the zip is deleted; may be repeated")
	f.StringSliceVar(&o.functions, "functions", nil, "functions to update, by name or ARN")
	f.StringVar(&o.stack, "stack", "", "update all functions of this CloudFormation stack")
	f.StringVar(&o.region, "region", "us-west-2", "AWS region of the functions and the zip")
	f.StringVar(&o.zipedit, "zipedit", "zipedit", "name of the function that changes the zip")
	f.BoolVar(&o.local, "local", false, "change the zip from this machine, without the function zipedit")
	f.BoolVar(&o.dryRun, "dry-run", false, "say what would be done and do nothing")
	f.BoolVar(&o.rollback, "rollback", false, "go back to the version of the zip before")
	f.BoolVar(&o.rebuild, "bundle", false, "build the zip's function from the working tree and change what differs")
	f.StringSliceVar(&o.build.Builtins, "builtin", nil, "with --bundle: built-in plugins to have (default: those of the zip)")
	f.StringArrayVar(&o.plugins, "plugin", nil, "with --bundle: Go package of a third-party plugin; may be repeated")
	f.StringArrayVar(&o.replaces, "replace", nil, "with --bundle: take a plugin from a folder: PACKAGE=FOLDER; may be repeated")
	f.StringVar(&o.build.Source, "source", "", "with --bundle: folder with zagg's source (default: the checkout around the working folder)")
	f.BoolVar(&o.asJSON, "json", false, "print what was done as JSON")
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

// A quick is one quickdeploy under way.
type quick struct {
	*app
	o         *quickOptions
	zip       *zippatch.Object
	lambda    *lambda.Client
	functions []string
	poll      time.Duration
	began     time.Time
}

// A quickResult is what was done, for --json.
type quickResult struct {
	Zip       string               `json:"zip"`
	Added     int                  `json:"added"`
	Modified  int                  `json:"modified"`
	Deleted   int                  `json:"deleted"`
	Restored  string               `json:"restored_version,omitempty"`
	Seconds   float64              `json:"seconds"`
	Functions []quickdeploy.Result `json:"functions"`
}

func (a *app) quickdeploy(ctx context.Context, o *quickOptions) error {
	q, err := a.openQuick(ctx, o)
	if err != nil {
		return err
	}
	done := &quickResult{Zip: q.zip.URL()}
	if o.rollback {
		err = q.goBack(ctx, done)
	} else {
		err = q.change(ctx, done)
	}
	if err != nil || o.dryRun {
		return err
	}
	done.Functions = q.update(ctx)
	done.Seconds = time.Since(q.began).Seconds()
	return q.report(done)
}

// openQuick finds the zip and the functions.
func (a *app) openQuick(ctx context.Context, o *quickOptions) (*quick, error) {
	c, err := deploy.OpenCloud(ctx, o.region, o.stack)
	if err != nil {
		return nil, err
	}
	q := &quick{app: a, o: o, lambda: lambda.NewFromConfig(c.Config), functions: o.functions, poll: c.Stack.Poll / 4, began: time.Now()}
	address := o.zip
	if o.stack != "" {
		if q.functions, err = c.Stack.Functions(ctx); err != nil {
			return nil, err
		}
		if address == "" {
			state, err := c.Stack.Describe(ctx)
			if err != nil {
				return nil, err
			}
			bucket, key := state.Parameters["ArtifactBucket"], state.Parameters["FunctionS3Key"]
			if bucket == "" || key == "" {
				return nil, core.Errorf(core.Invalid, "--stack", o.stack, "zagg deploy did not make this stack: say which zip its functions are made from with --zip")
			}
			address = "s3://" + bucket + "/" + key
		}
	}
	slices.Sort(q.functions)
	if q.functions = slices.Compact(q.functions); len(q.functions) == 0 {
		return nil, core.Errorf(core.NotFound, "--stack", o.stack, "the stack has no Lambda function")
	}
	bucket, key, err := zippatch.Address(address)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "--zip", "", "%w", err)
	}
	q.zip = &zippatch.Object{Client: zippatch.NewClient(c.Config), Bucket: bucket, Key: key}
	return q, nil
}

// change patches the zip.
func (q *quick) change(ctx context.Context, done *quickResult) error {
	changes, err := q.changes()
	if err != nil {
		return err
	}
	if q.o.rebuild {
		built, err := q.rebuilt(ctx)
		if err != nil {
			return err
		}
		changes = append(built, changes...)
	}
	if q.o.dryRun {
		return q.would(ctx, changes)
	}
	if len(changes) == 0 {
		fmt.Fprintf(q.stderr, "Nothing in %s has changed.\n", q.zip.URL())
		return nil
	}
	began := time.Now()
	var n zippatch.Counts
	if q.o.local {
		n, err = quickdeploy.Local(ctx, q.zip, changes)
	} else {
		n, err = quickdeploy.Remote(ctx, q.lambda, q.o.zipedit, q.zip, changes)
		if core.Is(err, core.NotFound) {
			err = fmt.Errorf("%w\n`zagg deploy up --service zipedit --zip-bucket %s` makes the function; --local does without it", err, q.zip.Bucket)
		}
	}
	if err != nil {
		return err
	}
	done.Added, done.Modified, done.Deleted = n.Added, n.Modified, n.Deleted
	fmt.Fprintf(q.stderr, "%s: %d added, %d modified, %d deleted in %s\n", q.zip.URL(), n.Added, n.Modified, n.Deleted, seconds(time.Since(began).Seconds()))
	return nil
}

// changes are those of the flags.
func (q *quick) changes() ([]quickdeploy.Change, error) {
	var list []quickdeploy.Change
	for _, text := range q.o.changes {
		name, file, ok := strings.Cut(text, "=")
		if !ok || name == "" || file == "" {
			return nil, fmt.Errorf("--change %q: want NAME=FILE: %w for `zagg quickdeploy`", text, errUsage)
		}
		data, err := os.ReadFile(file)
		if err != nil {
			return nil, core.Errorf(core.NotFound, "--change", name, "%w", err)
		}
		list = append(list, quickdeploy.Change{Name: name, Data: append([]byte{}, data...)})
	}
	for _, name := range q.o.removals {
		list = append(list, quickdeploy.Change{Name: name})
	}
	return list, nil
}

// rebuilt are the files that differ when the function is built from the working tree.
func (q *quick) rebuilt(ctx context.Context) ([]quickdeploy.Change, error) {
	began := time.Now()
	o := q.o.build
	if err := choosePlugins(&o, q.o.plugins, q.o.replaces); err != nil {
		return nil, err
	}
	changes, err := quickdeploy.Rebuilt(ctx, q.zip, o, q.stderr)
	if err == nil {
		fmt.Fprintf(q.stderr, "Built in %s; %d files differ\n", seconds(time.Since(began).Seconds()), len(changes))
	}
	return changes, err
}

// goBack makes the version before the present one.
func (q *quick) goBack(ctx context.Context, done *quickResult) error {
	v, err := q.zip.Previous(ctx)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("%s: version %s of %s", q.zip.URL(), v.ID, v.Modified.UTC().Format(time.RFC3339))
	if q.o.dryRun {
		fmt.Fprintf(q.stdout, "Would restore %s\n", what)
		return q.wouldUpdate(ctx)
	}
	if err := q.zip.Restore(ctx, v); err != nil {
		return err
	}
	done.Restored = v.ID
	fmt.Fprintf(q.stderr, "%s restored\n", what)
	return nil
}

// would says what a patch would do.
func (q *quick) would(ctx context.Context, changes []quickdeploy.Change) error {
	old, err := q.zip.List(ctx)
	if err != nil {
		return err
	}
	for _, c := range changes {
		e := old.Find(c.Name)
		switch {
		case c.Data == nil && e == nil:
			return core.Errorf(core.NotFound, "--delete", c.Name, "is not in %s", q.zip.URL())
		case c.Data == nil:
			fmt.Fprintf(q.stdout, "Would delete %s, %s bytes\n", c.Name, thousands(e.Size()))
		case e == nil:
			fmt.Fprintf(q.stdout, "Would add %s, %s bytes\n", c.Name, thousands(int64(len(c.Data))))
		default:
			fmt.Fprintf(q.stdout, "Would modify %s, %s bytes, now %s\n", c.Name, thousands(int64(len(c.Data))), thousands(e.Size()))
		}
	}
	return q.wouldUpdate(ctx)
}

func (q *quick) wouldUpdate(ctx context.Context) error {
	for _, name := range q.functions {
		out, err := q.lambda.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: &name})
		if err != nil {
			return core.Errorf(core.NotFound, "function", name, "%w", err)
		}
		fmt.Fprintf(q.stdout, "Would update %s, code %s\n", name, cmp.Or(*out.CodeSha256, "unknown"))
	}
	return nil
}

// report prints the results; a function that failed makes the command fail.
func (q *quick) report(done *quickResult) error {
	failed := 0
	for _, r := range done.Functions {
		if r.Err != nil {
			failed++
		}
	}
	if q.o.asJSON {
		enc := json.NewEncoder(q.stdout)
		enc.SetIndent("", "  ")
		if err := enc.Encode(done); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(q.stdout, "%d of %d functions have the new code, %s in all\n", len(done.Functions)-failed, len(done.Functions), seconds(done.Seconds))
	}
	if failed > 0 {
		return errSilent
	}
	return nil
}
