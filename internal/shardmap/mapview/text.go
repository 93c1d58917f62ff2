package mapview

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/shardmap/build"
)

// Print tells people of a map. f and indexed are what it was described for.
func (info *Info) Print(out io.Writer, f cost.Function, indexed bool) error {
	w := tabwriter.NewWriter(out, 2, 8, 2, ' ', 0)
	fmt.Fprintf(w, "Shard map\t%s\n", info.Path)
	fmt.Fprintf(w, "Grid\t%s\n", oneLine(info.Grid))
	fmt.Fprintf(w, "Shards\t%s", humanize.Comma(int64(info.Shards)))
	if info.AreaKM2 > 0 {
		fmt.Fprintf(w, ", %s km²", humanize.Comma(int64(info.AreaKM2+0.5)))
	}
	fmt.Fprintf(w, "\nGranules\t%s, %s of shard and granule\n", humanize.Comma(int64(info.Granules)), quantity.Counted(int64(info.Pairs), "pair"))
	fmt.Fprintf(w, "Per shard\tmin %d, median %g, avg %.1f, max %d granules\n", info.Least, info.Median, info.Mean, info.Most)
	printArea(w, info.Metadata)
	if info.First != "" {
		fmt.Fprintf(w, "Times\t%s to %s\n", info.First, info.Last)
	}
	if info.Legacy > 0 {
		fmt.Fprintf(w, "Keys\t%s are signed decimals of earlier releases, which took geodetic latitudes as those of a sphere; zagg shardmap convert rewrites them\n", humanize.Comma(int64(info.Legacy)))
	}
	info.printDensest(w)
	e := info.Expected
	fmt.Fprintf(w, "On Lambda\tabout %s and %s with %s workers of %s MB; densest shard %.1f s; at most $%.2f\n",
		e.Bill, quantity.Seconds(e.WallSeconds), humanize.Comma(int64(f.Concurrency)), humanize.Comma(int64(f.MemoryMB)), e.DensestSeconds, e.CeilingUSD)
	if !indexed {
		fmt.Fprintf(w, "Indexed\tabout %s and %s if the granules have sidecar indexes\n", info.WithIndex.Bill, quantity.Seconds(info.WithIndex.WallSeconds))
	}
	return w.Flush()
}

func (info *Info) printDensest(w io.Writer) {
	for i, d := range info.Densest {
		name := "Densest"
		if i > 0 {
			name = ""
		}
		fmt.Fprintf(w, "%s\t%s", name, d.Key)
		if d.Label != "" && d.Label != string(d.Key) {
			fmt.Fprintf(w, " (%s)", d.Label)
		}
		fmt.Fprintf(w, ": %s", quantity.Counted(int64(d.Granules), "granule"))
		if d.Lat != nil {
			fmt.Fprintf(w, ", around %.3f, %.3f", *d.Lat, *d.Lon)
		}
		fmt.Fprintln(w)
	}
}

func oneLine(object json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, object) != nil {
		return string(object)
	}
	return b.String()
}

// printArea says how the rings of the area that a map was made for were read.
func printArea(w io.Writer, metadata json.RawMessage) {
	var m struct {
		Area build.Area `json:"area"`
	}
	if len(metadata) == 0 || json.Unmarshal(metadata, &m) != nil { // other programs' metadata may say anything
		return
	}
	for i := range m.Area.Readings {
		r := &m.Area.Readings[i]
		label := "Area"
		if i > 0 {
			label = ""
		}
		fmt.Fprintf(w, "%s\t%s: %s\n", label, r.Place, r.Text())
		if r.Other != "" {
			fmt.Fprintf(w, "\t  %s it would be %s km²\n", r.Other, humanize.Comma(int64(r.OtherKM2+0.5)))
		}
	}
	if more := m.Area.Rings - len(m.Area.Readings); more > 0 {
		fmt.Fprintf(w, "\tand %s more rings\n", humanize.Comma(int64(more)))
	}
}
