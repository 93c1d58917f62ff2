package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/internal/drivers"
)

// verifyOptions are the flags of `zagg plugins verify`.
type verifyOptions struct {
	configs  []string
	granules []string
	columns  []string
	short    bool
	prefix   bool
	json     bool
	seed     uint64
	limit    time.Duration
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
	f.StringArrayVar(&o.granules, "granule", nil, "a granule for readers: a path or URL; may be repeated")
	f.StringSliceVar(&o.columns, "columns", nil, "columns that readers are asked for (default: all that the first granule has)")
	f.BoolVar(&o.prefix, "prefix", false, "the beginning of a granule can be a granule, as of lines of text: one that is cut there may be read")
	f.BoolVar(&o.short, "short", false, "fewer and smaller inputs")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.Uint64Var(&o.seed, "seed", 0, "of the random inputs; a failure says which it was")
	f.DurationVar(&o.limit, "limit", 2*time.Minute, "for one check")
	return c
}

// verify runs the suites and prints their results.
func (a *app) verify(ctx context.Context, o verifyOptions, args []string) error {
	plugin, err := a.toVerify(ctx, args)
	if err != nil {
		return err
	}
	with := map[string]string{}
	for _, c := range o.configs {
		name, text, ok := strings.Cut(c, "=")
		if !ok || !json.Valid([]byte(text)) {
			return fmt.Errorf("--with %s: want NAME=JSON: %w for `zagg plugins verify`", c, errUsage)
		}
		with[name] = text
	}
	v := &verification{o: o, with: with, recorder: coretest.NewRecorder(ctx, o.limit)}
	v.run(ctx, a, plugin)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return a.printResults(plugin, v)
}

func (a *app) toVerify(ctx context.Context, args []string) (core.Plugin, error) {
	if !isExecutable(args) {
		for _, p := range a.host.Plugins() {
			if p.Name == args[0] {
				return p, nil
			}
		}
		for _, c := range remote.Discover(a.plugins.getenv) {
			if c.Name == args[0] {
				args = []string{c.Path}
			}
		}
	}
	p, err := a.plugins.open(ctx, remote.Options{Command: inFolder(args)})
	if err != nil {
		return core.Plugin{}, err
	}
	return p.Core(), nil
}

// A verification is one run of the suites.
type verification struct {
	o        verifyOptions
	with     map[string]string
	recorder *coretest.Recorder
	skipped  []string
}

func (v *verification) run(ctx context.Context, a *app, p core.Plugin) {
	opt := coretest.Options{Seed: v.o.seed, Short: v.o.short}
	for _, m := range p.Grids {
		v.recorder.Run("grid "+m.Name, func(r *coretest.Recorder) {
			config := v.config(m.Name, m.Schema)
			coretest.Maker(r, m, config)
			coretest.Grid(r, coretest.Make(m, config), coretest.GridOptions{Options: opt})
		})
	}
	for _, m := range p.Statistics {
		v.recorder.Run("statistic "+m.Name, func(r *coretest.Recorder) {
			config := v.config(m.Name, m.Schema)
			coretest.Maker(r, m, config)
			coretest.Statistic(r, coretest.Make(m, config), coretest.StatisticOptions{Options: opt})
		})
	}
	if len(p.Readers) == 0 {
		return
	}
	if len(v.o.granules) == 0 {
		for _, m := range p.Readers {
			v.skipped = append(v.skipped, "reader "+m.Name+": give it granules with --granule")
		}
		return
	}
	store, err := drivers.Open(ctx, drivers.Environment(), v.o.granules...)
	var granules []core.Granule
	for _, g := range v.o.granules {
		granules = append(granules, core.Granule{ID: filepath.Base(g), Assets: map[string]string{"data": g}})
	}
	for _, m := range p.Readers {
		v.recorder.Run("reader "+m.Name, func(r *coretest.Recorder) {
			if err != nil {
				r.Errorf("%v", err)
				return
			}
			source := objstore.RetryReader(store, objstore.Policy{})
			config := v.config(m.Name, m.Schema)
			coretest.Maker(r, m, config)
			coretest.Reader(r, coretest.Make(m, config), source, granules, coretest.ReaderOptions{Options: opt, Columns: v.o.columns, Prefix: v.o.prefix})
		})
	}
}

// config is what a thing is made from: as given, or the schema's first example, or nothing.
func (v *verification) config(name string, schema json.RawMessage) string {
	if text, ok := v.with[name]; ok {
		return text
	}
	var s struct {
		Examples []json.RawMessage `json:"examples"`
	}
	if json.Unmarshal(schema, &s) == nil && len(s.Examples) > 0 {
		return string(s.Examples[0])
	}
	return "{}"
}

// A checked is one check as --json prints it.
type checked struct {
	Name     string   `json:"name"`
	Passed   bool     `json:"passed"`
	Failures []string `json:"failures,omitempty"`
	Seconds  float64  `json:"seconds"`
}

func (a *app) printResults(p core.Plugin, v *verification) error {
	results := v.recorder.Results()
	broken := slices.DeleteFunc(slices.Clone(results), func(r coretest.Result) bool { return r.Passed() })
	if v.o.json {
		list := make([]checked, len(results))
		for i, r := range results {
			list[i] = checked{Name: r.Name, Passed: r.Passed(), Failures: r.Failures, Seconds: r.Took.Seconds()}
		}
		if err := a.printJSON(map[string]any{"plugin": p.Name, "version": p.Version, "checks": list, "skipped": v.skipped, "broken": len(broken)}); err != nil {
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
		for _, s := range v.skipped {
			fmt.Fprintf(&text, "skip    %s\n", s)
		}
		fmt.Fprintf(&text, "plugin %s %s: %d checks, %d broken, %d skipped\n", p.Name, p.Version, len(results), len(broken), len(v.skipped))
		if _, err := a.stdout.Write(text.Bytes()); err != nil {
			return err
		}
	}
	if len(broken) > 0 {
		return errSilent
	}
	return nil
}
