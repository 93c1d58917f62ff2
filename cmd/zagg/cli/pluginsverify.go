package cli

// "zagg plugins verify": the conformance kit (core/coretest) on any plugin.

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/internal/plugins"
)

// verifyOptions are the flags of `zagg plugins verify`.
type verifyOptions struct {
	plugins.VerifyOptions
	configs []string
	memory  string
	json    bool
}

func (a *app) pluginsVerify() *cobra.Command {
	o := verifyOptions{}
	c := &cobra.Command{
		Use:   "verify EXECUTABLE [ARGUMENT…]",
		Short: "Test a plugin against the contract of grids, readers and statistics",
		Long: `Start a plugin, given its executable or its name, and run the conformance suites on everything it offers.

--with NAME=JSON gives the settings of a grid, reader or statistic. The default is the first of the "examples" in its JSON
schema, or {}. Readers need granules; a few small ones are enough. A plugin process is also tested for handshake, health,
signals and shutdown. Results are printed one by one, with an estimate of the remaining time: ok, BROKEN, skip (not tested,
with the reason), none (an optional method that it does not have). Optional methods are listed with what zagg uses them for.
--json prints a report (docs/formats/verify-report.md).

The exit code is 0 if all tests were run and passed, 1 if a test failed or none matches --only, and 3 if tests were skipped:
all tests of a reader without --granule, or those of a grid with too many or too large shards, for which --with can give
other settings.`,
		Example: `  zagg plugins verify ./zagg-plugin-mine --with 'mygrid={"cell": 100}'
  zagg plugins verify --granule sample.csv -- python3 csv_reader.py`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.verify(cmd.Context(), o, args) },
	}
	f := c.Flags()
	f.StringArrayVar(&o.configs, "with", nil, "settings of one grid, reader or statistic, NAME=JSON; repeatable")
	f.StringArrayVar(&o.Granules, "granule", nil, "granule for readers, a path or URL; repeatable")
	f.StringToStringVar(&o.Assets, "asset", nil, "additional file for readers, NAME=ADDRESS, as data_source.files; repeatable")
	f.StringSliceVar(&o.Columns, "columns", nil, "columns to read (default: all columns of the first granule)")
	f.BoolVar(&o.Prefix, "prefix", false, "a truncated granule can be a valid granule, as with lines of text")
	f.BoolVar(&o.Short, "short", false, "use fewer and smaller inputs")
	f.StringArrayVar(&o.Only, "only", nil, "run only checks whose names contain this, such as Cover or grid mine/; repeatable")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.Uint64Var(&o.Seed, "seed", 0, "seed of the random inputs; failures print it")
	f.StringVar(&o.memory, "memory", "", "memory limit of the plugin's process, such as 2GB (Linux only); default: none")
	f.DurationVar(&o.Limit, "limit", 2*time.Minute, "time limit for one check")
	return c
}

// verify runs the suites and prints their results.
func (a *app) verify(ctx context.Context, o verifyOptions, args []string) error {
	memory, err := humanize.ParseBytes(cmp.Or(o.memory, "0"))
	if err != nil || memory > 1<<50 {
		return fmt.Errorf("--memory %s: want an amount such as 2GB: %w for `zagg plugins verify`", o.memory, errUsage)
	}
	plugin, command, err := a.plugins.One(ctx, args, int64(memory))
	if err != nil {
		return err
	}
	o.Process = command
	o.With = map[string]string{}
	for _, c := range o.configs {
		name, text, ok := strings.Cut(c, "=")
		if !ok || !json.Valid([]byte(text)) {
			return fmt.Errorf("--with %s: want NAME=JSON: %w for `zagg plugins verify`", c, errUsage)
		}
		o.With[name] = text
	}
	if !o.json {
		o.Each = func(r coretest.Result) { plugins.PrintCheck(a.stdout, &r) }
	}
	v := plugins.Verify(ctx, plugin, o.VerifyOptions)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	verdict := v.Verdict()
	switch err := a.printResult(verdict, o.json); {
	case err != nil:
		return err
	case len(v.Unmatched()) > 0:
		return core.Errorf(core.Invalid, "plugins verify", plugin.Name, "--only %s: no check has that in its name; without --only their names are printed", strings.Join(v.Unmatched(), ", "))
	case verdict.Broken > 0:
		return errSilent
	case len(verdict.Checks) == 0:
		return core.Errorf(core.Invalid, "plugins verify", plugin.Name, "no check was made")
	case len(verdict.Skipped) > 0:
		return errIncomplete
	}
	return nil
}
