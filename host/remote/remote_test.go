package remote

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestEnvironmentHasNoSecrets(t *testing.T) {
	got := environment([]string{"PATH=/bin", "LC_ALL=C", "HOME=/home/me", "AWS_SECRET_ACCESS_KEY=x", "AWS_PROFILE=p", "EARTHDATA_TOKEN=t", "GITHUB_TOKEN=g", "ZAGG_X=1", "broken"})
	require.Equal(t, []string{"PATH=/bin", "LC_ALL=C", "HOME=/home/me"}, got)
	for _, name := range passed() {
		require.NotRegexp(t, `(?i)aws|token|secret|pass|key|cred`, name)
	}
}

func TestRedact(t *testing.T) {
	r := newRedactor([]string{"EARTHDATA_TOKEN=tok-en-from-env", "PATH=/usr/bin:/bin", "MY_API_KEY=short"})
	for text, want := range map[string]string{
		"plain words, h_li = 3.5":                         "plain words, h_li = 3.5",
		"got tok-en-from-env":                             "got ***",
		"Authorization: Bearer abcdefghijklm":             "***",
		"aws_secret_access_key=wJalrXUtnFEMI/K7MDENG":     "aws_secret_access_key=***",
		`{"token": "abcdef", "x": 1}`:                     `{"token": "***", "x": 1}`,
		"AKIAIOSFODNN7EXAMPLE is a key":                   "*** is a key",
		"https://me:word@host/a":                          "https://***@host/a",
		"GET /a?X-Amz-Signature=abc123&x=1":               "GET /a?X-Amz-Signature=***&x=1",
		"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def_gh": "***",
		"short stays, /usr/bin:/bin too":                  "short stays, /usr/bin:/bin too",
	} {
		got := r.text(text)
		if strings.HasPrefix(text, "Authorization") {
			require.NotContains(t, got, "abcdefghijklm")
			continue
		}
		require.Equal(t, want, got)
	}
}

// Addresses of granules lose what may be a credential, and are known again when the plugin asks for them.
func TestURLsWithoutCredentials(t *testing.T) {
	c := &conversation{}
	g := c.known(core.Granule{ID: "g", Assets: map[string]string{
		"data": "https://host/a.h5?X-Amz-Signature=s", "other": "https://host/a.h5?X-Amz-Signature=t", "user": "https://me:pw@host/b.h5", "s3": "s3://bucket/odd?name", "file": "/data/x?y"}})
	for _, name := range []string{"data", "other", "user"} {
		require.NotContains(t, g.Assets[name], "Signature")
		require.NotContains(t, g.Assets[name], "pw@")
	}
	require.Equal(t, "s3://bucket/odd?name", g.Assets["s3"])
	require.Equal(t, "/data/x?y", g.Assets["file"])
	require.NotEqual(t, g.Assets["data"], g.Assets["other"])
	require.Len(t, c.urls, 5)
	require.Contains(t, c.urls[g.Assets["other"]], "https://host/a.h5?X-Amz-Signature=")
	require.Equal(t, "https://me:pw@host/b.h5", c.urls[g.Assets["user"]])
}

func TestScanLines(t *testing.T) {
	var got []string
	scanLines(strings.NewReader("one\r\n\n"+strings.Repeat("x", 10*lineBytes)+"\nbad \xff\nlast"), func(s string) { got = append(got, s) })
	require.Equal(t, []string{"one", "", strings.Repeat("x", lineBytes), "bad \uFFFD", "last"}, got)
	var last tail
	require.Contains(t, last.String(), "wrote nothing")
	for _, s := range slices.Repeat([]string{"a", "b"}, 20) {
		last.add(s)
	}
	require.Len(t, last.lines, tailLines)
}

func TestHello(t *testing.T) {
	require.Empty(t, checkHello("1|1|unix|/d/x/s|grpc|", "/d"))
	require.Empty(t, checkHello("1|1|unix|/d/s|grpc", "/d"))
	for _, bad := range []string{"", "hello", "1|1|unix|/d/s", "2|1|unix|/d/s|grpc|", "1|0|unix|/d/s|grpc|", "1|1|tcp|/d/s|grpc|", "1|1|unix|/e/s|grpc|", "1|1|unix|/d/../e|grpc|", "1|1|unix|s|grpc|"} {
		require.NotEmpty(t, checkHello(bad, "/d"), bad)
	}
}

func TestDiscover(t *testing.T) {
	first, second, home := t.TempDir(), t.TempDir(), t.TempDir()
	write := func(path string) string {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, nil, 0o700))
		return path
	}
	a := write(filepath.Join(first, "zagg-plugin-a"))
	write(filepath.Join(first, "other"))
	b := write(filepath.Join(second, "zagg-plugin-b.py"))
	write(filepath.Join(second, "zagg-plugin-a"))
	file := write(filepath.Join(second, "mine"))
	c := write(filepath.Join(home, ".local", "share", "zagg", "plugins", "zagg-plugin-c"))
	require.NoError(t, os.Mkdir(filepath.Join(first, "zagg-plugin-folder"), 0o700))
	env := map[string]string{"HOME": home, PathVariable: strings.Join([]string{first, "/no/such", second, file}, string(os.PathListSeparator))}
	getenv := func(name string) string { return env[name] }
	require.Equal(t, []Candidate{{"a", a}, {"b", b}, {"mine", file}, {"c", c}}, Discover(getenv))
	env["XDG_DATA_HOME"] = filepath.Join(home, "data")
	require.Len(t, Discover(getenv), 3)
	require.Empty(t, Discover(func(string) string { return "" }))
}
