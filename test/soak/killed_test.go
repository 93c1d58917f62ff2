//go:build suites

package soak

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/fleet"
	"github.com/englacial/zagg/internal/sharedtest"
)

// Workers that are killed are heard of through the function's destination for failures, and their shards sent again, although the
// time-out is far away: events are as the deployed template has them.
func TestKilledWorkersAreHeardOf(t *testing.T) {
	sharedtest.NotShort(t)
	b := newBench(t)
	const timeout = 12 * time.Minute
	require.NoError(t, b.lambda.Deploy(emulator.Function{Name: "process-shard", Bootstrap: exe(t), Memory: usual, Timeout: timeout, Env: b.s3.Environ(),
		Async: &emulator.AsyncConfig{MaxAge: fleet.MaxAge, OnFailure: emulator.Destination{Bucket: "failures", Store: b.store, URL: "s3://failures"}}}))
	b.lambda.SetFault(func(c emulator.Call) emulator.Fault {
		if c.Event && c.Number%2 == 0 { // an event that is sent again has a number of its own
			return emulator.Fault{Kill: time.Millisecond}
		}
		return emulator.Fault{}
	})
	ctx, cancel := context.WithTimeout(t.Context(), timeout/3)
	defer cancel()
	cmd := b.run(ctx, "s3://out/killed.zarr", true)
	cmd.Args = append(cmd.Args, "--shards-per-job", "1", "--max-workers", "1")
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.NotZero(t, b.lambda.Stats().Killed)
	b.check(t, 0, "s3://out/killed.zarr")
}
