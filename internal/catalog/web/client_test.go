package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func quick() *Client {
	return &Client{Base: time.Millisecond, Max: time.Millisecond, Patience: 5 * time.Second, MaxBytes: 1000, Attempts: 3}
}

func TestRetries(t *testing.T) {
	for name, c := range map[string]struct {
		fail func(w http.ResponseWriter)
		code core.Code // of a failure that stays
		once bool      // not tried again
		want string
	}{
		"500":     {func(w http.ResponseWriter) { http.Error(w, "oops", 500) }, core.Unavailable, false, `500 Internal Server Error: "oops"`},
		"429":     {func(w http.ResponseWriter) { w.Header().Set("Retry-After", "0"); w.WriteHeader(429) }, core.Unavailable, false, "429"},
		"cut":     {func(w http.ResponseWriter) { w.Header().Set("Content-Length", "100"); io.WriteString(w, `{"a":`) }, core.Unavailable, false, "broke off after 5 bytes"},
		"half":    {func(w http.ResponseWriter) { io.WriteString(w, `{"a":[1,`) }, core.Unavailable, false, "ends in the middle"},
		"nothing": {func(w http.ResponseWriter) {}, core.Unavailable, false, "ends in the middle"},
		"page":    {func(w http.ResponseWriter) { io.WriteString(w, `<html>log in</html>`) }, core.Corrupt, true, "a page, not JSON"},
		"garbage": {func(w http.ResponseWriter) { io.WriteString(w, `{"a" 1}`) }, core.Corrupt, true, "invalid character"},
		"long":    {func(w http.ResponseWriter) { io.WriteString(w, strings.Repeat(" ", 1001)) }, core.Corrupt, true, "longer than 1000 bytes"},
		"400":     {func(w http.ResponseWriter) { http.Error(w, `{"errors":["polygon is not closed"]}`, 400) }, core.Invalid, true, "polygon is not closed"},
		"401":     {func(w http.ResponseWriter) { w.WriteHeader(401) }, core.Denied, true, "401"},
		"404":     {func(w http.ResponseWriter) { w.WriteHeader(404) }, core.NotFound, true, "404"},
		"501":     {func(w http.ResponseWriter) { w.WriteHeader(501) }, core.Invalid, true, "501"},
		"abort":   {func(http.ResponseWriter) { panic(http.ErrAbortHandler) }, core.Unavailable, false, "EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			var n, failures atomic.Int32
			failures.Store(99)
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if n.Add(1) <= failures.Load() {
					c.fail(w)
					return
				}
				body, _ := io.ReadAll(r.Body)
				fmt.Fprintf(w, `{"a":%q}`, r.Method+string(body))
			}))
			defer s.Close()
			retried := 0
			client := quick()
			client.OnRetry = func(error, time.Duration) { retried++ }
			var v struct{ A string }
			_, err := client.JSON(context.Background(), Request{URL: s.URL + "/x?token=secret", Body: []byte("q")}, &v)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "secret")
			require.Equal(t, c.code, core.CodeOf(err))
			if c.once {
				require.Zero(t, retried)
				return
			}
			require.Equal(t, 2, retried)
			n.Store(0)
			failures.Store(2)
			_, err = client.JSON(context.Background(), Request{URL: s.URL, Body: []byte("q")}, &v)
			require.NoError(t, err)
			require.Equal(t, "POSTq", v.A)
		})
	}
}

func TestRetryAfter(t *testing.T) {
	var client Client
	wait, err := client.wait(&laterError{core.Errorf(core.Unavailable, "", "", "x"), 3 * time.Second}, 1)
	require.NoError(t, err)
	require.GreaterOrEqual(t, wait, 3*time.Second)
	require.Less(t, wait, 3500*time.Millisecond)
	_, err = client.wait(&laterError{core.Errorf(core.Unavailable, "", "", "x"), time.Hour}, 1)
	require.ErrorContains(t, err, "1h0m0s")
	require.Equal(t, core.Unavailable, core.CodeOf(err))
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for text, want := range map[string]time.Duration{"120": 2 * time.Minute, "Thu, 01 Jan 2026 00:00:05 GMT": 5 * time.Second, "Wed, 31 Dec 2025 00:00:05 GMT": 0} {
		got, ok := retryAfter(text, now)
		require.True(t, ok)
		require.Equal(t, want, got)
	}
	for _, text := range []string{"", "soon", "-1"} {
		_, ok := retryAfter(text, now)
		require.False(t, ok)
	}
}

func TestTimeAndCancel(t *testing.T) {
	release := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-release:
		case <-r.Context().Done():
		}
	}))
	defer s.Close()
	defer close(release)
	client := quick()
	client.Patience = 20 * time.Millisecond
	_, err := client.JSON(context.Background(), Request{URL: s.URL}, &struct{}{})
	require.Equal(t, core.Unavailable, core.CodeOf(err))
	require.ErrorContains(t, err, "given up after 3 tries")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = client.JSON(ctx, Request{URL: s.URL}, &struct{}{})
	require.ErrorIs(t, err, context.Canceled)
	_, err = client.JSON(context.Background(), Request{URL: "http://zagg.invalid/"}, &struct{}{})
	require.Error(t, err)
	_, err = client.JSON(context.Background(), Request{URL: "http://a b/"}, &struct{}{})
	require.Equal(t, core.Invalid, core.CodeOf(err))
}

// What is secret stays with the host it was meant for.
func TestRedirects(t *testing.T) {
	var got http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { got = r.Header.Clone(); io.WriteString(w, "{}") }))
	defer other.Close()
	u, err := url.Parse(other.URL)
	require.NoError(t, err)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/round" {
			http.Redirect(w, r, "/round", http.StatusFound)
			return
		}
		http.Redirect(w, r, "http://localhost:"+u.Port()+"/", http.StatusFound)
	}))
	defer s.Close()
	_, err = quick().JSON(context.Background(), Request{URL: s.URL, Header: http.Header{"Authorization": {"Bearer secret"}, "Cookie": {"a=b"}}}, &struct{}{})
	require.NoError(t, err)
	require.Empty(t, got["Authorization"])
	require.Empty(t, got["Cookie"])
	_, err = quick().JSON(context.Background(), Request{URL: s.URL + "/round"}, &struct{}{})
	require.ErrorContains(t, err, "more than 10 times")
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, other.URL, http.StatusFound) }))
	defer secure.Close()
	client := quick()
	client.HTTP = secure.Client()
	_, err = client.JSON(context.Background(), Request{URL: secure.URL}, &struct{}{})
	require.Equal(t, core.Denied, core.CodeOf(err))
	require.ErrorContains(t, err, "unprotected")
}
