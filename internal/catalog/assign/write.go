package assign

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/run"
)

// A Summary is what was found and written.
type Summary struct {
	Metadata json.RawMessage `json:"metadata"`
	ShardMap string          `json:"shard_map"`
	Catalog  string          `json:"catalog,omitempty"`

	index  *int // order of the cells that were noted; nil: none were
	result *Result
}

// Write writes the map, and the catalog that the options ask for. to is the map's address; "": shardmap_SHORT_START_END.json of what is
// known.
func (r *Result) Write(ctx context.Context, to string) (*Summary, error) {
	if to == "" {
		to = defaultName(r.Granules.Meta)
	}
	s := &Summary{Metadata: r.Map.Metadata, ShardMap: to, Catalog: r.options.Catalog, index: r.options.Index, result: r}
	if s.Catalog != "" {
		if err := drivers.Write(ctx, s.Catalog, func(w io.Writer) error { return r.Granules.Writer.Write(w, r.Granules.Meta) }); err != nil {
			return nil, err
		}
	}
	return s, drivers.Write(ctx, to, r.Map.Write)
}

func defaultName(m catalog.Meta) string {
	parts := slices.DeleteFunc([]string{"shardmap", m.ShortName, m.StartDate, m.EndDate}, func(s string) bool { return s == "" })
	return strings.ReplaceAll(strings.Join(parts, "_"), string(os.PathSeparator), "-") + ".json"
}

// Print writes the summary for people.
func (s *Summary) Print(w io.Writer) error {
	granules, m := s.result.Granules, s.result.Map
	fmt.Fprintf(w, "Fetched %s%s from %s\n", quantity.Counted(int64(granules.Count), "granule"), ofProduct(granules.Meta), core.Shown(run.Abbreviate(strings.Fields(s.result.From))))
	if s.index != nil {
		fmt.Fprintf(w, "Indexed footprints at order %d\n", *s.index)
	}
	if s.Catalog != "" {
		fmt.Fprintf(w, "Catalog: %s\n", s.Catalog)
	}
	if granules.Doubtful > 0 {
		fmt.Fprintf(w, "%s may mean more than one place; all of it was taken, such as for %s\n", quantity.Counted(int64(granules.Doubtful), "footprint"), granules.Doubt)
	}
	if granules.Anywhere > 0 {
		fmt.Fprintf(w, "%s without a footprint, assigned to every shard of the area\n", quantity.Counted(int64(granules.Anywhere), "granule"))
	}
	_, err := fmt.Fprintf(w, "Shard map: %s, %s of shard and granule, %s of %s: %s\n", quantity.Counted(int64(len(m.Keys)), "shard"), quantity.Counted(int64(m.Pairs()), "pair"),
		humanize.Comma(int64(len(m.GranuleIDs()))), quantity.Counted(int64(granules.Count), "granule"), s.ShardMap)
	return err
}

func ofProduct(m catalog.Meta) string {
	if m.ShortName == "" {
		return ""
	}
	return strings.TrimRight(" of "+m.ShortName+" "+m.Version, " ")
}
