package cli

// "zagg grid" and "grid locate": the cells of positions, for any grid.

import (
	"encoding/json"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/places"
)

func (a *app) gridCommand() *cobra.Command {
	c := &cobra.Command{
		Use:     "grid",
		Short:   "Find the cells and shards of positions and areas",
		Example: `  echo '-75.1,106.2' | zagg grid locate --grid '{"type":"healpix","parent_order":6,"child_order":12}' -`,
	}
	c.AddCommand(a.gridLocate(), a.gridCover())
	return c
}

func (a *app) gridLocate() *cobra.Command {
	var grid string
	var asJSON bool
	c := &cobra.Command{
		Use:   "locate --grid JSON [FILE.csv|-]",
		Short: "Print the cell of each position",
		Long: `Read rows of latitude and longitude in WGS84 degrees and print the cell and shard of each: the columns lat, lon and the
grid's names of cells (HEALPix: cell_id, morton, decimal, shard_key, point). A first line with the names lat and lon, in
any order and among others, is a header; without a header the first two columns are latitude and longitude. An invalid
position (nan) has empty fields.`,
		Example: `  zagg grid locate --grid '{"type":"healpix","parent_order":6,"child_order":12}' points.csv
  zagg grid locate --grid '{"type":"healpix","parent_order":6,"child_order":12}' --json - < points.csv`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := a.gridFromJSON(cmd, grid)
			if err != nil {
				return err
			}
			namer, ok := g.(core.CellNamer)
			if !ok {
				return core.Errorf(core.Unsupported, "--grid", grid, "this grid does not name its cells")
			}
			in, name := a.stdin, "standard input"
			if len(args) == 1 && args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return core.Errorf(core.NotFound, "grid locate", args[0], "%w", err)
				}
				defer f.Close()
				in, name = f, args[0]
			}
			return places.Locate(cmd.Context(), namer, in, name, a.stdout, asJSON)
		},
	}
	gridFlags(c.Flags(), &grid)
	c.Flags().BoolVar(&asJSON, "json", false, "print a JSON array of objects instead of CSV")
	return c
}

// gridFlags are the two ways to name a grid, of which either will do.
func gridFlags(f *pflag.FlagSet, grid *string) {
	f.StringVar(grid, "grid", "", `the grid: JSON with "type" and the keys of output.grid, or a run configuration`)
	f.StringVar(grid, "config", "", "the grid of a run configuration: a file, or the name of a shipped one")
}

func (a *app) gridFromJSON(cmd *cobra.Command, text string) (core.Grid, error) {
	if text == "" {
		return nil, fmt.Errorf(`--grid is missing, such as '{"type":"healpix","parent_order":6,"child_order":12}': %w for %q`, errUsage, cmd.CommandPath())
	}
	text, err := config.GridText(text)
	if err != nil {
		return nil, err
	}
	var settings map[string]json.RawMessage
	var name string
	if err := json.Unmarshal([]byte(text), &settings); err != nil {
		return nil, core.Errorf(core.Invalid, "--grid", text, "%w", err)
	}
	if own, ok := settings["type"]; ok {
		if err := json.Unmarshal(own, &name); err != nil {
			return nil, core.Errorf(core.Invalid, "--grid", text, "type: %w", err)
		}
	}
	delete(settings, "type") // it is the name of a plugin's grid, which may be called otherwise here
	rest, err := json.Marshal(settings)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "--grid", text, "%w", err)
	}
	return a.grid(cmd.Context(), name, rest)
}
