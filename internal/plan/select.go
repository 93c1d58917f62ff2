package plan

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
)

// Select makes sure that no observation is in two granules, as far as their names tell. It sets the granules' IDs
// (job.Identify) and takes out of every list those that are superseded: of granules that hold the same observations
// the newest stays, or of one revision the whole one beside a part of it. Where that cannot be told it is an error that
// names both. What was taken out comes back in order of name.
func Select(ctx context.Context, r core.ProductReader, lists [][]core.Granule) ([]job.Superseded, error) {
	all, place := distinct(lists)
	ids, err := job.Identify(ctx, r, all)
	if err != nil {
		return nil, err
	}
	by := map[string]string{} // superseded → what is used
	same := map[string][]int{}
	first := map[string]int{}
	for i, g := range all {
		if k, taken := first[g.ID]; taken {
			return nil, alike(all[k].URL(), g.URL())
		}
		first[g.ID] = i
		if ids[i].Known() {
			same[ids[i].Data] = append(same[ids[i].Data], i)
		}
	}
	for _, data := range slices.Sorted(maps.Keys(same)) {
		group := same[data]
		best, rival := newest(ids, group)
		if rival >= 0 {
			return nil, alike(all[best].URL(), all[rival].URL())
		}
		for _, i := range group {
			if i != best {
				by[all[i].ID] = all[best].ID
			}
		}
	}
	for i, list := range lists {
		kept := list[:0]
		for _, g := range list {
			g.ID = all[place[g.URL()]].ID
			if by[g.ID] == "" {
				kept = append(kept, g)
			}
		}
		lists[i] = kept
	}
	var out []job.Superseded
	for _, id := range slices.Sorted(maps.Keys(by)) {
		out = append(out, job.Superseded{Granule: id, By: by[id]})
	}
	return out, nil
}

func alike(a, b string) error {
	return core.Errorf(core.Invalid, "plan", b, "by its name it holds the same observations as %s, and which of the two is to be used cannot be told; they would count twice: leave one out", core.Address(a))
}

// distinct lists the granules of all lists once each, by address, and where each is.
func distinct(lists [][]core.Granule) (all []core.Granule, place map[string]int) {
	place = map[string]int{}
	for _, list := range lists {
		for _, g := range list {
			if _, seen := place[g.URL()]; !seen {
				place[g.URL()] = len(all)
				all = append(all, g)
			}
		}
	}
	return all, place
}

// newest is the granule to use of those that hold the same observations. rival is one of which that cannot be told, or -1:
// another of the same revision, a newer part of an older whole, or another part.
func newest(ids []core.Identity, group []int) (best, rival int) {
	order := slices.Clone(group)
	slices.SortStableFunc(order, func(a, b int) int {
		return cmp.Or(ids[b].Compare(ids[a]), cmp.Compare(len(ids[a].Part), len(ids[b].Part)))
	})
	best = order[0]
	for _, i := range order[1:] {
		whole := ids[best].Part == ""
		older := ids[i].Compare(ids[best]) < 0
		if whole && (older || ids[i].Part != "") || older && ids[i].Part == ids[best].Part {
			continue
		}
		return best, i
	}
	return best, -1
}
