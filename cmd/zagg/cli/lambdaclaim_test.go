package cli

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/lambda/worker"
	"github.com/englacial/zagg/plugins/all"
)

// Where only the function may write, it claims the store for the run: other runs are kept away from it all the same.
func TestFunctionClaimsWhereOnlyItMayWrite(t *testing.T) {
	l, s3 := awsHere(t)
	var inside, claims atomic.Int64
	w, err := worker.New(os.Getenv, io.Discard, all.Plugins()...)
	require.NoError(t, err)
	var old atomic.Bool
	require.NoError(t, l.Deploy(emulator.Function{Name: "process-shard", Memory: 2048, Timeout: time.Minute, Handler: func(ctx context.Context, event []byte) ([]byte, error) {
		inside.Add(1)
		defer inside.Add(-1)
		if job.ModeOf(event) == job.ModeClaim {
			claims.Add(1)
			if old.Load() { // as one of an earlier release answers
				event = []byte(strings.Replace(string(event), `"claim"`, `"reclaim"`, 1))
			}
		}
		return w.Invoke(ctx, event)
	}}))
	s3.SetFault(func(r *http.Request) awstest.S3Fault {
		if strings.HasPrefix(r.URL.Path, "/out") && r.Method != http.MethodGet && r.Method != http.MethodHead && inside.Load() == 0 {
			return awstest.AccessDenied()
		}
		return awstest.S3Fault{}
	})
	args := append(append([]string{}, onCloud...), "--store", inCloud, "--backend", "lambda", "--yes", "--invocation", "sync", "--max-cells", "2", "--max-workers", "1")
	code, out, errs := execute(t, "", args...)
	require.Zero(t, code, out+errs)
	require.Contains(t, errs, "the function claims it for the run")
	require.Contains(t, out, "2 with data")
	objects, err := drivers.Open(t.Context(), drivers.Environment(), inCloud)
	require.NoError(t, err)
	c, _, err := store.LoadClaim(t.Context(), objects, inCloud)
	require.NoError(t, err)
	require.Empty(t, c.Holders, "it was given back")
	require.Equal(t, 1, c.Runs)
	require.GreaterOrEqual(t, claims.Load(), int64(2))

	inside.Add(1) // another run is at work
	held, err := store.Acquire(t.Context(), objects, inCloud, store.Claimant{RunID: "other", Work: "other", Lasts: time.Hour})
	inside.Add(-1)
	require.NoError(t, err)
	code, _, errs = execute(t, "", args...)
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "run other (process ")
	inside.Add(1)
	require.NoError(t, held.Release(t.Context(), false))
	inside.Add(-1)

	old.Store(true)
	code, _, errs = execute(t, "", args...)
	require.Equal(t, exitFailure, code)
	require.Contains(t, errs, "deploy it again")
}
