// Package cli is zagg's command line as a library, one file per sub-command, so that a program with other plugins can
// have it too.
package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/plugins"
	"github.com/englacial/zagg/internal/printed"
	"github.com/englacial/zagg/internal/screen"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/stored"
	"github.com/englacial/zagg/lambda/worker"
)

// Version is what records and --version show.
const Version = host.Version

// Exit codes.
const (
	exitFailure   = 1   // a shard failed, or the command could not do its work
	exitUsage     = 2   // the command line is wrong
	exitMissing   = 3   // all is done but for what was left out, such as granules that could not be read, which was allowed
	exitInterrupt = 130 // stopped by ^C
)

const exitCodes = `
Exit codes: 0, done; 1, failed; 2, wrong command line; 3, done except for parts that were left out and are named; 130, stopped.
`

// Main runs the command line of the process with the given plugins and returns the exit code. Started by Lambda, or by
// `zagg run --emulate`, the process is a worker instead.
func Main(linked ...core.Plugin) int {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") != "" {
		worker.Main(linked...)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// After the first signal the next one ends the process at once.
	go func() {
		<-ctx.Done()
		stop()
	}()
	return runSince(ctx, store.ProcessBegan(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr, linked...)
}

// Run runs one command line and returns the exit code. Results go to stdout, progress and errors to stderr.
func Run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, linked ...core.Plugin) int {
	return runSince(ctx, time.Now(), args, stdin, stdout, stderr, linked...)
}

// runSince is Run of a command that was begun at a time.
func runSince(ctx context.Context, began time.Time, args []string, stdin io.Reader, stdout, stderr io.Writer, linked ...core.Plugin) int {
	results := printed.Results(stdout)
	defer results.Flush() //nolint:errcheck // its last write has said so
	stdout, stderr = results, printed.Messages(stderr)
	h, err := host.New(linked...)
	if err != nil {
		fmt.Fprintln(stderr, "zagg:", err)
		return exitFailure
	}
	a := &app{host: h, plugins: plugins.NewSet(h, stderr, screen.File(stderr) != nil), began: began, args: args, stdin: stdin, stdout: stdout, stderr: stderr}
	defer a.plugins.Close()
	a.plugins.Trust = a.trust()
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err = root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	switch {
	case errors.Is(err, errSilent), errors.Is(err, errIncomplete):
	case ctx.Err() != nil && errors.Is(err, context.Canceled):
		fmt.Fprintln(stderr, "zagg: stopped")
	default:
		fmt.Fprintln(stderr, "zagg:", err)
	}
	switch {
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errIncomplete):
		return exitMissing
	case ctx.Err() != nil:
		return exitInterrupt
	}
	return exitFailure
}

// errSilent ends a command whose failure has been printed, errIncomplete one that went well but for what was left out, which has been
// printed too; errUsage marks a wrong command line.
var (
	errSilent     = errors.New("failed")
	errIncomplete = errors.New("parts are missing")
	errUsage      = errors.New("see --help")
)

// An app is what the sub-commands share.
type app struct {
	began          time.Time    // the command
	args           []string     // as they were given
	host           *host.Host   // of the plugins that are linked in
	plugins        *plugins.Set // those too that run in processes of their own
	stdin          io.Reader
	stdout, stderr io.Writer // a *printed.Writer each
}

// trust asks about commands of configurations where somebody can answer, and remembers the answers.
func (a *app) trust() plugins.Trust {
	t := plugins.Trust{}
	if dir, err := os.UserConfigDir(); err == nil {
		t.File = filepath.Join(dir, "zagg", "plugins-allowed")
	}
	if f, ok := a.stdin.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		t.Ask = func(question string) bool { return a.confirm(false, question) }
	}
	return t
}

// compile is a configuration with the plugins that it needs.
func (a *app) compile(ctx context.Context, cfg *config.Config) (*host.Recipe, error) {
	return a.plugins.Compile(ctx, cfg)
}

// grid makes a grid by name, from any plugin.
func (a *app) grid(ctx context.Context, name string, config core.Config) (core.Grid, error) {
	h, err := a.plugins.Host(ctx, nil, host.Needs{Grids: []string{name}})
	if err != nil {
		return nil, err
	}
	return h.Grid(ctx, name, config)
}

// openStore opens a store, at one of its windows of time if it has any ("": all there is), with the grid that it was made on.
func (a *app) openStore(ctx context.Context, address, at string) (*stored.Store, core.Grid, error) {
	s, err := stored.Open(ctx, address)
	if err == nil {
		err = s.AtTime(at)
	}
	if err != nil {
		return nil, nil, err
	}
	grid, err := a.grid(ctx, s.Made.Grid, s.Made.GridConfig)
	return s, grid, err
}

// printResult prints what a command has found, for people or as JSON.
func (a *app) printResult(found interface{ Print(io.Writer) error }, asJSON bool) error {
	if asJSON {
		return a.printJSON(found)
	}
	return found.Print(a.stdout)
}

func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.stdout)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "zagg",
		Short: "Turn archives of satellite point measurements into analysis-ready grids",
		Long: `zagg reads HDF5 granules of point measurements by byte ranges, assigns each observation to a cell of a grid, computes
statistics per cell, and writes a Zarr v3 store that opens in xarray.`,
		Example: `  zagg demo
  zagg run --config atl06 --granules 'granules/*.h5' --store heights.zarr
  zagg plot heights.zarr h_mean -o map.png`,
		Version:       Version,
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	root.PersistentFlags().BoolVar(&a.plugins.Trust.All, "allow-plugins", false, "start plugin commands of a configuration without a sha256 and without asking")
	root.SetHelpTemplate(root.HelpTemplate() + exitCodes)
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w: %w for `%s`", err, errUsage, cmd.CommandPath())
	})
	root.AddCommand(a.runCommand(), a.demoCommand(), a.plotCommand(), a.viewCommand(), a.exportCommand(), a.infoCommand(), a.verifyCommand(), a.coarsenCommand(), a.storeCommand(), a.gridCommand(), a.configCommand(), a.indexCommand(), a.h5Command(), a.hdfCommand(), a.costCommand(), a.pluginsCommand(), a.deployCommand(), a.quickdeployCommand(), a.attachCommand(), a.bundleCommand(), a.catalogCommand(), a.shardmapCommand(), a.benchCommand())
	for _, c := range root.Commands() {
		usageArgs(c)
	}
	family(root)
	return root
}

// family makes a command that only holds others say what is wrong when it is given none of them.
func family(c *cobra.Command) {
	if !c.HasSubCommands() {
		return
	}
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return cmd.Help()
		}
		cmd.SuggestionsMinimumDistance = 2
		hint := ""
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			hint = "; did you mean " + strings.Join(near, " or ") + "?"
		}
		return fmt.Errorf("no command %q%s: %w for `%s`", args[0], hint, errUsage, cmd.CommandPath())
	}
	for _, sub := range c.Commands() {
		family(sub)
	}
}

// usageArgs makes wrong positional arguments a usage error, below c too.
func usageArgs(c *cobra.Command) {
	if check := c.Args; check != nil {
		c.Args = func(cmd *cobra.Command, args []string) error {
			err := check(cmd, args)
			if err != nil && cmd.Flags().Lookup("granules") != nil && len(args) > 0 {
				if _, e := os.Stat(args[0]); e == nil {
					err = fmt.Errorf("%s is left over, as the shell has put files in place of the pattern of --granules: quote the pattern (--granules '*.h5') or repeat --granules", args[0])
				}
			}
			if err != nil {
				return fmt.Errorf("%w: %w for `%s`", err, errUsage, cmd.CommandPath())
			}
			return nil
		}
	}
	for _, sub := range c.Commands() {
		usageArgs(sub)
	}
}
