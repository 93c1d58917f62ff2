package awstest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/emulator"
)

func TestRandomFaultsAreTheSeeds(t *testing.T) {
	rates := FaultRates{Throttle: 0.3, Lose: 0.3, Kill: 0.3, MaxDelay: time.Second}
	a, b, hits := RandomFaults(7, rates), RandomFaults(7, rates), 0
	for range 1000 {
		f := a(emulator.Call{})
		require.Equal(t, f, b(emulator.Call{}))
		if f.Throttle {
			hits++
		}
	}
	require.InDelta(t, 300, hits, 100)
}
