package stored

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// A store that has lost its root, and has records, is damaged; without them there is none.
func TestLostRoot(t *testing.T) {
	url := filepath.Join(t.TempDir(), "x.zarr")
	_, err := OpenGroup(t.Context(), url)
	require.Equal(t, core.NotFound, core.CodeOf(err))
	require.NoError(t, (&store.Record{Label: "1", Status: job.OK}).Save(t.Context(), &objstore.File{}, url))
	for _, open := range []func() error{
		func() error { _, err := OpenGroup(t.Context(), url); return err },
		func() error { _, err := Open(t.Context(), url); return err },
	} {
		err := open()
		require.Equal(t, core.Corrupt, core.CodeOf(err))
		require.ErrorContains(t, err, "its zarr.json is lost, and there are records of its shards; the same run again makes it anew")
	}
}

// Of a store that cannot be opened it is said so, and not that it has no shards.
func TestPrintUnopened(t *testing.T) {
	var out strings.Builder
	v := &Verification{Verified: &store.Verified{Unopened: true, Faults: []store.Fault{{Object: "zarr.json", Reason: "is missing", SetUp: true}}}, by: &store.Verifier{}}
	require.NoError(t, v.Print(&out))
	require.Equal(t, "zarr.json: is missing\nthe store cannot be opened, so its shards are not compared: 1 fault\n", out.String())
}
