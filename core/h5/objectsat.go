package h5

// Opening objects by address, for references.

import (
	"context"
	"fmt"

	"github.com/englacial/zagg/core"
)

// ObjectsAt opens the objects whose headers are at addresses, as links and object references give them, with few requests:
// what all of them miss is read together. One that cannot be decoded (Corrupt, Unsupported) is nil.
func (f *File) ObjectsAt(ctx context.Context, addresses ...uint64) ([]*Object, error) {
	out := make([]*Object, len(addresses))
	r := f.space.Reader(ctx)
	const together = 1024 // walkers are goroutines
	for at := 0; at < len(addresses); at += together {
		n := min(together, len(addresses)-at)
		err := r.Each(n, func(i int) error {
			o, err := f.load(r, addresses[at+i], fmt.Sprintf("object at byte %d", addresses[at+i]))
			if c := core.CodeOf(err); err != nil && (c == core.Corrupt || c == core.Unsupported) {
				return nil
			}
			out[at+i] = o
			return err
		})
		if err != nil {
			return nil, f.fail("h5.Object", "", err)
		}
	}
	return out, nil
}
