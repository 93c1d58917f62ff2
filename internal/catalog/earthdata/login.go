package earthdata

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog/web"
	"github.com/englacial/zagg/internal/secret"
)

// defaultURL is NASA's Earthdata Login.
const defaultURL = "https://urs.earthdata.nasa.gov"

// Options say who one is: a token, or a name and a password.
type Options struct {
	URL      string // DefaultURL; another for tests and for NASA's own test systems
	Token    secret.Text
	User     string
	Password secret.Text
	Client   *web.Client // its retries and limits are used, and its HTTP client's transport
}

// A Login is one identity. It is safe for concurrent use; nothing is sent before it is needed.
type Login struct {
	options Options
	base    *url.URL
	client  *web.Client
	mu      sync.Mutex
	bearer  secret.Text
}

// New makes a Login.
func New(o Options) (*Login, error) {
	o.URL = strings.TrimRight(cmp.Or(o.URL, defaultURL), "/")
	base, err := url.Parse(o.URL)
	if err != nil || base.Host == "" || base.Scheme != "https" && !loopback(base) {
		return nil, core.Errorf(core.Invalid, "earthdata", "", "the address of Earthdata Login is not of the form https://host")
	}
	if o.Token == "" && (o.User == "" || o.Password == "") {
		return nil, core.Errorf(core.Denied, "earthdata", base.Host, "neither a token nor a name and password")
	}
	if strings.ContainsFunc(o.Token.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' }) {
		return nil, core.Errorf(core.Invalid, "earthdata", base.Host, "the token has characters that no token has; is it cut off or quoted?")
	}
	l := &Login{options: o, base: base, client: o.Client, bearer: o.Token}
	if l.client == nil {
		l.client = &web.Client{}
	}
	return l, nil
}

// An Environment is where an identity is looked for.
type Environment struct {
	Getenv func(string) string // os.Getenv
	Home   string              // folder of .netrc; "": none
	URL    string              // as in Options; "": EARTHDATA_URL, else DefaultURL
	Client *web.Client
}

// FromEnvironment finds the identity of the user of this process. client may be nil.
func FromEnvironment(client *web.Client) (*Login, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		home = "" // no netrc then
	}
	return Find(Environment{Getenv: os.Getenv, Home: home, Client: client})
}

// Find makes a Login of EARTHDATA_TOKEN, else of EARTHDATA_USERNAME and EARTHDATA_PASSWORD, else of the netrc file (NETRC,
// or .netrc in the home folder).
func Find(e Environment) (*Login, error) {
	o := Options{URL: cmp.Or(e.URL, e.Getenv("EARTHDATA_URL"), defaultURL), Client: e.Client}
	if o.Token = secret.Text(strings.TrimSpace(e.Getenv("EARTHDATA_TOKEN"))); o.Token != "" {
		return New(o)
	}
	o.User, o.Password = e.Getenv("EARTHDATA_USERNAME"), secret.Text(e.Getenv("EARTHDATA_PASSWORD"))
	if o.User != "" && o.Password != "" {
		return New(o)
	}
	path := e.Getenv("NETRC")
	if path == "" && e.Home != "" {
		path = filepath.Join(e.Home, ".netrc")
	}
	base, err := url.Parse(o.URL)
	if err != nil {
		return nil, core.Errorf(core.Invalid, "earthdata", "", "the address of Earthdata Login is not an address")
	}
	if path != "" {
		if o.User, o.Password, err = readNetrc(path, base.Hostname()); err == nil {
			return New(o)
		}
		if !core.Is(err, core.NotFound) {
			return nil, err
		}
	}
	return nil, core.Errorf(core.Denied, "earthdata", base.Host, "who are you? Set EARTHDATA_TOKEN (make one at %s/profile), or EARTHDATA_USERNAME and EARTHDATA_PASSWORD, or put \"machine %s login NAME password WORD\" into ~/.netrc", o.URL, base.Hostname())
}

// loopback reports whether an address is this machine's own, where tests run unprotected.
func loopback(u *url.URL) bool {
	h := u.Hostname()
	return h == "127.0.0.1" || h == "localhost" || h == "::1"
}

// tokenAnswer is of find_or_create_token.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
}

// Bearer is a token for archives that are read over HTTPS and for CMR: the given one, or one that Earthdata Login finds
// or makes for the name and password.
func (l *Login) Bearer(ctx context.Context) (secret.Text, error) {
	l.mu.Lock()
	token := l.bearer
	l.mu.Unlock()
	if token != "" {
		return token, nil
	}
	var a tokenAnswer
	r := web.Request{URL: l.base.String() + "/api/users/find_or_create_token", Body: []byte{}, Header: http.Header{}}
	r.Header.Set("Authorization", l.basic())
	if _, err := l.client.JSON(ctx, r, &a); err != nil {
		return "", l.explain(err)
	}
	if a.AccessToken == "" {
		return "", core.Errorf(core.Corrupt, "earthdata", l.base.Host, "the answer has no access_token")
	}
	l.mu.Lock()
	l.bearer = secret.Text(a.AccessToken)
	l.mu.Unlock()
	return secret.Text(a.AccessToken), nil
}

func (l *Login) basic() string {
	var r http.Request
	r.Header = http.Header{}
	r.SetBasicAuth(l.options.User, l.options.Password.Reveal())
	return r.Header.Get("Authorization")
}

// explain says what a refusal means.
func (l *Login) explain(err error) error {
	if !core.Is(err, core.Denied) || errors.Is(err, errExplained) {
		return err
	}
	if l.options.Token != "" {
		return core.Errorf(core.Denied, "earthdata", l.base.Host, "the token is refused: has it expired? Make another at %s/profile (%w)", l.base, err)
	}
	return core.Errorf(core.Denied, "earthdata", l.base.Host, "the name or the password is refused (%w)", err)
}

var errExplained = errors.New("log in")
