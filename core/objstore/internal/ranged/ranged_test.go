package ranged

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestHeader(t *testing.T) {
	for want, r := range map[string]core.Range{
		"bytes=0-0":                  {Length: 1},
		"bytes=100-199":              {Offset: 100, Length: 100},
		"bytes=7-":                   {Offset: 7, Length: math.MaxInt64},
		"bytes=9223372036854775806-": {Offset: math.MaxInt64 - 1, Length: 2},
		"bytes=0-1125899906842623":   {Length: 1 << 50},
	} {
		require.Equal(t, want, Header(r))
	}
}

func FuzzContentRange(f *testing.F) {
	for _, s := range []string{"bytes 0-7/100", "bytes */0", "bytes 5-9/*", "bytes */*", "", "bytes", "bytes -1--2/-3", "items 1-2/3"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, last, total, err := contentRange(s)
		if err != nil || first < 0 || last < 0 || total < 0 {
			return
		}
		a, b, c, err := contentRange(fmt.Sprintf("bytes %d-%d/%d", first, last, total))
		require.NoError(t, err)
		require.Equal(t, []int64{first, last, total}, []int64{a, b, c})
	})
}

// A slow server waits before its head and before each byte of 10.
type slow struct{ head, each time.Duration }

func (s slow) Do(req *http.Request) (*http.Response, error) {
	if err := wait(req.Context(), s.head); err != nil {
		return nil, err
	}
	return &http.Response{
		StatusCode: 206, Header: http.Header{"Content-Range": {"bytes 0-9/10"}}, ContentLength: 10,
		Body: io.NopCloser(io.LimitReader(slowBody{req.Context(), s.each}, 10)),
	}, nil
}

type slowBody struct {
	ctx  context.Context
	each time.Duration
}

func (b slowBody) Read(p []byte) (int, error) { p[0] = 'x'; return 1, wait(b.ctx, b.each) }

func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// TestStall: slow is not silent, but a trickle is.
func TestStall(t *testing.T) {
	for _, test := range []struct {
		server slow
		ok     bool
	}{
		{slow{0, 0}, true}, {slow{50 * time.Second, 5 * time.Second}, true}, {slow{0, 10 * time.Second}, false}, {slow{61 * time.Second, 0}, false}, {slow{0, 61 * time.Second}, false},
		{slow{time.Hour, 0}, false},
	} {
		synctest.Test(t, func(t *testing.T) {
			g := Getter{Client: test.server, Limit: make(chan struct{}, 2), Stall: time.Minute}
			o := Object{Op: "test", URL: "x", Request: func(ctx context.Context, _ string) (*http.Request, error) {
				return http.NewRequestWithContext(ctx, "GET", "http://x", nil)
			}}
			begin := time.Now()
			data, err := g.ReadRanges(t.Context(), o, []core.Range{{Length: 10}})
			if test.ok {
				require.NoError(t, err)
				require.Equal(t, "xxxxxxxxxx", string(data[0]))
				return
			}
			require.Equal(t, core.Unavailable, core.CodeOf(err))
			require.ErrorContains(t, err, "nothing for too long (1m0s)")
			require.LessOrEqual(t, time.Since(begin), 2*time.Minute)

			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err = g.ReadRanges(ctx, o, []core.Range{{Length: 10}, {Length: 10}, {Length: 10}})
			require.ErrorIs(t, err, context.DeadlineExceeded)
		})
	}
}
