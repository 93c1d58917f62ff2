package run

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
)

func TestBeginning(t *testing.T) {
	for name, want := range map[string]string{
		"ATL06_20181014001049_02350102_003_01.h5": "2018-10-14T00:10:49Z", "processed_ATL06_20181015150017_02590112_001_01.h5": "2018-10-15T15:00:17Z",
		"GEDI02_A_2019108002012_O01959_01_T03909_02_003_01_V002.h5": "2019-04-18T00:20:12Z", "a.h5": "", "x_20189914001049_1.h5": "",
	} {
		at, ok := beginning(starts(), name)
		require.Equal(t, want != "", ok, name)
		if ok {
			require.Equal(t, want, at.Format(time.RFC3339), name)
		}
	}
}

// What the shard map says of granules comes before what their names do.
func TestSpanned(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2024, 5, day, 0, 0, 0, 0, time.UTC) }
	shard := plan.Shard{Granules: []core.Granule{{Start: at(3), End: at(4)}, {Start: at(1), End: at(2)}}}
	r := &Run{plan: &plan.Plan{Shards: []plan.Shard{shard}}}
	require.Equal(t, &job.Observed{First: at(1), Last: at(4)}, r.spanned())
	r.plan.Shards[0].Granules[0].End = time.Time{}
	require.Nil(t, r.spanned())
}
