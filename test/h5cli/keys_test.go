//go:build suites

package h5cli_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/internal/shardmap"
	"github.com/englacial/zagg/plugins/all"
)

// Any key can be named, and comes back from a shard map as it is.
func TestKeysOfAnyCharacters(t *testing.T) {
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("keys"))
	server := httptest.NewServer(gofakes3.New(backend).Server())
	defer server.Close()
	for k, v := range map[string]string{"AWS_ENDPOINT_URL_S3": server.URL, "AWS_ACCESS_KEY_ID": "tester", "AWS_SECRET_ACCESS_KEY": "testersecret", "AWS_REGION": "us-east-1",
		"AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": filepath.Join(t.TempDir(), "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(t.TempDir(), "none")} {
		t.Setenv(k, v)
	}
	data, err := os.ReadFile("../../cmd/zagg/cli/sample/ATL06_20241101010000_01002511_007_01.h5")
	require.NoError(t, err)
	store, err := s3store.New(t.Context(), s3store.Options{})
	require.NoError(t, err)
	var urls []string
	for _, key := range []string{"a b.h5", "100%.h5", "a%20b.h5", "#1.h5", "q?x=1.h5", "a+b.h5", "star*.h5", "[x].h5", "ü日本.h5", "a,s3://keys/b.h5", "d/e=f&g.h5", `back\slash.h5`, "~!@$^().h5", "dir//double.h5", "/lead.h5"} {
		url := "s3://keys/" + key
		require.NoError(t, objstore.PutBytes(t.Context(), store, url, data, core.PutOptions{}), key)
		urls = append(urls, url)
		var out, errs bytes.Buffer
		require.Zero(t, cli.Run(t.Context(), []string{"h5", "ls", url, "--depth", "0"}, strings.NewReader(""), &out, &errs), "%s: %s", key, errs.String())
		name := filepath.Join(t.TempDir(), "map.json")
		args := []string{"catalog", "--config", "atl06", "--bbox", "-50,68,-49,69", "--no-footprint", "earth", "--output", name, "-q", url}
		require.Zero(t, cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, all.Plugins()...), "%s: %s", key, errs.String())
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		m, err := shardmap.Parse(name, text)
		require.NoError(t, err, key)
		g, err := m.Granules[0][0].Choose("s3")
		require.NoError(t, err, key)
		require.Equal(t, url, g.Assets["data"])
	}
	var listed []string
	require.NoError(t, store.List(t.Context(), "s3://keys/", func(o core.ObjectInfo) error { listed = append(listed, o.URL); return nil }))
	slices.Sort(urls)
	slices.Sort(listed)
	require.Equal(t, urls, listed)
}
