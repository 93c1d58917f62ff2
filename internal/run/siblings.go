package run

import (
	"context"
	"maps"
	"path"
	"regexp"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/quantity"
)

// withSiblings puts files that are of sibling products, as the configuration's patterns of names say, beside the granules of the same
// observations. A granule without one of its siblings is an error; of several revisions of a sibling the newest is taken.
func (r *Run) withSiblings(ctx context.Context, all []core.Granule) ([]core.Granule, error) {
	patterns := r.config.DataSource.Siblings
	if len(patterns) == 0 {
		return all, nil
	}
	ids, err := job.Identify(ctx, r.recipe.Reader, all)
	if err != nil {
		return nil, err
	}
	var granules []core.Granule
	var keys []string
	stamp := timeInName()
	siblings := map[string]map[string]int{} // of each sibling: the file of some observations
	for i := range all {
		name, key := siblingOf(patterns, all[i]), observed(stamp, ids[i], job.BareName(all[i].URL()))
		if key == "" {
			return nil, core.Errorf(core.Unsupported, "--granules", all[i].URL(),
				"its name does not tell which observations it has, so siblings (data_source.assets) are not found by names: give a shard map that names them beside each granule")
		}
		if name == "" {
			granules, keys = append(granules, all[i]), append(keys, key)
			continue
		}
		if siblings[name] == nil {
			siblings[name] = map[string]int{}
		}
		if k, taken := siblings[name][key]; !taken || ids[k].Compare(ids[i]) < 0 {
			siblings[name][key] = i
		}
	}
	if len(granules) == 0 {
		return nil, core.Errorf(core.NotFound, "--granules", "", "all %d files are siblings by data_source.assets: none is a granule", len(all))
	}
	return granules, r.pair(granules, keys, all, siblings)
}

// pair gives granules their siblings.
func (r *Run) pair(granules []core.Granule, keys []string, all []core.Granule, siblings map[string]map[string]int) error {
	patterns, used := r.config.DataSource.Siblings, 0
	for _, name := range slices.Sorted(maps.Keys(patterns)) {
		without, first := 0, ""
		for i := range granules {
			k, ok := siblings[name][keys[i]]
			if !ok {
				if without++; first == "" {
					first = granules[i].URL()
				}
				continue
			}
			used++
			granules[i].Assets[name] = all[k].URL()
		}
		if without > 0 {
			return core.Errorf(core.NotFound, "--granules", first, "%d of %d granules, this the first, have no file %s of the same observations beside them, which data_source.assets.%s asks for: give those too",
				without, len(granules), patterns[name], name)
		}
	}
	r.note("%s of sibling products beside %s", quantity.Counted(int64(used), "file"), quantity.Counted(int64(len(granules)), "granule"))
	return nil
}

// siblingOf is the sibling that a file is of; "": it is a granule.
func siblingOf(patterns map[string]string, g core.Granule) string {
	for _, name := range slices.Sorted(maps.Keys(patterns)) {
		if ok, err := path.Match(patterns[name], job.BareName(g.URL())); err == nil && ok {
			return name
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
