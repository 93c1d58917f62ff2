package cli

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/bundle"
	"github.com/englacial/zagg/internal/quantity"
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
			if asJSON {
				return a.printJSON(r)
			}
			return a.printBundle(r)
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
	for _, p := range plugins {
		name, version, _ := strings.Cut(p, "@")
		if name == "" {
			return fmt.Errorf("--plugin %q names no package: %w for `zagg bundle`", p, errUsage)
		}
		o.Plugins = append(o.Plugins, bundle.Plugin{Package: name, Version: version})
	}
	for _, r := range replaces {
		name, folder, ok := strings.Cut(r, "=")
		i := slices.IndexFunc(o.Plugins, func(p bundle.Plugin) bool { return p.Package == name })
		if !ok || folder == "" || i < 0 {
			return fmt.Errorf("--replace %q: want PACKAGE=FOLDER with a PACKAGE of --plugin: %w for `zagg bundle`", r, errUsage)
		}
		if _, err := os.Stat(filepath.Join(folder, "go.mod")); err != nil {
			return core.Errorf(core.NotFound, "--replace", folder, "there is no Go module: %w", err)
		}
		o.Plugins[i].Replace = folder
	}
	return nil
}

func (a *app) printBundle(r *bundle.Result) error {
	var m struct {
		Plugins []struct{ Name, Version string }
	}
	if err := json.Unmarshal(r.Manifest, &m); err != nil {
		return err
	}
	names := make([]string, len(m.Plugins))
	for i, p := range m.Plugins {
		names[i] = p.Name + " " + p.Version
	}
	w := tabwriter.NewWriter(a.stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Bundle\t%s\n", r.Path)
	fmt.Fprintf(w, "Size\t%s, %s unpacked\n", quantity.Bytes(r.Size), quantity.Bytes(r.Binary))
	fmt.Fprintf(w, "SHA-256\t%s\n", r.SHA256)
	if len(names) > 0 {
		fmt.Fprintf(w, "Plugins\t%s\n", strings.Join(names, ", "))
	}
	if len(r.Cgo) > 0 {
		fmt.Fprintf(w, "C\t%s\n", strings.Join(r.Cgo, ", "))
	}
	if err := w.Flush(); err != nil || len(r.Client) == 0 {
		return err
	}
	fmt.Fprintf(a.stdout, "\nOn this machine, put into the run's configuration:\n\nplugins:\n")
	for _, c := range r.Client {
		fmt.Fprintf(a.stdout, "  - {name: %s, command: [%s], sha256: %s}\n", c.Name, c.Path, c.SHA256)
	}
	return nil
}
