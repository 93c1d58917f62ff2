//go:build suites

package h5cli_test

import (
	"bytes"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"
	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/cmd/zagg/cli"
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
)

// A file in a bucket is listed and shown like one on disk.
func TestS3(t *testing.T) {
	backend := s3mem.New()
	require.NoError(t, backend.CreateBucket("bench"))
	server := httptest.NewServer(gofakes3.New(backend).Server())
	defer server.Close()
	t.Setenv("AWS_ENDPOINT_URL_S3", server.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "tester")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "testersecret")
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	t.Setenv("AWS_CONFIG_FILE", filepath.Join(t.TempDir(), "none"))
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", filepath.Join(t.TempDir(), "none"))

	const file, object = "../../cmd/zagg/cli/sample/ATL06_20241101010000_01002511_007_01.h5", "s3://bench/granule.h5"
	data, err := os.ReadFile(file)
	require.NoError(t, err)
	store, err := s3store.New(t.Context(), s3store.Options{})
	require.NoError(t, err)
	require.NoError(t, objstore.PutBytes(t.Context(), store, object, data, core.PutOptions{}))
	for _, args := range [][]string{
		{"ls", "", "/", "--attrs"}, {"show", "", "/gt1l/land_ice_segments/h_li", "--select", "::100"}, {"show", "", "/", "--recursive", "--json"},
	} {
		var got [2]string
		for i, url := range []string{file, object} {
			args[1] = url
			var out, errs bytes.Buffer
			require.Zero(t, cli.Run(t.Context(), append([]string{"h5"}, args...), strings.NewReader(""), &out, &errs), errs.String())
			require.Regexp(t, `^\d+ requests, .* read\n$`, errs.String())
			got[i] = out.String()
		}
		require.Equal(t, got[0], got[1])
	}
	var out, errs bytes.Buffer
	require.Equal(t, 1, cli.Run(t.Context(), []string{"h5", "ls", "s3://bench/nothing.h5"}, strings.NewReader(""), &out, &errs))
	require.Contains(t, errs.String(), "s3://bench/nothing.h5")
}
