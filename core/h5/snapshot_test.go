package h5

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

func snapshotOf(t testing.TB, url string) ([]byte, []*Dataset) {
	f, err := Open(t.Context(), &objstore.File{}, url, Options{})
	require.NoError(t, err)
	var paths []string
	for _, g := range []string{"gt1l", "gt1r", "gt2l", "gt2r", "gt3l"} {
		for _, d := range []string{"latitude", "longitude", "h_li", "h_li_sigma", "atl06_quality_summary"} {
			paths = append(paths, "/"+g+"/land_ice_segments/"+d)
		}
	}
	sets, err := f.Datasets(t.Context(), paths...)
	require.NoError(t, err)
	snapshot, err := f.Snapshot(t.Context(), sets...)
	require.NoError(t, err)
	return snapshot, sets
}

const snapshotSample = "../../cmd/zagg/cli/sample/ATL06_20241101010000_01002511_007_01.h5"

// Datasets of a snapshot plan and decode as those of the file, with no request but for the values.
func TestSnapshot(t *testing.T) {
	snapshot, want := snapshotOf(t, snapshotSample)
	again, _ := snapshotOf(t, snapshotSample)
	require.Equal(t, snapshot, again)
	f, got, err := OpenSnapshot(&objstore.File{}, snapshotSample, snapshot, Options{})
	require.NoError(t, err)
	require.Len(t, got, len(want))
	for i, d := range got {
		require.Equal(t, want[i].Path(), d.Path())
		require.Equal(t, want[i].Shape(), d.Shape())
		require.Equal(t, want[i].Fill(), d.Fill())
		a, err := want[i].Chunks(t.Context())
		require.NoError(t, err)
		b, err := d.Chunks(t.Context())
		require.NoError(t, err)
		require.Equal(t, a, b)
		require.Equal(t, column(t, want[i]), column(t, d))
	}
	require.Equal(t, int64(len(got)), f.Stats().Calls)
}

func column(t *testing.T, d *Dataset) []byte {
	p, err := d.Plan(nil)
	require.NoError(t, err)
	require.NoError(t, d.File().Fetch(t.Context(), p))
	data := core.NewData(int(p.Size()))
	require.NoError(t, p.Decode(data))
	return data
}

// A damaged snapshot is an error, never a panic, wherever it is cut.
func TestSnapshotCut(t *testing.T) {
	snapshot, _ := snapshotOf(t, snapshotSample)
	for n := range snapshot {
		_, _, err := OpenSnapshot(&objstore.File{}, "x", snapshot[:n], Options{})
		require.Error(t, err, "cut at byte %d", n)
	}
	_, _, err := OpenSnapshot(&objstore.File{}, "x", append(snapshot, 0), Options{})
	require.ErrorContains(t, err, "after its end")
}

func FuzzSnapshot(f *testing.F) {
	snapshot, _ := snapshotOf(f, snapshotSample)
	f.Add(snapshot)
	f.Add([]byte{1, 8, 8, 0, 100, 32, 0, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, sets, err := OpenSnapshot(&objstore.Mem{}, "x", b, Options{})
		if err != nil {
			return
		}
		for _, d := range sets {
			p, err := d.Plan([]Span{{Start: 0, Count: min(d.Rows(), 10)}})
			if err == nil && p.Bytes() > 0 {
				require.Error(t, d.File().Fetch(t.Context(), p), "there is no such file")
			}
		}
	})
}

// A plan of fewer rows needs nothing more than what the plan of all has fetched.
func TestPlanFrom(t *testing.T) {
	_, sets := snapshotOf(t, snapshotSample)
	d := sets[0]
	all, err := d.Plan(nil)
	require.NoError(t, err)
	require.NoError(t, d.File().Fetch(t.Context(), all))
	few, err := d.Plan([]Span{{Start: 100, Count: 7}, {Start: 200, Count: 1}})
	require.NoError(t, err)
	few.From(all)
	calls := d.File().Stats().Calls
	require.NoError(t, d.File().Fetch(t.Context(), few))
	require.Equal(t, calls, d.File().Stats().Calls)
	want, got := core.NewData(int(all.Size())), core.NewData(int(few.Size()))
	require.NoError(t, all.Decode(want))
	require.NoError(t, few.Decode(got))
	require.Equal(t, append(append([]byte{}, want[800:856]...), want[1600:1608]...), got)
}
