package objstore_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/internal/ranged"
)

var (
	errBusy   = core.Errorf(core.Unavailable, "test", "x", "busy")
	errDenied = core.Errorf(core.Denied, "test", "x", "go away")
)

// A flaky store answers with the errors listed, one a call, and then truly.
type flaky struct {
	core.ObjectStore
	mu     sync.Mutex
	errs   []error
	calls  int
	ranges int
}

func (f *flaky) next() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.calls++
	if f.calls <= len(f.errs) {
		return f.errs[f.calls-1]
	}
	return nil
}

// ReadRanges hands back every second range together with its error, as the drivers do.
func (f *flaky) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	f.ranges += len(ranges)
	data, err := f.ObjectStore.ReadRanges(ctx, url, ranges)
	if e := f.next(); e != nil {
		for i := 0; i < len(data); i += 2 {
			data[i] = nil
		}
		return data, e
	}
	return data, err
}

func (f *flaky) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	if err := f.next(); err != nil {
		return core.ObjectInfo{}, err
	}
	return f.ObjectStore.Stat(ctx, url)
}

func (f *flaky) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	if err := f.next(); err != nil {
		io.CopyN(io.Discard, body, 3)
		return err
	}
	return f.ObjectStore.Put(ctx, url, body, opt)
}

func (f *flaky) Delete(ctx context.Context, urls ...string) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.ObjectStore.Delete(ctx, urls...)
}

func (f *flaky) List(ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	err, n := f.next(), 0
	e := f.ObjectStore.List(ctx, prefix, func(o core.ObjectInfo) error {
		if n++; err != nil && n > 2*f.calls {
			return err
		}
		return visit(o)
	})
	if e != nil {
		return e
	}
	return err
}

// bubble runs a test on a fake clock: waits cost nothing.
func bubble(t *testing.T, objects int, run func(ctx context.Context, f *flaky, retried *[]time.Duration, store core.ObjectStore)) {
	synctest.Test(t, func(t *testing.T) {
		f := &flaky{ObjectStore: new(objstore.Mem)}
		for i := range objects {
			require.NoError(t, objstore.PutBytes(t.Context(), f.ObjectStore, fmt.Sprint("x", i), []byte("0123456789"), core.PutOptions{}))
		}
		var waits []time.Duration
		policy := objstore.Policy{Attempts: 4, OnRetry: func(_ error, wait time.Duration) { waits = append(waits, wait) }}
		run(t.Context(), f, &waits, objstore.Retry(f, policy))
	})
}

func TestRetryOnlyUnavailable(t *testing.T) {
	for _, test := range []struct {
		errs  []error
		calls int
		code  core.Code
		ok    bool
	}{
		{nil, 1, 0, true},
		{[]error{errBusy}, 2, 0, true},
		{[]error{errBusy, errBusy, errBusy}, 4, 0, true},
		{[]error{errBusy, errBusy, errBusy, errBusy}, 4, core.Unavailable, false},
		{[]error{errDenied}, 1, core.Denied, false},
		{[]error{errBusy, errDenied}, 2, core.Denied, false},
		{[]error{io.ErrUnexpectedEOF}, 1, core.Internal, false},
	} {
		bubble(t, 1, func(ctx context.Context, f *flaky, waits *[]time.Duration, store core.ObjectStore) {
			for _, call := range []func() error{
				func() error { _, err := store.Stat(ctx, "x0"); return err },
				func() error { _, err := objstore.ReadAll(ctx, store, "x0", 100); return err },
				func() error { return objstore.PutBytes(ctx, store, "x0", []byte("0123456789"), core.PutOptions{}) },
				func() error { return store.Delete(ctx, "none") },
				func() error { return store.List(ctx, "x", func(core.ObjectInfo) error { return nil }) },
			} {
				f.errs, f.calls, *waits = test.errs, 0, nil
				if err := call(); test.ok {
					require.NoError(t, err)
				} else {
					require.Equal(t, test.code, core.CodeOf(err), "%v", err)
				}
				require.LessOrEqual(t, f.calls, test.calls)
				require.Len(t, *waits, f.calls-1)
				for i, w := range *waits {
					require.LessOrEqual(t, w, 200*time.Millisecond<<i)
				}
			}
		})
	}
}

func TestRetrySaysHowOften(t *testing.T) {
	bubble(t, 1, func(ctx context.Context, f *flaky, _ *[]time.Duration, store core.ObjectStore) {
		f.errs = []error{errBusy, errBusy, errBusy, errBusy}
		_, err := store.Stat(ctx, "x0")
		require.EqualError(t, err, "test x: busy (given up after 4 tries)")
	})
}

func TestRetryAsksOnlyForWhatIsMissing(t *testing.T) {
	bubble(t, 1, func(ctx context.Context, f *flaky, _ *[]time.Duration, store core.ObjectStore) {
		f.errs = []error{errBusy, errBusy, errBusy}
		ranges := make([]core.Range, 8)
		for i := range ranges {
			ranges[i] = core.Range{Offset: int64(i), Length: 1}
		}
		data, err := store.ReadRanges(ctx, "x0", ranges)
		require.NoError(t, err)
		for i, b := range data {
			require.Equal(t, fmt.Sprint(i), string(b))
		}
		require.Equal(t, 8+4+2+1, f.ranges)

		f.calls, f.errs = 0, slices.Repeat([]error{errBusy}, 9)
		_, err = store.ReadRanges(ctx, "x0", make([]core.Range, 64))
		require.ErrorContains(t, err, "given up after 4 tries", "a single range that never comes")
		f.calls, f.errs = 0, f.errs[:6]
		_, err = store.ReadRanges(ctx, "x0", make([]core.Range, 64))
		require.NoError(t, err, "more tries than the policy has, but each got on")
	})
}

func TestRetryPut(t *testing.T) {
	bubble(t, 1, func(ctx context.Context, f *flaky, _ *[]time.Duration, store core.ObjectStore) {
		f.errs = []error{errBusy, errBusy}
		body := strings.NewReader("head and body")
		_, err := body.Seek(9, io.SeekStart)
		require.NoError(t, err)
		require.NoError(t, store.Put(ctx, "y", body, core.PutOptions{Size: 4}))
		data, err := objstore.ReadAll(ctx, store, "y", 100)
		require.NoError(t, err)
		require.Equal(t, "body", string(data), "wound back to where it stood")

		f.calls = 0
		err = store.Put(ctx, "z", struct{ io.Reader }{strings.NewReader("body")}, core.PutOptions{Size: 4})
		require.ErrorIs(t, err, errBusy, "cannot be wound back, hence one try")
		require.Equal(t, 1, f.calls)

		f.calls = 0
		err = objstore.PutBytes(ctx, store, "y", nil, core.PutOptions{IfMatch: objstore.MustNotExist})
		require.ErrorIs(t, err, objstore.ErrPrecondition)
		require.ErrorContains(t, err, "an earlier try")
	})
}

func TestRetryListVisitsOnce(t *testing.T) {
	bubble(t, 9, func(ctx context.Context, f *flaky, _ *[]time.Duration, store core.ObjectStore) {
		f.errs = []error{errBusy, errBusy, errBusy}
		var seen string
		require.NoError(t, store.List(ctx, "x", func(o core.ObjectInfo) error { seen += o.URL[1:]; return nil }))
		require.Equal(t, "012345678", seen)

		f.errs, f.calls = nil, 0
		err := store.List(ctx, "x", func(core.ObjectInfo) error { return errBusy })
		require.Equal(t, errBusy, err, "the visitor's own error comes back as it is and ends the list")
		require.Equal(t, 1, f.calls)
	})
}

func TestRetryStopsWithItsContext(t *testing.T) {
	bubble(t, 1, func(ctx context.Context, f *flaky, _ *[]time.Duration, _ core.ObjectStore) {
		for range 100 {
			f.errs = append(f.errs, errBusy)
		}
		store := objstore.Retry(f, objstore.Policy{Attempts: 100, Base: time.Hour, Max: time.Hour})
		begin := time.Now()
		ctx, cancel := context.WithTimeout(ctx, 30*time.Minute)
		defer cancel()
		_, err := store.Stat(ctx, "x0")
		require.ErrorIs(t, err, errBusy, "the reason, not the deadline")
		require.LessOrEqual(t, time.Since(begin), 30*time.Minute)

		ctx, cancel = context.WithCancel(context.Background())
		time.AfterFunc(time.Minute, cancel)
		_, err = objstore.RetryReader(f, objstore.Policy{Attempts: 100, Base: 1000 * time.Hour, Max: 1000 * time.Hour}).Stat(ctx, "x0")
		require.ErrorIs(t, err, errBusy)
		require.Error(t, ctx.Err())
	})
}

func TestMeter(t *testing.T) {
	ctx := t.Context()
	f := &flaky{ObjectStore: new(objstore.Mem)}
	counter := new(objstore.Counter)
	store := objstore.Retry(objstore.Meter(f, counter), objstore.Policy{Base: 1, OnRetry: counter.Retried})
	require.NoError(t, objstore.PutBytes(ctx, store, "x", make([]byte, 1000), core.PutOptions{}))
	require.NoError(t, store.Put(ctx, "y", io.LimitReader(strings.NewReader("0123456789"), 7), core.PutOptions{Size: -1}))
	require.Equal(t, objstore.Usage{Puts: 2, Up: 1007}, counter.Usage())

	before := counter.Usage()
	f.errs, f.calls = []error{errBusy}, 0
	_, err := store.ReadRanges(ctx, "x", []core.Range{{Length: 10}, {Offset: 20, Length: 30}, {Offset: 999, Length: 100}, {Length: 0}})
	require.NoError(t, err)
	used := counter.Usage().Sub(before)
	require.Equal(t, objstore.Usage{Gets: 5, Down: 41, Errors: 1, Retries: 1}, used)
	require.Equal(t, counter.Usage(), before.Add(used))

	before = counter.Usage()
	_, err = store.Stat(ctx, "none")
	require.Error(t, err)
	require.NoError(t, store.Delete(ctx, make([]string, 1001)...))
	enough := errors.New("enough")
	require.ErrorIs(t, store.List(ctx, "", func(core.ObjectInfo) error { return enough }), enough)
	require.Equal(t, objstore.Usage{Heads: 1, Deletes: 2, Lists: 1}, counter.Usage().Sub(before))
}

func TestMux(t *testing.T) {
	ctx := t.Context()
	s3, file := new(objstore.Mem), new(objstore.File)
	https := &requestLog{}
	store := objstore.Mux(map[string]core.ObjectReader{"s3": s3, "file": file, "https": https})
	dir := t.TempDir()
	for _, url := range []string{"s3://b/x", "S3://b/x", dir + "/x", "file://" + dir + "/y"} {
		require.NoError(t, objstore.PutBytes(ctx, store, url, []byte(url), core.PutOptions{}))
		data, err := objstore.ReadAll(ctx, store, url, 1000)
		require.NoError(t, err)
		require.Equal(t, url, string(data))
	}
	_, err := store.ReadRanges(ctx, "https://host/x", []core.Range{{Length: 1}})
	require.NoError(t, err)
	require.Len(t, https.asked, 1)
	require.Equal(t, core.Unsupported, core.CodeOf(objstore.PutBytes(ctx, store, "https://host/x", nil, core.PutOptions{})))
	_, err = store.Stat(ctx, "gs://b/x")
	require.EqualError(t, err, `gs://b/x: nothing here reads "gs://"; have [file:// https:// s3://]`)
	require.Equal(t, core.Invalid, core.CodeOf(err))
	require.Error(t, store.Delete(ctx, "s3://b/x", "https://host/x"))
	_, err = store.Stat(ctx, "s3://b/x")
	require.NoError(t, err, "nothing is removed if one URL is wrong")
	require.NoError(t, store.Delete(ctx, "s3://b/x", dir+"/x", "file://"+dir+"/y"))
	_, err = store.Stat(ctx, dir+"/x")
	require.Equal(t, core.NotFound, core.CodeOf(err))
}

func TestScheme(t *testing.T) {
	for url, want := range map[string]string{
		"": "", "a/b": "", "/a": "", "s3://b/k": "s3", "HTTPS://h": "https", "file://x": "file", "://x": "", "a b://x": "", "x/y://z": "", "c:/x": "",
	} {
		require.Equal(t, want, objstore.Scheme(url), url)
	}
}

// A busy server that says when to ask again is asked then, and its refusals do not count as tries, up to a limit; what is given up says so once.
func TestRetryAfter(t *testing.T) {
	busy := func(after time.Duration) error {
		resp := &http.Response{Header: http.Header{"Retry-After": {strconv.Itoa(int(after / time.Second))}}}
		return ranged.Later(resp, core.Errorf(core.Unavailable, "get", "x", "HTTP 429"))
	}
	synctest.Test(t, func(t *testing.T) {
		begin, tries := time.Now(), 0
		err := objstore.Policy{}.Do(t.Context(), func() error {
			if tries++; tries <= 30 {
				return busy(2 * time.Second)
			}
			return nil
		})
		require.NoError(t, err, "two seconds are waited each time")
		require.Greater(t, time.Since(begin), time.Minute)

		begin = time.Now()
		err = objstore.Policy{}.Do(t.Context(), func() error {
			return objstore.Policy{}.Do(t.Context(), func() error { return busy(time.Hour) })
		})
		require.Equal(t, core.Unavailable, core.CodeOf(err))
		require.Equal(t, 1, strings.Count(err.Error(), "given up"), err.Error())
		require.Less(t, time.Since(begin), 3*time.Hour)
		err = objstore.Policy{Attempts: 1}.Do(t.Context(), func() error { return busy(0) })
		require.NotContains(t, err.Error(), "1 tries")
	})
}
