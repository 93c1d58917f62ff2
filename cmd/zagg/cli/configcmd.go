package cli

// "zagg config": checking, showing and writing configurations.

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/draft"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/plugins"
	"github.com/englacial/zagg/internal/quantity"
)

func (a *app) configCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "config",
		Short: "Check run configurations, show the shipped ones, draft one from a file, print the JSON schema",
		Example: `  zagg config check my.yaml
  zagg config show atl06 > my.yaml
  zagg config new --from granule.h5 -o my.yaml
  zagg config schema > zagg.schema.json`,
	}
	c.AddCommand(a.configCheck(), a.configShow(), a.configNew(), a.configSchema())
	return c
}

func (a *app) configCheck() *cobra.Command {
	var granules []string
	c := &cobra.Command{
		Use:   "check FILE…",
		Short: "Check configurations: keys, values, names of grids, readers and statistics, expressions",
		Long: `Check everything that can be checked without data. Each error names file, line and key. The exit code is 1 if a file has an
error, and 3 if names could not be checked because they belong to plugins, which this command does not start.

To check in an editor while you type, begin the file with this line (YAML language server):
  # yaml-language-server: $schema=zagg.schema.json
and create the schema with: zagg config schema > zagg.schema.json`,
		Example: "  zagg config check my.yaml\n  zagg config check my.yaml --granule granules/first.h5",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			failed, left := false, false
			for _, name := range args {
				cfg, notes, err := config.Open(name)
				for _, n := range notes {
					fmt.Fprintln(a.stdout, n)
				}
				if err == nil {
					err = a.checkConfig(cmd.Context(), cfg, granules)
				}
				if unknown, ok := errors.AsType[*plugins.NotStartedError](err); ok {
					fmt.Fprintf(a.stdout, "%s: keys and values are ok; names and expressions were not checked: %v\n", name, unknown)
					left = true
					continue
				}
				if err != nil {
					fmt.Fprintln(a.stderr, err)
					failed = true
					continue
				}
				fmt.Fprintf(a.stdout, "%s: ok, %s on %s, semantic hash %s\n", name, quantity.Counted(int64(len(cfg.Aggregation.Arrays)), "variable"), cfg.Output.Grid.Type, cfg.SemanticHash())
			}
			switch {
			case failed:
				return errSilent
			case left:
				return errIncomplete
			}
			return nil
		},
	}
	c.Flags().StringArrayVar(&granules, "granule", nil, "also check datasets, their types and units in this granule (file or URL); repeatable")
	return c
}

// checkConfig compiles a configuration, and reads the beginning of granules as a run would.
func (a *app) checkConfig(ctx context.Context, cfg *config.Config, granules []string) error {
	recipe, err := a.compile(ctx, cfg)
	if err != nil {
		return err
	}
	for _, n := range recipe.Notes {
		fmt.Fprintf(a.stdout, "note: %s\n", n)
	}
	if len(granules) == 0 {
		return nil
	}
	source, err := drivers.Open(ctx, drivers.Environment(), granules...)
	if err != nil {
		return err
	}
	for _, url := range granules {
		g, from := core.Granule{ID: url, Assets: map[string]string{"data": url}}, objstore.RetryReader(source, objstore.Policy{})
		if err := recipe.Probe(ctx, from, g); err != nil {
			return err
		}
		notes, err := recipe.Units(ctx, from, g)
		if err != nil {
			return err
		}
		for _, n := range notes {
			fmt.Fprintf(a.stdout, "note: %s\n", n)
		}
	}
	return nil
}

func (a *app) configShow() *cobra.Command {
	return &cobra.Command{
		Use:   "show [NAME]",
		Short: "Print a shipped configuration, or list their names",
		Args:  cobra.MaximumNArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return config.Shipped(), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				for _, name := range config.Shipped() {
					fmt.Fprintln(a.stdout, name)
				}
				return nil
			}
			text, err := config.ShippedText(args[0])
			if err != nil {
				return err
			}
			_, err = a.stdout.Write(text)
			return err
		},
	}
}

func (a *app) configNew() *cobra.Command {
	var from, out string
	c := &cobra.Command{
		Use:   "new --from GRANULE [-o FILE]",
		Short: "Draft a configuration from any HDF5 file",
		Long: `Draft a configuration from an HDF5 file or URL. The draft has groups such as beams, coordinates, the datasets with one row per
observation with their units and fill values, quality flags with their good values and frequencies, records that own
observations (segments of photons), and a grid as fine as the spacing of the observations. Comments explain what was chosen and
what was left out. Before it is printed, the draft is checked and tried on the file.`,
		Example: "  zagg config new --from granule.h5 -o my.yaml\n  zagg config new --from s3://bucket/granule.h5 | less",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx := cmd.Context()
			source, err := drivers.Open(ctx, drivers.Environment(), from)
			if err != nil {
				return err
			}
			text, err := draft.New(ctx, objstore.RetryReader(source, objstore.Policy{}), from)
			if err != nil {
				return err
			}
			cfg, _, err := config.Parse("draft", text)
			if err == nil {
				err = a.checkConfig(ctx, cfg, []string{from})
			}
			if err != nil {
				return fmt.Errorf("the draft cannot be used, and is not written: %w", err)
			}
			if out == "" {
				_, err = a.stdout.Write(text)
				return err
			}
			return writeNew(out, text)
		},
	}
	c.Flags().StringVar(&from, "from", "", "the file, a path or URL")
	c.Flags().StringVarP(&out, "output", "o", "", "file to write, which must not exist (default: print)")
	_ = c.MarkFlagRequired("from")
	return c
}

// writeNew writes a file that is not there yet.
func writeNew(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return core.Errorf(core.Invalid, "config new", name, "cannot be made: %w", err)
	}
	if _, err := f.Write(text); err != nil {
		_ = f.Close()
		return err
	}
	return f.Close()
}

func (a *app) configSchema() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:   "schema [--config FILE]",
		Short: "Print the JSON schema of configurations, for editors",
		Long: `Print the JSON schema of configurations. With --config it includes the keys of the configuration's plugins: settings of grids
and readers, and params. Plugin processes are started only with --allow-plugins.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			schema := config.Schema()
			if file != "" {
				cfg, _, err := config.Open(file)
				if err != nil {
					return err
				}
				if schema, err = a.plugins.SchemaFor(cmd.Context(), cfg, schema); err != nil {
					return err
				}
			}
			_, err := a.stdout.Write(append(schema, '\n'))
			return err
		},
	}
	c.Flags().StringVar(&file, "config", "", "include the keys of this run configuration's plugins")
	return c
}
