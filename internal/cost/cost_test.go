package cost

import (
	"testing"

	"github.com/stretchr/testify/require"
)

// The full Antarctic cycle of the system that zagg replaces: 87,152 worker-seconds of 2 GB.
func TestFullCycle(t *testing.T) {
	b := Of(Use{WorkerSeconds: 87152, MemoryGB: 2})
	require.InDelta(t, 2.32, b.Total(), 0.005)
}

func TestParts(t *testing.T) {
	b := Of(Use{WorkerSeconds: 1000, MemoryGB: 4, TmpGB: 10.5, Invocations: 1e6, Gets: 1e6, Puts: 1e6})
	require.InDelta(t, 1000*4*1.33334e-5, b.Compute, 1e-9)
	require.InDelta(t, 1000*10*3.09e-8, b.Tmp, 1e-9)
	require.InDelta(t, 0.20, b.Invoke, 1e-9)
	require.InDelta(t, 5.40, b.Requests, 1e-9)
	require.Zero(t, Of(Use{}).Total())
	require.Equal(t, "$0.000000", Of(Use{}).String())
}
