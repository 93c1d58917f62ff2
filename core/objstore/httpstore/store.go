package httpstore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/internal/ranged"
)

// Options say how to ask and who asks.
type Options struct {
	// Token is a bearer token (of Earthdata Login, say). It is sent over HTTPS to TokenHosts only, "example.org" or, with
	// everything below it, ".example.org", and never after a redirect to another host: that one's address is signed
	// already. It shows in no error.
	Token       Token
	TokenHosts  []string
	Concurrency int          // most requests in flight in all; 32
	HTTPClient  *http.Client // replaces the store's own; its CheckRedirect is not asked
	UserAgent   string       // "zagg"
}

// A Token does not show, however it is printed or logged.
type Token string

const redacted = "httpstore.Token(redacted)"

func (t Token) String() string               { return redacted }
func (t Token) GoString() string             { return redacted }
func (t Token) LogValue() slog.Value         { return slog.StringValue(redacted) }
func (t Token) Format(f fmt.State, _ rune)   { io.WriteString(f, redacted) }
func (t Token) MarshalText() ([]byte, error) { return []byte(redacted), nil }

var _ core.ObjectReader = (*Store)(nil)

// A Store reads from any host.
type Store struct {
	options Options
	client  *http.Client
	getter  ranged.Getter
	moved   locations
}

const (
	// patience is how long a server may be silent.
	patience = time.Minute
	// smallEnough is the longest object that is read whole from a server that cannot send a part.
	smallEnough = 64 << 20
	// mostRedirects is how often one request may be sent elsewhere.
	mostRedirects = 10
)

// New makes a Store; it sends no request.
func New(o Options) *Store {
	if o.Concurrency <= 0 {
		o.Concurrency = 32
	}
	if o.UserAgent == "" {
		o.UserAgent = "zagg"
	}
	client := &http.Client{}
	if o.HTTPClient != nil {
		*client = *o.HTTPClient
	} else {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		ranged.Tune(transport, o.Concurrency)
		client.Transport = transport
	}
	client.CheckRedirect = checkRedirect
	s := &Store{options: o, client: client}
	s.getter = ranged.Getter{Client: client, Limit: make(chan struct{}, o.Concurrency), Whole: smallEnough, Stall: patience, Fail: statusError, Refuse: refusePage}
	return s
}

// checkRedirect takes the token off a request that leaves the host it was meant for. Package http does so too, but not
// on the way to a sub-domain.
func checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) >= mostRedirects {
		return core.Errorf(core.Invalid, "httpstore.Get", subject(via[0].URL), "redirected more than %d times", mostRedirects)
	}
	if s := strings.ToLower(req.URL.Scheme); s != "http" && s != "https" {
		return core.Errorf(core.Unsupported, "httpstore.Get", subject(via[0].URL), "redirected to %s, which is not a web address", subject(req.URL))
	}
	first := via[0].URL
	for _, r := range append(via[1:len(via):len(via)], req) {
		if r.URL.Host != first.Host || r.URL.Scheme != first.Scheme {
			req.Header.Del("Authorization")
		}
	}
	return nil
}

// subject is a URL as errors show it: without user, query and fragment, which may be secrets.
func subject(u *url.URL) string { return core.Address(u.String()).String() }

func parse(op, objectURL string) (*url.URL, string, error) {
	u, err := url.Parse(objectURL)
	if e, ok := errors.AsType[*url.Error](err); ok { // its text has the whole address
		return nil, "", core.Errorf(core.Invalid, op, core.Address(objectURL).String(), "is not a URL: %s", core.Address(objectURL).HideIn(e.Err.Error()))
	}
	if scheme := strings.ToLower(u.Scheme); scheme != "http" && scheme != "https" || u.Host == "" {
		return nil, "", core.Errorf(core.Invalid, op, subject(u), "is not of the form https://host/path")
	}
	return u, subject(u), nil
}

// request makes a request to the object's own address or, if that has lately sent it elsewhere, there.
func (s *Store) request(ctx context.Context, method string, u *url.URL, moved *url.URL) (*http.Request, error) {
	to := u
	if moved != nil {
		to = moved
	}
	req, err := http.NewRequestWithContext(ctx, method, to.String(), nil)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "httpstore.Get", subject(u), "is not a URL that can be asked")
	}
	// Ranges of a compressed answer are of no use.
	req.Header.Set("Accept-Encoding", "identity")
	req.Header.Set("User-Agent", s.options.UserAgent)
	if moved == nil && s.trusted(to) {
		req.Header.Set("Authorization", "Bearer "+string(s.options.Token))
	}
	return req, nil
}

// trusted says whether a host may see the token.
func (s *Store) trusted(u *url.URL) bool {
	if s.options.Token == "" || !strings.EqualFold(u.Scheme, "https") {
		return false
	}
	host := strings.ToLower(u.Hostname())
	for _, h := range s.options.TokenHosts {
		h = strings.ToLower(h)
		if host == h || strings.HasPrefix(h, ".") && (strings.HasSuffix(host, h) || host == h[1:]) {
			return true
		}
	}
	return false
}

// ReadRanges sends one GET per range. A server that answers with the whole object instead is read once if the object has
// at most 64 MiB, else the error is Unsupported. If some ranges find the server busy, the others come back with the error.
//
// Where a host sends requests on to another (archives do, to a signed address), the further ones of the same object go
// there directly for some minutes.
func (s *Store) ReadRanges(ctx context.Context, objectURL string, ranges []core.Range) ([][]byte, error) {
	data, _, err := s.ReadState(ctx, objectURL, "", ranges)
	return data, err
}

// ReadState takes the version from the answers' heads. An ETag that the server calls weak is none.
func (s *Store) ReadState(ctx context.Context, objectURL, etag string, ranges []core.Range) ([][]byte, core.ObjectInfo, error) {
	const op = "httpstore.Read"
	if err := objstore.CheckRanges(op, objectURL, ranges); err != nil {
		return nil, core.ObjectInfo{}, err
	}
	u, name, err := parse(op, objectURL)
	if err != nil {
		return nil, core.ObjectInfo{}, err
	}
	state := &ranged.State{Want: etag, Changed: objstore.ErrPrecondition}
	moved := s.moved.get(objectURL)
	data, err := s.readRanges(ctx, op, name, objectURL, u, moved, state, ranges)
	if moved != nil && err != nil && !core.Is(err, core.Unavailable) {
		// The signed address may have ended. Its own says what is really the matter.
		s.moved.forget(objectURL)
		data, err = s.readRanges(ctx, op, name, objectURL, u, nil, state, ranges)
	}
	return data, state.Info(objectURL), err
}

func (s *Store) readRanges(ctx context.Context, op, name, objectURL string, u, moved *url.URL, state *ranged.State, ranges []core.Range) ([][]byte, error) {
	return s.getter.ReadRanges(ctx, ranged.Object{
		Op: op, URL: name, State: state,
		Request: func(ctx context.Context, rangeHeader string) (*http.Request, error) {
			req, err := s.request(ctx, http.MethodGet, u, moved)
			if err == nil {
				req.Header.Set("Range", rangeHeader)
				if state.Want != "" {
					req.Header.Set("If-Match", state.Want)
				}
			}
			return req, err
		},
		Answered: func(resp *http.Response) {
			if moved == nil && resp.Request != nil && resp.Request.URL.Host != u.Host {
				s.moved.set(objectURL, resp.Request.URL)
			}
		},
	}, ranges)
}

// Format says what it is, and no secret.
func (s *Store) Format(f fmt.State, _ rune) { io.WriteString(f, "httpstore") }
