package draft

import (
	"cmp"
	"context"
	"math"
	"path"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/names"
	"github.com/englacial/zagg/internal/config"
)

// A file is what is known of the file that is drafted for.
type file struct {
	h5       *h5.File
	datasets []*h5.Dataset
	byPath   map[string]*h5.Dataset
}

// A found is what a configuration is written of.
type found struct {
	url, product string
	shipped      []string // names of configurations of the product
	table        *table   // the observations
	others       []*table // that were not taken
	columns      []column
	level        *level    // nil: the observations hang off no records
	unlinked     []*linked // runs of rows without places
	spacing      float64   // metres between observations along their way; 0: not known
}

// New drafts a configuration for the file at url, as YAML. A file without places of observations is Unsupported, with what it has.
func New(ctx context.Context, src core.ObjectReader, url string) ([]byte, error) {
	hf, err := h5.Open(ctx, src, url, h5.Options{})
	if err != nil {
		return nil, err
	}
	f := &file{h5: hf, byPath: map[string]*h5.Dataset{}}
	if f.datasets, err = numbers(ctx, hf); err != nil {
		return nil, err
	}
	for _, d := range f.datasets {
		f.byPath[d.Path()] = d
	}
	out, err := f.find(ctx)
	if err != nil {
		return nil, err
	}
	return out.yaml(), nil
}

// find chooses what the observations are and what belongs to them.
func (f *file) find(ctx context.Context) (*found, error) {
	pairs, err := f.pairs(ctx)
	if err != nil {
		return nil, err
	}
	all := tables(pairs)
	if len(all) == 0 {
		return nil, f.nothing()
	}
	f.rank(all)
	out := &found{url: f.h5.URL(), product: f.product(ctx), shipped: shippedFor(f.h5.URL()), table: all[0]}
	if out.level, out.unlinked, err = f.links(ctx, all[0], all[1:]); err != nil {
		return nil, err
	}
	if out.level != nil {
		out.table = out.level.base
		if out.level.columns, err = f.columns(ctx, all[0]); err != nil {
			return nil, err
		}
	}
	for _, t := range all {
		if t != out.table && (out.level == nil || t != out.level.table) {
			out.others = append(out.others, t)
		}
	}
	if out.columns, err = f.columns(ctx, out.table); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(out.columns, func(c column) bool { return c.usable() }) {
		return nil, core.Errorf(core.Unsupported, "draft.New", f.h5.URL(), "beside %s there is no dataset of numbers with a row for each place%s; zagg h5 ls shows what is in it", out.table.latitude, inAll(out.table))
	}
	out.name()
	out.spacing, err = f.spacing(ctx, out.table)
	return out, err
}

// rank puts first the table to which the most datasets belong; of several places of the same rows, the one that is called simplest.
func (f *file) rank(all []*table) {
	size := map[*table]int{}
	for _, t := range all {
		size[t] = len(f.members(t))
	}
	plain := func(t *table) int {
		switch name := strings.ToLower(path.Base(t.latitude)); name {
		case "latitude", "lat":
			return 0
		case "lat_lowestmode": // of GEDI: the ground
			return 1
		default:
			return 2
		}
	}
	slices.SortStableFunc(all, func(a, b *table) int {
		return cmp.Or(cmp.Compare(size[b], size[a]), cmp.Compare(b.total(), a.total()), cmp.Compare(plain(a), plain(b)),
			cmp.Compare(strings.Count(a.latitude, "/"), strings.Count(b.latitude, "/")))
	})
}

// below is the folder in which all that belongs to a table lies: that of its group.
func (t *table) below(group string) string {
	if len(t.groups) == 0 {
		return "/"
	}
	before, _, _ := strings.Cut(t.latitude, placeholder)
	return before + group + "/"
}

// members are the datasets with a row for each of a table's, of its largest group.
func (f *file) members(t *table) []*h5.Dataset {
	g := t.largest()
	var out []*h5.Dataset
	for _, d := range f.datasets {
		if d.Rows() == t.rows[g] && strings.HasPrefix(d.Path(), t.below(g)) {
			out = append(out, d)
		}
	}
	return out
}

// nothing is the error of a file without coordinates.
func (f *file) nothing() error {
	why := "it has no datasets of numbers"
	for _, d := range f.datasets {
		why = "none of its datasets are called latitude and longitude, lat and lon or the like and hold degrees"
		if f.longitudeOf(d) != nil && len(d.Shape()) == 2 {
			why = "the latitudes " + d.Path() + " have two axes; observations are rows, of one"
			break
		}
	}
	return core.Errorf(core.Unsupported, "draft.New", f.h5.URL(), "no places of observations are found: %s; see what is in it by zagg h5 ls, and docs/config.md for what a configuration says", why)
}

// product is what the file calls itself; "": nothing.
func (f *file) product(ctx context.Context) string {
	root, err := f.h5.Root(ctx)
	if err != nil {
		return ""
	}
	for _, name := range []string{"short_name", "identifier_product_type", "shortName"} {
		if text := attributeText(ctx, root.Object, name); text != "" {
			return text
		}
	}
	return ""
}

// shippedFor are the shipped configurations of the product that a file's name names.
func shippedFor(url string) []string {
	data := strings.ToLower(names.New().Identify(path.Base(url)).Data)
	product, _, _ := strings.Cut(data, "_20")
	if product == "" {
		return nil
	}
	return slices.DeleteFunc(config.Shipped(), func(name string) bool {
		return name != product && !strings.HasPrefix(name, product+"_") && !strings.HasPrefix(name, strings.ReplaceAll(product, "_", "")+"_")
	})
}

// attributeText is an attribute that is a text; "": there is none.
func attributeText(ctx context.Context, o *h5.Object, name string) string {
	a, err := o.Attribute(ctx, name)
	if err != nil {
		return ""
	}
	v, err := a.Values(ctx)
	if err != nil {
		return ""
	}
	texts, err := v.Strings()
	if err != nil {
		return ""
	}
	return strings.TrimSpace(strings.Join(texts, " "))
}

// spacing is about how far observations lie from each other along their way.
func (f *file) spacing(ctx context.Context, t *table) (float64, error) {
	g := t.largest()
	lats, err := f.first(ctx, f.byPath[in(t.latitude, g)])
	if err != nil {
		return 0, err
	}
	lons, err := f.first(ctx, f.byPath[in(t.longitude, g)])
	if err != nil {
		return 0, err
	}
	var steps []float64
	first, last := -1, -1
	for i := range min(len(lats), len(lons)) {
		if !core.Usable(lons[i], lats[i]) {
			continue
		}
		if last >= 0 {
			steps = append(steps, metres(lons[last], lats[last], lons[i], lats[i]))
		} else {
			first = i
		}
		last = i
	}
	if len(steps) == 0 {
		return 0, nil
	}
	slices.Sort(steps)
	return max(steps[len(steps)/2], metres(lons[first], lats[first], lons[last], lats[last])/float64(len(steps))), nil
}

// inAll says of which groups something is asked.
func inAll(t *table) string {
	if len(t.groups) < 2 {
		return ""
	}
	return ", in each of " + strings.Join(t.groups, ", ")
}

// metres is about the distance of two places, which lie near each other.
func metres(lon, lat, lon2, lat2 float64) float64 {
	const degree = 111320.0
	return degree * math.Hypot(lat2-lat, math.Remainder(lon2-lon, 360)*math.Cos(lat*math.Pi/180))
}
