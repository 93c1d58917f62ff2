package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// What decides is what one request more costs, and what of a granule the memory holds; far-away services do not change it up to there.
func TestReadsWhole(t *testing.T) {
	for _, latency := range []time.Duration{0, 30 * time.Millisecond, time.Second} {
		require.True(t, ReadsWhole(2048, "s3://b/a.h5", 12<<20, latency))
		require.True(t, ReadsWhole(2048, "s3://b/a.h5", 35<<20, latency))
		require.False(t, ReadsWhole(2048, "s3://b/a.h5", 37<<20, latency))
		require.False(t, ReadsWhole(256, "s3://b/a.h5", 30<<20, latency))
	}
	require.True(t, ReadsWhole(2048, "a.h5", 4<<20, time.Second))
	require.False(t, ReadsWhole(2048, "a.h5", 5<<20, time.Second), "pieces of files cost nothing")
	require.EqualValues(t, 1<<30, WorkerBudget(2048).Total())
}
