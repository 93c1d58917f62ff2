//go:build suites

package s3

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/core/objstore/s3store"
)

// A real server keeps the promises of stores, conditions of writes included.
func TestServerKeepsPromises(t *testing.T) {
	exe := os.Getenv("ZAGG_VERSITYGW")
	if exe == "" {
		t.Skip("ZAGG_VERSITYGW names no versitygw: skipped")
	}
	serve(t, exe)
	open := func() core.ObjectStore {
		plain, err := s3store.New(t.Context(), s3store.Options{})
		require.NoError(t, err)
		return objstore.Retry(plain, objstore.Policy{Base: time.Millisecond})
	}
	coretest.Store(t, open, "s3://"+bucket+"/promises/", coretest.StoreOptions{NoBucket: "s3://no-such-bucket/a"})
}
