package earthdata_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog/cmrtest"
	"github.com/englacial/zagg/internal/catalog/earthdata"
	"github.com/englacial/zagg/internal/catalog/web"
	"github.com/englacial/zagg/internal/secret"
)

func client() *web.Client {
	return &web.Client{Base: time.Millisecond, Max: time.Millisecond, Attempts: 3}
}

func login(t *testing.T, s *cmrtest.Server, o earthdata.Options) *earthdata.Credentials {
	o.URL, o.Client = s.URL, client()
	l, err := earthdata.New(o)
	require.NoError(t, err)
	c, err := l.S3(s.Archive.URL + "/s3credentials")
	require.NoError(t, err)
	return c
}

func byPassword() earthdata.Options { return earthdata.Options{User: "user", Password: "p:ss word"} }

func byToken() earthdata.Options { return earthdata.Options{Token: "good-token"} }

// sent is who was told what: Basic to Earthdata Login alone, Bearer there and to the archive.
func sent(s *cmrtest.Server, archiveBearer bool) error {
	for _, r := range s.Requests("") {
		kind, _, _ := strings.Cut(r.Header.Get("Authorization"), " ")
		archive := "http://"+r.Host == s.Archive.URL
		if archive && (kind == "Basic" || kind == "Bearer" && !archiveBearer) {
			return fmt.Errorf("%s was sent to the archive: %s", kind, r.Path)
		}
		if !archive && r.Header.Get("Cookie") != "" && strings.Contains(r.Header.Get("Cookie"), "accessToken") && r.Path == "/other" {
			return fmt.Errorf("the archive's cookie went elsewhere")
		}
	}
	return nil
}

func TestLogin(t *testing.T) {
	for name, c := range map[string]struct {
		options  earthdata.Options
		prepare  func(*cmrtest.Server)
		requests int
		code     core.Code
		want     string // of an error
	}{
		"password":            {options: byPassword(), requests: 4},
		"token":               {options: byToken(), requests: 1},
		"token, the long way": {options: byToken(), prepare: func(s *cmrtest.Server) { s.NoBearer = true }, requests: 4},
		"wrong password":      {options: earthdata.Options{User: "user", Password: "wrong-secret"}, requests: 2, code: core.Denied, want: "the name or the password is refused"},
		"expired token":       {options: earthdata.Options{Token: "old-secret"}, requests: 3, code: core.Denied, want: "has it expired?"},
		"unapproved":          {options: byPassword(), prepare: func(s *cmrtest.Server) { s.Unapproved = true }, requests: 2, code: core.Denied, want: "approve this archive's application"},
		"busy":                {options: byToken(), prepare: func(s *cmrtest.Server) { s.Fail("s3credentials", 0, cmrtest.Throttle("0"), cmrtest.Status(503, "x")) }, requests: 3},
		"busy for long": {options: byToken(), prepare: func(s *cmrtest.Server) {
			s.Fail("s3credentials", 0, cmrtest.Status(503, "x"), cmrtest.Status(503, "x"), cmrtest.Status(503, "x"))
		}, requests: 3, code: core.Unavailable, want: "given up after 3 tries"},
		"cut":                    {options: byToken(), prepare: func(s *cmrtest.Server) { s.Fail("s3credentials", 0, cmrtest.Truncate, cmrtest.Half) }, requests: 3},
		"no key":                 {options: byToken(), prepare: func(s *cmrtest.Server) { s.Fail("s3credentials", 0, cmrtest.Body(`{"accessKeyId":"x"}`)) }, requests: 1, code: core.Corrupt, want: "lacks"},
		"odd expiration":         {options: byToken(), prepare: func(s *cmrtest.Server) { s.Expiration = "soon" }, requests: 1, code: core.Corrupt, want: `expires at "soon"`},
		"expired key":            {options: byToken(), prepare: func(s *cmrtest.Server) { s.Lifetime = -time.Hour }, requests: 1, code: core.Unavailable, want: "clock"},
		"to nowhere":             {options: byToken(), prepare: func(s *cmrtest.Server) { s.Fail("s3credentials", 0, cmrtest.Status(302, "")) }, requests: 1, code: core.Corrupt, want: "to nowhere"},
		"to an unprotected host": {options: byToken(), prepare: redirect("http://example.org/x"), requests: 1, code: core.Invalid, want: "unprotected address on example.org"},
		"for ever": {options: byToken(), prepare: func(s *cmrtest.Server) {
			for range 40 {
				redirect("/s3credentials")(s)
			}
		}, requests: 10, code: core.Invalid, want: "redirected 10 times"},
	} {
		t.Run(name, func(t *testing.T) {
			s := cmrtest.New(t)
			if c.prepare != nil {
				c.prepare(s)
			}
			key, err := login(t, s, c.options).Credentials(context.Background())
			require.Len(t, s.Requests(""), c.requests)
			require.NoError(t, sent(s, c.options.Token != ""))
			if c.want != "" {
				require.ErrorContains(t, err, c.want)
				require.Equal(t, c.code, core.CodeOf(err), err)
				for _, secret := range []string{"secret-", "-secret", "p:ss", "good-token", "old-"} {
					require.NotContains(t, err.Error(), secret)
				}
				return
			}
			require.NoError(t, err)
			require.Regexp(t, "ASIA[0-9]", key.AccessKeyID)
			require.Equal(t, "secret-key", key.SecretAccessKey.Reveal())
			require.Equal(t, "secret-session", key.SessionToken.Reveal())
			require.WithinDuration(t, time.Now().Add(time.Hour), key.Expires, 10*time.Second)
		})
	}
}

func redirect(to string) func(*cmrtest.Server) {
	return func(s *cmrtest.Server) {
		s.Fail("s3credentials", 0, func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
			http.Redirect(w, r, to, http.StatusFound)
		})
	}
}

func TestRenewal(t *testing.T) {
	s := cmrtest.New(t)
	c := login(t, s, byToken())
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			k, err := c.Provide(context.Background())
			if err != nil || k.AccessKeyID != "ASIA1" || !k.CanExpire {
				t.Errorf("%v %v", k.AccessKeyID, err)
			}
		})
	}
	wg.Wait()
	require.Len(t, s.Requests("s3credentials"), 1, "one key for all")

	now := time.Now()
	c.SetClock(func() time.Time { return now.Add(49 * time.Minute) })
	_, err := c.Credentials(context.Background())
	require.NoError(t, err)
	require.Len(t, s.Requests("s3credentials"), 1)
	c.SetClock(func() time.Time { return now.Add(51 * time.Minute) })
	s.Fail("s3credentials", 0, cmrtest.Status(503, ""), cmrtest.Status(503, ""), cmrtest.Status(503, ""))
	k, err := c.Credentials(context.Background())
	require.NoError(t, err, "the old key still opens")
	require.Equal(t, "ASIA1", k.AccessKeyID)
	k, err = c.Credentials(context.Background())
	require.NoError(t, err)
	require.Equal(t, "ASIA2", k.AccessKeyID)

	c.SetClock(func() time.Time { return now.Add(59*time.Minute + 30*time.Second) })
	s.Fail("s3credentials", 0, cmrtest.Status(403, ""), cmrtest.Status(403, ""))
	_, err = c.Credentials(context.Background())
	require.Equal(t, core.Denied, core.CodeOf(err))
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	_, err = c.Credentials(ctx)
	require.ErrorIs(t, err, context.Canceled)
}

func TestBearer(t *testing.T) {
	s := cmrtest.New(t)
	for _, o := range []earthdata.Options{byPassword(), byToken()} {
		o.URL, o.Client = s.URL, client()
		l, err := earthdata.New(o)
		require.NoError(t, err)
		for range 2 {
			token, err := l.Bearer(context.Background())
			require.NoError(t, err)
			require.Equal(t, "good-token", token.Reveal())
		}
	}
	require.Len(t, s.Requests(""), 1)
	l, err := earthdata.New(earthdata.Options{URL: s.URL, User: "user", Password: "wrong", Client: client()})
	require.NoError(t, err)
	_, err = l.Bearer(context.Background())
	require.Equal(t, core.Denied, core.CodeOf(err))
	require.ErrorContains(t, err, "password is refused")
}

func TestFind(t *testing.T) {
	home := t.TempDir()
	netrc := filepath.Join(home, ".netrc")
	find := func(env map[string]string) (*earthdata.Login, error) {
		return earthdata.Find(earthdata.Environment{Getenv: func(k string) string { return env[k] }, Home: home})
	}
	_, err := find(nil)
	require.Equal(t, core.Denied, core.CodeOf(err))
	require.ErrorContains(t, err, "EARTHDATA_TOKEN")
	_, err = find(map[string]string{"EARTHDATA_TOKEN": "t"})
	require.NoError(t, err)
	_, err = find(map[string]string{"EARTHDATA_TOKEN": "two words"})
	require.Equal(t, core.Invalid, core.CodeOf(err))
	_, err = find(map[string]string{"EARTHDATA_USERNAME": "u", "EARTHDATA_PASSWORD": "p"})
	require.NoError(t, err)

	require.NoError(t, os.WriteFile(netrc, []byte("machine urs.earthdata.nasa.gov login me password pass"), 0o644))
	_, err = find(nil)
	require.Equal(t, core.Denied, core.CodeOf(err))
	require.ErrorContains(t, err, "chmod 600")
	require.NoError(t, os.Chmod(netrc, 0o600))
	_, err = find(nil)
	require.NoError(t, err)
	_, err = find(map[string]string{"NETRC": filepath.Join(home, "none")})
	require.ErrorContains(t, err, "who are you?")
	_, err = find(map[string]string{"NETRC": home})
	require.ErrorContains(t, err, "not a netrc file")
	for _, url := range []string{"http://urs.example.org", "urs", "https://"} {
		_, err = earthdata.New(earthdata.Options{URL: url, Token: "t"})
		require.Error(t, err)
	}
	l, err := find(nil)
	require.NoError(t, err)
	for _, url := range []string{"http://example.org/s3credentials", "x", "https://user:pw@example.org/"} {
		_, err = l.S3(url)
		require.Error(t, err)
		require.NotContains(t, err.Error(), "pw")
	}
	e, ok := earthdata.Endpoint("nsidc_cprd")
	require.True(t, ok)
	require.Equal(t, "https://data.nsidc.earthdatacloud.nasa.gov/s3credentials", e)
	_, ok = earthdata.Endpoint("x")
	require.False(t, ok)
}

// However a key is shown, its secrets are not.
func TestRedaction(t *testing.T) {
	k := earthdata.Key{AccessKeyID: "ASIA", SecretAccessKey: "hush1", SessionToken: "hush2"}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", k, "secret", k.SecretAccessKey)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "key", k, "secret", k.SecretAccessKey)
	text, err := json.Marshal(map[string]any{"a": k, "b": &k, "c": []secret.Text{k.SessionToken}})
	require.NoError(t, err)
	for _, shown := range []string{fmt.Sprint(k), fmt.Sprintf("%v %+v %#v %s %q %x %d", k, k, k, k.SecretAccessKey, k.SecretAccessKey, k.SecretAccessKey, k.SecretAccessKey), log.String(), string(text), fmt.Errorf("%w %v", os.ErrClosed, &k).Error()} {
		require.NotContains(t, shown, "hush")
		require.NotContains(t, shown, fmt.Sprintf("%x", "hush"))
		require.Contains(t, shown, "redacted")
	}
}
