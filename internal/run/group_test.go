package run

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/job"
)

// A flaky backend fails shards with the errors that they have left, and notes what was computed together.
type flaky struct {
	Backend
	errs   map[core.ShardKey][]error
	final  bool
	groups [][]string
}

func (f *flaky) Compute(_ context.Context, jobs []*job.Job) ([]Result, []error) {
	results, errs := make([]Result, len(jobs)), make([]error, len(jobs))
	var group []string
	for i, j := range jobs {
		group = append(group, string(j.ShardKey))
		results[i] = Result{Outcome: &host.Outcome{Source: objstore.Usage{Gets: 1}}, Seconds: 2}
		if left := f.errs[j.ShardKey]; len(left) > 0 {
			errs[i], f.errs[j.ShardKey] = left[0], left[1:]
			results[i].Final = f.final && len(jobs) > 1
		}
	}
	f.groups = append(f.groups, group)
	return results, errs
}

// What did not answer is asked once more; what is wrong is not.
func TestRetryWhereItHelps(t *testing.T) {
	away, wrong := core.Errorf(core.Unavailable, "", "", "died"), core.Errorf(core.Corrupt, "", "", "checksum")
	jobs := []*job.Job{{ShardKey: "a"}, {ShardKey: "b"}, {ShardKey: "c"}, {ShardKey: "d"}}
	for name, c := range map[string]struct {
		errs   map[core.ShardKey][]error
		final  bool
		groups [][]string
		fails  []core.Code
	}{
		"nothing fails":    {nil, false, [][]string{{"a", "b", "c", "d"}}, []core.Code{0, 0, 0, 0}},
		"some did once":    {map[core.ShardKey][]error{"b": {away}, "c": {away}, "d": {wrong}}, false, [][]string{{"a", "b", "c", "d"}, {"b", "c"}}, []core.Code{0, 0, 0, core.Corrupt}},
		"took too long":    {map[core.ShardKey][]error{"a": {away}, "c": {away}}, true, [][]string{{"a", "b", "c", "d"}, {"a"}, {"c"}}, []core.Code{0, 0, 0, 0}},
		"never answers":    {map[core.ShardKey][]error{"a": {away, away, away}}, false, [][]string{{"a", "b", "c", "d"}, {"a"}}, []core.Code{core.Unavailable, 0, 0, 0}},
		"then it is wrong": {map[core.ShardKey][]error{"a": {away, wrong}}, false, [][]string{{"a", "b", "c", "d"}, {"a"}}, []core.Code{core.Corrupt, 0, 0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			f := &flaky{errs: c.errs, final: c.final}
			results, errs := withRetry(t.Context(), f, jobs, false)
			require.Equal(t, c.groups, f.groups)
			times := map[string]int64{}
			for _, g := range f.groups {
				for _, key := range g {
					times[key]++
				}
			}
			for i, want := range c.fails {
				if want == 0 {
					require.NoError(t, errs[i])
				} else {
					require.Equal(t, want, core.CodeOf(errs[i]))
				}
				n := times[string(jobs[i].ShardKey)]
				require.Equal(t, n, results[i].Source.Gets, "both are paid for")
				require.InDelta(t, float64(2*n), results[i].Seconds, 0)
			}
		})
	}
}

// Nothing is begun again once the run is to stop.
func TestNoRetryAfterTheEnd(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	f := &flaky{errs: map[core.ShardKey][]error{"a": {core.Errorf(core.Unavailable, "", "", "died")}}}
	_, errs := withRetry(ctx, f, []*job.Job{{ShardKey: "a"}}, false)
	require.Error(t, errs[0])
	require.Len(t, f.groups, 1)
}

// A benchmark pays for one attempt.
func TestOnce(t *testing.T) {
	f := &flaky{errs: map[core.ShardKey][]error{"a": {core.Errorf(core.Unavailable, "", "", "died")}}}
	_, errs := withRetry(t.Context(), f, []*job.Job{{ShardKey: "a"}}, true)
	require.Error(t, errs[0])
	require.Len(t, f.groups, 1)
}
