package worker

import (
	"context"
	"encoding/json"
	"sync"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
)

// A heartbeat shows that an invocation is at work: an object beside the results that is written at once and then every
// job.SignEvery, for those who sent an event and would otherwise not know a slow worker from one that was killed.
type heartbeat struct {
	in      *invocation
	url     string
	store   core.ObjectStore
	started time.Time
	ctx     context.Context // of the work; ends where no sign can be written
	cancel  context.CancelFunc
	stop    context.CancelFunc // of the signs
	over    sync.WaitGroup
	failed  error // why the work was ended
}

// startHeartbeat writes signs of life if the event asks for them. end must be called.
func (in *invocation) startHeartbeat(ctx context.Context, j *job.Job) (*heartbeat, error) {
	h := &heartbeat{in: in, url: j.StartedURL, started: time.Now().UTC()}
	h.ctx, h.cancel = context.WithCancel(ctx)
	h.stop = func() {}
	if h.url == "" {
		return h, nil
	}
	store, err := in.output(ctx, j.OutputCredentials, j.Region, j.Terms, in.mirror.config, h.url)
	if err != nil {
		return h, err
	}
	h.store = objstore.Retry(store, objstore.Policy{})
	showing, stop := context.WithCancel(ctx)
	h.stop = stop
	h.over.Go(func() { h.show(showing, j) })
	return h, nil
}

// show writes signs until ctx ends. A worker that may not write one, or for which there is no room, could not write its
// shards either: its work ends with that error. A store that does not answer is asked again with the next sign.
func (h *heartbeat) show(ctx context.Context, j *job.Job) {
	t := time.NewTicker(job.SignEvery)
	defer t.Stop()
	for {
		if err := h.write(ctx, j); err != nil && ctx.Err() == nil && !core.Is(err, core.Unavailable) {
			h.failed = core.Wrapf(err, "worker", h.in.name(), "it stopped, because no sign of life can be written beside the store: %w", err)
			h.cancel()
			return
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

func (h *heartbeat) write(ctx context.Context, j *job.Job) error {
	data, err := json.Marshal(job.Sign{RunID: j.RunID, Label: j.Label, AttemptID: h.in.requestID, Started: h.started, At: time.Now().UTC()})
	if err != nil {
		return err
	}
	return objstore.PutBytes(ctx, h.store, h.url, data, core.PutOptions{ContentType: "application/json"})
}

// end stops the signs; the error is why no more could be written.
func (h *heartbeat) end() error {
	h.stop()
	h.over.Wait()
	h.cancel()
	return h.failed
}

// forget removes the sign of an invocation whose result is there.
func (h *heartbeat) forget(ctx context.Context) {
	if h.store != nil {
		h.store.Delete(ctx, h.url) //nolint:errcheck // a result counts more than a sign
	}
}
