// Package siblings finds the files of sibling products of the same observations, such as GEDI's L2A beside L1B, by their names.
package siblings

import (
	"maps"
	"path"
	"regexp"
	"slices"

	"github.com/englacial/zagg/core"
)

// A File is one of those among which granules and their siblings are.
type File struct {
	Name string // bare
	URL  string // for errors
	ID   core.Identity
	Has  map[string]bool // siblings that it is known to have already
}

// Pairs are granules and their siblings, as numbers of files.
type Pairs struct {
	Granules []int
	Of       []map[string]int // of each granule: the file of each sibling that was found
	Used     int              // files of siblings that are beside granules
}

// Pair tells apart granules and files of siblings, whose names have a pattern, and puts those beside the granules of the same observations.
// A granule without one of its siblings is an error; of several revisions of a sibling the newest is taken. asked is how the files were
// given, for errors.
func Pair(patterns map[string]string, files []File, asked string) (*Pairs, error) {
	p, all, stamp := &Pairs{}, map[string]map[string]int{}, timeInName()
	keys := make([]string, len(files))
	for i := range files {
		f := &files[i]
		name, key := siblingOf(patterns, f.Name), observed(stamp, f.ID, f.Name)
		keys[i] = key
		if name == "" {
			p.Granules = append(p.Granules, i)
		}
		if key == "" {
			if name == "" && len(f.Has) == len(patterns) {
				continue
			}
			return nil, core.Errorf(core.Unsupported, asked, f.URL,
				"its name does not tell which observations it has, so siblings (data_source.assets) are not found by names: give a shard map or a catalog that names them beside each granule")
		}
		if name == "" {
			continue
		}
		if all[name] == nil {
			all[name] = map[string]int{}
		}
		if k, taken := all[name][key]; !taken || files[k].ID.Compare(f.ID) < 0 {
			all[name][key] = i
		}
	}
	if len(p.Granules) == 0 && len(files) > 0 {
		return nil, core.Errorf(core.NotFound, asked, "", "all %d files are siblings by data_source.assets: none is a granule", len(files))
	}
	p.Of = make([]map[string]int, len(p.Granules))
	for i := range p.Of {
		p.Of[i] = map[string]int{}
	}
	for _, name := range slices.Sorted(maps.Keys(patterns)) {
		if err := p.take(name, patterns[name], files, keys, all[name], asked); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// take gives each granule its sibling of a name.
func (p *Pairs) take(name, pattern string, files []File, keys []string, siblings map[string]int, asked string) error {
	without, first := 0, ""
	for i, g := range p.Granules {
		if files[g].Has[name] {
			continue
		}
		k, ok := siblings[keys[g]]
		if !ok {
			if without++; first == "" {
				first = files[g].URL
			}
			continue
		}
		p.Of[i][name] = k
		p.Used++
	}
	if without > 0 {
		return core.Errorf(core.NotFound, asked, first, "%d of %d granules, this the first, have no file %s of the same observations beside them, which data_source.assets.%s asks for: give those too",
			without, len(p.Granules), pattern, name)
	}
	return nil
}

// siblingOf is the sibling that a file of a bare name is of; "": it is a granule.
func siblingOf(patterns map[string]string, name string) string {
	for _, sibling := range slices.Sorted(maps.Keys(patterns)) {
		if ok, err := path.Match(patterns[sibling], name); err == nil && ok {
			return sibling
		}
	}
	return ""
}

// timeInName finds the time in a name, which orbit and track follow.
func timeInName() *regexp.Regexp { return regexp.MustCompile(`_\d{13,14}_`) }

// observed is what products of the same observations have in common in their names: time, orbit and track. Of a name that follows
// no rule that the reader knows it is all from the time on; "": there is none in it.
func observed(stamp *regexp.Regexp, id core.Identity, name string) string {
	if id.Known() {
		name = id.Data
	}
	at := stamp.FindStringIndex(name)
	if at == nil {
		return ""
	}
	return name[at[0]+1:]
}
