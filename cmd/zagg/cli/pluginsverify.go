package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/internal/plugins"
)

// verifyOptions are the flags of `zagg plugins verify`.
type verifyOptions struct {
	plugins.VerifyOptions
	configs []string
	json    bool
}

func (a *app) pluginsVerify() *cobra.Command {
	o := verifyOptions{}
	c := &cobra.Command{
		Use:   "verify EXECUTABLE [ARGUMENT…]",
		Short: "Hold a plugin against the promises of grids, readers and statistics, and print what it broke",
		Long: `Start an executable and run the conformance suites on everything it offers. The name of a plugin does in place of an executable.

What a grid, reader or statistic is made from is given with --with NAME=JSON. Without it the first of the "examples" in its
JSON schema is taken, or {}. Readers need granules to read: a few small ones. Exits 1 if a promise was broken.`,
		Example: `  zagg plugins verify ./zagg-plugin-mine --with 'mygrid={"cell": 100}'
  zagg plugins verify --granule sample.csv -- python3 csv_reader.py`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.verify(cmd.Context(), o, args) },
	}
	f := c.Flags()
	f.StringArrayVar(&o.configs, "with", nil, "NAME=JSON: the configuration of one grid, reader or statistic; may be repeated")
	f.StringArrayVar(&o.Granules, "granule", nil, "a granule for readers: a path or URL; may be repeated")
	f.StringSliceVar(&o.Columns, "columns", nil, "columns that readers are asked for (default: all that the first granule has)")
	f.BoolVar(&o.Prefix, "prefix", false, "the beginning of a granule can be a granule, as of lines of text: one that is cut there may be read")
	f.BoolVar(&o.Short, "short", false, "fewer and smaller inputs")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.Uint64Var(&o.Seed, "seed", 0, "of the random inputs; a failure says which it was")
	f.DurationVar(&o.Limit, "limit", 2*time.Minute, "for one check")
	return c
}

// verify runs the suites and prints their results.
func (a *app) verify(ctx context.Context, o verifyOptions, args []string) error {
	plugin, err := a.plugins.One(ctx, args)
	if err != nil {
		return err
	}
	o.With = map[string]string{}
	for _, c := range o.configs {
		name, text, ok := strings.Cut(c, "=")
		if !ok || !json.Valid([]byte(text)) {
			return fmt.Errorf("--with %s: want NAME=JSON: %w for `zagg plugins verify`", c, errUsage)
		}
		o.With[name] = text
	}
	v := plugins.Verify(ctx, plugin, o.VerifyOptions)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return a.printResults(plugin, v, o.json)
}

// A checked is one check as --json prints it.
type checked struct {
	Name     string   `json:"name"`
	Passed   bool     `json:"passed"`
	Failures []string `json:"failures,omitempty"`
	Seconds  float64  `json:"seconds"`
}

func (a *app) printResults(p core.Plugin, v *plugins.Verification, asJSON bool) error {
	results := v.Results()
	broken := slices.DeleteFunc(slices.Clone(results), func(r coretest.Result) bool { return r.Passed() })
	if asJSON {
		list := make([]checked, len(results))
		for i, r := range results {
			list[i] = checked{Name: r.Name, Passed: r.Passed(), Failures: r.Failures, Seconds: r.Took.Seconds()}
		}
		if err := a.printJSON(map[string]any{"plugin": p.Name, "version": p.Version, "checks": list, "skipped": v.Skipped, "broken": len(broken)}); err != nil {
			return err
		}
	} else {
		var text bytes.Buffer
		for _, r := range results {
			word := "ok    "
			if !r.Passed() {
				word = "BROKEN"
			}
			fmt.Fprintf(&text, "%s  %s (%.2f s)\n", word, r.Name, r.Took.Seconds())
			for _, f := range r.Failures {
				fmt.Fprintf(&text, "        %s\n", strings.ReplaceAll(f, "\n", "\n        "))
			}
		}
		for _, s := range v.Skipped {
			fmt.Fprintf(&text, "skip    %s\n", s)
		}
		fmt.Fprintf(&text, "plugin %s %s: %d checks, %d broken, %d skipped\n", p.Name, p.Version, len(results), len(broken), len(v.Skipped))
		if _, err := a.stdout.Write(text.Bytes()); err != nil {
			return err
		}
	}
	if len(broken) > 0 {
		return errSilent
	}
	return nil
}
