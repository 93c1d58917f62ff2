package earthdata

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func TestParseNetrc(t *testing.T) {
	const host = "urs.earthdata.nasa.gov"
	for text, want := range map[string][2]string{
		"machine urs.earthdata.nasa.gov login me password pass":                                                   {"me", "pass"},
		"machine other login x password y\nmachine urs.earthdata.nasa.gov\n\tlogin me\n\tpassword pass#1\n":       {"me", "pass#1"},
		"# comment\nmachine URS.earthdata.nasa.gov # mine\nlogin \"me too\" account a password \"p\\\"q \\\\ #\"": {"me too", `p"q \ #`},
		"macdef init\nmachine urs.earthdata.nasa.gov login no password no\n\ndefault login d password e":          {"d", "e"},
		"machine urs.earthdata.nasa.gov login me password pass machine b login c password d":                      {"me", "pass"},
	} {
		user, password, err := parseNetrc(text, host)
		require.NoError(t, err, text)
		require.Equal(t, want, [2]string{user, password.Reveal()}, text)
	}
	for text, code := range map[string]core.Code{
		"": core.NotFound, "machine other login x password y": core.NotFound, "machine urs.earthdata.nasa.gov login me": core.NotFound,
		"machine urs.earthdata.nasa.gov login": core.Corrupt, "machine": core.Corrupt, "machine urs.earthdata.nasa.gov login me passwort hush": core.Corrupt,
	} {
		_, _, err := parseNetrc(text, host)
		require.Equal(t, code, core.CodeOf(err), text)
		require.NotContains(t, err.Error(), "hush")
	}
}

func FuzzNetrc(f *testing.F) {
	f.Add("machine h login \"a b\" password c # x\nmacdef m\nx\n\ndefault login d password e")
	f.Fuzz(func(t *testing.T, text string) {
		if user, password, err := parseNetrc(text, "h"); err == nil {
			require.NotEmpty(t, user)
			require.NotEmpty(t, password)
		}
	})
}
