package h5_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// randomSpans is an ascending selection of a dimension of n.
func randomSpans(rng *rand.Rand, n int64) []h5.Span {
	if rng.IntN(4) == 0 {
		return nil
	}
	spans := []h5.Span{}
	for at := int64(0); at < n && len(spans) < 4; {
		s := h5.Span{Start: at + rng.Int64N(n-at), Stride: rng.Int64N(4)}
		s.Count = rng.Int64N((n-1-s.Start)/max(s.Stride, 1)+1) + 1
		spans = append(spans, s)
		at = s.Start + (s.Count-1)*max(s.Stride, 1) + 1
	}
	return spans
}

// picked is the indexes that spans select.
func picked(spans []h5.Span, n int64) []int64 {
	if spans == nil {
		spans = []h5.Span{{Count: n}}
	}
	var out []int64
	for _, s := range spans {
		for k := range s.Count {
			out = append(out, s.Start+k*max(s.Stride, 1))
		}
	}
	return out
}

// gather picks elements of size bytes from an array in C order.
func gather(all []byte, shape []uint64, sel h5.Selection, size int64) []byte {
	if len(shape) == 0 {
		return slices.Clone(all[:size])
	}
	inner := size
	for _, n := range shape[1:] {
		inner *= int64(n)
	}
	var out []byte
	for _, i := range picked(sel[0], int64(shape[0])) {
		out = append(out, gather(all[i*inner:(i+1)*inner], shape[1:], sel[1:], size)...)
	}
	return out
}

// TestSelections compares random selections of every dataset of the small files with picking from a full read.
func TestSelections(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name, b := range testFiles(t) {
		f, err := h5.Open(t.Context(), &memory{data: b}, name, h5.Options{})
		require.NoError(t, err)
		root, err := f.Root(t.Context())
		require.NoError(t, err)
		links, err := root.Links(t.Context())
		require.NoError(t, err)
		for _, l := range links {
			o, err := f.ObjectAt(t.Context(), l.Address, l.Name)
			if err != nil || o.Kind() != h5.DatasetKind {
				continue
			}
			d, err := o.Dataset()
			require.NoError(t, err)
			checkSelections(t, rng, d)
		}
	}
}

func checkSelections(t *testing.T, rng *rand.Rand, d *h5.Dataset) {
	ctx := t.Context()
	all, err := d.Read(ctx, nil)
	require.NoError(t, err)
	for range 60 {
		sel := make(h5.Selection, len(d.Shape()))
		for i, n := range d.Shape() {
			sel[i] = randomSpans(rng, int64(n))
		}
		v, err := d.Read(ctx, sel)
		require.NoError(t, err, "%s %v", d.Path(), sel)
		want := gather(all.Data, d.Shape(), sel, int64(d.Type().Size))
		require.Equal(t, want, append([]byte(nil), v.Data...), "%s %v", d.Path(), sel)
		checkPoints(t, rng, d, all)
		if _, err := d.Type().Column(); err != nil || d.Type().Class == h5.String {
			continue
		}
		p, err := d.PlanSelection(sel)
		require.NoError(t, err)
		dst := core.NewData(int(p.Size()))
		if workers := rng.IntN(4); workers == 0 {
			require.NoError(t, d.File().Fetch(ctx, p))
			require.NoError(t, p.Decode(dst))
		} else {
			require.NoError(t, d.File().ReadPlans(ctx, workers, []*h5.Plan{p}, [][]byte{dst}))
		}
		c, err := v.Column("")
		require.NoError(t, err)
		require.Equal(t, c.Data, dst, "%s %v", d.Path(), sel)
		require.Equal(t, c.Type, p.Type())
	}
}

func checkPoints(t *testing.T, rng *rand.Rand, d *h5.Dataset, all *h5.Values) {
	points := make([][]uint64, 20)
	var want []byte
	for i := range points {
		at := uint64(0)
		for _, n := range d.Shape() {
			x := rng.Uint64N(n)
			points[i] = append(points[i], x)
			at = at*n + x
		}
		want = append(want, all.Element(int(at))...)
	}
	v, err := d.ReadPoints(t.Context(), points)
	require.NoError(t, err)
	require.Equal(t, want, append([]byte(nil), v.Data...), "%s %v", d.Path(), points)
}

func TestSelectionErrors(t *testing.T) {
	f, err := h5.Open(t.Context(), &memory{data: testFiles(t)["chunks_latest.h5"]}, "x", h5.Options{})
	require.NoError(t, err)
	d, err := f.Dataset(t.Context(), "one")
	require.NoError(t, err)
	_, err = d.Plan(nil)
	require.ErrorContains(t, err, "LoadChunks")
	_, err = d.Chunks(t.Context())
	require.NoError(t, err)
	for _, spans := range [][]h5.Span{
		{{Start: -1, Count: 1}}, {{Start: 0, Count: 31}}, {{Start: 30, Count: 1}}, {{Start: 0, Count: -1}}, {{Start: 29, Count: 2, Stride: 1 << 62}},
		{{Start: 5, Count: 3}, {Start: 7, Count: 1}}, {{Start: 5, Count: 1}, {Start: 4, Count: 1}}, {{Start: 1 << 62, Count: 1 << 62, Stride: 1 << 62}},
	} {
		_, err := d.Plan(spans)
		require.Equal(t, core.Invalid, core.CodeOf(err), "%v", spans)
	}
	for _, points := range [][][]uint64{{{30}}, {{1, 2}}, {nil}} {
		_, err := d.ReadPoints(t.Context(), points)
		require.Equal(t, core.Invalid, core.CodeOf(err))
	}
	p, err := d.Plan([]h5.Span{{Start: 3, Count: 0}})
	require.NoError(t, err)
	require.Zero(t, p.Size())
	require.NoError(t, p.Decode(nil))
	p, err = d.Plan(nil)
	require.NoError(t, err)
	require.ErrorContains(t, p.Decode(make([]byte, p.Size())), "Fetch")
	require.Equal(t, core.Invalid, core.CodeOf(p.Decode(nil)))
}
