package host_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/job"
	layout "github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/zarr"
)

// extremes is a configuration of which every variable can be folded exactly.
const extremes = `data_source: {reader: table}
aggregation:
  variables:
    n: {function: len, source: v, dtype: int32}
    all: {function: len, dtype: int64, fill_value: -1}
    low: {function: min, source: v, dtype: float32}
    top: {function: max, source: v}
    lost: {function: nanmax, source: w}
output: {grid: {type: plane}}
`

// An appending is a shard with granules that come in two runs.
type appending struct {
	recipe     *host.Recipe
	first, all *setup
	store      *objstore.Mem // with the first
}

func appended(t *testing.T, r *host.Recipe, rows map[string][][4]float64, first, all []string) *appending {
	a := &appending{recipe: r, store: &objstore.Mem{}}
	for id, r := range rows {
		table(t, a.store, id, r...)
	}
	a.first = planned(t, a.recipe, map[string][]string{"r0c0": first})
	a.all = planned(t, a.recipe, map[string][]string{"r0c0": all})
	a.first.start(t, a.store)
	a.first.mustProcess(t, a.store, a.store, "r0c0")
	a.all.start(t, a.store)
	return a
}

func (a *appending) do(t *testing.T, store core.ObjectStore, how string) (*host.Outcome, error) {
	j := a.all.job(t, "r0c0")
	j.Append = how
	return a.all.template.Process(t.Context(), host.Stores{Source: store, Output: store}, j, "test")
}

// objects are those of the store, without what is beside it.
func objects(t *testing.T, store core.ObjectStore) map[string]string {
	all := contents(t, store)
	for url := range all {
		if strings.Contains(url, ".status/") {
			delete(all, url)
		}
	}
	return all
}

func idsOf(r *layout.Record) []string {
	var ids []string
	for _, v := range r.Versions {
		ids = append(ids, v.ID)
	}
	return ids
}

// someRows are observations of shard r0c0: some without values, zeros of both signs, some cells without any.
func someRows(rng *rand.Rand, nan float64) [][4]float64 {
	rows := make([][4]float64, rng.IntN(8))
	for i := range rows {
		rows[i] = [4]float64{3 * rng.Float64(), 2 * rng.Float64(), float64(rng.IntN(5)-2) / 3 * float64(1-2*rng.IntN(2)), float64(rng.IntN(3))}
		if rng.Float64() < nan {
			rows[i][2] = 0
		}
		if rng.Float64() < nan {
			rows[i][0] = 30 // of no shard
		}
	}
	return rows
}

// Whatever granules come when, folding leaves the bytes of computing, reads only what is new, and counts nothing twice.
func TestAppendedIsWhatIsComputed(t *testing.T) {
	rng, r := rand.New(rand.NewPCG(3, 4)), recipe(t, extremes)
	folded := 0
	for range 60 {
		rows, ids, first := map[string][][4]float64{}, []string{}, []string{}
		for i := range 2 + rng.IntN(4) {
			id := fmt.Sprint("g", i)
			rows[id], ids = someRows(rng, 0.1), append(ids, id)
			if rng.IntN(2) == 0 {
				first = append(first, id)
			}
		}
		if len(first) == 0 || len(first) == len(ids) {
			continue
		}
		a := appended(t, r, rows, first, ids)
		fresh := clone(t, a.store)
		want, err := a.do(t, fresh, job.AppendRecompute)
		require.NoError(t, err)
		require.Equal(t, layout.HowComputed, want.Record.How)
		got, err := a.do(t, a.store, job.AppendAuto)
		require.NoError(t, err)
		require.Equal(t, objects(t, fresh), objects(t, a.store))
		w, g := &want.Record.Receipt, &got.Record.Receipt
		require.Equal(t, w.Observations, g.Observations)
		require.Equal(t, w.Cells, g.Cells)
		require.Equal(t, w.Granules, g.Granules)
		require.Equal(t, want.Record.Status, got.Record.Status)
		require.Equal(t, want.Record.Objects, got.Record.Objects)
		require.ElementsMatch(t, idsOf(want.Record), idsOf(got.Record))
		if got.Record.How == layout.HowFolded {
			folded++
			require.Len(t, got.Record.Folded, 1)
			require.EqualValues(t, len(ids)-len(first), got.Source.Gets, "only the new ones are read")
		}
		again, err := a.do(t, a.store, job.AppendAuto)
		require.NoError(t, err)
		require.True(t, again.Skipped)
	}
	require.Greater(t, folded, 20)
}

// Wherever an append is cut off, the shard is what it was or not done, and the same append ends in the same bytes.
func TestAppendIsCutOff(t *testing.T) {
	rows := map[string][][4]float64{"a": {{0.5, 0.5, 1, 1}, {1.5, 0.5, 2, 1}}, "b": {{0.5, 0.5, 3, 2}, {2.5, 1.5, 4, 2}}}
	cut, r := errors.New("cut off"), recipe(t, extremes)
	whole := appended(t, r, rows, []string{"a"}, []string{"a", "b"})
	_, err := whole.do(t, whole.store, job.AppendRecompute)
	require.NoError(t, err)
	for n := 1; ; n++ {
		a := appended(t, r, rows, []string{"a"}, []string{"a", "b"})
		before := objects(t, a.store)
		faulty := &faultyStore{ObjectStore: a.store, n: n, err: core.Errorf(core.Denied, "put", "", "%w", cut)}
		out, err := a.do(t, faulty, job.AppendAuto)
		if err == nil {
			require.Greater(t, n, 6, "the record goes, five objects and the record come")
			require.Equal(t, layout.HowFolded, out.Record.How)
			break
		}
		require.ErrorIs(t, err, cut)
		switch _, err := layout.LoadRecord(t.Context(), a.store, a.all.url, "r0c0"); {
		case err == nil:
			require.Equal(t, 1, n, "it is taken away before anything is written")
			require.Equal(t, before, objects(t, a.store))
		default:
			require.Equal(t, core.NotFound, core.CodeOf(err))
		}
		out, err = a.do(t, a.store, job.AppendAuto)
		require.NoError(t, err)
		require.Equal(t, n == 1, out.Record.How == layout.HowFolded, n)
		require.Equal(t, objects(t, whole.store), objects(t, a.store), n)
	}
}

// A record whose objects are not those that it names folds nothing in: the shard is computed.
func TestAppendToOtherObjects(t *testing.T) {
	rows := map[string][][4]float64{"a": {{0.5, 0.5, 1, 1}}, "b": {{0.5, 0.5, 3, 2}}}
	for name, c := range map[string]struct {
		text, want string
		spoil      func(a *appending)
	}{
		"as it was": {extremes, "", func(*appending) {}},
		"another object": {extremes, "plane/low/c/0/0: the store's object is not the one of the shard's record", func(a *appending) {
			url := a.all.url + "/plane/low/c/0/0"
			data, err := objstore.ReadAll(t.Context(), a.store, url, 1<<20)
			require.NoError(t, err)
			data[len(data)/2]++
			require.NoError(t, objstore.PutBytes(t.Context(), a.store, url, data, core.PutOptions{}))
		}},
		"one is gone": {extremes, "plane/low/c/0/0 is missing", func(a *appending) {
			require.NoError(t, a.store.Delete(t.Context(), a.all.url+"/plane/low/c/0/0"))
		}},
		"a granule was replaced":   {extremes, "a granule was replaced since it was computed", func(a *appending) { table(t, a.store, "a", [4]float64{0.5, 0.5, 5, 1}, [4]float64{0.5, 0.5, 5, 1}) }},
		"a mean":                   {edited(t, extremes, "nanmax, source: w", "mean, source: w"), "lost: it cannot be computed of its own results", func(*appending) {}},
		"a sum of floats":          {edited(t, extremes, "nanmax, source: w", "sum, source: w"), "lost: folded, it would only be near", func(*appending) {}},
		"a fill value for a count": {edited(t, extremes, "fill_value: -1", "fill_value: 7"), "all: cells without a value cannot be told", func(*appending) {}},
	} {
		a := appended(t, recipe(t, c.text), rows, []string{"a"}, []string{"a", "b"})
		c.spoil(a)
		fresh := clone(t, a.store)
		_, err := a.do(t, fresh, job.AppendRecompute)
		require.NoError(t, err, name)
		out, err := a.do(t, a.store, job.AppendAuto)
		require.NoError(t, err, name)
		require.Contains(t, out.Record.NotFolded, c.want, name)
		require.Equal(t, c.want == "", out.Record.How == layout.HowFolded, name)
		require.Equal(t, objects(t, fresh), objects(t, a.store), name)
	}
}

// What is near to computing is folded where that is asked for: sums, and digests whose weights are what was counted.
func TestAppendNear(t *testing.T) {
	text := edited(t, extremes, "lost: {function: nanmax, source: w}", "total: {function: sum, source: v, dtype: float64}\n    digest: {function: tdigest, source: v, kind: ragged, inner_shape: [2], dtype: float32}")
	rng, r := rand.New(rand.NewPCG(5, 6)), recipe(t, text)
	rows := map[string][][4]float64{}
	for _, id := range []string{"a", "b", "c"} {
		for range 40 {
			rows[id] = append(rows[id], [4]float64{3 * rng.Float64(), 2 * rng.Float64(), rng.Float64(), 1})
		}
	}
	a := appended(t, r, rows, []string{"b"}, []string{"a", "b", "c"})
	fresh := clone(t, a.store)
	_, err := a.do(t, fresh, job.AppendRecompute)
	require.NoError(t, err)
	out, err := a.do(t, a.store, job.AppendFold)
	require.NoError(t, err)
	require.Equal(t, layout.HowFolded, out.Record.How)
	require.Equal(t, [][]string{{"a", "c"}}, out.Record.Folded)
	values := func(store core.ObjectStore) (sums []float64, weights [][]byte) {
		g, err := zarr.Open(t.Context(), store, a.all.url+"/plane")
		require.NoError(t, err)
		d, err := g.Array(t.Context(), "total")
		require.NoError(t, err)
		c, err := d.ReadBlock(t.Context(), []int64{0, 0})
		require.NoError(t, err)
		d, err = g.Array(t.Context(), "digest")
		require.NoError(t, err)
		weights, err = d.ReadCells(t.Context(), []int64{0, 0}, []int64{2, 3})
		require.NoError(t, err)
		return core.View[float64](c.Data), weights
	}
	want, wantDigests := values(fresh)
	got, gotDigests := values(a.store)
	require.InDeltaSlice(t, want, got, 1e-12)
	for i := range wantDigests {
		require.Equal(t, weightOf(wantDigests[i]), weightOf(gotDigests[i]), i)
	}
}

// weightOf is the weight of all centroids of a digest.
func weightOf(cell []byte) (sum float32) {
	v := core.View[float32](append(core.NewData(len(cell))[:0], cell...))
	for i := 1; i < len(v); i += 2 {
		sum += v[i]
	}
	return sum
}
