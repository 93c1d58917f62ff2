package hdfrest

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// What one request may cost is bounded, and more than that is said to be too much.
func TestLimits(t *testing.T) {
	id := ID{Kind: DatasetKind}
	value := "/datasets/" + id.String() + "/value"
	s := New(Config{Store: fixed{id}, Limits: Limits{Body: 400, Points: 3, Value: 60, JSON: 2000}})
	ask := func(method, path, query, body, contentType string) (int, string) {
		q, err := url.ParseQuery(query)
		require.NoError(t, err)
		q.Set("domain", "/a.h5")
		r := s.Serve(t.Context(), &Request{Method: method, Path: path, Query: q, Header: http.Header{"Content-Type": {contentType}}, Body: []byte(body)})
		return r.Status, string(r.Body)
	}
	points := func(n int) string { return string(bytes.Repeat(binary.LittleEndian.AppendUint64(nil, 1), n)) }
	const octets, text = "application/octet-stream", "application/json"
	for _, c := range []struct {
		method, path, query, body, kind string
		want                            int
	}{
		{"POST", value, "", points(3), octets, 413},                                       // 3 rows are more than the 60 bytes of a value
		{"POST", value, "", points(4), octets, 413},                                       // more points
		{"POST", value, "", points(51), octets, 413},                                      // a longer body
		{"POST", value, "", `{"points":[0,1,0,1]}`, text, 413},                            // more points
		{"POST", value, "", `{"points":[` + strings.Repeat("0,", 300) + `0]}`, text, 413}, // a longer body
		{"POST", value, "", strings.Repeat("[", 30), text, 400},                           // deeper
		{"POST", value, "", `{"points":` + strings.Repeat("[", 17) + strings.Repeat("]", 17) + `}`, text, 400},
		{"POST", value, "", `{"select":"[[0,1,0,1]]"}`, text, 400},
		{"GET", value, "select=[" + strings.Repeat("0,", 10) + "0]", "", "", 400},
		{"GET", value, "query=" + url.QueryEscape(strings.Repeat("x > 1 & ", 600)+"x > 1"), "", "", 400},
		{"GET", value, "query=" + url.QueryEscape(strings.Repeat("(", 40)+"x > 1"+strings.Repeat(")", 40)), "", "", 400},
		{"GET", "/" + strings.Repeat("a", 70<<10), "", "", "", 414},
		{"GET", value, "", "", "", 413},
		{"GET", value, "select=[0:1]", "", "", 200},
	} {
		status, body := ask(c.method, c.path, c.query, c.body, c.kind)
		require.Equal(t, c.want, status, "%.60s %.60s %.60s: %s", c.path, c.query, c.body, body)
		if status != 200 {
			require.Equal(t, fmt.Sprintf("%d: ", c.want), body[:5])
		}
	}
}

// A body that is too long is not read to its end.
func TestLongBodyOverHTTP(t *testing.T) {
	server := httptest.NewServer(New(Config{Store: fixed{ID{Kind: DatasetKind}}, Limits: Limits{Body: 1000}}))
	defer server.Close()
	resp, err := http.Post(server.URL+"/datasets/x/value?domain=/a.h5", "application/json", strings.NewReader(strings.Repeat(" ", 5000)))
	require.NoError(t, err)
	defer resp.Body.Close()
	require.Equal(t, 413, resp.StatusCode)
}

// A store that does not answer is given up after the time of a request.
type silent struct{ fixed }

func (silent) Open(ctx context.Context, _ Name) (Domain, error) {
	<-ctx.Done()
	return nil, context.Cause(ctx)
}

func TestTimeOfARequest(t *testing.T) {
	s := New(Config{Store: silent{}, Limits: Limits{Time: time.Millisecond}})
	r := s.Serve(t.Context(), &Request{Method: "GET", Path: "/", Query: url.Values{"domain": {"/a.h5"}}, Header: http.Header{}})
	require.GreaterOrEqual(t, r.Status, 500)
}

// counting knows how many reads are under way at once; with full, they end when a caller leaves.
type counting struct {
	fixed
	now, most *atomic.Int64
	full      bool
}

func (d counting) Open(context.Context, Name) (Domain, error) { return d, nil }

func (d counting) Objects(_ context.Context, ids ...ID) ([]Object, error) {
	return slices.Repeat([]Object{d}, len(ids)), nil
}

func (d counting) Read(ctx context.Context, a []Axis) ([]byte, error) {
	n := d.now.Add(1)
	defer d.now.Add(-1)
	for most := d.most.Load(); n > most && !d.most.CompareAndSwap(most, n); most = d.most.Load() {
	}
	if d.full {
		<-ctx.Done()
		return nil, context.Cause(ctx)
	}
	runtime.Gosched()
	return d.fixed.Read(ctx, a)
}

// However many ask at once, no more values are held than memory was given; all get their answer, also to a request that
// needs more than all memory.
func TestMemoryOfAllRequests(t *testing.T) {
	id := ID{Kind: DatasetKind}
	const one = 2 * 2 * 64 // two rows of no fixed width, as stored and as sent
	want := len(fixed{}.some(2))
	for _, c := range []struct{ memory, most int64 }{{1, 1}, {one, 1}, {3*one + 1, 3}} {
		d := counting{fixed: fixed{id}, now: new(atomic.Int64), most: new(atomic.Int64)}
		server := httptest.NewServer(New(Config{Store: d, Limits: Limits{Memory: c.memory}}))
		var group errgroup.Group
		for range 32 {
			group.Go(func() error {
				req, err := http.NewRequestWithContext(t.Context(), "GET", server.URL+"/datasets/"+id.String()+"/value?domain=/a.h5", nil)
				if err != nil {
					return err
				}
				req.Header.Set("Accept", "application/octet-stream")
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					return err
				}
				defer resp.Body.Close()
				if b, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != 200 || len(b) != want {
					return fmt.Errorf("status %d, %d bytes, %v", resp.StatusCode, len(b), err)
				}
				return nil
			})
		}
		require.NoError(t, group.Wait())
		server.Close()
		require.LessOrEqual(t, d.most.Load(), c.most, "memory %d", c.memory)
	}
}

// A request whose memory does not come in its time is told to come again.
func TestMemoryThatDoesNotCome(t *testing.T) {
	id := ID{Kind: DatasetKind}
	d := counting{fixed: fixed{id}, now: new(atomic.Int64), most: new(atomic.Int64), full: true}
	s := New(Config{Store: d, Limits: Limits{Memory: 1}})
	ask := func(ctx context.Context) *Response {
		return s.Serve(ctx, &Request{Method: "GET", Path: "/datasets/" + id.String() + "/value", Query: url.Values{"domain": {"/a.h5"}}, Header: http.Header{}})
	}
	first, leave := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); ask(first) }()
	require.Eventually(t, func() bool { return d.now.Load() == 1 }, time.Minute, time.Millisecond)
	second, cancel := context.WithCancel(t.Context())
	cancel()
	require.Equal(t, 503, ask(second).Status)
	leave()
	<-done
	require.True(t, s.memory.TryAcquire(1), "memory is given back")
}
