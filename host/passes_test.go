package host_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/job"
	layout "github.com/englacial/zagg/internal/store"
)

// jobs are all shards of a plan.
func (s *setup) jobs(t testing.TB) []*job.Job {
	var jobs []*job.Job
	for i := range s.plan.Shards {
		jobs = append(jobs, s.job(t, s.plan.Shards[i].Label))
	}
	return jobs
}

// Shards that are computed together leave what they would leave alone, and what they share is divided among them.
func TestManyShardsAtOnce(t *testing.T) {
	alone, want := finished(t, simple)
	for _, memory := range []*budget.Budget{nil, budget.New(1 << 10)} {
		s, store := planned(t, recipe(t, simple), two()), &objstore.Mem{}
		inputs(t, s, store)
		s.start(t, store)
		stores := host.Stores{Source: store, Output: store, Granules: 2, Budget: memory, Scratch: t.TempDir()}
		outs, errs := s.template.ProcessAll(t.Context(), stores, s.jobs(t), "test")
		var used, source objstore.Usage
		var sum job.Receipt
		for i, out := range outs {
			require.NoError(t, errs[i])
			used, source = used.Add(out.Source).Add(out.Output), source.Add(out.Source)
			sum.Add(&out.Record.Receipt)
			single, err := layout.LoadRecord(t.Context(), want, alone.url, out.Record.Label)
			require.NoError(t, err)
			got := *out.Record
			require.Positive(t, got.Receipt.Seconds)
			require.Equal(t, single.Receipt.Observations.Kept, got.Receipt.Observations.Kept)
			got.Receipt, single.Receipt, got.WrittenAt, single.WrittenAt = job.Receipt{}, job.Receipt{}, time.Time{}, time.Time{}
			require.Equal(t, single, &got)
		}
		require.Equal(t, used.Gets+used.Heads-2, sum.Reads, "but for the two records that were looked for")
		require.Equal(t, used.Puts, sum.Writes)
		opened := map[string]bool{}
		for i := range s.plan.Shards {
			for _, g := range s.plan.Shards[i].Granules {
				opened[g.ID] = true
			}
		}
		require.EqualValues(t, len(opened), source.Gets, "each granule is read once")
		for url, body := range contents(t, want) {
			if !slices.Contains([]string{layout.At(s.url).Record("1111"), layout.At(s.url).Record("-1111")}, url) {
				require.Equal(t, body, contents(t, store)[url], url)
			}
		}
		again, errs := s.template.ProcessAll(t.Context(), stores, s.jobs(t), "test")
		for i := range again {
			require.NoError(t, errs[i])
			require.True(t, again[i].Skipped)
		}
	}
}

// A granule that cannot be read, or a job that is wrong, fails its own shards.
func TestManyShardsOneOfWhichFails(t *testing.T) {
	s, store := planned(t, recipe(t, simple), map[string][]string{"1111": {"a"}, "-1111": {"a", "b"}}), &objstore.Mem{}
	inputs(t, s, store)
	s.start(t, store)
	require.NoError(t, objstore.PutBytes(t.Context(), store, "mem://in/b", []byte("no table"), core.PutOptions{}))
	jobs := s.jobs(t)
	wrong := *jobs[0]
	wrong.ShardKey = "x"
	outs, errs := s.template.ProcessAll(t.Context(), host.Stores{Source: store, Output: store}, append(jobs, &wrong), "test")
	failed := 0
	for i, err := range errs {
		if err == nil {
			require.Equal(t, "1111", outs[i].Record.Label)
			continue
		}
		failed++
		require.Nil(t, outs[i].Record)
	}
	require.Equal(t, 2, failed)
}
