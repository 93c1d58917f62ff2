package httpstore

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/internal/ranged"
)

// Stat sends a HEAD, and where a server refuses that (signed addresses do) or does not say the size, a GET of one byte.
func (s *Store) Stat(ctx context.Context, objectURL string) (core.ObjectInfo, error) {
	const op = "httpstore.Stat"
	u, name, err := parse(op, objectURL)
	if err != nil {
		return core.ObjectInfo{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	info := core.ObjectInfo{URL: objectURL, Size: -1}
	status, text, err := s.head(ctx, op, name, u, http.MethodHead, &info)
	if err == nil && status != http.StatusNotFound && info.Size < 0 {
		status, text, err = s.head(ctx, op, name, u, http.MethodGet, &info)
	}
	switch {
	case err != nil:
		return core.ObjectInfo{}, err
	case info.Size >= 0:
		return info, nil
	case status >= 300:
		return core.ObjectInfo{}, statusText(op, name, status, text)
	}
	return core.ObjectInfo{}, core.Errorf(core.Unsupported, op, name, "the server does not say how long the object is")
}

// head sends a HEAD or a GET of the first byte and fills in what the answer's head tells; of an error also its text.
func (s *Store) head(ctx context.Context, op, name string, u *url.URL, method string, info *core.ObjectInfo) (status int, text []byte, err error) {
	req, err := s.request(ctx, method, u, nil)
	if err != nil {
		return 0, nil, err
	}
	if method == http.MethodGet {
		req.Header.Set("Range", "bytes=0-0")
	}
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, nil, ranged.TransportError(op, name, err)
	}
	defer resp.Body.Close() // unread: a server that ignores the range may be sending all of it
	h := resp.Header
	info.ETag = h.Get("ETag")
	info.Modified, _ = time.Parse(http.TimeFormat, h.Get("Last-Modified"))
	switch resp.StatusCode {
	case http.StatusOK:
		if err := refusePage(op, name, resp); err != nil {
			return 0, nil, err
		}
		info.Size = resp.ContentLength
	case http.StatusPartialContent, http.StatusRequestedRangeNotSatisfiable:
		_, size, _ := strings.Cut(h.Get("Content-Range"), "/")
		if n, err := strconv.ParseInt(size, 10, 64); err == nil && n >= 0 {
			info.Size = n
		}
	default:
		text, _ = io.ReadAll(io.LimitReader(resp.Body, 4096))
		text = hidden(resp, text)
	}
	if resp.Header.Get("Retry-After") != "" && ranged.Code(resp.StatusCode) == core.Unavailable {
		return 0, nil, ranged.Later(resp, statusText(op, name, resp.StatusCode, text))
	}
	return resp.StatusCode, text, nil
}

// refusePage is the error of an answer that is a web page of another host than was asked: that of a log-in.
func refusePage(op, name string, resp *http.Response) error {
	if resp.Request == nil || resp.Request.Response == nil || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/html") {
		return nil // not redirected, or no page
	}
	return core.Errorf(core.Denied, op, name, "%s answered with a web page, as one to log in: give a valid token for the first host", resp.Request.URL.Host)
}

// statusError is the error of an answer that is not the bytes asked for.
func statusError(op, name string, resp *http.Response, body []byte) error {
	return statusText(op, name, resp.StatusCode, hidden(resp, body))
}

// hidden is what a server says without what it was asked with: user, password, signature and token of the request and of those that
// led to it.
func hidden(resp *http.Response, text []byte) []byte {
	said := string(text)
	for req := resp.Request; req != nil; {
		said = core.Address(req.URL.String()).HideIn(said)
		if _, token, ok := strings.Cut(req.Header.Get("Authorization"), " "); ok {
			said = strings.ReplaceAll(said, token, "…")
		}
		if req.Response == nil {
			break
		}
		req = req.Response.Request
	}
	return []byte(said)
}

func statusText(op, name string, status int, body []byte) error {
	hint := ""
	switch status {
	case http.StatusUnauthorized, http.StatusForbidden:
		hint = "access denied: give a valid token for this host, or renew it"
	case http.StatusNotFound, http.StatusGone:
		hint = "no such object"
	}
	said := fmt.Sprintf("HTTP %d %s", status, http.StatusText(status))
	if text := firstLine(body); text != "" {
		said += ": " + text
	}
	if hint != "" {
		said = hint + " (" + said + ")"
	}
	if status == http.StatusPreconditionFailed {
		return core.Errorf(core.Invalid, op, name, "%w (%s)", objstore.ErrPrecondition, said)
	}
	return core.Errorf(ranged.Code(status), op, name, "%s", said)
}

// firstLine is the beginning of a plain-text error page; HTML says nothing in few words.
func firstLine(body []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	if strings.HasPrefix(line, "<") || len(line) > 200 {
		return ""
	}
	return strings.ToValidUTF8(line, "?")
}
