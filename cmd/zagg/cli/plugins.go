package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host/remote"
	"github.com/englacial/zagg/internal/run"
)

func (a *app) pluginsCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "plugins",
		Short: "List, describe and verify grids, readers and statistics",
		Long: `Plugins bring grids, product readers and statistics. Some are linked into this program; others are executables that speak
the plugin protocol, found

  - under plugins: in a run's configuration,
  - as zagg-plugin-NAME in the folders of $ZAGG_PLUGIN_PATH, or as files named there,
  - as zagg-plugin-NAME in the user's plugin folder ($XDG_DATA_HOME/zagg/plugins, ~/.local/share/zagg/plugins).

A run starts those that its configuration lists, and looks through the others only for names that nothing else offers.`,
		Example: `  zagg plugins list
  zagg plugins describe healpix
  zagg plugins verify ./zagg-plugin-mine --granule sample.csv
  zagg plugins new statistic --lang python roughness`,
	}
	c.AddCommand(a.pluginsList(), a.pluginsDescribe(), a.pluginsVerify(), a.pluginsNew())
	return c
}

// A pluginInfo is what listings say of a plugin.
type pluginInfo struct {
	Name       string      `json:"name"`
	Version    string      `json:"version"`
	Command    []string    `json:"command,omitempty"` // none: linked in
	SHA256     string      `json:"sha256,omitempty"`  // of the executable
	Grids      []offerInfo `json:"grids,omitempty"`
	Readers    []offerInfo `json:"readers,omitempty"`
	Statistics []offerInfo `json:"statistics,omitempty"`
}

type offerInfo struct {
	Name   string          `json:"name"`
	Doc    string          `json:"doc,omitempty"`
	Schema json.RawMessage `json:"schema,omitempty"`
}

func infoOf(p core.Plugin, command []string) pluginInfo {
	return pluginInfo{Name: p.Name, Version: p.Version, Command: command, Grids: offersOf(p.Grids), Readers: offersOf(p.Readers), Statistics: offersOf(p.Statistics)}
}

func offersOf[T any](makers []core.Maker[T]) []offerInfo {
	var out []offerInfo
	for _, m := range makers {
		out = append(out, offerInfo{Name: m.Name, Doc: m.Doc, Schema: m.Schema})
	}
	return out
}

// place is where a plugin is.
func (p *pluginInfo) place() string {
	if len(p.Command) == 0 {
		return "linked in"
	}
	return strings.Join(p.Command, " ")
}

// kinds are the offers under the names of their kinds.
func (p *pluginInfo) kinds() []struct {
	name   string
	offers []offerInfo
} {
	return []struct {
		name   string
		offers []offerInfo
	}{{"grid", p.Grids}, {"reader", p.Readers}, {"statistic", p.Statistics}}
}

// allPlugins are the plugins linked in, those a configuration lists, and those in the usual places. Errors are of executables
// that could not be started.
func (a *app) allPlugins(ctx context.Context, configFile string) (infos []pluginInfo, failures []error, err error) {
	for _, p := range a.host.Plugins() {
		infos = append(infos, infoOf(p, nil))
	}
	take := func(p *remote.Plugin, err error) {
		if err != nil {
			failures = append(failures, err)
			return
		}
		infos = append(infos, infoOf(p.Core(), p.Command()))
	}
	known := map[string]bool{}
	if configFile != "" {
		cfg, _, err := loadConfig(configFile)
		if err != nil {
			return nil, nil, err
		}
		for _, l := range cfg.Plugins {
			take(a.plugins.listed(ctx, l))
			known[l.Name] = true
		}
	}
	for _, c := range remote.Discover(a.plugins.getenv) {
		if !known[c.Name] {
			take(a.plugins.open(ctx, remote.Options{Name: c.Name, Command: []string{c.Path}}))
		}
	}
	return infos, failures, ctx.Err()
}

// conflicts are pairs of plugins that offer the same names.
func conflicts(infos []pluginInfo) []error {
	first := map[string]int{}
	shared := map[[2]int][]string{}
	var pairs [][2]int
	for i := range infos {
		for _, k := range infos[i].kinds() {
			for _, o := range k.offers {
				name := k.name + " " + o.Name
				f, taken := first[name]
				if !taken {
					first[name] = i
					continue
				}
				pair := [2]int{f, i}
				if shared[pair] == nil {
					pairs = append(pairs, pair)
				}
				shared[pair] = append(shared[pair], name)
			}
		}
	}
	var out []error
	for _, pair := range pairs {
		p, q := &infos[pair[0]], &infos[pair[1]]
		out = append(out, core.Errorf(core.Invalid, "", "", "plugins %s (%s) and %s (%s) both offer %s: a run that needs both is refused", p.Name, p.place(), q.Name, q.place(), run.Abbreviate(shared[pair])))
	}
	return out
}

func (a *app) pluginsList() *cobra.Command {
	var asJSON bool
	var configFile string
	c := &cobra.Command{
		Use:   "list",
		Short: "List what plugins offer: those linked in and those in the usual places, which are started for it",
		Long:  "List what plugins offer. Exits 1 if an executable cannot be started or two plugins offer one name.",
		Example: `  zagg plugins list
  zagg plugins list --config my.yaml --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			infos, failures, err := a.allPlugins(cmd.Context(), configFile)
			if err != nil {
				return err
			}
			failures = append(failures, conflicts(infos)...)
			if asJSON {
				err = a.printJSON(map[string]any{"plugins": infos, "problems": errorTexts(failures)})
			} else {
				err = a.printPlugins(infos)
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
	c.Flags().StringVar(&configFile, "config", "", "run configuration whose plugins are listed too")
	return c
}

func errorTexts(errs []error) []string {
	texts := make([]string, len(errs))
	for i, err := range errs {
		texts[i] = err.Error()
	}
	return texts
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func (a *app) printPlugins(infos []pluginInfo) error {
	w := tabwriter.NewWriter(a.stdout, 2, 8, 2, ' ', 0)
	fmt.Fprintln(w, "kind\tname\tplugin\tversion\twhere\twhat")
	for i := range infos {
		p := &infos[i]
		for _, k := range p.kinds() {
			for _, o := range k.offers {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", k.name, o.Name, p.Name, p.Version, p.place(), o.Doc)
			}
		}
	}
	return w.Flush()
}

func (a *app) pluginsDescribe() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "describe NAME|EXECUTABLE [ARGUMENT…]",
		Short: "Say what a plugin is and what its grids, readers and statistics are configured with",
		Long:  "Describe a plugin by its name, by the name of something it offers, or by its executable. Of an executable the SHA-256 is printed, to be put into a configuration.",
		Example: `  zagg plugins describe healpix
  zagg plugins describe ./zagg-plugin-mine
  zagg plugins describe -- python3 csv_reader.py`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			infos, err := a.named(cmd.Context(), args)
			if err != nil {
				return err
			}
			if asJSON {
				return a.printJSON(infos)
			}
			for i := range infos {
				a.printPlugin(&infos[i])
			}
			return nil
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return c
}

// isExecutable reports that arguments are a command and not the name of a plugin.
func isExecutable(args []string) bool {
	if len(args) > 1 || strings.ContainsRune(args[0], os.PathSeparator) {
		return true
	}
	info, err := os.Stat(args[0])
	return err == nil && info.Mode().IsRegular()
}

// named are the plugins that a name or a command means.
func (a *app) named(ctx context.Context, args []string) ([]pluginInfo, error) {
	if isExecutable(args) {
		p, err := a.plugins.open(ctx, remote.Options{Command: inFolder(args)})
		if err != nil {
			return nil, err
		}
		info := infoOf(p.Core(), p.Command())
		info.SHA256 = digest(p.Executable())
		return []pluginInfo{info}, nil
	}
	infos, failures, err := a.allPlugins(ctx, "")
	if err != nil {
		return nil, err
	}
	var found []pluginInfo
	var names []string
	for _, p := range infos {
		match := p.Name == args[0]
		names = append(names, p.Name)
		for _, k := range p.kinds() {
			match = match || slices.ContainsFunc(k.offers, func(o offerInfo) bool { return o.Name == args[0] })
		}
		if match {
			if len(p.Command) > 0 {
				p.SHA256 = digest(p.Command[0])
			}
			found = append(found, p)
		}
	}
	if len(found) == 0 {
		for _, f := range failures {
			fmt.Fprintln(a.stderr, "zagg:", f)
		}
		return nil, core.Errorf(core.NotFound, "plugins", args[0], "no plugin of this name, and none that offers it; plugins are %s", strings.Join(names, ", "))
	}
	return found, nil
}

// inFolder makes a file of the working folder a path, which a bare name is not.
func inFolder(args []string) []string {
	if info, err := os.Stat(args[0]); err == nil && info.Mode().IsRegular() && !strings.ContainsRune(args[0], os.PathSeparator) {
		return append([]string{"." + string(os.PathSeparator) + args[0]}, args[1:]...)
	}
	return args
}

// digest is the SHA-256 of a file; "" if it cannot be read.
func digest(path string) string {
	f, err := os.Open(path)
	if err != nil {
		return ""
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return ""
	}
	return hex.EncodeToString(sum.Sum(nil))
}

func (a *app) printPlugin(p *pluginInfo) {
	fmt.Fprintf(a.stdout, "plugin %s %s\n  where   %s\n", p.Name, p.Version, p.place())
	if p.SHA256 != "" {
		fmt.Fprintf(a.stdout, "  sha256  %s\n", p.SHA256)
	}
	for _, k := range p.kinds() {
		for _, o := range k.offers {
			fmt.Fprintf(a.stdout, "\n%s %s\n", k.name, o.Name)
			if o.Doc != "" {
				fmt.Fprintf(a.stdout, "  %s\n", o.Doc)
			}
			var schema bytes.Buffer
			if len(o.Schema) > 0 && json.Indent(&schema, o.Schema, "  ", "  ") == nil {
				fmt.Fprintf(a.stdout, "  %s\n", schema.String())
			}
		}
	}
}
