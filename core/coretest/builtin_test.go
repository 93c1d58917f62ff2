package coretest_test

import (
	"testing"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
)

// *testing.T is a Tester as it is.
func TestMemoryStore(t *testing.T) {
	store := new(objstore.Mem)
	coretest.Store(t, func() core.ObjectStore { return store }, "mem://bucket/", coretest.StoreOptions{})
}
