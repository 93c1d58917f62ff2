package host_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
)

// A job that went through its event is done with a template made from it alone, as with the planner's.
func TestJobByItself(t *testing.T) {
	s, whole := finished(t, simple)
	store := &objstore.Mem{}
	inputs(t, s, store)
	s.start(t, store)
	for _, shard := range s.plan.Shards {
		event, err := s.job(t, shard.Label).Event()
		require.NoError(t, err)
		j, err := job.Decode(event)
		require.NoError(t, err)
		require.EqualValues(t, len(s.plan.Shards), j.PlanShards)
		cfg, _, err := config.Parse("event", j.Config)
		require.NoError(t, err)
		r, err := newHost(t).Compile(t.Context(), cfg)
		require.NoError(t, err)
		tmpl, err := r.JobTemplate(j)
		require.NoError(t, err)
		require.NoError(t, tmpl.Store.Check(t.Context(), store, j.StorePath))
		out, err := tmpl.Process(t.Context(), host.Stores{Source: store, Output: store, Granules: 2, Used: func() (float64, int64) { return 1.5, 7 }}, j, "test")
		require.NoError(t, err)
		require.Equal(t, s.template.Store.Plan, out.Record.Plan)
		require.Equal(t, 1.5, out.Record.Receipt.CPUSeconds)
		require.EqualValues(t, 7, out.Record.Receipt.MaxMemory)
	}
	require.Equal(t, data(t, whole), data(t, store))
}

// data is what a store holds beside records, which differ in their receipts.
func data(t *testing.T, store *objstore.Mem) map[string]string {
	all := contents(t, store)
	for url := range all {
		if len(url) > len("mem://out/x.zarr.status") && url[:len("mem://out/x.zarr.status")] == "mem://out/x.zarr.status" {
			delete(all, url)
		}
	}
	return all
}

func TestJobTemplateRefuses(t *testing.T) {
	s := planned(t, recipe(t, simple), two())
	j := s.job(t, s.plan.Shards[0].Label)
	j.PlanShards = 0
	_, err := s.recipe.JobTemplate(j)
	require.Equal(t, core.Invalid, core.CodeOf(err))
	_, err = s.recipe.PlanOf(t.Context(), &job.Call{})
	require.Equal(t, core.Invalid, core.CodeOf(err))
	p, err := s.recipe.PlanOf(t.Context(), &job.Call{ShardKeys: s.plan.Keys()})
	require.NoError(t, err)
	require.Equal(t, s.plan.Keys(), p.Keys())

	sphere := planned(t, recipe(t, edited(t, simple, "layout: compact", "layout: fullsphere")), two())
	tmpl, err := sphere.recipe.JobTemplate(&job.Job{})
	require.NoError(t, err)
	require.Equal(t, sphere.template.Store.Plan, tmpl.Store.Plan)
}

func TestCheckSetup(t *testing.T) {
	s := planned(t, recipe(t, simple), two())
	store := &objstore.Mem{}
	require.Equal(t, core.NotFound, core.CodeOf(s.template.Store.Check(t.Context(), store, s.url)))
	s.start(t, store)
	require.NoError(t, s.template.Store.Check(t.Context(), store, s.url))
	// Another spelling of the same grid is the same store.
	same := planned(t, recipe(t, edited(t, simple, "    parent_order: 3\n    child_order: 5\n", "    child_order: 5\n    parent_order: 3\n")), two())
	require.NoError(t, same.template.Store.Check(t.Context(), store, s.url))
	other := planned(t, recipe(t, edited(t, simple, "output:\n", "output:\n  compression: none\n")), two())
	err := other.template.Store.Check(t.Context(), store, s.url)
	require.Equal(t, core.Invalid, core.CodeOf(err))
	require.ErrorContains(t, err, "the job is not for this store: the store's arrays are stored otherwise")
}

func TestManifest(t *testing.T) {
	m := newHost(t).Manifest()
	data, err := json.Marshal(m)
	require.NoError(t, err)
	var back host.Manifest
	require.NoError(t, json.Unmarshal(data, &back))
	require.Equal(t, host.Version, back.Version)
	cfg, _, err := config.Parse("run.yaml", []byte(simple))
	require.NoError(t, err)
	require.NoError(t, back.Check("f", cfg, m))

	back.Plugins = back.Plugins[:0]
	for _, p := range m.Plugins {
		if p.Name != "stats" {
			back.Plugins = append(back.Plugins, p)
		}
	}
	err = back.Check("process-shard", cfg, m)
	require.Equal(t, core.NotFound, core.CodeOf(err))
	require.ErrorContains(t, err, "function process-shard has no statistic len, no statistic mean, no statistic max, no statistic average, no statistic quantile: deploy a bundle that has it")
	require.NoError(t, json.Unmarshal(data, &back))
	for i := range back.Plugins {
		if back.Plugins[i].Name == "stats" {
			back.Plugins[i].Version = "0.1.0"
		}
	}
	require.ErrorContains(t, back.Check("f", cfg, m), "function f has plugin stats 0.1.0 and this program has")
	require.NoError(t, back.Check("f", cfg, nil))
}
