package h5dump

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/core/objstore"
)

// Hashing without making what was never written gives the hash of all values.
func TestHashOfHoles(t *testing.T) {
	for _, name := range []string{"chunks_earliest", "chunks_latest", "kinds_latest"} {
		f, err := h5.Open(t.Context(), &objstore.File{}, "../../core/h5/testdata/"+name+".h5", h5.Options{})
		require.NoError(t, err)
		d := &describer{s: newSource(f)}
		root, err := f.Root(t.Context())
		require.NoError(t, err)
		walk := walker{f: f, depth: -1, chunks: true, visit: func(e *visited) error {
			set := e.dataset()
			if set == nil || set.Readable() != nil {
				return nil
			}
			want := newHash()
			require.NoError(t, d.read(t.Context(), set, everything(set.Shape()), func(v *h5.Values) error { want.add(v); return nil }))
			got, err := d.hash(t.Context(), set)
			require.NoError(t, err)
			require.Equal(t, want.String(), got, e.path)
			return nil
		}}
		require.NoError(t, walk.from(t.Context(), root.Object))
	}
}
