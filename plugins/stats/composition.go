package stats

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
)

// composition packs eight parts of a cell's signal photons into a word of 64 bits (zagg-composition/1), 8 bits each, the lowest first: those
// that are signal of land, ocean, sea ice, land ice and inland water, which overlap, and those whose greatest confidence is 2, 3 and 4.
// A part is 255·n/N to the nearest, and at least 1 where there are any. A photon is signal where a confidence is at least the threshold.
type composition struct{ threshold float64 }

func newComposition(config core.Config) (core.Statistic, error) {
	c := struct {
		Threshold *float64 `json:"threshold"`
	}{}
	if len(bytes.TrimSpace(config)) > 0 {
		d := json.NewDecoder(bytes.NewReader(config))
		d.DisallowUnknownFields()
		if err := d.Decode(&c); err != nil {
			return nil, core.Errorf(core.Invalid, "stats", "composition", "%w; have threshold, and the columns of confidences", err)
		}
	}
	if c.Threshold == nil {
		return composition{2}, nil
	}
	if t := *c.Threshold; t != math.Trunc(t) || t < -2 || t > 4 {
		return nil, core.Errorf(core.Invalid, "stats", "composition", "threshold %g is not a confidence; expected -2 to 4", t)
	}
	return composition{*c.Threshold}, nil
}

// surfaces are the inputs beside source.
func surfaces() []string {
	return []string{"conf_land", "conf_ocean", "conf_sea_ice", "conf_land_ice", "conf_inland_water"}
}

func (composition) Info() core.StatisticInfo {
	info := core.StatisticInfo{AnyType: true, Inputs: []core.Input{{Name: "source"}}, Outputs: []core.Field{{Type: core.Uint64, Width: 1}}}
	for _, s := range surfaces() {
		info.Inputs = append(info.Inputs, core.Input{Name: s})
	}
	return info
}

func (s composition) Compute(ctx context.Context, g *core.Groups) ([]core.Column, error) {
	if len(g.Rows) != 1+len(surfaces()) {
		return nil, core.Errorf(core.Invalid, "stats", "composition", "got %d columns; it takes source and %q", len(g.Rows), surfaces())
	}
	var columns [][]float64
	for i := range g.Rows {
		c, err := column("composition", &core.Groups{Rows: g.Rows[i : i+1]})
		if err != nil {
			return nil, err
		}
		columns = append(columns, reduce.Float64s(c))
	}
	out := make([]uint64, len(g.Slots))
	for i := range out {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		out[i] = s.word(columns, g.Offsets[i], g.Offsets[i+1])
	}
	return []core.Column{core.ColumnOf("", out)}, nil
}

// word is that of some rows. Those whose source is not finite are in no digest either, and do not count.
func (s composition) word(columns [][]float64, from, to int64) uint64 {
	var parts [8]int
	total := 0
	conf := make([]float64, len(columns)-1)
	for r := from; r < to; r++ {
		for k := range conf {
			conf[k] = columns[1+k][r]
		}
		greatest := slices.Max(conf) // NaN if there is one
		if v := columns[0][r]; v-v != 0 || !(greatest >= s.threshold) {
			continue
		}
		total++
		for k, c := range conf {
			if c >= s.threshold {
				parts[k]++
			}
		}
		if greatest >= 2 && greatest <= 4 && greatest == math.Trunc(greatest) {
			parts[3+int(greatest)]++
		}
	}
	word := uint64(0)
	for k, n := range parts {
		if n > 0 {
			word |= uint64(max(math.RoundToEven(255*float64(n)/float64(total)), 1)) << (8 * k)
		}
	}
	return word
}
