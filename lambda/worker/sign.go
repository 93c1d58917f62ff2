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

// A life shows that an invocation is at work: an object beside the results that is written at once and then every
// job.SignEvery, for those who sent an event and would otherwise not know a slow worker from one that was killed.
type life struct {
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

// showLife begins to show life if the event asks for it. What ends the life must be called.
func (in *invocation) showLife(ctx context.Context, j *job.Job) (*life, error) {
	l := &life{in: in, url: j.StartedURL, started: time.Now().UTC()}
	l.ctx, l.cancel = context.WithCancel(ctx)
	l.stop = func() {}
	if l.url == "" {
		return l, nil
	}
	store, err := in.output(ctx, j.OutputCredentials, j.Region, j.Terms, in.mirror.config, l.url)
	if err != nil {
		return l, err
	}
	l.store = objstore.Retry(store, objstore.Policy{})
	showing, stop := context.WithCancel(ctx)
	l.stop = stop
	l.over.Go(func() { l.show(showing, j) })
	return l, nil
}

// show writes signs until ctx ends. A worker that may not write one, or for which there is no room, could not write its
// shards either: its work ends with that error. A store that does not answer is asked again with the next sign.
func (l *life) show(ctx context.Context, j *job.Job) {
	t := time.NewTicker(job.SignEvery)
	defer t.Stop()
	for {
		if err := l.write(ctx, j); err != nil && ctx.Err() == nil && core.CodeOf(err) != core.Unavailable {
			l.failed = core.Errorf(core.CodeOf(err), "worker", l.in.name(), "it stopped, because no sign of life can be written beside the store: %w", err)
			l.cancel()
			return
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

func (l *life) write(ctx context.Context, j *job.Job) error {
	data, err := json.Marshal(job.Sign{RunID: j.RunID, Label: j.Label, AttemptID: l.in.requestID, Started: l.started, At: time.Now().UTC()})
	if err != nil {
		return err
	}
	return objstore.PutBytes(ctx, l.store, l.url, data, core.PutOptions{ContentType: "application/json"})
}

// end stops the signs; the error is why no more could be written.
func (l *life) end() error {
	l.stop()
	l.over.Wait()
	l.cancel()
	return l.failed
}

// forget removes the sign of an invocation whose result is there.
func (l *life) forget(ctx context.Context) {
	if l.store != nil {
		l.store.Delete(ctx, l.url) //nolint:errcheck // a result counts more than a sign
	}
}
