package fleet

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/cost"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/secret"
	"github.com/englacial/zagg/internal/store"
)

// An account is an emulated one with a function of the test's.
type account struct {
	*emulator.Lambda
	store  core.ObjectStore
	config aws.Config
}

// answer is what a worker of a test says to a job.
type answer func(ctx context.Context, j *job.Job) (*job.Done, error)

func fine(_ context.Context, j *job.Job) (*job.Done, error) {
	return &job.Done{ShardKey: j.ShardKey, Label: j.Label, Status: job.OK, TotalObs: int64(len(j.Granules))}, nil
}

func newAccount(t *testing.T, o emulator.Options, work answer) *account {
	l, err := emulator.New(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	a := &account{Lambda: l, store: &objstore.Mem{}, config: aws.Config{
		Region: l.Region(), BaseEndpoint: aws.String(l.URL()), Credentials: credentials.NewStaticCredentialsProvider("k", "s", ""),
	}}
	a.deploy(t, emulator.Function{Timeout: 30 * time.Second, Memory: 2048}, work)
	return a
}

func (a *account) deploy(t *testing.T, f emulator.Function, work answer) {
	f.Name = "process-shard"
	f.Handler = func(ctx context.Context, event []byte) ([]byte, error) {
		if job.ModeOf(event) != job.ModeProcess {
			text := "no right to write"
			body := job.CallDone{OK: strings.Contains(string(event), "good.zarr"), Mode: job.ModeOf(event), Error: &text, Code: core.Denied.String()}
			return respond(200, body)
		}
		j, err := job.Decode(event)
		if err != nil {
			return nil, err
		}
		done, err := work(ctx, j)
		if err != nil {
			return nil, err
		}
		status := 200
		if done.Error != nil {
			status = 500
		}
		data, err := respond(status, done)
		if err == nil && j.ResultURL != "" {
			err = a.mirror(ctx, j, data)
		}
		return data, err
	}
	require.NoError(t, a.Deploy(f))
}

func respond(status int, body any) ([]byte, error) {
	r, err := job.NewResponse(status, body)
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

func (a *account) mirror(ctx context.Context, j *job.Job, data []byte) error {
	var r job.Response
	if err := json.Unmarshal(data, &r); err != nil {
		return err
	}
	text, err := json.Marshal(job.Result{SchemaVersion: 1, Response: r})
	if err != nil {
		return err
	}
	return a.store.Put(ctx, j.ResultURL, strings.NewReader(string(text)), core.PutOptions{Size: -1})
}

func (a *account) fleet(t *testing.T, change func(*Options)) *Fleet {
	o := Options{
		Client: lambda.NewFromConfig(a.config, func(o *lambda.Options) { o.Retryer = aws.NopRetryer{} }), Function: "process-shard",
		Store: a.store, Runs: "mem://out/good.zarr.status/run", Poll: 10 * time.Millisecond, Backoff: time.Millisecond,
		Credentials: func(context.Context) (*job.Credentials, *job.Credentials, error) { return nil, nil, nil },
		Notice:      t.Logf,
	}
	if change != nil {
		change(&o)
	}
	f, err := New(t.Context(), o)
	require.NoError(t, err)
	return f
}

func aJob(label string, granules int) job.Job {
	j := job.Job{ShardKey: core.ShardKey(strings.TrimPrefix(label, "-")), Label: label, StorePath: "mem://out/good.zarr", Granules: make(job.Granules, granules)}
	for i := range j.Granules {
		j.Granules[i] = core.GranuleAt(fmt.Sprintf("s3://archive/ATL06/granule-%06d.h5", i))
	}
	return j
}

func async(o *Options) { o.Async = true }

func TestBothTransports(t *testing.T) {
	for name, change := range map[string]func(*Options){"sync": nil, "async": async} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t, emulator.Options{}, fine)
			f := a.fleet(t, change)
			require.Equal(t, Function{Name: "process-shard", MemoryMB: 2048, TmpMB: 512, Timeout: 30 * time.Second, AMD64: f.Function().AMD64}, f.Function())
			var all sync.WaitGroup
			for i := range 20 {
				all.Go(func() {
					done, err := f.Run(t.Context(), aJob(fmt.Sprintf("-%d", i+1), i))
					if err != nil || done.TotalObs != int64(i) {
						t.Errorf("%d: %+v %v", i, done, err)
					}
				})
			}
			all.Wait()
			require.Zero(t, f.Retries())
		})
	}
}

// A shard that failed has the worker's code; one without data is no failure.
func TestAnswersOfShards(t *testing.T) {
	text, none := "granule x: expired", job.NoData
	a := newAccount(t, emulator.Options{}, func(_ context.Context, j *job.Job) (*job.Done, error) {
		if j.Label == "-1" {
			return &job.Done{Label: j.Label, Status: job.Failed, Error: &text, Code: core.Denied.String()}, nil
		}
		return &job.Done{Label: j.Label, Status: job.Empty, Error: &none}, nil
	})
	for name, change := range map[string]func(*Options){"sync": nil, "async": async} {
		f := a.fleet(t, change)
		_, err := f.Run(t.Context(), aJob("-1", 1))
		require.Equal(t, core.Denied, core.CodeOf(err), name)
		require.ErrorContains(t, err, text)
		done, err := f.Run(t.Context(), aJob("-2", 1))
		require.NoError(t, err, name)
		require.Equal(t, job.Empty, done.Status)
	}
}

// Throttling is tried again; what a function did wrong is not.
func TestRetries(t *testing.T) {
	var calls atomic.Int64
	a := newAccount(t, emulator.Options{}, func(_ context.Context, j *job.Job) (*job.Done, error) {
		calls.Add(1)
		if j.Label == "-9" {
			return nil, errors.New("it broke")
		}
		return fine(context.Background(), j)
	})
	var throttle atomic.Int64
	a.SetFault(func(emulator.Call) emulator.Fault { return emulator.Fault{Throttle: throttle.Add(-1) >= 0} })
	f := a.fleet(t, nil)
	throttle.Store(10)
	_, err := f.Run(t.Context(), aJob("-1", 1))
	require.NoError(t, err)
	require.EqualValues(t, 10, f.Retries())
	throttle.Store(1 << 30)
	_, err = a.fleet(t, func(o *Options) { o.Throttled = time.Millisecond }).Run(t.Context(), aJob("-1", 1))
	require.Equal(t, core.Unavailable, core.CodeOf(err))
	require.ErrorContains(t, err, "--max-workers")
	throttle.Store(0)
	calls.Store(0)
	_, err = f.Run(t.Context(), aJob("-9", 1))
	require.Equal(t, core.Internal, core.CodeOf(err))
	require.ErrorContains(t, err, "it broke")
	require.EqualValues(t, 1, calls.Load())
}

// A function that ran out of time is final, and the error says what to change.
func TestTimeOut(t *testing.T) {
	a := newAccount(t, emulator.Options{}, fine)
	a.deploy(t, emulator.Function{Timeout: time.Second}, func(ctx context.Context, _ *job.Job) (*job.Done, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	_, err := a.fleet(t, nil).Run(t.Context(), aJob("-1", 1))
	require.Equal(t, core.Internal, core.CodeOf(err))
	require.ErrorContains(t, err, "make shards smaller")
}

// A list of granules that is too long goes through the store.
func TestLongLists(t *testing.T) {
	var got atomic.Int64
	var a *account
	work := func(ctx context.Context, j *job.Job) (*job.Done, error) {
		if j.GranulesURL != "" {
			data, err := objstore.ReadAll(ctx, a.store, j.GranulesURL, 1<<30)
			if err != nil {
				return nil, err
			}
			if err := j.SetGranules(data); err != nil {
				return nil, err
			}
		}
		got.Store(int64(len(j.Granules)))
		return fine(ctx, j)
	}
	a = newAccount(t, emulator.Options{}, work)
	for _, change := range []func(*Options){nil, async} {
		f := a.fleet(t, change)
		j := aJob("-1", 5536)
		j.Config = json.RawMessage(`"` + strings.Repeat("x", f.o.Limit-300_000) + `"`)
		_, err := f.Run(t.Context(), j)
		require.NoError(t, err)
		require.EqualValues(t, 5536, got.Load())
		j.Config = json.RawMessage(`"` + strings.Repeat("x", f.o.Limit) + `"`)
		_, err = f.Run(t.Context(), j)
		require.Equal(t, core.Unsupported, core.CodeOf(err))
	}
}

// Whether a shard is done is asked with its list of granules, also where the event had it moved to the store, and the event is sent
// again with the list.
func TestLongListsThatGoAstray(t *testing.T) {
	var sent, lists atomic.Int64
	lost := func(ctx context.Context, j *job.Job) (*job.Done, error) {
		sent.Add(1)
		if j.GranulesURL != "" && len(j.Granules) == 0 {
			lists.Add(1)
		}
		j.ResultURL = "" // nobody learns of it
		return fine(ctx, j)
	}
	a := newAccount(t, emulator.Options{}, lost)
	a.deploy(t, emulator.Function{Timeout: time.Second, Memory: 2048}, lost)
	for asked, finished := range []func(j *job.Job) *job.Done{
		func(j *job.Job) *job.Done { return nil },
		func(j *job.Job) *job.Done { return &job.Done{Label: j.Label, Status: job.OK} },
	} {
		sent.Store(0)
		lists.Store(0)
		f := a.fleet(t, func(o *Options) {
			o.Async, o.Patience, o.Limit = true, time.Millisecond, 1000
			o.Finished = func(_ context.Context, j *job.Job) *job.Done {
				require.Len(t, j.Granules, 100)
				require.Empty(t, j.GranulesURL)
				return finished(j)
			}
		})
		f.function.Timeout = time.Millisecond - MaxAge
		_, err := f.Run(t.Context(), aJob("-1", 100))
		require.Equal(t, asked == 0, err != nil)
		require.Eventually(t, func() bool { return sent.Load() == int64(2-asked) && lists.Load() == sent.Load() }, 10*time.Second, time.Millisecond)
	}
}

// An event that is lost is sent once more; one that comes twice counts once; a record stands for a result.
func TestEventsThatGoAstray(t *testing.T) {
	a := newAccount(t, emulator.Options{}, fine)
	a.deploy(t, emulator.Function{Timeout: time.Second}, fine)
	quick := func(o *Options) { o.Async, o.Patience = true, -MaxAge-900*time.Millisecond }
	var lose atomic.Int64
	a.SetFault(func(emulator.Call) emulator.Fault { return emulator.Fault{Lose: lose.Add(-1) >= 0} })
	f := a.fleet(t, quick)
	lose.Store(1)
	_, err := f.Run(t.Context(), aJob("-1", 1))
	require.NoError(t, err)
	lose.Store(10)
	_, err = f.Run(t.Context(), aJob("-2", 1))
	require.Equal(t, core.Unavailable, core.CodeOf(err))
	require.ErrorContains(t, err, "no result of two events")
	f = a.fleet(t, func(o *Options) {
		quick(o)
		o.Finished = func(_ context.Context, j *job.Job) *job.Done { return &job.Done{Label: j.Label, Status: job.OK} }
	})
	done, err := f.Run(t.Context(), aJob("-3", 1))
	require.NoError(t, err)
	require.Equal(t, job.OK, done.Status)
	lose.Store(0)
	a.SetFault(func(emulator.Call) emulator.Fault { return emulator.Fault{Twice: true} })
	_, err = a.fleet(t, async).Run(t.Context(), aJob("-4", 1))
	require.NoError(t, err)
}

// Events carry the keys as they are when they are sent.
func TestCredentialsAreAskedForEachEvent(t *testing.T) {
	var seen []string
	a := newAccount(t, emulator.Options{}, func(ctx context.Context, j *job.Job) (*job.Done, error) {
		seen = append(seen, j.S3Credentials.AccessKeyID.Reveal()+"/"+j.OutputCredentials.AccessKeyID.Reveal())
		return fine(ctx, j)
	})
	n := 0
	f := a.fleet(t, func(o *Options) {
		o.Credentials = func(context.Context) (*job.Credentials, *job.Credentials, error) {
			n++
			return &job.Credentials{AccessKeyID: secret.Text(fmt.Sprint("in", n))}, &job.Credentials{AccessKeyID: secret.Text(fmt.Sprint("out", n))}, nil
		}
	})
	for i := range 2 {
		_, err := f.Run(t.Context(), aJob(fmt.Sprintf("-%d", i+1), 1))
		require.NoError(t, err)
	}
	require.Equal(t, []string{"in1/out1", "in2/out2"}, seen)
}

func TestCalls(t *testing.T) {
	a := newAccount(t, emulator.Options{}, fine)
	f := a.fleet(t, nil)
	done, err := f.Call(t.Context(), &job.Call{Mode: job.ModePing, StorePath: "mem://out/good.zarr"})
	require.NoError(t, err)
	require.True(t, done.OK)
	_, err = f.Call(t.Context(), &job.Call{Mode: job.ModePing, StorePath: "mem://out/other.zarr"})
	require.Equal(t, core.Denied, core.CodeOf(err))
	require.ErrorContains(t, err, "no right to write")
}

func TestCapacity(t *testing.T) {
	metrics := func(a *account) *cloudwatch.Client { return cloudwatch.NewFromConfig(a.config) }
	for name, c := range map[string]struct {
		o        emulator.Options
		reserved int
		wanted   int
		jobs     int
		want     int
		note     string
	}{
		"jobs":                 {emulator.Options{}, 0, 1700, 21, 21, ""},
		"flag":                 {emulator.Options{}, 0, 5, 21, 5, ""},
		"reserve of 100":       {emulator.Options{Concurrency: 1000}, 0, 1700, 1742, 900, "100 are kept free"},
		"reserve of 5 percent": {emulator.Options{Concurrency: 10000}, 0, 20000, 20000, 9500, "500 are kept free"},
		"in use":               {emulator.Options{Concurrency: 1000, InUse: 300}, 0, 1700, 1742, 600, "300 are in use"},
		"no room at all":       {emulator.Options{Concurrency: 50}, 0, 1700, 1742, 1, "kept free"},
		"reserved":             {emulator.Options{}, 40, 1700, 1742, 40, "has so many reserved"},
		"not permitted": {emulator.Options{Refuse: func(r emulator.Request) *emulator.Refusal {
			if r.Action == "lambda:GetAccountSettings" {
				return emulator.Denied(r)
			}
			return nil
		}}, 0, 1700, 1742, 1700, "could not be asked"},
		"metrics not permitted": {emulator.Options{Concurrency: 1000, InUse: 300, Refuse: func(r emulator.Request) *emulator.Refusal {
			if strings.HasPrefix(r.Action, "cloudwatch:") {
				return emulator.Denied(r)
			}
			return nil
		}}, 0, 1700, 1742, 900, "taking it for nothing"},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t, c.o, fine)
			if c.reserved > 0 {
				a.deploy(t, emulator.Function{Reserved: c.reserved}, fine)
			}
			workers, notes := a.fleet(t, async).Capacity(t.Context(), metrics(a), c.wanted, c.jobs)
			require.Equal(t, c.want, workers)
			require.Contains(t, strings.Join(notes, "\n"), c.note)
		})
	}
}

// Whoever waits for answers needs a connection for each; events need few at once.
func TestCapacityOfFewFiles(t *testing.T) {
	a := newAccount(t, emulator.Options{}, fine)
	for _, c := range []struct {
		async       bool
		files, want int
		connections int
	}{{false, 256, 160, 160}, {true, 256, 900, 128}, {true, 160, 900, 64}, {false, 10, 1, 1}, {true, 10, 900, 1}} {
		f := a.fleet(t, func(o *Options) { o.Async, o.Files = c.async, c.files })
		workers, notes := f.Capacity(t.Context(), cloudwatch.NewFromConfig(a.config), 1700, 1742)
		require.Equal(t, c.want, workers, c)
		require.Equal(t, !c.async, strings.Contains(strings.Join(notes, ""), "ulimit -n"), c)
		require.Equal(t, c.connections, f.o.connections(), c)
	}
}

// Under throttling every job is done in the end, and requests come at a falling rate.
func TestThrottledAccount(t *testing.T) {
	a := newAccount(t, emulator.Options{}, fine)
	var calls atomic.Int64
	a.SetFault(func(emulator.Call) emulator.Fault { return emulator.Fault{Throttle: calls.Add(1)%10 < 3} })
	for _, change := range []func(*Options){nil, async} {
		f := a.fleet(t, change)
		var all sync.WaitGroup
		for i := range 300 {
			all.Go(func() {
				if _, err := f.Run(t.Context(), aJob(fmt.Sprintf("-%d", i+1), 1)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.Positive(t, f.Retries())
	}
}

func TestFunctionsThatAreNotThere(t *testing.T) {
	a := newAccount(t, emulator.Options{}, fine)
	_, err := New(t.Context(), Options{Client: lambda.NewFromConfig(a.config), Function: "nothing"})
	require.Equal(t, core.NotFound, core.CodeOf(err))
	require.ErrorContains(t, err, "zagg deploy up")
}

// Who may not ask what a function is can run it all the same.
func TestConfigurationThatMayNotBeAsked(t *testing.T) {
	a := newAccount(t, emulator.Options{Refuse: func(r emulator.Request) *emulator.Refusal {
		if r.Action == "lambda:GetFunctionConfiguration" {
			return emulator.Denied(r)
		}
		return nil
	}}, fine)
	f := a.fleet(t, nil)
	require.Equal(t, 900*time.Second, f.Function().Timeout)
	_, err := f.Run(t.Context(), aJob("-1", 1))
	require.NoError(t, err)
}

// Another process follows a run by its results; what does not come by the deadline is late.
func TestFollow(t *testing.T) {
	a := newAccount(t, emulator.Options{}, fine)
	f := a.fleet(t, async)
	for i := range 3 {
		_, err := f.Run(t.Context(), aJob(fmt.Sprintf("-%d", i+1), i))
		require.NoError(t, err)
	}
	var got []string
	late, err := Follow(t.Context(), a.store, f.o.Runs, []string{"-1", "-2", "-3", "-4"}, time.Now().Add(-time.Second), nil, func(label string, done *job.Done, err error) {
		require.NoError(t, err)
		got = append(got, label)
	})
	require.NoError(t, err)
	require.Equal(t, []string{"-1", "-2", "-3"}, got)
	require.Equal(t, []string{"-4"}, late)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	late, err = Follow(t.Context(), a.store, f.o.Runs, []string{"-4"}, time.Now().Add(time.Hour), func(context.Context) bool { return true }, nil)
	require.NoError(t, err)
	require.Equal(t, []string{"-4"}, late, "it was not sent, and who would send it has ended")
	_, err = Follow(ctx, a.store, f.o.Runs, []string{"-4"}, time.Now().Add(time.Hour), nil, nil)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

// Results that may not be looked for are told of at once, and no event is sent twice for them.
func TestResultsThatMayNotBeLookedFor(t *testing.T) {
	a := newAccount(t, emulator.Options{}, fine)
	f := a.fleet(t, func(o *Options) {
		async(o)
		o.Store, o.Patience = deniedList{o.Store}, time.Millisecond
	})
	_, err := f.Run(t.Context(), aJob("-1", 1))
	require.Equal(t, core.Denied, core.CodeOf(err))
	require.ErrorContains(t, err, "its result could not be looked for")
	require.EqualValues(t, 1, a.Stats().Events)
}

type deniedList struct{ core.ObjectStore }

func (deniedList) List(context.Context, string, func(core.ObjectInfo) error) error {
	return core.Errorf(core.Denied, "list", "mem://out", "no s3:ListBucket")
}

// A result that cannot be read is an error at once, not when patience ends; a listing that fails is told of and tried again.
func TestResultsThatCannotBeRead(t *testing.T) {
	for name, c := range map[string]struct {
		store func(core.ObjectStore) core.ObjectStore
		code  core.Code
		says  string
	}{
		"damaged": {func(s core.ObjectStore) core.ObjectStore {
			return oddReads{s, func() ([]byte, error) { return []byte("{"), nil }}
		}, core.Corrupt, "unexpected end"},
		"denied": {func(s core.ObjectStore) core.ObjectStore {
			return oddReads{s, func() ([]byte, error) { return nil, core.Errorf(core.Denied, "", "", "no s3:GetObject") }}
		}, core.Denied, "no s3:GetObject"},
		"unlisted": {func(s core.ObjectStore) core.ObjectStore { return &onceUnlisted{ObjectStore: s} }, 0, "asking again: "},
	} {
		t.Run(name, func(t *testing.T) {
			a := newAccount(t, emulator.Options{}, fine)
			var said strings.Builder
			f := a.fleet(t, func(o *Options) {
				async(o)
				o.Store = c.store(o.Store)
				o.Notice = func(format string, args ...any) { fmt.Fprintf(&said, format, args...) }
			})
			_, err := f.Run(t.Context(), aJob("-1", 1))
			require.EqualValues(t, 1, a.Stats().Events)
			if name == "unlisted" {
				require.NoError(t, err)
				require.Contains(t, said.String(), c.says)
				return
			}
			require.Equal(t, c.code, core.CodeOf(err))
			require.ErrorContains(t, err, c.says)
		})
	}
}

// oddReads answers every read in its own way.
type oddReads struct {
	core.ObjectStore
	read func() ([]byte, error)
}

func (o oddReads) Stat(context.Context, string) (core.ObjectInfo, error) {
	return core.ObjectInfo{Size: 1}, nil
}

func (o oddReads) ReadRanges(context.Context, string, []core.Range) ([][]byte, error) {
	data, err := o.read()
	return [][]byte{data}, err
}

type onceUnlisted struct {
	core.ObjectStore
	asked atomic.Int64
}

func (o *onceUnlisted) List(ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	if o.asked.Add(1) == 1 {
		return core.Errorf(core.Unavailable, "list", prefix, "503")
	}
	return o.ObjectStore.List(ctx, prefix, visit)
}

// A short run is looked at often, a long one seldom.
func TestPause(t *testing.T) {
	r := newResults(nil, "", 5*time.Second, 0)
	for waited, want := range map[time.Duration]time.Duration{0: cost.FirstLook, time.Minute: 1200 * time.Millisecond, time.Hour: 5 * time.Second} {
		got := r.pause(waited)
		require.GreaterOrEqual(t, got, want*3/4)
		require.LessOrEqual(t, got, want*5/4)
	}
	require.LessOrEqual(t, newResults(nil, "", time.Millisecond, 0).pause(time.Hour), 2*time.Millisecond)
}

// The last results of a large run are asked for by their names and often; all others, and those of a small run, are listed.
func TestLastResults(t *testing.T) {
	mem, folder := &objstore.Mem{}, store.RunFolder("mem://s.status/runs/r")
	for i := range cost.PerList + 1 {
		require.NoError(t, objstore.PutBytes(t.Context(), mem, folder.Result(fmt.Sprint(i)), []byte("{}"), core.PutOptions{}))
	}
	for _, c := range []struct {
		results, waiting int
		listed           bool
	}{{cost.PerList + 1, lastFew + 1, true}, {cost.PerList + 1, lastFew, false}, {cost.PerList, 1, true}} {
		var used objstore.Counter
		r := newResults(objstore.Meter(mem, &used), folder, 5*time.Second, 0)
		r.waiting["0"] = &awaited{}
		for i := 1; i < c.waiting; i++ {
			r.waiting[fmt.Sprint("late ", i)] = &awaited{signs: true}
		}
		r.listed = c.results
		require.Equal(t, c.listed, r.pause(time.Hour) > lastLook*5/4, "%+v", c)
		found, err := r.present(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"0"}, found)
		require.Equal(t, c.listed, used.Usage().Lists > 0, "%+v", c)
	}
}

// No key is in an error or a log of this process.
func TestSecretsDoNotShow(t *testing.T) {
	a := newAccount(t, emulator.Options{}, func(context.Context, *job.Job) (*job.Done, error) { return nil, errors.New("no") })
	f := a.fleet(t, func(o *Options) {
		o.Credentials = func(context.Context) (*job.Credentials, *job.Credentials, error) {
			return &job.Credentials{AccessKeyID: "AKIHIDDEN", SecretAccessKey: "hidden-secret"}, nil, nil
		}
	})
	_, err := f.Run(t.Context(), aJob("-1", 1))
	require.Error(t, err)
	require.NotContains(t, fmt.Sprintf("%v %+v", err, err), "hidden")
	require.NotContains(t, err.Error(), "AKIHIDDEN")
}
