package web

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
)

// A Client asks. The zero value is ready; it is safe for concurrent use.
type Client struct {
	HTTP      *http.Client  // nil: a plain one
	UserAgent string        // "zagg"
	Attempts  int           // most tries of one request; 6
	Base      time.Duration // the wait before try n+1 is random in [0, min(Max, Base·2ⁿ⁻¹)); 500 ms
	Max       time.Duration // 30 s
	MaxWait   time.Duration // a Retry-After beyond it is an error; 10 min
	Patience  time.Duration // for one try, body included; 2 min
	MaxBytes  int64         // of an answer; 256 MiB
	// OnRetry is told of each failure that is tried again, before the wait.
	OnRetry func(err error, wait time.Duration)
}

// A Request is what to ask. A Body is sent with POST.
type Request struct {
	URL    string
	Header http.Header
	Body   []byte
	Type   string // of the body
}

// An Answer is a whole answer with a status of 2xx.
type Answer struct {
	Header http.Header
	Body   []byte
	URL    *url.URL // after redirects
}

// JSON asks and decodes the answer into v.
func (c *Client) JSON(ctx context.Context, r Request, v any) (*Answer, error) {
	var answer *Answer
	err := c.Retry(ctx, func(ctx context.Context) (err error) {
		if answer, err = c.once(ctx, r); err != nil {
			return err
		}
		return decode(answer, v)
	})
	return answer, err
}

// decode tells an answer that ends in the middle, which is worth another try, from one that is no JSON.
func decode(a *Answer, v any) error {
	err := json.Unmarshal(a.Body, v)
	if err == nil {
		return nil
	}
	text := bytes.TrimLeft(a.Body, " \t\r\n\ufeff")
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok && syntax.Offset >= int64(len(a.Body)) && len(text) > 0 && (text[0] == '{' || text[0] == '[') || len(text) == 0 {
		return core.Errorf(core.Unavailable, "web.JSON", Subject(a.URL), "the answer ends in the middle, after %d bytes", len(a.Body))
	}
	if len(text) > 0 && text[0] == '<' {
		return core.Errorf(core.Corrupt, "web.JSON", Subject(a.URL), "the answer is a page, not JSON: %s", Excerpt(a.Body))
	}
	return core.Errorf(core.Corrupt, "web.JSON", Subject(a.URL), "%w; the answer begins %s", err, Excerpt(a.Body))
}

// Retry calls call until it succeeds, fails with another code than Unavailable, or has been tried often enough.
func (c *Client) Retry(ctx context.Context, call func(context.Context) error) error {
	attempts := cmp.Or(c.Attempts, 6)
	for try := 1; ; try++ {
		err := call(ctx)
		if err == nil || !core.Is(err, core.Unavailable) || ctx.Err() != nil {
			return err
		}
		if try >= attempts {
			return core.Errorf(core.Unavailable, "", "", "%w (given up after %d tries)", err, try)
		}
		wait, err := c.wait(err, try)
		if err != nil {
			return err
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

// wait is the time before the next try; an error if the service asks for more than is sensible.
func (c *Client) wait(failure error, try int) (time.Duration, error) {
	most := cmp.Or(c.Max, 30*time.Second)
	if step := cmp.Or(c.Base, 500*time.Millisecond) << min(try-1, 20); step > 0 {
		most = min(most, step)
	}
	wait := rand.N(most)
	if later, ok := errors.AsType[*laterError](failure); ok {
		if later.after > cmp.Or(c.MaxWait, 10*time.Minute) {
			return 0, core.Errorf(core.Unavailable, "", "", "%w; it asks to come back in %v", failure, later.after.Round(time.Second))
		}
		wait += later.after // jitter on top, so that all who were told the same do not come at once
	}
	if c.OnRetry != nil {
		c.OnRetry(failure, wait)
	}
	return wait, nil
}

// A laterError is a failure whose answer says when to come back.
type laterError struct {
	error
	after time.Duration
}

func (e *laterError) Unwrap() error { return e.error }

func (c *Client) once(ctx context.Context, r Request) (*Answer, error) {
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(c.Patience, 2*time.Minute))
	defer cancel()
	method, body := http.MethodGet, io.Reader(nil)
	if r.Body != nil {
		method, body = http.MethodPost, bytes.NewReader(r.Body)
	}
	req, err := http.NewRequestWithContext(ctx, method, r.URL, body)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "web", "", "is not an address: %w", withoutURL(err))
	}
	for k, v := range r.Header {
		req.Header[k] = v
	}
	if r.Type != "" {
		req.Header.Set("Content-Type", r.Type)
	}
	req.Header.Set("User-Agent", cmp.Or(c.UserAgent, "zagg"))
	res, err := c.client().Do(req)
	if err != nil {
		return nil, c.failure(req.URL, err)
	}
	defer res.Body.Close()
	limit := cmp.Or(c.MaxBytes, 256<<20)
	data, err := io.ReadAll(io.LimitReader(res.Body, limit+1))
	switch {
	case err != nil && res.StatusCode < 300:
		return nil, core.Errorf(core.Unavailable, "web", Subject(req.URL), "the answer broke off after %d bytes: %w", len(data), withoutURL(err))
	case int64(len(data)) > limit:
		return nil, core.Errorf(core.Corrupt, "web", Subject(req.URL), "the answer is longer than %d bytes", limit)
	case res.StatusCode >= 300:
		return nil, StatusError(res, data)
	}
	return &Answer{Header: res.Header, Body: data, URL: res.Request.URL}, nil
}

func (c *Client) client() *http.Client {
	var client http.Client
	if c.HTTP != nil {
		client = *c.HTTP
	}
	client.CheckRedirect = checkRedirect
	return &client
}

const mostRedirects = 10

// checkRedirect keeps headers with secrets from other hosts, and everything from unprotected ones.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= mostRedirects {
		return core.Errorf(core.Invalid, "web", Subject(via[0].URL), "redirected more than %d times", mostRedirects)
	}
	first := via[0].URL
	if first.Scheme == "https" && req.URL.Scheme != "https" {
		return core.Errorf(core.Denied, "web", Subject(first), "redirected to an unprotected address on %s", req.URL.Host)
	}
	if req.URL.Host != first.Host {
		req.Header.Del("Authorization")
		req.Header.Del("Cookie")
	}
	return nil
}

// failure classes what came instead of an answer.
func (c *Client) failure(u *url.URL, err error) error {
	if e, ok := errors.AsType[*core.Error](err); ok {
		return e
	}
	if errors.Is(err, context.Canceled) {
		return err
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return core.Errorf(core.NotFound, "web", Subject(u), "there is no such host")
	}
	return core.Errorf(core.Unavailable, "web", Subject(u), "%w", withoutURL(err))
}

// withoutURL takes the address, whose query may hold a secret, out of an error.
func withoutURL(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// Subject is an address as errors show it: without user, query and fragment.
func Subject(u *url.URL) string {
	shown := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path, RawPath: u.RawPath}
	return shown.String()
}

// StatusError is the error of an answer with a status that is not 2xx.
func StatusError(res *http.Response, body []byte) error {
	code := core.Invalid
	switch s := res.StatusCode; {
	case s == http.StatusTooManyRequests, s == http.StatusRequestTimeout, s == http.StatusTooEarly,
		s >= 500 && s != http.StatusNotImplemented && s != http.StatusHTTPVersionNotSupported:
		code = core.Unavailable
	case s == http.StatusUnauthorized, s == http.StatusForbidden:
		code = core.Denied
	case s == http.StatusNotFound, s == http.StatusGone:
		code = core.NotFound
	}
	err := core.Errorf(code, "web", Subject(res.Request.URL), "%s: %s", res.Status, Excerpt(body))
	if after, ok := retryAfter(res.Header.Get("Retry-After"), time.Now()); ok && code == core.Unavailable {
		return &laterError{err, after}
	}
	return err
}

// retryAfter is seconds or a date (RFC 9110, section 10.2.3).
func retryAfter(text string, now time.Time) (time.Duration, bool) {
	if s, err := strconv.ParseUint(text, 10, 32); err == nil {
		return time.Duration(s) * time.Second, true
	}
	if t, err := http.ParseTime(text); err == nil {
		return max(t.Sub(now), 0), true
	}
	return 0, false
}

// Excerpt is the part of an answer that an error shows: what a service says is wrong, or how the answer begins.
func Excerpt(body []byte) string {
	var says struct {
		Errors      json.RawMessage `json:"errors"` // CMR
		Description string          `json:"description"`
		Message     string          `json:"message"`
		Detail      json.RawMessage `json:"detail"`
		Error       json.RawMessage `json:"error"`
	}
	if json.Unmarshal(body, &says) == nil {
		for _, text := range []string{string(says.Errors), says.Description, says.Message, string(says.Detail), string(says.Error)} {
			if text != "" && text != "null" {
				return clip(text)
			}
		}
	}
	return clip(string(body))
}

func clip(text string) string {
	const most = 300
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "�")), " ")
	if len(text) > most {
		text = strings.ToValidUTF8(text[:most], "") + "…"
	}
	return fmt.Sprintf("%q", text)
}
