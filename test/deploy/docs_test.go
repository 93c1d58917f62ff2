//go:build suites

package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore/s3store"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/awstest"
	"github.com/englacial/zagg/internal/emulator"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/plugins/all"
)

// documented are the statements of the policy in docs/standing-up.md of those who run.
func documented(t *testing.T) []statement {
	doc, err := os.ReadFile("../../docs/standing-up.md")
	require.NoError(t, err)
	_, text, found := strings.Cut(string(doc), "**To run**, you need\n\n```json\n")
	require.True(t, found)
	text, _, found = strings.Cut(text, "```")
	require.True(t, found)
	var policy map[string]any
	require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(text, "ACCOUNT", "123456789012")), &policy))
	var all []statement
	for _, s := range policy["Statement"].([]any) {
		m := s.(map[string]any)
		require.Equal(t, "Allow", m["Effect"])
		all = append(all, statement{actions: texts(m["Action"]), resources: texts(m["Resource"])})
	}
	return all
}

// Who has the documented rights, and no others, is not refused anything on the way to the question about money.
func TestDocumentedRightsAreEnough(t *testing.T) {
	policy := documented(t)
	var mu sync.Mutex
	var asked, refused []string
	l, err := emulator.New(emulator.Options{Region: "us-west-2", Refuse: func(r emulator.Request) *emulator.Refusal {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, r.Action)
		if allowed(policy, r.Action, r.Resource, "") {
			return nil
		}
		refused = append(refused, r.Action+" "+r.Resource)
		return emulator.Denied(r)
	}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	h, err := host.New(all.Plugins()...)
	require.NoError(t, err)
	manifest, err := json.Marshal(h.Manifest())
	require.NoError(t, err)
	require.NoError(t, l.Deploy(emulator.Function{Name: "process-shard", Memory: 2048, Timeout: time.Minute, Handler: func(context.Context, []byte) ([]byte, error) {
		r, err := job.NewResponse(200, job.CallDone{OK: true, Manifest: manifest})
		if err != nil {
			return nil, err
		}
		return json.Marshal(r)
	}}))
	granules(t, l)
	code, _, errs := zagg(t, "n\n", "run", "--config", "../../cmd/zagg/cli/sample/demo.yaml", "--granules", "s3://ins/", "--store", "s3://my-grids/h.zarr", "--backend", "lambda")
	require.Equal(t, 1, code)
	require.Contains(t, errs, "max-cost gate declined")
	require.NotContains(t, errs, "could not be asked")
	require.Empty(t, refused)
	mu.Lock()
	defer mu.Unlock()
	for _, s := range policy { // and none of them is superfluous
		for _, a := range s.actions {
			if strings.HasPrefix(a, "lambda:") || strings.HasPrefix(a, "cloudwatch:") {
				require.True(t, slices.Contains(asked, a), a)
			}
		}
	}
}

// granules starts an S3 with the sample and makes the environment that of the account.
func granules(t *testing.T, l *emulator.Lambda) {
	s3, err := awstest.StartS3(t.Context(), awstest.S3Options{Buckets: []string{"ins", "my-grids"}})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s3.Close()) })
	for _, env := range []map[string]string{l.Environ(), s3.Environ()} {
		for k, v := range env {
			t.Setenv(k, v)
		}
	}
	store, err := s3store.New(t.Context(), s3store.Options{})
	require.NoError(t, err)
	files, err := filepath.Glob("../../cmd/zagg/cli/sample/*.h5")
	require.NoError(t, err)
	for _, name := range files {
		data, err := os.ReadFile(name)
		require.NoError(t, err)
		require.NoError(t, store.Put(t.Context(), "s3://ins/"+filepath.Base(name), bytes.NewReader(data), core.PutOptions{Size: int64(len(data))}))
	}
}
