package run

// Names and units of the source's variables, for the attributes of the store's arrays.

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// namesWithin bounds how long a run waits for the names and units of variables, which change no number.
const namesWithin = 30 * time.Second

// describeSource adds the names and units of the source's variables to the configuration: for a store that exists
// those that it was made with, otherwise those that the first granule by name gives. data_source.attributes takes
// precedence. The result is in the configuration that is kept beside the store and in events for functions, so that
// whoever lays the store out gives it the same attributes.
func (r *Run) describeSource(ctx context.Context) error {
	of, kept, err := r.keptNames(ctx)
	if err != nil {
		return err
	}
	if !kept {
		of = r.namesOf(ctx, r.firstByName())
	}
	if len(of) == 0 {
		return nil
	}
	for name, told := range r.config.DataSource.Attributes {
		d := of[name]
		of[name] = config.Described{Units: cmp.Or(told.Units, d.Units), LongName: cmp.Or(told.LongName, d.LongName), StandardName: cmp.Or(told.StandardName, d.StandardName)}
	}
	if maps.Equal(of, r.config.DataSource.Attributes) {
		return nil
	}
	if r.config, err = r.config.Describe(of); err != nil {
		return err
	}
	r.recipe, err = r.o.Compile(ctx, r.config)
	return err
}

// keptNames are the names and units that the store was made with; false if there is none yet, or it has another
// configuration.
func (r *Run) keptNames(ctx context.Context) (map[string]config.Described, bool, error) {
	if r.o.Overwrite {
		return nil, false, nil
	}
	text, err := store.SavedConfig(ctx, r.metered(), r.store)
	if core.Is(err, core.NotFound) || core.Is(err, core.Denied) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	was, _, err := config.Parse(store.At(r.store).Config(), text)
	if err != nil || was.SemanticHash() != r.config.SemanticHash() {
		return nil, false, nil // set-up says what is wrong
	}
	return maps.Clone(was.DataSource.Attributes), true, nil
}

// namesOf are the names and units that a granule gives its variables. If they cannot be read here the run goes on:
// functions may be able to read what this process may not.
func (r *Run) namesOf(ctx context.Context, g core.Granule) map[string]config.Described {
	ctx, stop := context.WithTimeout(ctx, namesWithin)
	defer stop()
	stores := host.NewStores(r.source.reader, r.output, r.source.url)
	stores.Cache = r.source.cache
	of, err := r.recipe.Described(ctx, stores.Reader(&r.source.used), g)
	if err != nil {
		r.progress.Warn(fmt.Sprintf("WARNING the names and units of the source's variables are not in the store, because %s could not be read here: %v; data_source.attributes can give them", g.ID, err))
		return nil
	}
	return of
}

// firstByName is the plan's granule with the first name, in whatever order the shards are.
func (r *Run) firstByName() core.Granule {
	var first core.Granule
	for i := range r.plan.Shards {
		for _, g := range r.plan.Shards[i].Granules {
			if first.ID == "" || job.BareName(g.URL()) < job.BareName(first.URL()) {
				first = g
			}
		}
	}
	return first
}
