package cli

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/internal/catalog/cmrtest"
	"github.com/englacial/zagg/internal/config"
)

// The keys of the archive that the configuration names are given to stores and to events, and renewed.
func TestArchiveKeys(t *testing.T) {
	s := cmrtest.New(t)
	t.Setenv("HOME", t.TempDir())
	for _, name := range []string{"EARTHDATA_TOKEN", "EARTHDATA_USERNAME", "EARTHDATA_PASSWORD", "NETRC"} {
		t.Setenv(name, "")
	}
	t.Setenv("EARTHDATA_URL", s.URL)
	var stderr bytes.Buffer
	r := &runner{app: &app{stderr: &stderr}, config: &config.Config{}}
	require.NoError(t, r.findKeys())
	keys, err := r.eventKeys(t.Context())
	require.NoError(t, err)
	require.Nil(t, keys)
	require.Nil(t, r.source().provide)

	r.config.DataSource.CredentialsProvider = "nasa"
	require.ErrorContains(t, r.findKeys(), "have nsidc")
	r.config.DataSource.CredentialsProvider = s.Archive.URL + "/s3credentials"
	require.NoError(t, r.findKeys())
	require.Contains(t, stderr.String(), "keys of the AWS environment")
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
	given, err := r.source().provide(t.Context())
	require.NoError(t, err)
	require.Equal(t, "ASIA1", given.AccessKeyID)
	require.True(t, given.CanExpire)
}
