package run

// Files of sibling products among the granules.

import (
	"context"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog/siblings"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/quantity"
)

// withSiblings puts files of sibling products, as the configuration's patterns of names tell them, beside their
// granules.
func (r *Run) withSiblings(ctx context.Context, all []core.Granule) ([]core.Granule, error) {
	patterns := r.config.DataSource.Siblings
	if len(patterns) == 0 {
		return all, nil
	}
	ids, err := job.Identify(ctx, r.recipe.Reader, all)
	if err != nil {
		return nil, err
	}
	files := make([]siblings.File, len(all))
	for i := range all {
		files[i] = siblings.File{Name: job.BareName(all[i].URL()), URL: all[i].URL(), ID: ids[i]}
	}
	pairs, err := siblings.Pair(patterns, files, "--granules")
	if err != nil {
		return nil, err
	}
	granules := make([]core.Granule, len(pairs.Granules))
	for i, k := range pairs.Granules {
		granules[i] = all[k]
		for name, of := range pairs.Of[i] {
			granules[i].Assets[name] = all[of].URL()
		}
	}
	r.note("%s of sibling products beside %s", quantity.Counted(int64(pairs.Used), "file"), quantity.Counted(int64(len(granules)), "granule"))
	return granules, nil
}
