package run

// Explaining a plan without shards.

import (
	"encoding/json"
	"fmt"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/plan"
)

// nowhere is the error of granules whose observations lie in no shard of the grid: it says where they lie and what
// may be wrong.
func (r *Run) nowhere(seen *plan.Found) error {
	bad := func(format string, args ...any) error {
		return core.Errorf(core.NotFound, "plan", "", "no shard holds an observation: "+format, args...)
	}
	of := func(n int64) string { return humanize.Comma(n) + " of " + humanize.Comma(seen.Rows) }
	where := fmt.Sprintf("the data lie at latitudes %.5g to %.5g and longitudes %.5g to %.5g", seen.Lat.Least, seen.Lat.Most, seen.Lon.Least, seen.Lon.Most)
	switch {
	case seen.Rows == 0:
		return bad("the granules have none")
	case seen.Invalid == seen.Rows:
		return bad("%s have unusable coordinates: are latitude and longitude swapped, or in other units than degrees?", of(seen.Invalid))
	case seen.Invalid > 0:
		return bad("%s, but %s have unusable coordinates: are latitude and longitude swapped?", where, of(seen.Invalid))
	}
	if seen.Unused > 0 {
		return bad("%s, and %s are not in the area or the time of data_source.select (--bbox, --polygon, --start, --end)", where, of(seen.Unused))
	}
	grid, err := json.Marshal(r.config.Output.Grid.Config)
	if err != nil {
		grid = nil
	}
	return bad("%s, and %s are outside the grid's area: check output.grid (the zone or the region of its crs, its bounds), which is %.300s", where, of(seen.Nowhere), grid)
}
