package cli

// "zagg view": a store in a browser. The work is in internal/view.

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"path"
	"runtime"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/shardmap/mapview"
	"github.com/englacial/zagg/internal/view"
)

type viewOptions struct {
	address, shardmap string
	time              string
	hosts             []string
	port              int
	memory            int
	open              bool
	export            view.Export
}

func (a *app) viewCommand() *cobra.Command {
	o := &viewOptions{}
	c := &cobra.Command{
		Use:   "view STORE|SHARDMAP [VARIABLE...]",
		Short: "Show a store in a browser: pan, zoom, values of cells, a run in progress",
		Long: `Serve a page that shows a store, until interrupted; on this machine only, unless --address says otherwise. The page shows
variables with one value per cell, elements of vectors (h_q[1]) and quantiles of digests (h_tdigest@q97.5). VARIABLE names
those to show first. If cells are smaller than pixels, coarser groups of the store are used. The page follows a run in
progress; with --shardmap it also shows the shards to come. It writes nothing and loads nothing from elsewhere.

With --export DIR, write the page and its tiles as files, which any web server or bucket can serve without zagg.`,
		Example: `  zagg view heights.zarr --open
  zagg view s3://bucket/heights.zarr h_mean h_sigma --port 8000
  zagg view heights.zarr --shardmap shardmap.json         # a run under way
  zagg view shardmap.json
  zagg view heights.zarr h_mean count --export site       # then: python3 -m http.server --directory site`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.view(cmd.Context(), args[0], args[1:], o) },
	}
	f := c.Flags()
	f.StringVar(&o.address, "address", "127.0.0.1", "address to listen on")
	f.IntVar(&o.port, "port", 0, "port to listen on (default: a free one)")
	f.StringArrayVar(&o.hosts, "host", nil, "additional host name of this server, besides localhost and addresses; repeatable")
	f.BoolVar(&o.open, "open", false, "open the page in the browser")
	f.StringVar(&o.shardmap, "shardmap", "", "shard map of the run, to show the shards to come")
	f.StringVar(&o.time, "time", "", "window of time to begin with: its label, or a time in it; with --export the only one (default: the latest with data)")
	f.IntVar(&o.memory, "memory", 512, "cache for cells in MiB")
	f.StringVar(&o.export.Dir, "export", "", "folder for a static site; it must be new or empty")
	f.StringVar(&o.export.Plane, "projection", "", "projection of --export: "+strings.Join(view.Planes(), ", ")+" (default: chosen for the store)")
	f.IntVar(&o.export.MostTiles, "most-tiles", 20000, "maximum number of tiles per variable for --export")
	c.RegisterFlagCompletionFunc("projection", fixed(view.Planes()...))
	return c
}

func (a *app) view(ctx context.Context, address string, variables []string, o *viewOptions) error {
	if o.memory < 16 || o.port < 0 || o.port > 65535 {
		return fmt.Errorf("--memory must be at least 16 and --port 0 to 65535: %w for `zagg view`", errUsage)
	}
	series, err := a.series(ctx, address, variables, o)
	if err != nil {
		return err
	}
	if o.export.Dir != "" {
		o.export.Progress = func(done, of int) { fmt.Fprintf(a.stderr, "\r%d of %d tiles", done, of) }
		written, err := series.Export(ctx, o.export)
		fmt.Fprintln(a.stderr)
		if err != nil {
			return err
		}
		fmt.Fprintf(a.stdout, "%s: %s, %s\n", path.Join(o.export.Dir, "index.html"), quantity.Counted(int64(written.Tiles), "tile"), quantity.Bytes(written.Bytes))
		return nil
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(o.address, strconv.Itoa(o.port)))
	if err != nil {
		return core.Errorf(core.Invalid, "--port", strconv.Itoa(o.port), "%w", err)
	}
	page := "http://" + listener.Addr().String() + "/"
	fmt.Fprintf(a.stdout, "%s\n", page)
	fmt.Fprintln(a.stderr, "Ctrl-C ends it.")
	if o.open {
		openBrowser(ctx, page)
	}
	return serveHTTP(ctx, listener, http.Handler(view.Handler(series, append(o.hosts, o.address)...)))
}

// series opens a store, or a shard map.
func (a *app) series(ctx context.Context, address string, variables []string, o *viewOptions) (*view.Series, error) {
	options := view.Options{Grid: a.grid, Variables: variables, Time: o.time, Memory: int64(o.memory) << 20}
	alone := strings.HasSuffix(address, ".json") || strings.HasSuffix(address, ".geojson")
	if alone && o.shardmap != "" {
		return nil, fmt.Errorf("--shardmap beside a shard map: %w for `zagg view`", errUsage)
	}
	from := o.shardmap
	if alone {
		from = address
	}
	if from == "" {
		return view.Open(ctx, address, options)
	}
	m, err := mapview.Read(ctx, from)
	if err != nil {
		return nil, err
	}
	for i, key := range m.Keys {
		options.Planned = append(options.Planned, view.Planned{Key: key, Granules: len(m.Granules[i])})
	}
	if !alone {
		return view.Open(ctx, address, options)
	}
	grid, err := a.gridOfMap(ctx, m, "")
	if err != nil {
		return nil, err
	}
	return view.OpenMap(ctx, path.Base(address), grid, options)
}

// openBrowser asks the desktop to show a page. That it cannot is no error: the address is printed.
func openBrowser(ctx context.Context, page string) {
	name, args := "xdg-open", []string{page}
	switch runtime.GOOS {
	case "darwin":
		name = "open"
	case "windows":
		name, args = "rundll32", []string{"url.dll,FileProtocolHandler", page}
	}
	c := exec.CommandContext(ctx, name, args...)
	if c.Start() == nil {
		go func() { _ = c.Wait() }()
	}
}
