package draft

import (
	"cmp"
	"context"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/h5/cf"
)

// A table is datasets with a row for each observation, or for each record of observations: those of a name in several groups
// are one.
type table struct {
	latitude, longitude string           // paths, with {group}
	groups              []string         // in the order of the file; none: the paths have no {group}
	rows                map[string]int64 // by group; "" where there are none
}

const placeholder = "{group}"

// in is a path of the table in one of its groups.
func in(p, group string) string { return strings.ReplaceAll(p, placeholder, group) }

// largest is the group with the most rows.
func (t *table) largest() string {
	best := ""
	for _, g := range slices.Sorted(maps.Keys(t.rows)) {
		if best == "" || t.rows[g] > t.rows[best] {
			best = g
		}
	}
	return best
}

func (t *table) total() int64 {
	n := int64(0)
	for _, r := range t.rows {
		n += r
	}
	return n
}

// pairs are the datasets of latitudes with the longitudes beside them.
func (f *file) pairs(ctx context.Context) ([][2]*h5.Dataset, error) {
	var out [][2]*h5.Dataset
	for _, d := range f.datasets {
		other := f.longitudeOf(d)
		if other == nil || len(d.Shape()) != 1 || len(other.Shape()) != 1 || d.Rows() != other.Rows() {
			continue
		}
		ok, err := f.places(ctx, d, other)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, [2]*h5.Dataset{d, other})
		}
	}
	return out, nil
}

// longitudeOf is the dataset beside one of latitudes that is called as it, with longitude for latitude; nil: the name is not one of
// latitudes.
func (f *file) longitudeOf(d *h5.Dataset) *h5.Dataset {
	folder, name := path.Split(d.Path())
	if isError(name) {
		return nil
	}
	for _, words := range [][2]string{{"latitude", "longitude"}, {"Latitude", "Longitude"}, {"LATITUDE", "LONGITUDE"}, {"lat", "lon"}, {"Lat", "Lon"}, {"LAT", "LON"}, {"lat", "long"}, {"lat", "lng"}} {
		at := strings.Index(name, words[0])
		if at < 0 || len(words[0]) == 3 && !isWord(name, at, 3) {
			continue
		}
		if other := f.byPath[folder+name[:at]+words[1]+name[at+len(words[0]):]]; other != nil {
			return other
		}
	}
	return nil
}

// isError reports a name of how sure a value is.
func isError(name string) bool {
	return regexp.MustCompile(`(?i)(^|_)(sigma|std|stddev|err|error|uncertainty|se)(_|$)`).MatchString(name)
}

// isWord reports that n characters of a name are a word of it: "lat_ph", not "plate".
func isWord(name string, at, n int) bool {
	letter := func(i int) bool {
		return i >= 0 && i < len(name) && (name[i]|0x20 >= 'a' && name[i]|0x20 <= 'z')
	}
	return !letter(at-1) && !letter(at+n)
}

// places reports whether the first rows of two datasets hold a place on the Earth.
func (f *file) places(ctx context.Context, lat, lon *h5.Dataset) (bool, error) {
	lats, err := f.first(ctx, lat)
	if err != nil {
		return false, err
	}
	lons, err := f.first(ctx, lon)
	if err != nil {
		return false, err
	}
	for i := range min(len(lats), len(lons)) {
		if core.Usable(lons[i], lats[i]) {
			return true, nil
		}
	}
	return false, nil
}

// sampled is the rows of a dataset that are looked at.
const sampled = 10_000

// first are the first values of a dataset of one axis, NaN where there is none. What cannot be decoded has no values.
func (f *file) first(ctx context.Context, d *h5.Dataset) ([]float64, error) {
	return f.values(ctx, d, min(d.Rows(), sampled))
}

func (f *file) values(ctx context.Context, d *h5.Dataset, rows int64) ([]float64, error) {
	m, err := cf.Of(ctx, d)
	if err != nil {
		return nil, ignoreContent(err)
	}
	if _, err := d.Chunks(ctx); err != nil {
		return nil, ignoreContent(err)
	}
	p, err := d.Plan([]h5.Span{{Count: rows}})
	if err != nil {
		return nil, ignoreContent(err)
	}
	out := core.NewData(int(p.Size()))
	if err := f.h5.ReadPlans(ctx, 1, []*h5.Plan{p}, [][]byte{out}); err != nil {
		return nil, ignoreContent(err)
	}
	values := make([]float64, p.Elements())
	m.Floats(values, out)
	return values, nil
}

// ignoreContent is an error that is not of one dataset: the file cannot be reached.
func ignoreContent(err error) error {
	switch core.CodeOf(err) {
	case core.Unsupported, core.Corrupt, core.Invalid:
		return nil
	}
	return err
}

// families are the names of groups that products have, of which a granule may lack some.
func families() [][]string {
	return [][]string{
		{"gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"},
		{"BEAM0000", "BEAM0001", "BEAM0010", "BEAM0011", "BEAM0101", "BEAM0110", "BEAM1000", "BEAM1011"},
		{"pt1", "pt2", "pt3"},
	}
}

// familyOf is the family that a name is of; nil: none.
func familyOf(name string) []string {
	for _, f := range families() {
		if slices.Contains(f, name) {
			return f
		}
	}
	return nil
}

// A stem is the paths of a pair of coordinates with one part left out, where a group's name goes.
type stem struct {
	lat, lon string
	family   bool // the part is a name of a family
}

// tables joins pairs of coordinates that differ in one part of their path to tables, and makes one of each that remains. Names of
// families are groups even where there is one alone; else the part nearest to the root.
func tables(pairs [][2]*h5.Dataset) []*table {
	joined := map[stem][]string{}
	rows := map[string]int64{}
	for _, p := range pairs {
		lat, lon := strings.Split(p[0].Path(), "/"), strings.Split(p[1].Path(), "/")
		rows[p[0].Path()] = p[0].Rows()
		for i := 1; i < len(lat)-1; i++ { // the name is no group
			k := stem{replaced(lat, i), replaced(lon, i), familyOf(lat[i]) != nil}
			joined[k] = append(joined[k], lat[i])
		}
	}
	place := func(k stem) int { return strings.Count(k.lat[:strings.Index(k.lat, placeholder)], "/") }
	order := func(k stem) int {
		if k.family {
			return -1
		}
		return place(k)
	}
	stems := slices.SortedFunc(maps.Keys(joined), func(a, b stem) int {
		return cmp.Or(cmp.Compare(order(a), order(b)), cmp.Compare(len(joined[b]), len(joined[a])), cmp.Compare(a.lat, b.lat))
	})
	var out []*table
	taken := map[string]bool{}
	for _, k := range stems {
		t := &table{latitude: k.lat, longitude: k.lon, rows: map[string]int64{}}
		for _, g := range joined[k] {
			if p := in(k.lat, g); !taken[p] {
				t.groups = append(t.groups, g)
				t.rows[g] = rows[p]
			}
		}
		if len(t.groups) == 0 || len(t.groups) < 2 && !k.family {
			continue
		}
		for _, g := range t.groups {
			taken[in(k.lat, g)] = true
		}
		out = append(out, t)
	}
	for _, p := range pairs {
		if !taken[p[0].Path()] {
			out = append(out, &table{latitude: p[0].Path(), longitude: p[1].Path(), rows: map[string]int64{"": p[0].Rows()}})
		}
	}
	return out
}

// replaced is a path with a part replaced by the placeholder of groups.
func replaced(parts []string, i int) string {
	out := slices.Clone(parts)
	out[i] = placeholder
	return strings.Join(out, "/")
}
