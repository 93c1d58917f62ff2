package cli

// The commands of "zagg plugins" that fetch, lock and serve plugins. The work is in internal/plugins.

import (
	"fmt"

	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/plugins"
	"github.com/englacial/zagg/internal/quantity"
)

func (a *app) pluginsLock() *cobra.Command {
	return &cobra.Command{
		Use:   "lock CONFIG",
		Short: "Write the versions and digests of a configuration's plugins into zagg.lock beside it",
		Long: `Start the plugins of a configuration and write their names, versions and digests into zagg.lock in its folder. From then on
commands that use the configuration refuse other code, and the error shows what was found and what is locked.
Configurations in one folder share the file. Commit it with them.`,
		Example: "  zagg plugins lock my.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, _, err := config.Open(args[0])
			if err != nil {
				return err
			}
			lock, err := a.plugins.Lock(cmd.Context(), cfg)
			if err != nil {
				return err
			}
			for _, p := range lock.Plugins {
				fmt.Fprintf(a.stdout, "%s %s %s\n", p.Name, p.Version, p.Digest)
			}
			_, err = fmt.Fprintf(a.stdout, "%s: %s\n", lock.Path, quantity.Counted(int64(len(lock.Plugins)), "plugin"))
			return err
		},
	}
}

func (a *app) pluginsAdd() *cobra.Command {
	var yes bool
	var as string
	c := &cobra.Command{
		Use:   "add URL|FILE|MODULE@VERSION",
		Short: "Install a plugin into the user's plugin folder",
		Long: `Download an executable from an https:// address, copy a file, or build a Go package; show its size and SHA-256, ask for
confirmation, and install it into the user's plugin folder, where runs find it by name. The plugin is not started. A script
must be a single file.`,
		Example: `  zagg plugins add ./zagg-plugin-mine
  zagg plugins add https://example.org/zagg-plugin-mine
  zagg plugins add example.org/planefit/cmd/zagg-plugin-planefit@v1.2.0`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			got, err := plugins.Fetch(cmd.Context(), args[0], as)
			if err != nil {
				return err
			}
			defer got.Discard()
			fmt.Fprintf(a.stdout, "plugin  %s\nfrom    %s\nsize    %s\nsha256  %s\nto      %s\n", got.Name, got.From, humanize.IBytes(uint64(got.Size)), got.SHA256, got.To)
			if got.Replaces != "" {
				fmt.Fprintf(a.stdout, "instead of sha256 %s\n", got.Replaces)
			}
			if !a.confirm(yes, "Copy it?") {
				fmt.Fprintln(a.stderr, "Aborted: nothing was copied")
				return errSilent
			}
			return got.Keep()
		},
	}
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask")
	c.Flags().StringVar(&as, "name", "", "name of the plugin (default: that of the file, without zagg-plugin-)")
	return c
}

func (a *app) pluginsServe() *cobra.Command {
	var debug bool
	c := &cobra.Command{
		Use:   "serve --debug EXECUTABLE [ARGUMENT…]",
		Short: "Start a plugin alone, for example in a debugger, for runs that attach to it",
		Long: `Start a plugin like a run, print the line that sets $ZAGG_REATTACH, and wait until the plugin ends. A run with that variable
attaches to it instead of starting the plugin with that name, sets no time limits, and leaves it running. The version of such a
plugin is unknown, so that other runs cannot continue its store: use a separate store or --overwrite.`,
		Example: `  zagg plugins serve --debug -- python3 -m pdb steps.py
  zagg plugins serve --debug -- dlv exec --headless --listen :2345 ./zagg-plugin-mine`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !debug {
				return fmt.Errorf("runs start plugins themselves; --debug says that this is for a debugger: %w for `zagg plugins serve`", errUsage)
			}
			return plugins.ServeDebug(cmd.Context(), args, a.stderr, func(reattach string) {
				fmt.Fprintf(a.stdout, "export %s=%s\n", remote.ReattachVariable, reattach)
			})
		},
	}
	c.Flags().BoolVar(&debug, "debug", false, "wait for runs to attach")
	return c
}
