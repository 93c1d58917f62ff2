package earthdata

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog/web"
	"github.com/englacial/zagg/internal/secret"
)

// Endpoint is the address that gives keys for the buckets of an archive, by the name of the archive or of its provider in
// CMR. CMR's collections name theirs too (cmr.Collection).
func Endpoint(archive string) (string, bool) {
	hosts := map[string]string{
		"NSIDC": "data.nsidc.earthdatacloud.nasa.gov", "NSIDC_CPRD": "data.nsidc.earthdatacloud.nasa.gov",
		"LPDAAC": "data.lpdaac.earthdatacloud.nasa.gov", "LPCLOUD": "data.lpdaac.earthdatacloud.nasa.gov",
		"GESDISC": "data.gesdisc.earthdata.nasa.gov", "GES_DISC": "data.gesdisc.earthdata.nasa.gov",
		"PODAAC": "archive.podaac.earthdata.nasa.gov", "POCLOUD": "archive.podaac.earthdata.nasa.gov",
		"ORNLDAAC": "data.ornldaac.earthdata.nasa.gov", "ORNL_CLOUD": "data.ornldaac.earthdata.nasa.gov",
		"GHRC": "data.ghrc.earthdata.nasa.gov", "GHRC_DAAC": "data.ghrc.earthdata.nasa.gov",
		"LAADS": "data.laadsdaac.earthdatacloud.nasa.gov",
	}
	host, ok := hosts[strings.ToUpper(archive)]
	if !ok {
		return "", false
	}
	return "https://" + host + "/s3credentials", true
}

// A key is renewed when less than early is left of it; if that fails it is still given while more than late is left.
const (
	early = 10 * time.Minute
	late  = time.Minute
)

// Credentials are the keys of one archive. Safe for concurrent use: one caller asks, the others wait for its key.
type Credentials struct {
	login    *Login
	endpoint *url.URL
	turn     chan struct{} // holds the right to look at key and to renew it
	key      Key
	now      func() time.Time
}

// S3 gives the keys of the archive whose credentials service is at endpoint (https://…/s3credentials).
func (l *Login) S3(endpoint string) (*Credentials, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "https" && !loopback(u) {
		return nil, core.Errorf(core.Invalid, "earthdata", "", "the address of a credentials service is not of the form https://host/s3credentials")
	}
	return &Credentials{login: l, endpoint: u, turn: make(chan struct{}, 1), now: time.Now}, nil
}

// Credentials is a key that is good for a while: at least a minute, ten if the archive answers.
func (c *Credentials) Credentials(ctx context.Context) (Key, error) {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return Key{}, ctx.Err()
	}
	left := c.key.Expires.Sub(c.now())
	if left > early {
		return c.key, nil
	}
	key, err := c.login.key(ctx, c.endpoint)
	switch {
	case err == nil && key.Expires.Sub(c.now()) <= 0:
		err = core.Errorf(core.Unavailable, "earthdata", web.Subject(c.endpoint), "the key it gives expired at %s; is this machine's clock right?", key.Expires.Format(time.RFC3339))
	case err == nil:
		c.key = key
		return key, nil
	}
	if left > late {
		return c.key, nil
	}
	return Key{}, err
}

// Provide is Credentials for the AWS SDK (s3store.Options.Provide).
func (c *Credentials) Provide(ctx context.Context) (aws.Credentials, error) {
	k, err := c.Credentials(ctx)
	return aws.Credentials{AccessKeyID: k.AccessKeyID, SecretAccessKey: k.SecretAccessKey.Reveal(), SessionToken: k.SessionToken.Reveal(),
		CanExpire: true, Expires: k.Expires, Source: "Earthdata Login"}, err
}

// key gets a new key, with the token first if there is one and, where the archive does not take tokens, by way of
// Earthdata Login.
func (l *Login) key(ctx context.Context, endpoint *url.URL) (key Key, err error) {
	err = l.client.Retry(ctx, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		if l.options.Token != "" {
			key, err = l.followLogin(ctx, endpoint, true)
			if !core.Is(err, core.Denied) {
				return err
			}
		}
		key, err = l.followLogin(ctx, endpoint, false)
		return err
	})
	return key, l.explain(err)
}

const (
	mostHops  = 10
	maxAnswer = 1 << 20
)

// followLogin follows redirects from the archive to Earthdata Login, which wants to know who asks, back to the archive, which
// sets a cookie, and to the key. direct sends the token to the archive at once.
func (l *Login) followLogin(ctx context.Context, endpoint *url.URL, direct bool) (Key, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return Key{}, core.Errorf(core.Internal, "earthdata", "", "%w", err)
	}
	client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if l.client.HTTP != nil {
		client.Transport = l.client.HTTP.Transport
	}
	at := endpoint
	for range mostHops {
		res, body, err := l.hop(ctx, client, at, direct && sameOrigin(at, endpoint))
		if err != nil {
			return Key{}, err
		}
		if res.StatusCode < 300 || res.StatusCode >= 400 {
			return l.finish(res, body)
		}
		next, err := at.Parse(res.Header.Get("Location"))
		if err != nil || res.Header.Get("Location") == "" || next.Host == "" {
			return Key{}, core.Errorf(core.Corrupt, "earthdata", web.Subject(at), "it redirects to nowhere")
		}
		if next.Scheme != "https" && !loopback(next) {
			return Key{}, core.Errorf(core.Invalid, "earthdata", web.Subject(at), "it redirects to an unprotected address on %s", next.Host)
		}
		at = next
	}
	return Key{}, core.Errorf(core.Invalid, "earthdata", web.Subject(endpoint), "redirected %d times without an answer", mostHops)
}

func sameOrigin(a, b *url.URL) bool { return a.Scheme == b.Scheme && a.Host == b.Host }

// hop asks at one address. Earthdata Login is told who asks, the archive only a token, and no one else anything.
func (l *Login) hop(ctx context.Context, client *http.Client, at *url.URL, direct bool) (*http.Response, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.String(), nil)
	if err != nil {
		return nil, nil, core.Errorf(core.Corrupt, "earthdata", web.Subject(at), "this is not an address")
	}
	req.Header.Set("User-Agent", "zagg")
	req.Header.Set("Accept", "application/json")
	switch {
	case (direct || sameOrigin(at, l.base)) && l.options.Token != "":
		req.Header.Set("Authorization", "Bearer "+l.options.Token.Reveal())
	case sameOrigin(at, l.base):
		req.Header.Set("Authorization", l.basic())
	}
	res, err := client.Do(req)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // without the address, whose query is a secret on the way back
		}
		if errors.Is(err, context.Canceled) {
			return nil, nil, err
		}
		return nil, nil, core.Errorf(core.Unavailable, "earthdata", web.Subject(at), "%w", err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return nil, nil, core.Errorf(core.Unavailable, "earthdata", web.Subject(at), "the answer broke off: %w", err)
	}
	return res, body, nil
}

// keyAnswer is of an s3credentials service.
type keyAnswer struct {
	AccessKeyID     string `json:"accessKeyId"`
	SecretAccessKey string `json:"secretAccessKey"`
	SessionToken    string `json:"sessionToken"`
	Expiration      string `json:"expiration"`
}

func (l *Login) finish(res *http.Response, body []byte) (Key, error) {
	at := web.Subject(res.Request.URL)
	if res.StatusCode >= 300 {
		return Key{}, web.StatusError(res, nil) // a body could repeat what was sent
	}
	var a keyAnswer
	text := strings.TrimSpace(string(body))
	switch err := json.Unmarshal(body, &a); {
	case strings.HasPrefix(text, "<"):
		return Key{}, core.Errorf(core.Denied, "earthdata", at, "a page came instead of a key: %w at %s with a browser, and approve this archive's application and its terms of use", errExplained, l.base)
	case err != nil:
		return Key{}, core.Errorf(core.Unavailable, "earthdata", at, "the answer, %d bytes, is not a key", len(body))
	case slices.Contains([]string{a.AccessKeyID, a.SecretAccessKey, a.SessionToken}, ""):
		return Key{}, core.Errorf(core.Corrupt, "earthdata", at, "the key lacks accessKeyId, secretAccessKey or sessionToken")
	}
	expires, err := parseExpiration(a.Expiration)
	if err != nil {
		return Key{}, core.Errorf(core.Corrupt, "earthdata", at, "the key expires at %.40q, which is not a time", a.Expiration)
	}
	return Key{AccessKeyID: a.AccessKeyID, SecretAccessKey: secret.Text(a.SecretAccessKey), SessionToken: secret.Text(a.SessionToken), Expires: expires}, nil
}

// parseExpiration reads RFC 3339 with a T or, as archives write it, a space.
func parseExpiration(text string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, strings.Replace(text, " ", "T", 1))
	return t.UTC(), err
}
