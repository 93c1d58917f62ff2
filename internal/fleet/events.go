package fleet

// Events: invocations that nobody waits for on a connection. The worker leaves its result beside the store, where one
// goroutine looks for all of them.

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/middleware"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/dispatch"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// send runs a job as an event and waits for its result to appear beside the store. An event without a result is sent
// again, unless trying again cannot help or the shard turns out to be done.
func (f *Fleet) send(ctx context.Context, j job.Job) (*job.Done, error) {
	j.ResultURL = f.o.Runs.Result(j.Label)
	if f.signs {
		j.StartedURL = f.o.Runs.Started(j.Label)
	}
	var came arrival
	for n := range cost.DefaultSends {
		if n > 0 && f.signs { // the sign of a worker that died is none of the next
			f.o.Store.Delete(ctx, j.StartedURL) //nolint:errcheck // then a new one takes a little longer to be known
		}
		event, err := f.event(ctx, &j)
		if err != nil {
			return nil, err
		}
		came, err = f.sendOnce(ctx, j.Label, event)
		switch {
		case err != nil:
			return nil, err
		case came.answer != nil:
			return decodeOutcome(j.Label, came.answer)
		}
		// If results cannot be seen, none of what follows is known.
		if err := f.results.listError(); err != nil {
			return nil, resultUnreadable(j.Label, err)
		}
		if f.o.Finished != nil {
			if done := f.o.Finished(ctx, &j); done != nil {
				return done, nil
			}
		}
		if came.lost == neverStarted {
			f.o.Notice("shard %s: %s; it is asked to answer at once", j.Label, came.lost)
			return f.ask(ctx, &j)
		}
		if came.code == core.Invalid { // such as a full disk; keys that were denied may be renewed
			return nil, core.Errorf(came.code, "invoke "+f.o.Function, j.Label, "%s", came.lost)
		}
		if n+1 < cost.DefaultSends {
			f.o.Notice("shard %s: %s; its event is sent again", j.Label, came.lost)
		}
	}
	code := core.Unavailable
	if came.code == core.Denied {
		code = came.code
	}
	return nil, core.Errorf(code, "invoke "+f.o.Function, j.Label, "no result of two events; of the second: %s", came.lost)
}

// sendOnce sends an event and waits for what comes of it: exactly one arrival.
func (f *Fleet) sendOnce(ctx context.Context, label string, event []byte) (arrival, error) {
	wait := f.results.expect(label, f.signs)
	defer f.results.forget(label)
	out, err := f.request(ctx, label, &lambda.InvokeInput{FunctionName: &f.o.Function, Payload: event, InvocationType: types.InvocationTypeEvent})
	if err != nil {
		return arrival{}, err
	}
	id, _ := middleware.GetRequestIDMetadata(out.ResultMetadata)
	f.results.accepted(label, id)
	return f.await(ctx, wait)
}

// ask invokes the function and waits for the answer, which says what keeps it from running.
func (f *Fleet) ask(ctx context.Context, j *job.Job) (*job.Done, error) {
	event, err := f.event(ctx, j)
	if err != nil {
		return nil, err
	}
	answer, err := f.invoke(ctx, j.Label, event)
	if err != nil {
		return nil, err
	}
	return decodeOutcome(j.Label, answer)
}

// resultUnreadable is the error of a job whose result cannot be looked for.
func resultUnreadable(label string, err error) error {
	return core.Wrapf(err, "result", label, "its event was sent, and its result could not be looked for: %w", err)
}

// resultTimeout is how long a result may take after its event was accepted.
func (f *Fleet) resultTimeout() time.Duration { return f.function.Timeout + MaxAge + f.o.Patience }

// await waits for what comes of an event, at most for resultTimeout.
func (f *Fleet) await(ctx context.Context, wait <-chan arrival) (arrival, error) {
	t := time.NewTimer(f.resultTimeout())
	defer t.Stop()
	select {
	case a := <-wait:
		return a, a.err
	case <-t.C:
		return arrival{lost: fmt.Sprintf("no result after %s: the function's log says why (a time-out, no memory, or no right to write %s)", f.resultTimeout(), f.o.Runs)}, nil
	case <-ctx.Done():
		return arrival{}, context.Cause(ctx)
	}
}

// Follow waits for the results of jobs that another process has sent, by label, and gives each to got as it comes. It
// ends when all have come, at the deadline, or when those that are left show no sign of life and abandoned says that
// no more can come. late are the labels without a result. abandoned is nil where workers show
// no signs of life.
func Follow(ctx context.Context, from core.ObjectStore, folder store.RunFolder, labels []string, deadline time.Time, abandoned func(context.Context) bool, got func(label string, done *job.Done, err error)) (late []string, err error) {
	r := newResults(from, folder, time.Second, 0)
	for _, label := range labels {
		r.waiting[label] = &awaited{came: make(chan arrival, 1), signs: abandoned != nil}
	}
	for {
		present, err := r.present(ctx)
		if core.Is(err, core.Denied) {
			return nil, err
		}
		r.fetch(ctx, present)
		late = nil
		for _, label := range labels {
			switch wait := r.waiting[label]; {
			case wait == nil:
			case len(wait.came) == 0:
				late = append(late, label)
			default:
				delete(r.waiting, label)
				a := <-wait.came
				if a.err != nil {
					got(label, nil, a.err)
					continue
				}
				done, err := decodeOutcome(label, a.answer)
				got(label, done, err)
			}
		}
		if len(late) == 0 || time.Now().After(deadline) || abandoned != nil && r.silent() && abandoned(ctx) {
			return late, nil
		}
		if err := (dispatch.RealTime{}).Sleep(ctx, r.poll); err != nil {
			return nil, err
		}
	}
}

// silent reports whether none of the jobs that are waited for shows a sign of life, or none any longer.
func (r *results) silent() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, w := range r.waiting {
		if w.sign != "" && time.Since(w.changed) <= SignLasts {
			return false
		}
	}
	return true
}

// An arrival is what came of an event: an answer, or why it cannot be had (err), or why none will come (lost).
type arrival struct {
	answer *job.Response
	err    error
	lost   string
	code   core.Code // of what was lost; 0: the reason is not known
}

// An awaited is a job whose event was sent.
type awaited struct {
	came     chan arrival
	signs    bool      // its worker shows signs of life
	accepted time.Time // by Lambda; zero: not yet
	request  string    // its id there
	sign     string    // what the last sign looked like; "": there was none
	changed  time.Time // when that was seen first, by the clock of this process
}

// results looks for results as long as somebody waits for one: one listing for all of them. mu guards the fields
// below it.
type results struct {
	store    core.ObjectStore
	folder   store.RunFolder
	poll     time.Duration // at most
	patience time.Duration // with a store that denies listing
	notice   func(format string, args ...any)

	signEvery time.Duration
	maxAge    time.Duration // of an event that no worker has begun with
	failures  *failures     // nil: Lambda keeps none

	mu      sync.Mutex
	waiting map[string]*awaited
	looking bool
	failed  error // of the last listing

	unlisted bool // listing is not granted; of who looks alone
	listed   int  // objects at most in a listing
}

// The last results of a large run decide when it ends. From lastFew on each is asked for by its name, every second: that costs as much as to list
// the results of 1,000 shards in 20 seconds.
const (
	lastFew  = 8
	lastLook = time.Second
)

// few reports whether only the last results of a large run are waited for.
func (r *results) few() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.listed > cost.PerList && len(r.waiting) <= lastFew
}

func newResults(from core.ObjectStore, folder store.RunFolder, poll, patience time.Duration) *results {
	return &results{store: from, folder: folder, poll: poll, patience: patience, notice: func(string, ...any) {}, waiting: map[string]*awaited{}}
}

// expect returns the channel on which a label's result will come, and begins to look if nobody does.
func (r *results) expect(label string, signs bool) <-chan arrival {
	r.mu.Lock()
	defer r.mu.Unlock()
	wait := make(chan arrival, 1)
	r.waiting[label] = &awaited{came: wait, signs: signs}
	if !r.looking {
		r.looking = true
		go r.watch()
	}
	return wait
}

func (r *results) forget(label string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.waiting, label)
}

// listError is the reason why results cannot be seen; nil if they can.
func (r *results) listError() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed
}

// pause is how long to wait before the next look: longer the longer a run takes, and random within a quarter, so
// that runs that began together do not list together.
func (r *results) pause(waited time.Duration) time.Duration {
	p := cost.Pause(waited, r.poll)
	if r.few() {
		p = min(p, lastLook)
	}
	return p*3/4 + rand.N(p/2+1)
}

// watch lists results until no job waits any more. A store that does not answer is asked again, as those who wait
// have their own deadlines. A store that denies listing for longer than patience is given up.
func (r *results) watch() {
	ctx := context.Background()
	start, lastAllowed := time.Now(), time.Now()
	for {
		time.Sleep(r.pause(time.Since(start)))
		r.mu.Lock()
		if len(r.waiting) == 0 {
			r.looking = false
			r.mu.Unlock()
			return
		}
		r.mu.Unlock()
		labels, err := r.present(ctx)
		if !core.Is(err, core.Denied) {
			lastAllowed = time.Now()
		}
		r.note(err, time.Since(lastAllowed) > r.patience)
		r.fetch(ctx, labels)
		r.readFailures(ctx)
		if err == nil {
			r.giveUpSilent(time.Now())
		}
	}
}

// note keeps the error of a listing; with giveUp everybody who waits is told.
func (r *results) note(err error, giveUp bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case err != nil && r.failed == nil:
		r.notice("results cannot be looked for, asking again: %v", err)
	case err == nil && r.failed != nil:
		r.notice("results can be looked for again")
	}
	r.failed = err
	if err == nil || !giveUp {
		return
	}
	for label := range r.waiting {
		r.deliver(label, arrival{err: resultUnreadable(label, err)})
		delete(r.waiting, label)
	}
}

// present are the labels that are waited for and have a result. It notes signs of life on the way.
func (r *results) present(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var labels []string
	if r.unlisted || r.few() {
		return r.named(ctx)
	}
	listed := 0
	err := r.store.List(ctx, r.folder.Results(), func(o core.ObjectInfo) error {
		object := strings.TrimPrefix(o.URL, r.folder.Results())
		r.mu.Lock()
		defer r.mu.Unlock()
		listed++
		if name, ok := strings.CutSuffix(object, ".json"); ok && r.waiting[name] != nil {
			labels = append(labels, name)
		}
		if name, ok := strings.CutSuffix(object, store.StartedSuffix); ok {
			r.noteSign(name, o)
		}
		return nil
	})
	if errors.Is(err, objstore.ErrUnlisted) {
		r.unlisted = true
		return r.named(ctx)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listed = max(r.listed, listed)
	return labels, err
}

// named is present for stores where listing is not granted: each result that is waited for is asked for by its name,
// and so are the signs of life of those without one.
func (r *results) named(ctx context.Context) ([]string, error) {
	r.mu.Lock()
	waiting := map[string]bool{} // whether signs are expected
	for label, w := range r.waiting {
		waiting[label] = w.signs
	}
	r.mu.Unlock()
	var mu sync.Mutex
	var labels []string
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(fetchAtOnce)
	for label, signs := range waiting {
		g.Go(func() error {
			_, err := r.store.Stat(gctx, r.folder.Result(label))
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				labels = append(labels, label)
				return nil
			}
			if !core.Is(err, core.NotFound) || !signs {
				return ignoreMissing(err)
			}
			o, err := r.store.Stat(gctx, r.folder.Started(label))
			if err == nil {
				r.mu.Lock()
				defer r.mu.Unlock()
				r.noteSign(label, o)
			}
			return ignoreMissing(err)
		})
	}
	err := g.Wait()
	return labels, err
}

func ignoreMissing(err error) error {
	if core.Is(err, core.NotFound) {
		return nil
	}
	return err
}

// fetchAtOnce bounds how many results are read at once.
const fetchAtOnce = 32

// fetch reads the results of some labels and delivers them.
func (r *results) fetch(ctx context.Context, labels []string) {
	queue := make(chan string)
	var readers sync.WaitGroup
	for range min(fetchAtOnce, len(labels)) {
		readers.Go(func() {
			for label := range queue {
				r.read(ctx, label)
			}
		})
	}
	for _, label := range labels {
		queue <- label
	}
	close(queue)
	readers.Wait()
}

// maxResult is the length in bytes of the longest result that is read; one takes a few kilobytes.
const maxResult = 16 << 20

// read delivers a result to whoever waits for it, or the reason why it cannot be read. A store that does not answer
// is asked again with the next listing. Results of older runs cannot be there: runs have folders of their own.
func (r *results) read(ctx context.Context, label string) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var a arrival
	data, err := objstore.ReadAll(ctx, r.store, r.folder.Result(label), maxResult)
	if err == nil {
		var result *job.Result
		if result, err = job.DecodeResult(data); err == nil {
			a.answer = &result.Response
		}
	}
	if err != nil {
		if code := core.CodeOf(err); code == core.Unavailable || code == core.NotFound {
			return
		}
		a.err = resultUnreadable(label, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.deliver(label, a)
}

// deliver hands over what came of an event; only the first arrival counts. r.mu is held.
func (r *results) deliver(label string, a arrival) {
	if wait := r.waiting[label]; wait != nil {
		select {
		case wait.came <- a:
		default:
		}
	}
}
