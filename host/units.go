package host

// Names and units that granules give to their variables: for attributes, and to notice configurations that assume
// others.

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/config"
)

// longestName is the maximum length of an attribute that is used: names and units are written to the store and to every event.
const longestName = 200

// Described returns the attributes that a granule has for the columns being read, without columns that have none; nil if the reader
// does not report attributes.
func (r *Recipe) Described(ctx context.Context, src core.ObjectReader, g core.Granule) (map[string]config.Described, error) {
	teller, ok := r.Reader.(core.UnitTeller)
	if !ok {
		return nil, nil
	}
	units, err := teller.Units(ctx, src, g, core.Query{Columns: r.pipeline.Columns})
	if err != nil || len(units) < 2 {
		return nil, err
	}
	of := map[string]config.Described{}
	for _, u := range units[2:] {
		d := config.Described{Units: nameText(u.Units), LongName: nameText(u.LongName), StandardName: nameText(u.Name)}
		if u.Raw {
			d.Units = ""
		}
		if d != (config.Described{}) {
			of[u.Column] = d
		}
	}
	return of, nil
}

// nameText is a file's text on one line; "" if it is longer than any name.
func nameText(text string) string {
	text = strings.Join(strings.Fields(strings.ReplaceAll(text, "\x00", " ")), " ")
	if len(text) > longestName {
		return ""
	}
	return text
}

// Units compares a granule's units with those that the configuration assumes. Coordinates that are not in degrees, or are swapped,
// are an error; other differences are notes. Readers that do not report units are not checked.
func (r *Recipe) Units(ctx context.Context, src core.ObjectReader, g core.Granule) (notes []string, err error) {
	teller, ok := r.Reader.(core.UnitTeller)
	if !ok {
		return nil, nil
	}
	units, err := teller.Units(ctx, src, g, core.Query{Columns: r.pipeline.Columns})
	if err != nil || len(units) < 2 {
		return nil, err
	}
	url := g.URL()
	if err := checkCoordinate(url, units[0], "latitude", "longitude", "east"); err != nil {
		return nil, err
	}
	if err := checkCoordinate(url, units[1], "longitude", "latitude", "north"); err != nil {
		return nil, err
	}
	declared := map[string]string{}
	for _, c := range r.Reader.Info().Columns {
		declared[c.Name] = c.Units
	}
	for _, u := range units[2:] {
		for _, want := range append([]string{declared[u.Column]}, r.unitsOf(u.Column)...) {
			if want != "" && u.Units != "" && plainUnits(want) != plainUnits(u.Units) {
				notes = append(notes, fmt.Sprintf("%s of %s has the units %q, and is taken for %q", u.Path, core.Address(url), u.Units, want))
			}
		}
	}
	slices.Sort(notes)
	return slices.Compact(notes), nil
}

// checkCoordinate refuses a coordinate that is not in degrees, or is the other coordinate. A dataset passes if it
// says nothing, or that it has no units.
func checkCoordinate(url string, u core.Unit, is, other, otherWay string) error {
	units := strings.ToLower(u.Units)
	bad := func(format string, args ...any) error {
		return core.Errorf(core.Invalid, "", url, "data_source.coordinates."+is+" is %s, which "+format, append([]any{u.Path}, args...)...)
	}
	switch {
	case strings.Contains(u.Name, other):
		return bad("is a %s by its standard_name: are latitude and longitude swapped?", other)
	case strings.Contains(units, otherWay), strings.HasSuffix(units, "degrees"+otherWay[:1]), strings.HasSuffix(units, "degree_"+otherWay[:1]), strings.HasSuffix(units, "degrees_"+otherWay[:1]):
		return bad("is in %s: are latitude and longitude swapped?", u.Units)
	case strings.HasPrefix(u.Name, "projection_"):
		return bad("is a %s: coordinates must be degrees", u.Name)
	case plainUnits(units) != "1" && !strings.Contains(units, "deg") && !strings.Contains(units, "°"):
		return bad("has the units %q: coordinates must be degrees", u.Units)
	}
	return nil
}

// keepUnits are the statistics whose result has the units of their input.
var keepUnits = []string{"mean", "min", "max", "median", "std", "quantile", "percentile", "ptp", "sum", "average", "nanmean", "nanmin", "nanmax", "nanmedian", "nanstd"}

// unitsOf are the units that the configuration gives to statistics of a column.
func (r *Recipe) unitsOf(column string) (units []string) {
	for i := range r.Config.Aggregation.Arrays {
		a := &r.Config.Aggregation.Arrays[i]
		if a.Source != column || !slices.Contains(keepUnits, a.Function) {
			continue
		}
		var attrs struct {
			Units string `json:"units"`
		}
		if json.Unmarshal(a.Attrs, &attrs) == nil {
			units = append(units, attrs.Units)
		}
	}
	return units
}

// plainUnits is one spelling for units that are spelled in several ways.
func plainUnits(units string) string {
	text := strings.ToLower(strings.Join(strings.Fields(units), " "))
	for plain, others := range map[string][]string{
		"m": {"meter", "meters", "metre", "metres"}, "s": {"sec", "second", "seconds"}, "degree": {"deg", "degrees", "degrees_north", "degrees_east"},
		"1": {"", "counts", "count", "unitless", "dimensionless", "n/a", "none"},
	} {
		if slices.Contains(others, text) {
			return plain
		}
	}
	return text
}
