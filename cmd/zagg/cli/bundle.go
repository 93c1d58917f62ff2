package cli

// "zagg bundle": the zips that functions on Lambda are made from. The work is in internal/bundle.

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bundle"
)

func (a *app) bundleCommand() *cobra.Command {
	var o bundle.Options
	var plugins, replaces []string
	var asJSON, verbose bool
	c := &cobra.Command{
		Use:   "bundle [--plugin PACKAGE[@VERSION]]… [--replace PACKAGE=FOLDER]… [-o FILE.zip]",
		Short: "Build the zip of a Lambda function from chosen plugins",
		Long: `Build a static program with the chosen plugins for Lambda's runtime provided.al2023, and pack it with a manifest into a zip for
"zagg deploy up". The same sources give the same bytes.

--builtin names the built-in plugins to include. A third-party plugin is a Go package with a function Plugin(); it is also
built as a process for this machine, where the run is planned. The grid h3 needs a C compiler for the function's architecture.`,
		Example: `  zagg bundle                                                    # all built-in plugins, arm64
  zagg bundle --builtin healpix,hdf5,atl06,stats --arch amd64 -o worker.zip
  zagg bundle --plugin example.org/planefit@v1.2.0
  zagg bundle --function hdf
  zagg bundle --function zipedit
  zagg bundle --plugin example.org/planefit --replace example.org/planefit=./examples/planefit`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := choosePlugins(&o, plugins, replaces); err != nil {
				return err
			}
			o.Arch = strings.NewReplacer("x86_64", "amd64", "aarch64", "arm64").Replace(o.Arch)
			if o.Out == "" {
				o.Out = fmt.Sprintf("zagg-%s-%s.zip", o.Function, o.Arch)
			}
			if verbose {
				o.Log = a.stderr
			}
			o.FindSource()
			fmt.Fprintf(a.stderr, "Building %s for %s …\n", o.Function, o.Arch)
			r, err := bundle.Build(cmd.Context(), o)
			if err != nil {
				return err
			}
			return a.printResult(r, asJSON)
		},
	}
	f := c.Flags()
	f.StringVar(&o.Function, "function", "worker", "which function: "+functionsHelp())
	f.StringVar(&o.Arch, "arch", "arm64", "of the function: arm64, amd64")
	f.StringSliceVar(&o.Builtins, "builtin", nil, "built-in plugins to include (default all: "+strings.Join(bundle.Builtins(), ", ")+")")
	f.StringArrayVar(&plugins, "plugin", nil, "Go package of a third-party plugin, optionally with @VERSION; repeatable")
	f.StringArrayVar(&replaces, "replace", nil, "use a local folder for a plugin: PACKAGE=FOLDER; repeatable")
	f.StringVarP(&o.Out, "output", "o", "", "the zip (default zagg-FUNCTION-ARCH.zip)")
	f.StringVar(&o.Source, "source", "", "folder with zagg's source (default: the checkout that contains the working folder, else the released version of this program)")
	f.BoolVar(&asJSON, "json", false, "print what was built as JSON")
	f.BoolVarP(&verbose, "verbose", "v", false, "print the build commands")
	c.RegisterFlagCompletionFunc("arch", fixed("arm64", "amd64"))
	c.RegisterFlagCompletionFunc("builtin", fixed(bundle.Builtins()...))
	c.RegisterFlagCompletionFunc("function", fixed(bundle.FunctionNames()...))
	return c
}

// functionsHelp says what each function does.
func functionsHelp() string {
	var list []string
	for _, name := range bundle.FunctionNames() {
		list = append(list, name+" "+bundle.Functions()[name].Does)
	}
	return strings.Join(list, "; ")
}

// choosePlugins reads the flags of third-party plugins.
func choosePlugins(o *bundle.Options, plugins, replaces []string) error {
	err := o.Choose(plugins, replaces)
	if core.Is(err, core.Invalid) {
		return fmt.Errorf("%w: %w for `zagg bundle`", err, errUsage)
	}
	return err
}
