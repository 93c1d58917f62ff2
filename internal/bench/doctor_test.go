package bench

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An account answers from a list of what it has.
type account map[string]bool

func (a account) HasProvider(_ context.Context, host string) (bool, error) { return a[host], nil }
func (a account) HasRole(_ context.Context, name string) (bool, error)     { return a[name], nil }
func (a account) AccountBlocks(context.Context) (bool, error)              { return a["blocks"], nil }
func (a account) BucketBlocks(_ context.Context, bucket string) (bool, error) {
	return a["blocks "+bucket], nil
}
func (a account) HasPublicPolicy(_ context.Context, bucket string) (bool, error) {
	return a["policy "+bucket], nil
}
func (a account) IsPublic(_ context.Context, bucket string) (bool, error) {
	if bucket == "forbidden" {
		return false, errors.New("access denied")
	}
	return a[bucket], nil
}

func TestDoctor(t *testing.T) {
	there := map[string]bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, "/repos/o/r")
		if !there[path] {
			http.NotFound(w, r)
			return
		}
		w.Write([]byte(`{"protection_rules":[{"type":"required_reviewers"}]}`)) //nolint:errcheck // a test's server
	}))
	defer server.Close()
	s := Setup{Repo: "o/r", DistBucket: "dist", Account: account{"blocks": true, "blocks dist": true}, GitHub: &GitHub{API: server.URL, Repo: "o/r"}}
	var out bytes.Buffer
	require.Equal(t, 23, Examine(t.Context(), &out, s.Checks()))
	require.Contains(t, out.String(), "missing  variable DEPLOY_ROLE_ARN\n         gh variable set DEPLOY_ROLE_ARN --repo o/r --body VALUE\n")

	s.Account = account{Provider: true, "zagg-benchmark": true, "zagg-benchmark-deploy": true, "zagg-lambda-release": true, "dist": true, "policy dist": true, "policy forbidden": true}
	for _, v := range variables() {
		there["/actions/variables/"+v] = true
	}
	for _, p := range []string{"/actions/secrets/EARTHDATA_TOKEN", "/branches/benchmarks", "/labels/benchmark", "/environments/production"} {
		there[p] = true
	}
	out.Reset()
	require.Zero(t, Examine(t.Context(), &out, s.Checks()), out.String())
	s.DistBucket = "forbidden"
	out.Reset()
	require.Equal(t, 1, Examine(t.Context(), &out, s.Checks()))
	require.Contains(t, out.String(), "unknown  bucket forbidden can be listed by everybody: access denied")
	require.Empty(t, Setup{}.Checks())
}
