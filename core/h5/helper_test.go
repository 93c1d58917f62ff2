package h5_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// A memory is an ObjectReader of one object, which counts.
type memory struct {
	data   []byte
	calls  atomic.Int64
	ranges atomic.Int64
	bytes  atomic.Int64
	log    func(r []core.Range)
}

func (m *memory) ReadRanges(_ context.Context, _ string, ranges []core.Range) ([][]byte, error) {
	if m.log != nil {
		m.log(ranges)
	}
	m.calls.Add(1)
	m.ranges.Add(int64(len(ranges)))
	out := make([][]byte, len(ranges))
	for i, r := range ranges {
		lo := min(max(r.Offset, 0), int64(len(m.data)))
		hi := min(lo+max(r.Length, 0), int64(len(m.data)))
		out[i] = m.data[lo:hi]
		m.bytes.Add(hi - lo)
	}
	return out, nil
}

func (m *memory) Stat(context.Context, string) (core.ObjectInfo, error) {
	return core.ObjectInfo{}, errors.New("not asked for")
}

func readFile(t testing.TB, path string) *memory {
	t.Helper()
	b, err := os.ReadFile(path)
	require.NoError(t, err)
	return &memory{data: b}
}

func open(t testing.TB, path string) *h5.File {
	t.Helper()
	f, err := h5.Open(t.Context(), readFile(t, path), path, h5.Options{})
	require.NoError(t, err)
	return f
}

// dump lists every object of a file that hard links reach, each by its first path, with attributes and values by their
// hashes; test/h5/compare.py prints the same.
func dump(ctx context.Context, f *h5.File, line func(format string, args ...any)) error {
	root, err := f.Root(ctx)
	if err != nil {
		return err
	}
	return dumpObject(ctx, root.Object, "/", map[uint64]bool{}, line)
}

func dumpObject(ctx context.Context, o *h5.Object, path string, seen map[uint64]bool, line func(format string, args ...any)) error {
	if seen[o.Address()] {
		return nil
	}
	seen[o.Address()] = true
	switch o.Kind() {
	case h5.DatasetKind:
		d, err := o.Dataset()
		if err != nil {
			line("dataset %s error %v", path, core.CodeOf(err))
			break
		}
		line("dataset %s %s", path, describe(d.Read(ctx, nil)))
	default:
		line("%s %s", o.Kind(), path)
	}
	attrs, err := o.Attributes(ctx)
	if err != nil {
		return err
	}
	for _, a := range attrs {
		line("attribute %s@%s %s", path, a.Name, describe(a.Values(ctx)))
	}
	if o.Kind() != h5.GroupKind {
		return nil
	}
	g, err := o.Group()
	if err != nil {
		return err
	}
	links, err := g.Links(ctx)
	if err != nil {
		return err
	}
	for _, l := range links {
		at := path + l.Name
		switch l.Kind {
		case h5.HardLink:
			child, err := o.File().ObjectAt(ctx, l.Address, at)
			if err != nil {
				return err
			}
			if child.Kind() == h5.GroupKind {
				at += "/"
			}
			if err := dumpObject(ctx, child, at, seen, line); err != nil {
				return err
			}
		case h5.SoftLink:
			line("soft %s -> %s", at, l.Target)
		case h5.ExternalLink:
			line("external %s -> %s:%s", at, l.File, l.Target)
		default:
			line("link %s %d", at, l.Kind)
		}
	}
	return nil
}

func describe(v *h5.Values, err error) string {
	if err != nil {
		return fmt.Sprintf("error %v", core.CodeOf(err))
	}
	sum := sha256.Sum256(v.AppendPacked(nil))
	return fmt.Sprintf("%v %s", v.Shape, hex.EncodeToString(sum[:8]))
}
