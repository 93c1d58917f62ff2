package ranged

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/englacial/zagg/core"
)

// Code is the code of an HTTP status that is not success (RFC 9110 §15).
func Code(status int) core.Code {
	switch status {
	case http.StatusNotFound, http.StatusGone:
		return core.NotFound
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusProxyAuthRequired, http.StatusPaymentRequired, http.StatusUnavailableForLegalReasons:
		return core.Denied
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return core.Unavailable
	case http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return core.Unsupported
	}
	if status >= 500 {
		return core.Unavailable
	}
	return core.Invalid
}

// TransportError is the error of a request that got no answer or half of one: Unavailable unless it is bound to fail
// again. The address is taken out of it: after a redirect it may be a signed one, which is a secret.
func TransportError(op, subject string, err error) error {
	for {
		e, ok := errors.AsType[*url.Error](err)
		if !ok {
			break
		}
		err = e.Err
	}
	if _, ok := errors.AsType[*core.Error](err); ok {
		return err
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return core.Errorf(core.Invalid, op, subject, "the server's certificate is not trusted: %w", err)
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return core.Errorf(core.Invalid, op, subject, "the server's certificate is not trusted: %w", err)
	}
	if _, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		return core.Errorf(core.Invalid, op, subject, "the server does not speak TLS there; is it http:// and not https://? (%w)", err)
	}
	if e, ok := errors.AsType[*net.DNSError](err); ok && e.IsNotFound {
		return core.Errorf(core.Unavailable, op, subject, "there is no host %s, or no network (%w)", e.Name, err)
	}
	return core.Errorf(core.Unavailable, op, subject, "%w", err)
}

// Tune sets up a transport for many ranged GETs to few hosts: idle connections for all requests in flight, and a
// connection each, for over one HTTP/2 connection they would share one TCP window.
func Tune(t *http.Transport, requests int) {
	t.MaxIdleConns = 0
	t.MaxIdleConnsPerHost = requests
	t.IdleConnTimeout = 90 * time.Second
	t.TLSHandshakeTimeout = 15 * time.Second
	t.ResponseHeaderTimeout = 2 * time.Minute
	t.Protocols = new(http.Protocols)
	t.Protocols.SetHTTP1(true)
	t.DisableCompression = true
}

// A laterError is of a server that says when to ask again.
type laterError struct {
	error
	after time.Duration
}

func (e *laterError) Unwrap() error { return e.error }

// RetryAfter is how long the server wants to be left alone.
func (e *laterError) RetryAfter() time.Duration { return e.after }

// Later is an answer's error with what its head says of when to ask again (RFC 9110 section 10.2.3), where that may help.
func Later(resp *http.Response, err error) error {
	text := resp.Header.Get("Retry-After")
	if text == "" || !core.Is(err, core.Unavailable) {
		return err
	}
	if seconds, e := strconv.Atoi(text); e == nil && seconds >= 0 && seconds < 1<<30 {
		return &laterError{err, time.Duration(seconds) * time.Second}
	}
	if at, e := http.ParseTime(text); e == nil {
		return &laterError{err, max(time.Until(at), 0)}
	}
	return err
}
