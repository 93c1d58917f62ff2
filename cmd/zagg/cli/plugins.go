package cli

// "zagg plugins" and its commands that list and describe.

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/plugins"
)

func (a *app) pluginsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "plugins",
		Short: "List, describe and verify grids, readers and statistics",
		Long: `Plugins provide grids, product readers and statistics. Some are linked into this program; others are executables with the
plugin protocol, which zagg finds

  - under plugins: in a run's configuration,
  - as zagg-plugin-NAME in the folders of $ZAGG_PLUGIN_PATH, or as files named there,
  - as zagg-plugin-NAME in the user's plugin folder ($XDG_DATA_HOME/zagg/plugins, ~/.local/share/zagg/plugins).

A run starts the plugins that its configuration lists, and searches the other places only for names that no plugin offers.`,
		Example: `  zagg plugins list
  zagg plugins describe healpix
  zagg plugins verify ./zagg-plugin-mine --granule sample.csv
  zagg plugins new statistic --lang python roughness`,
	}
	c.PersistentPreRun = func(*cobra.Command, []string) { a.plugins.Trust.Starts = true } // what they are about
	c.AddCommand(a.pluginsList(), a.pluginsDescribe(), a.pluginsVerify(), a.pluginsNew(), a.pluginsLock(), a.pluginsAdd(), a.pluginsServe())
	return c
}

// listPlugins are all plugins, with those of a configuration where one is named.
func (a *app) listPlugins(ctx context.Context, configFile string) ([]plugins.Info, []error, error) {
	if configFile == "" {
		return a.plugins.All(ctx, nil)
	}
	cfg, _, err := config.Open(configFile)
	if err != nil {
		return nil, nil, err
	}
	return a.plugins.All(ctx, cfg.Plugins)
}

func (a *app) pluginsList() *cobra.Command {
	var asJSON bool
	var configFile string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the grids, readers and statistics of all plugins",
		Long: `List the grids, readers and statistics of the plugins that are linked in and of those in the usual places, which are started
for this. The exit code is 1 if an executable cannot be started or two plugins offer the same name.`,
		Example: `  zagg plugins list
  zagg plugins list --config my.yaml --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			infos, failures, err := a.listPlugins(cmd.Context(), configFile)
			if err != nil {
				return err
			}
			failures = append(failures, plugins.Conflicts(infos)...)
			if asJSON {
				err = a.printJSON(map[string]any{"plugins": infos, "problems": errorTexts(failures)})
			} else {
				err = plugins.Print(a.stdout, infos)
				for _, f := range failures {
					fmt.Fprintln(a.stderr, "zagg:", f)
				}
			}
			if err == nil && len(failures) > 0 {
				return errSilent
			}
			return err
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	c.Flags().StringVar(&configFile, "config", "", "also list the plugins of this run configuration")
	return c
}

func errorTexts(errs []error) []string {
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return texts
}

func (a *app) pluginsDescribe() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "describe NAME|EXECUTABLE [ARGUMENT…]",
		Short: "Describe a plugin and the settings of its grids, readers and statistics",
		Long: `Describe a plugin, given its name, the name of something it offers, or its executable. For an executable also print the SHA-256
to use in a configuration.`,
		Example: `  zagg plugins describe healpix
  zagg plugins describe ./zagg-plugin-mine
  zagg plugins describe -- python3 csv_reader.py`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			infos, failures, err := a.plugins.Named(cmd.Context(), args)
			for _, f := range failures {
				fmt.Fprintln(a.stderr, "zagg:", f)
			}
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(infos)
			}
			for i := range infos {
				infos[i].Describe(a.stdout)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}
