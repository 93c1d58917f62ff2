package hsds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
)

// Nothing leads to the objects of a domain that was not made to the end, or not removed to the end. A trace, which is put first and
// removed last, says where they are.

const tracesFolder = journalFolder + "traces/"

// The states of a domain that has a trace.
const (
	beingMade    = "being made"
	beingRemoved = "being removed"
)

// tracesOf is the start of the keys of the traces of a name.
func tracesOf(n hdfrest.Name) string {
	h := sha256.Sum256([]byte(n.Path))
	return tracesFolder + hex.EncodeToString(h[:8]) + "/"
}

func traceKey(n hdfrest.Name, root hdfrest.ID) string { return tracesOf(n) + half(root) }

// traces finds what is left of domains of a name whose maker or remover gave up. root is that of the domain that is there now, if
// there is one: all its objects are in use.
func (s *Store) traces(ctx context.Context, b *Bucket, n hdfrest.Name, root hdfrest.ID, how Check) ([]Finding, error) {
	src := s.over(b.Source)
	prefix := b.url(tracesOf(n))
	var found []Finding
	var old []core.ObjectInfo
	err := src.List(ctx, prefix, func(o core.ObjectInfo) error {
		if how.old(o, time.Now()) {
			old = append(old, o)
		}
		return nil
	})
	for _, o := range old {
		was, ok := rootOf(o.URL[len(prefix):])
		if !ok || err != nil {
			continue
		}
		found = append(found, Finding{o.URL[len(b.Base):], "says that a domain of this name was being made or removed", o.Size, true})
		var left []Finding
		if left, err = s.leftOf(ctx, b, n, was, o.URL); err == nil && was != root {
			found = append(found, left...)
		}
	}
	return found, err
}

// leftOf are the objects of a domain that has a trace, unless they are in use by another domain.
func (s *Store) leftOf(ctx context.Context, b *Bucket, n hdfrest.Name, root hdfrest.ID, trace string) ([]Finding, error) {
	src := s.over(b.Source)
	state, err := objstore.ReadAll(ctx, src, trace, 4096)
	if err != nil {
		return nil, err
	}
	if shared, err := s.shared(ctx, b, n, root); err != nil || shared {
		return nil, err
	}
	var left []Finding
	for _, folder := range []string{tree(root), journalFolder + half(root) + "/"} {
		if err := src.List(ctx, b.url(folder), func(o core.ObjectInfo) error {
			left = append(left, Finding{o.URL[len(b.Base):], "is of a domain that was " + string(state), o.Size, true})
			return nil
		}); err != nil {
			return nil, err
		}
	}
	if string(state) == beingMade && (len(left) != 1 || left[0].Key != objectKey(root)) {
		return nil, nil // it was made after all, and is now under another name
	}
	return left, nil
}
