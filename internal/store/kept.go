package store

import (
	"context"
	"sync"

	"github.com/englacial/zagg/core"
)

// Kept are records that were read before they are looked for, so that each is read once, and shards that a listing has shown to have
// none. nil keeps none.
type Kept struct {
	mu      sync.Mutex
	records map[string]*Record // by label
	size    int                // lines of lists in them
	without map[string]bool    // labels of shards without a record
}

// mostKept bounds what is kept: some 50 MB of records. Those beyond are read again.
const mostKept = 1 << 18

// Keep keeps a record until it is looked for.
func (k *Kept) Keep(r *Record) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n := 8 + len(r.Objects) + len(r.Versions) + len(r.Home) + len(r.Superseded) + len(r.Missing)
	if k.size+n > mostKept {
		return
	}
	if k.records == nil {
		k.records = map[string]*Record{}
	}
	k.records[r.Label], k.size = r, k.size+n
}

// Without notes that a shard has no record, until it is looked for.
func (k *Kept) Without(label string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.without == nil {
		k.without = map[string]bool{}
	}
	k.without[label] = true
}

// LookAgain forgets which shards have no record: others are at work on the store, and write some.
func (k *Kept) LookAgain() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.without = nil
}

// Find is FindRecord of a shard, but for what is known already. That is given once: who looks a second time wants to know what is there now.
func (k *Kept) Find(ctx context.Context, from core.ObjectReader, store, label string) (r *Record, damaged bool, err error) {
	if k != nil {
		k.mu.Lock()
		r = k.records[label]
		none := k.without[label]
		delete(k.records, label)
		delete(k.without, label)
		k.mu.Unlock()
		if r != nil || none {
			return r, false, nil
		}
	}
	return FindRecord(ctx, from, store, label)
}
