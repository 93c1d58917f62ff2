package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/dispatch"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// notices are what a fleet said.
type notices struct {
	mu   sync.Mutex
	text []string
}

func (n *notices) add(t *testing.T) func(string, ...any) {
	return func(format string, args ...any) {
		t.Logf(format, args...)
		n.mu.Lock()
		defer n.mu.Unlock()
		n.text = append(n.text, format)
	}
}

func (n *notices) all() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return strings.Join(n.text, "\n")
}

// show writes a sign of life, as a worker does.
func (a *account) show(ctx context.Context, j *job.Job, text string) error {
	return a.store.Put(ctx, j.StartedURL, strings.NewReader(text), core.PutOptions{Size: -1})
}

// A worker that began and is gone is known by its missing signs, long before its time-out; the event is sent again.
func TestWorkerWithoutSigns(t *testing.T) {
	var calls atomic.Int64
	a := newAccount(t, emulator.Options{}, fine)
	a.deploy(t, emulator.Function{Timeout: 14 * time.Minute, Memory: 2048, Async: &emulator.AsyncConfig{MaxAge: time.Minute}}, func(ctx context.Context, j *job.Job) (*job.Done, error) {
		require.NoError(t, a.show(ctx, j, "at work"))
		if calls.Add(1) == 1 {
			return nil, errors.New("killed")
		}
		return fine(ctx, j)
	})
	f := a.fleet(t, func(o *Options) { o.Async, o.SignEvery = true, 20*time.Millisecond })
	f.ExpectSigns()
	done, err := f.Run(t.Context(), aJob("-1", 3))
	require.NoError(t, err)
	require.EqualValues(t, 3, done.TotalObs)
	require.EqualValues(t, 2, calls.Load())
}

// A worker that goes on showing signs is waited for.
func TestWorkerWithSigns(t *testing.T) {
	const every = 50 * time.Millisecond
	var calls atomic.Int64
	var a *account
	a = newAccount(t, emulator.Options{}, func(ctx context.Context, j *job.Job) (*job.Done, error) {
		calls.Add(1)
		for i := range 40 {
			if err := a.show(ctx, j, strings.Repeat("x", i)); err != nil {
				return nil, err
			}
			if err := (dispatch.RealTime{}).Sleep(ctx, every/5); err != nil {
				return nil, err
			}
		}
		return fine(ctx, j)
	})
	f := a.fleet(t, func(o *Options) { o.Async, o.SignEvery = true, every*20 })
	f.ExpectSigns()
	_, err := f.Run(t.Context(), aJob("-1", 3))
	require.NoError(t, err)
	require.EqualValues(t, 1, calls.Load())
}

// A sign looks the same in a listing and to who asks for it, though a listing tells its time more exactly.
func TestSignsLookTheSame(t *testing.T) {
	r := newResults(nil, "", 0, 0)
	w := &awaited{}
	r.waiting["-1"] = w
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	r.noteSign("-1", core.ObjectInfo{ETag: "a", Modified: at})
	seen := *w
	r.noteSign("-1", core.ObjectInfo{ETag: "a", Modified: at.Truncate(time.Second).Local()})
	require.Equal(t, seen, *w)
	r.noteSign("-1", core.ObjectInfo{ETag: "b", Modified: at})
	require.NotEqual(t, seen, *w)
	r.noteSign("-1", core.ObjectInfo{ETag: "b", Modified: at.Add(time.Second)})
	require.NotEqual(t, seen.sign, w.sign)
}

// Who follows a run sees that its workers are at work also where listing is not granted.
func TestFollowBySignsWithoutListing(t *testing.T) {
	mem, folder := &objstore.Mem{}, store.RunFolder("mem://s.status/runs/r")
	require.NoError(t, objstore.PutBytes(t.Context(), mem, folder.Started("-1"), []byte("at work"), core.PutOptions{}))
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := Follow(ctx, unlisted{mem}, folder, []string{"-1"}, time.Now().Add(time.Hour), func(context.Context) bool { return true }, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// An unlisted store may be read and written but not listed.
type unlisted struct{ core.ObjectStore }

func (unlisted) List(context.Context, string, func(core.ObjectInfo) error) error {
	return core.Errorf(core.Denied, "list", "", "%w", objstore.ErrUnlisted)
}

// An event that Lambda took and lost shows no sign at all: the function is asked to answer at once.
func TestEventsThatNobodyBegins(t *testing.T) {
	o := emulator.Options{Fault: func(c emulator.Call) emulator.Fault { return emulator.Fault{Lose: c.Event} }}
	a := newAccount(t, o, fine)
	a.deploy(t, emulator.Function{Timeout: 14 * time.Minute, Memory: 2048, Async: &emulator.AsyncConfig{MaxAge: time.Second}}, fine)
	var said notices
	f := a.fleet(t, func(o *Options) { o.Async, o.SignEvery, o.Notice = true, 20*time.Millisecond, said.add(t) })
	f.ExpectSigns()
	done, err := f.Run(t.Context(), aJob("-1", 3))
	require.NoError(t, err)
	require.EqualValues(t, 3, done.TotalObs)
	require.Contains(t, said.all(), "asked to answer at once")
}

// What Lambda tells the destination for failures is heard at once, with the cause, of this request and no other.
func TestRecordsOfFailures(t *testing.T) {
	var calls atomic.Int64
	work := func(ctx context.Context, j *job.Job) (*job.Done, error) {
		if n := calls.Add(1); j.Label == "-1" && n%2 == 1 || j.Label == "-2" {
			return nil, errors.New("signal: killed")
		}
		return fine(ctx, j)
	}
	a := newAccount(t, emulator.Options{}, work)
	to := emulator.Destination{Bucket: "failures", Store: a.store, URL: "mem://failures"}
	a.deploy(t, emulator.Function{Timeout: 14 * time.Minute, Memory: 2048, Async: &emulator.AsyncConfig{MaxAge: time.Minute, OnFailure: to}}, work)
	var asked string
	f := a.fleet(t, func(o *Options) {
		o.Async = true
		o.Failures = func(_ context.Context, bucket string) (core.ObjectStore, string, error) {
			asked = bucket
			return a.store, "mem://failures", nil
		}
	})
	require.Equal(t, "failures", asked)
	other, err := json.Marshal(failure{})
	require.NoError(t, err)
	for name, data := range map[string]string{"a": "not JSON", "b": string(other), "c": "[]"} {
		require.NoError(t, a.store.Put(t.Context(), f.results.failures.folder+time.Now().UTC().Format("2006/01/02/2006-01-02T15.04.05-")+name, strings.NewReader(data), core.PutOptions{Size: -1}))
	}
	_, err = f.Run(t.Context(), aJob("-1", 3))
	require.NoError(t, err)
	require.EqualValues(t, 2, calls.Load())
	require.NotContains(t, f.results.failures.why, "", "a record of no request is of nobody's event")
	_, err = f.Run(t.Context(), aJob("-2", 3))
	require.ErrorContains(t, err, "no result of two events; of the second: ")
	require.ErrorContains(t, err, "signal: killed")
	require.Equal(t, core.Unavailable, core.CodeOf(err))
}

// An event that grows too old before a worker takes it is sent again.
func TestEventsThatGrowOld(t *testing.T) {
	a := newAccount(t, emulator.Options{}, fine)
	var calls atomic.Int64
	a.SetFault(func(c emulator.Call) emulator.Fault {
		if c.Event && calls.Add(1) == 1 {
			return emulator.Fault{Delay: 100 * time.Millisecond}
		}
		return emulator.Fault{}
	})
	to := emulator.Destination{Bucket: "failures", Store: a.store, URL: "mem://failures"}
	a.deploy(t, emulator.Function{Timeout: 14 * time.Minute, Memory: 2048, Async: &emulator.AsyncConfig{MaxAge: 50 * time.Millisecond, OnFailure: to}}, fine)
	var said notices
	f := a.fleet(t, func(o *Options) {
		o.Async, o.Notice = true, said.add(t)
		o.Failures = func(context.Context, string) (core.ObjectStore, string, error) { return a.store, to.URL, nil }
	})
	_, err := f.Run(t.Context(), aJob("-1", 3))
	require.NoError(t, err)
	require.Contains(t, said.all(), "sent again")
}

// A worker that fails says of what kind that is: what another try does not change is not sent again, and the error has that code.
func TestFailuresHaveCodes(t *testing.T) {
	for code, events := range map[core.Code]int64{core.Invalid: 1, core.Denied: 2, core.Unavailable: 2} {
		var calls atomic.Int64
		work := func(context.Context, *job.Job) (*job.Done, error) {
			calls.Add(1)
			return nil, messages.InvokeResponse_Error{Type: job.ErrorType(code), Message: "the disk is full"}
		}
		a := newAccount(t, emulator.Options{}, work)
		to := emulator.Destination{Bucket: "failures", Store: a.store, URL: "mem://failures"}
		a.deploy(t, emulator.Function{Timeout: 12 * time.Minute, Memory: 2048, Async: &emulator.AsyncConfig{MaxAge: time.Minute, OnFailure: to}}, work)
		for _, change := range []func(*Options){async, nil} {
			calls.Store(0)
			f := a.fleet(t, func(o *Options) {
				o.Failures = func(context.Context, string) (core.ObjectStore, string, error) { return a.store, to.URL, nil }
				if change != nil {
					change(o)
				}
			})
			_, err := f.Run(t.Context(), aJob("-1", 3))
			require.Equal(t, code, core.CodeOf(err), err)
			require.ErrorContains(t, err, "the disk is full")
			require.NotContains(t, err.Error(), "Zagg.")
			if change != nil {
				require.Equal(t, events, calls.Load(), code)
			}
		}
	}
}
