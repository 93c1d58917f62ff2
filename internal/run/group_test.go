package run

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
)

// A busy backend does not answer the first time that a shard is computed.
type busy struct {
	Backend
	asked map[core.ShardKey]int
}

func (b *busy) Compute(_ context.Context, jobs []job.Job) (results []Result, errs []error) {
	for _, j := range jobs {
		var err error
		if b.asked[j.ShardKey]++; b.asked[j.ShardKey] == 1 {
			err = core.Errorf(core.Unavailable, "compute", string(j.ShardKey), "no answer")
		}
		results, errs = append(results, Result{}), append(errs, err)
	}
	return results, errs
}

// A shard is tried again, shard by shard, unless that is not wanted: a benchmark pays for one invocation.
func TestRetry(t *testing.T) {
	jobs := []job.Job{{ShardKey: "1"}, {ShardKey: "2"}}
	b := &busy{asked: map[core.ShardKey]int{}}
	_, errs := withRetry(t.Context(), b, jobs, false)
	require.Equal(t, []error{nil, nil}, errs)
	require.Equal(t, map[core.ShardKey]int{"1": 2, "2": 2}, b.asked)
	b = &busy{asked: map[core.ShardKey]int{}}
	_, errs = withRetry(t.Context(), b, jobs, true)
	require.Error(t, errs[0])
	require.Equal(t, map[core.ShardKey]int{"1": 1, "2": 1}, b.asked)
}
