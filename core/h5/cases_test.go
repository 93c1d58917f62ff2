package h5_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/internal/sharedtest"
)

func openCase(t *testing.T, name string) *h5.File {
	return open(t, sharedtest.Dir(t, "cases/h5", name))
}

func read(t *testing.T, f *h5.File, path string) *h5.Values {
	t.Helper()
	d, err := f.Dataset(t.Context(), path)
	require.NoError(t, err, path)
	v, err := d.Read(t.Context(), nil)
	require.NoError(t, err, path)
	return v
}

// A metadata cache image takes the place of what lies at the addresses of its structures.
func TestCacheImage(t *testing.T) {
	f := openCase(t, "mdc_image_stale.h5")
	d, err := f.Dataset(t.Context(), "/d")
	require.NoError(t, err)
	require.Equal(t, []uint64{12}, d.Shape())
	require.Equal(t, []float64{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 100, 101}, core.View[float64](read(t, f, "/d").Data))
	a, err := d.Attribute(t.Context(), "v")
	require.NoError(t, err)
	v, err := a.Values(t.Context())
	require.NoError(t, err)
	require.Equal(t, []int64{2}, core.View[int64](v.Data))
	require.Equal(t, []int64{5}, core.View[int64](read(t, f, "/new").Data))
	sum := sha256.Sum256(read(t, openCase(t, "mdc_image_h5clear.h5"), "/DSET").Data)
	require.Equal(t, "114ee61187481711", hex.EncodeToString(sum[:8]))
}

// Messages: shared ones of version 1, a version 1 header that counts too few, and what must be understood and is not.
func TestOldMessages(t *testing.T) {
	for path, want := range map[string]string{"/group1/dset2": "fc5d12bb892414fb", "/group1/dset3": "435a2b617f5158f8", "/group1/dset4": "1d0db1d8971e7a1d", "/group2/dset5": "2d66496cd90ed5f9"} {
		sum := sha256.Sum256(read(t, openCase(t, "shared_message_v1_tcompound.h5"), path).Data)
		require.Equal(t, want, hex.EncodeToString(sum[:8]), path)
	}
	for path, want := range map[string]string{"/group1/dset2": "5f71ff2fd518eb6e", "/group1/dset4": "3f8e0165f7f43a28", "/group2/dset5": "3f8e0165f7f43a28"} {
		sum := sha256.Sum256(read(t, openCase(t, "shared_message_v1_tcompound2.h5"), path).Data)
		require.Equal(t, want, hex.EncodeToString(sum[:8]), path)
	}
	g, err := openCase(t, "bad_msg_count.h5").Group(t.Context(), "/Group")
	require.NoError(t, err)
	attrs, err := g.Attributes(t.Context())
	require.NoError(t, err)
	require.Len(t, attrs, 2)
	for _, path := range []string{"/Dataset3", "/group/Dataset3"} {
		_, err = openCase(t, "fail_if_unknown_tbogus.h5").Object(t.Context(), path)
		require.Equal(t, core.Unsupported, core.CodeOf(err), path)
		require.ErrorContains(t, err, "must be understood")
	}
}

// Chunks may lack what lies outside of the dataset, and may be longer than a chunk.
func TestOddChunks(t *testing.T) {
	f := openCase(t, "odd_chunk_lengths.h5")
	for _, path := range []string{"/long_deflate", "/short_edge_deflate", "/short_edge_shuffle", "/trailing_garbage_after_zlib"} {
		require.Equal(t, []int32{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}, core.View[int32](read(t, f, path).Data), path)
	}
	for i, v := range core.View[int32](read(t, f, "/short_edge_2d").Data) {
		require.EqualValues(t, i, v)
	}
	d, err := f.Dataset(t.Context(), "/short_edge_2d")
	require.NoError(t, err)
	v, err := d.ReadPoints(t.Context(), [][]uint64{{4, 5}, {0, 0}})
	require.NoError(t, err)
	require.Equal(t, []int32{29, 0}, core.View[int32](v.Data))
	f = openCase(t, "short_edge_chunk_rle_example.h5")
	v = read(t, f, "/read_003c593b-3810-4178-b8e7-4da12e458408/Analyses/Basecall_1D_000/BaseCalled_template/RunlengthBasecall")
	sum := sha256.Sum256(v.Data)
	require.Equal(t, "4783a33b2a48e7c9", hex.EncodeToString(sum[:8]))
}

// References of HDF5 1.12 tell what they point to.
func TestStandardReferences(t *testing.T) {
	f := openCase(t, "std_ref_trefer_reg.h5")
	target, err := f.Object(t.Context(), "/Dataset2")
	require.NoError(t, err)
	v := read(t, f, "/Dataset1")
	require.Equal(t, 4, v.Len())
	for i := range v.Len() {
		r := v.Ref(v.Type, v.Element(i))
		require.Equal(t, h5.RegionRef2, r.Kind)
		require.Equal(t, target.Address(), r.Address)
		require.True(t, bytes.HasPrefix(r.Selection, []byte{2, 0, 0, 0}) || bytes.HasPrefix(r.Selection, []byte{1, 0, 0, 0}), "%x", r.Selection)
	}
}

// The shape of an unlimited virtual dataset is that of its sources: it is refused, not made up.
func TestVirtualWithoutShape(t *testing.T) {
	f := openCase(t, "vds_eiger_shape.h5")
	o, err := f.Object(t.Context(), "/VDS-Eiger")
	require.NoError(t, err)
	_, err = o.Dataset()
	require.Equal(t, core.Unsupported, core.CodeOf(err))
	require.ErrorContains(t, err, "virtual dataset without fixed shape")
}

// What the HDF5 library refuses and this package reads is told.
func TestWarnings(t *testing.T) {
	for name, want := range map[string]string{
		"open_for_write_flag.h5": "open for writing", "open_for_write_flag_jhdf.h5": "open for writing",
		"truncated_user_block.h5": "it has 3,077 bytes, the header says 4,000", "mdc_image_stale.h5": "",
	} {
		got := openCase(t, name).Warnings()
		if want == "" {
			require.Empty(t, got, name)
			continue
		}
		require.Len(t, got, 1, name)
		require.Contains(t, got[0], want)
	}
}

// What was never written has the packed form of its fill value, over and over.
func TestWriteFill(t *testing.T) {
	for name := range testFiles(t) {
		f := open(t, "testdata/"+name)
		eachDataset(t, f, func(d *h5.Dataset) {
			for _, n := range []int64{0, 1, 3, 70000} {
				if n*int64(d.Type().Size) > 1<<20 {
					continue
				}
				var got bytes.Buffer
				require.NoError(t, d.WriteFill(&got, n))
				v := h5.Values{Type: d.Type(), Data: bytes.Repeat(d.Fill(), int(n))}
				require.True(t, bytes.Equal(v.AppendPacked(nil), got.Bytes()), "%s %s: %d", name, d.Path(), n)
			}
		})
	}
}

// eachDataset visits the datasets that hard links lead to.
func eachDataset(t *testing.T, f *h5.File, visit func(*h5.Dataset)) {
	seen := map[uint64]bool{}
	var walk func(o *h5.Object)
	walk = func(o *h5.Object) {
		if seen[o.Address()] {
			return
		}
		seen[o.Address()] = true
		if d, err := o.Dataset(); err == nil {
			visit(d)
		}
		g, err := o.Group()
		if err != nil {
			return
		}
		links, err := g.Links(t.Context())
		require.NoError(t, err)
		for _, l := range links {
			if l.Kind == h5.HardLink {
				child, err := f.ObjectAt(t.Context(), l.Address, l.Name)
				require.NoError(t, err)
				walk(child)
			}
		}
	}
	root, err := f.Root(t.Context())
	require.NoError(t, err)
	walk(root.Object)
}
