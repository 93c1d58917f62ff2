package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/catalog/cmrtest"
	"github.com/englacial/zagg/internal/config"
)

// notes keeps what a run says.
type notes struct {
	silence
	text strings.Builder
}

func (n *notes) Note(text string) { n.text.WriteString(text + "\n") }

// The keys of the archive that the configuration names are given to stores and to events, and renewed.
func TestArchiveKeys(t *testing.T) {
	s := cmrtest.New(t)
	t.Setenv("HOME", t.TempDir())
	for _, name := range []string{"EARTHDATA_TOKEN", "EARTHDATA_USERNAME", "EARTHDATA_PASSWORD", "NETRC"} {
		t.Setenv(name, "")
	}
	t.Setenv("EARTHDATA_URL", s.URL)
	said := &notes{}
	r := begin(Options{Config: &config.Config{}, Progress: said})
	require.NoError(t, r.findKeys())
	keys, err := r.eventKeys(t.Context())
	require.NoError(t, err)
	require.Nil(t, keys)
	require.Nil(t, r.sourceAccess().Provide)

	r.config.DataSource.CredentialsProvider = "nasa"
	require.ErrorContains(t, r.findKeys(), "have nsidc")
	r.config.DataSource.CredentialsProvider = s.Archive.URL + "/s3credentials"
	require.NoError(t, r.findKeys())
	require.Contains(t, said.text.String(), "keys of the AWS environment")
	require.Nil(t, r.keys)

	t.Setenv("EARTHDATA_TOKEN", "good-token")
	s.Lifetime = 11 * time.Minute
	r.config.DataSource.Index.Store = "s3://mine/indexes"
	require.NoError(t, r.findKeys())
	require.Nil(t, r.keys)
	r.config.DataSource.Index.Store = ""
	require.NoError(t, r.findKeys())
	require.NotNil(t, r.keys)
	require.Empty(t, s.Requests(""), "nobody is asked before a key is needed")
	for range 3 {
		keys, err = r.eventKeys(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{"ASIA1", "secret-key", "secret-session"}, []string{keys.AccessKeyID.Reveal(), keys.SecretAccessKey.Reveal(), keys.SessionToken.Reveal()})
	}
	given, err := r.sourceAccess().Provide(t.Context())
	require.NoError(t, err)
	require.Equal(t, "ASIA1", given.AccessKeyID)
	require.True(t, given.CanExpire)
}

func TestCredentialsFile(t *testing.T) {
	name := filepath.Join(t.TempDir(), "keys.json")
	f := &credentialsFile{path: name}
	_, err := f.read()
	require.ErrorContains(t, err, name)
	for text, want := range map[string]string{
		`{"accessKeyId":"a","secretAccessKey":"hidden"}`:                                    "",
		`{"access_key_id":"a","secret_access_key":"hidden","endpoint_url":"http://x"}`:      "",
		`{"Credentials":{"AccessKeyId":"a","SecretAccessKey":"hidden","SessionToken":"t"}}`: "",
		`{"accessKeyId":"a"}`:                           "want accessKeyId and secretAccessKey",
		`{"accessKeyId":"a","secretAccessKey":7}`:       "secretAccessKey is not a string",
		`{"accessKeyId":"a","secretAccesKey":"hidden"}`: "there is a key that is not known",
		`hidden`: "expected a JSON object",
	} {
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		f := &credentialsFile{path: name}
		keys, err := f.read()
		if want == "" {
			require.NoError(t, err, text)
			require.Equal(t, "a", keys.AccessKeyID.Reveal())
			continue
		}
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hidden")
	}
}
