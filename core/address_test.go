package core

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Nothing that prints an address prints what opens it.
func TestAddressKeepsItsSecrets(t *testing.T) {
	const open = "https://SECRETUSER:SECRETPASS@host/a.h5?sig=SECRETSIG#SECRETFRAGMENT"
	const shown = "https://host/a.h5?…"
	a := Address(open)
	holder := struct {
		A *Address
		L []Address
	}{&a, []Address{a}}
	data, err := json.Marshal(holder)
	require.NoError(t, err)
	text, err := xml.Marshal(a)
	require.NoError(t, err)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "a", a, "l", holder.L)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "a", a, "l", holder.L)
	for _, got := range []string{
		string(data), string(text), log.String(), fmt.Sprint(a, holder.L, map[Address]Address{a: a}), fmt.Sprintf("%s %q %v %+v %#v %x %d", a, a, a, holder.L, map[Address]Address{a: a}, a, a),
		fmt.Errorf("%w: %v", fmt.Errorf("%s", a), a).Error(),
	} {
		require.Contains(t, got, shown)
		require.NotContains(t, got, "SECRET")
	}
	require.Equal(t, open, a.Reveal())
	for _, plain := range []string{"s3://b/k?x#y", "/a/b?c.h5", "https://host/a.h5"} {
		require.Equal(t, plain, Address(plain).String())
		require.Equal(t, "sig k?x#y c.h5 "+plain, Address(plain).HideIn("sig k?x#y c.h5 "+plain))
	}
}

// What a server says of a request has nothing of it that its address hides, however it spells it.
func FuzzHideIn(f *testing.F) {
	f.Add("SEC/RET+ =", "user@host", "p%41ss")
	f.Fuzz(func(t *testing.T, signature, user, password string) {
		for _, s := range []string{signature, user, password} {
			if len(s) < leastSecret || strings.ContainsAny(s, "…") {
				t.Skip()
			}
		}
		u := url.URL{Scheme: "https", Host: "h", Path: "/p", User: url.UserPassword(user, password), RawQuery: "a=1&sig=" + url.QueryEscape(signature)}
		for _, secret := range []string{signature, url.QueryEscape(signature), user, password, u.User.String()} {
			const mark = "\x00"
			got := Address(u.String()).HideIn(mark + secret + mark)
			if strings.Contains(mark+"…"+mark, secret) {
				continue
			}
			require.NotContains(t, got, secret, u.String())
		}
	})
}

func TestShownJSON(t *testing.T) {
	plain := `{"b": 1.50, "a": ["s3://b/k?x", "https://host/a.h5"]}`
	require.Equal(t, plain, string(ShownJSON([]byte(plain))))
	got := string(ShownJSON([]byte(`{"n": 12345678901234567890, "a": [{"b": "https://u:SECRET@h/a b?k=SECRET"}, "see https://u:SECRET@h/x, <all>"]}`)))
	require.Equal(t, `{"a":[{"b":"https://h/a b?…"},"see https://h/x, <all>"],"n":12345678901234567890}`, got)
}
