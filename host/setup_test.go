package host_test

import (
	"errors"
	"maps"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	layout "github.com/englacial/zagg/internal/store"
)

// two is a plan of two shards with a granule each.
func two() map[string][]string { return map[string][]string{"1111": {"a"}, "-1111": {"a", "b"}} }

// finished is a store with the simple run's work done.
func finished(t testing.TB, text string) (*setup, *objstore.Mem) {
	t.Helper()
	s, store := planned(t, recipe(t, text), two()), &objstore.Mem{}
	inputs(t, s, store)
	s.start(t, store)
	for _, shard := range s.plan.Shards {
		s.mustProcess(t, store, store, shard.Label)
	}
	return s, store
}

// inputs makes granules a and b with rows in every shard of the plan.
func inputs(t testing.TB, s *setup, store core.ObjectStore) {
	t.Helper()
	rows := map[string][][4]float64{}
	for i, shard := range s.plan.Shards {
		cells, err := s.recipe.Grid.Cells(t.Context(), shard.Key)
		require.NoError(t, err)
		lon, lat := core.View[float64](cells[0].Data), core.View[float64](cells[1].Data)
		for k := range 8 {
			id := []string{"a", "b"}[k%2]
			rows[id] = append(rows[id], [4]float64{lon[k/2], lat[k/2], float64(10*i + k), float64(k)})
		}
	}
	table(t, store, "a", rows["a"]...)
	table(t, store, "b", rows["b"]...)
}

func TestSetupIsDoneOnce(t *testing.T) {
	s, store := finished(t, simple)
	before := contents(t, store)
	require.False(t, s.start(t, store), "the store is there")
	require.Equal(t, before, contents(t, store))
	for _, shard := range s.plan.Shards {
		require.True(t, s.mustProcess(t, store, store, shard.Label).Skipped)
	}
}

// Another run's store is refused with what differs, and left alone.
func TestSetupRefuses(t *testing.T) {
	old, whole := finished(t, simple)
	for name, c := range map[string]struct {
		edits []string
		plan  map[string][]string
		want  string
	}{
		"variable":       {[]string{"n: {function: len", "m: {function: len"}, two(), "the store was made from another configuration ("},
		"expression":     {[]string{"np.sum(v)", "np.sum(w)"}, two(), "the store was made from another configuration ("},
		"filter":         {[]string{"reader: table", "reader: table\n  filters: [{expression: v > 0}]"}, two(), "the store was made from another configuration ("},
		"cells":          {[]string{"child_order: 5", "child_order: 6"}, two(), "the store holds group 5, this run makes group 6"},
		"shards":         {[]string{"parent_order: 3", "parent_order: 2"}, map[string][]string{"111": nil}, `the store has another grid: {"type":"healpix","indexing_scheme":"nested","parent_order":3,`},
		"latitude":       {[]string{"child_order: 5", "child_order: 5\n    latitude: geodetic-spherical"}, two(), "the store has another grid: {"},
		"layout":         {[]string{"layout: compact", "layout: fullsphere"}, two(), "the store's layout is compact, this run's fullsphere"},
		"one shard less": {nil, map[string][]string{"1111": {"a"}}, "the store was made for another set of shards"},
		"other shard":    {nil, map[string][]string{"1111": {"a"}, "-1112": {"a"}}, "the store was made for another set of shards"},
		"compression":    {[]string{"output:\n", "output:\n  compression: none\n"}, two(), "the store's arrays are stored otherwise (types, fill values, chunks, compression or attributes)"},
		"level":          {[]string{"output:\n", "output:\n  compression: {codec: zstd, level: 9}\n"}, two(), "the store's arrays are stored otherwise"},
		"inner chunks":   {[]string{"child_order: 5", "child_order: 5\n    chunk_inner: 4\n    sharded: true"}, two(), "the store's arrays are stored otherwise"},
		"consolidated":   {[]string{"output:\n", "output:\n  consolidate_metadata: false\n"}, two(), "the store's arrays are stored otherwise"},
	} {
		store := clone(t, whole)
		s := planned(t, recipe(t, edited(t, simple, c.edits...)), c.plan)
		before := contents(t, store)
		for _, selected := range []bool{false, true} {
			_, err := s.template.Store.SetUp(t.Context(), store, s.url, s.plan, false, selected)
			require.ErrorContains(t, err, c.want, name)
			require.ErrorContains(t, err, "set up mem://out/x.zarr: ", name)
			require.ErrorContains(t, err, ": choose another --store, or --overwrite to delete what is there", name)
			require.NotContains(t, err.Error(), "\n")
			require.Equal(t, core.Invalid, core.CodeOf(err), name)
			require.Equal(t, before, contents(t, store), name)
		}
		// With --overwrite the store is made anew as if nothing had been there.
		fresh, err := s.template.Store.SetUp(t.Context(), store, s.url, s.plan, true, true)
		require.NoError(t, err, name)
		require.True(t, fresh)
		clean := &objstore.Mem{}
		inputs(t, old, clean)
		s.start(t, clean)
		require.Equal(t, contents(t, clean), contents(t, store), name)
	}
}

// Without consolidated metadata the arrays' own documents are compared.
func TestSetupComparesArrays(t *testing.T) {
	plain := edited(t, simple, "output:\n", "output:\n  consolidate_metadata: false\n")
	old, store := finished(t, plain)
	require.False(t, old.start(t, store))
	s := planned(t, recipe(t, edited(t, plain, "output:\n", "output:\n  compression: none\n")), two())
	_, err := s.template.Store.SetUp(t.Context(), store, s.url, s.plan, false, false)
	require.ErrorContains(t, err, "the store's arrays are stored otherwise (types, fill values, chunks, compression or attributes)")
	require.NoError(t, store.Delete(t.Context(), old.url+"/5/mean/zarr.json"))
	_, err = old.template.Store.SetUp(t.Context(), store, old.url, old.plan, false, false)
	require.Error(t, err, "an array is missing")
}

func TestOverwrite(t *testing.T) {
	s, store := finished(t, simple)
	before := contents(t, store)
	require.NotEmpty(t, keysOf(before, ".status/records/"))
	require.NotEmpty(t, keysOf(before, "/5/mean/c/"))

	fresh, err := s.template.Store.SetUp(t.Context(), store, s.url, s.plan, true, true)
	require.NoError(t, err)
	require.False(t, fresh, "a store that fits is not deleted for a few selected shards")
	require.Equal(t, before, contents(t, store))

	require.NoError(t, objstore.PutBytes(t.Context(), store, s.url+"/notes/mine.txt", []byte("x"), core.PutOptions{}))
	require.NoError(t, objstore.PutBytes(t.Context(), store, s.url+".status/records/read.me", []byte("x"), core.PutOptions{}))
	fresh, err = s.template.Store.SetUp(t.Context(), store, s.url, s.plan, true, false)
	require.NoError(t, err)
	require.True(t, fresh)
	after := contents(t, store)
	require.Equal(t, []string{s.url + ".status/records/read.me"}, keysOf(after, ".status/records/"), "what is no record stays")
	require.Contains(t, after, s.url+"/notes/mine.txt", "what is in no group of ours stays")
	require.Empty(t, keysOf(after, "/5/mean/c/"))
	for _, shard := range s.plan.Shards {
		require.False(t, s.mustProcess(t, store, store, shard.Label).Skipped)
	}
}

// What zagg did not write is never deleted, not even with --overwrite.
func TestForeignStores(t *testing.T) {
	s := planned(t, recipe(t, simple), two())
	zarrJSON := func(attrs string) string { return `{"zarr_format":3,"node_type":"group","attributes":` + attrs + `}` }
	for name, c := range map[string]struct {
		objects map[string]string
		want    string
	}{
		"zarr":                {map[string]string{"zarr.json": zarrJSON("{}"), "5/c/0": "x"}, "there is a Zarr store that zagg did not write"},
		"other zagg":          {map[string]string{"zarr.json": zarrJSON(`{"zagg": {"version": 1}}`)}, "there is a Zarr store that zagg did not write"},
		"path upwards":        {map[string]string{"zarr.json": zarrJSON(`{"zagg": {"group": "../../home"}}`)}, "there is a Zarr store that zagg did not write"},
		"rooted path":         {map[string]string{"zarr.json": zarrJSON(`{"zagg": {"group": "/etc"}}`)}, "there is a Zarr store that zagg did not write"},
		"path of dots":        {map[string]string{"zarr.json": zarrJSON(`{"zagg": {"group": "a/./b"}}`)}, "there is a Zarr store that zagg did not write"},
		"drive":               {map[string]string{"zarr.json": zarrJSON(`{"zagg": {"group": "c:"}}`)}, "there is a Zarr store that zagg did not write"},
		"no JSON":             {map[string]string{"zarr.json": "oops"}, "there is a Zarr store that zagg did not write"},
		"folder":              {map[string]string{"photo.jpg": "x"}, "the folder holds photo.jpg and is not a store that zagg wrote"},
		"zarr 2":              {map[string]string{".zgroup": "{}", "5/.zarray": "{}"}, "the folder holds .zgroup and is not a store"},
		"folder beside group": {map[string]string{"50/x": "x"}, "the folder holds 50/x and is not a store"},
		"group of another":    {map[string]string{"5/zarr.json": zarrJSON(`{"mine": 1}`)}, "the folder holds 5/zarr.json and is not a store"},
	} {
		store := &objstore.Mem{}
		for key, body := range c.objects {
			require.NoError(t, objstore.PutBytes(t.Context(), store, s.url+"/"+key, []byte(body), core.PutOptions{}))
		}
		before := contents(t, store)
		for _, overwrite := range []bool{false, true} {
			_, err := s.template.Store.SetUp(t.Context(), store, s.url, s.plan, overwrite, false)
			require.ErrorContains(t, err, c.want, name)
			require.ErrorContains(t, err, "choose another --store", name)
			require.Equal(t, core.Invalid, core.CodeOf(err), name)
			require.Equal(t, before, contents(t, store), name)
		}
	}
}

// Files too: a store in a folder, and a folder that is none.
func TestSetupInFolders(t *testing.T) {
	files := &objstore.File{}
	s := planned(t, recipe(t, simple), two())
	s.url = filepath.Join(t.TempDir(), "deep", "x.zarr")
	require.True(t, s.start(t, files))
	require.False(t, s.start(t, files))
	fresh, err := s.template.Store.SetUp(t.Context(), files, s.url, s.plan, true, false)
	require.NoError(t, err)
	require.True(t, fresh)

	foreign := t.TempDir()
	require.NoError(t, objstore.PutBytes(t.Context(), files, filepath.Join(foreign, "a.txt"), []byte("x"), core.PutOptions{}))
	s.url = foreign
	_, err = s.template.Store.SetUp(t.Context(), files, s.url, s.plan, true, false)
	require.ErrorContains(t, err, "the folder holds a.txt")
}

// A store that is deleted by hand takes its records' word with it: nothing is skipped, nothing of others is pruned.
func TestRecordsDoNotOutliveTheStore(t *testing.T) {
	s, store := finished(t, simple)
	all := contents(t, store)
	for key := range all {
		if len(key) > len(s.url) && key[:len(s.url)+1] == s.url+"/" {
			require.NoError(t, store.Delete(t.Context(), key))
		}
	}
	other := planned(t, recipe(t, simple), map[string][]string{"1111": {"a"}, "2222": {"b"}})
	require.True(t, other.start(t, store))
	require.Empty(t, keysOf(contents(t, store), ".status/records/"))
	require.False(t, other.mustProcess(t, store, store, "1111").Skipped)
	gone, err := other.template.Store.Prune(t.Context(), store, other.url, other.plan)
	require.NoError(t, err)
	require.Empty(t, gone)
	require.NotEmpty(t, keysOf(contents(t, store), "/5/mean/c/"))
}

// Set-up that stops anywhere is finished by the next one.
func TestSetupInterruptedAnywhere(t *testing.T) {
	s := planned(t, recipe(t, simple), two())
	clean := &objstore.Mem{}
	s.start(t, clean)
	want := contents(t, clean)
	stopped := errors.New("stopped")
	for n := 1; ; n++ {
		store := &objstore.Mem{}
		faulty := &faultyStore{ObjectStore: store, n: n, err: stopped}
		_, err := s.template.Store.SetUp(t.Context(), faulty, s.url, s.plan, false, false)
		if err == nil {
			require.Greater(t, n, len(want))
			break
		}
		require.ErrorIs(t, err, stopped)
		left := contents(t, store)
		if _, whole := left[s.url+"/zarr.json"]; whole { // only the marker is left to be deleted
			delete(left, s.url+".status/setup.json")
			require.Equal(t, want, left, "a store that is not whole has no root")
			continue
		}
		require.True(t, s.start(t, store), "set up anew")
		require.Equal(t, want, contents(t, store))
	}
}

// Overwriting that stops anywhere leaves no store that is taken for a whole one; once more, it ends as undisturbed.
func TestOverwriteInterruptedAnywhere(t *testing.T) {
	_, whole := finished(t, simple)
	for name, edits := range map[string][]string{"same": nil, "other group": {"child_order: 5", "child_order: 4"}, "other arrays": {"top: {", "high: {"}} {
		s := planned(t, recipe(t, edited(t, simple, edits...)), two())
		reference := clone(t, whole)
		_, err := s.template.Store.SetUp(t.Context(), reference, s.url, s.plan, true, false)
		require.NoError(t, err)
		want := contents(t, reference)
		for n, done := 1, false; !done; n++ {
			store := clone(t, whole)
			before := contents(t, store)
			stopped := errors.New("stopped")
			_, err := s.template.Store.SetUp(t.Context(), &faultyStore{ObjectStore: store, n: n, err: stopped}, s.url, s.plan, true, false)
			done = err == nil
			left := contents(t, store)
			if !done {
				require.ErrorIs(t, err, stopped)
			}
			if lost := len(keysOf(left, "/5/")) < len(keysOf(before, "/5/")); lost {
				require.Empty(t, keysOf(left, ".status/records/"), "records go before data")
			}
			resumed := maps.Clone(left)
			fresh, err := s.template.Store.SetUp(t.Context(), store, s.url, s.plan, false, false)
			switch {
			case err != nil: // asks for --overwrite
				require.Equal(t, core.Invalid, core.CodeOf(err), "%s at %d", name, n)
				require.Equal(t, resumed, contents(t, store))
			case !fresh: // taken as it is: then all of its metadata and coordinates are there
				for key, body := range want {
					require.Equal(t, body, contents(t, store)[key], "%s at %d: %s", name, n, key)
				}
			}
			_, err = s.template.Store.SetUp(t.Context(), store, s.url, s.plan, true, false)
			require.NoError(t, err)
			require.Equal(t, want, contents(t, store), "%s at %d", name, n)
		}
	}
}

func TestStaleAndPrune(t *testing.T) {
	text := edited(t, simple, "layout: compact", "layout: fullsphere")
	s, store := finished(t, text)
	fewer := planned(t, recipe(t, text), map[string][]string{"1111": {"a"}})
	require.False(t, fewer.start(t, store), "a shard's place does not depend on the others")
	stale, err := layout.Stale(t.Context(), store, s.url, fewer.plan)
	require.NoError(t, err)
	require.Equal(t, []string{"-1111"}, stale)
	stale, err = layout.Stale(t.Context(), store, s.url, s.plan)
	require.NoError(t, err)
	require.Empty(t, stale)

	only := &objstore.Mem{}
	inputs(t, s, only)
	fewer.start(t, only)
	fewer.mustProcess(t, only, only, "1111")
	want := contents(t, only)
	stopped := errors.New("stopped")
	for n, done := 1, false; !done; n++ {
		store := clone(t, store)
		_, err := fewer.template.Store.Prune(t.Context(), &faultyStore{ObjectStore: store, n: n, err: stopped}, s.url, fewer.plan)
		if done = err == nil; !done {
			require.ErrorIs(t, err, stopped)
			// Were the shard planned again now, it would be whole or be done again.
			requireWhole(t, s, store, "-1111")
		}
		_, err = fewer.template.Store.Prune(t.Context(), store, s.url, fewer.plan)
		require.NoError(t, err)
		require.Equal(t, want, contents(t, store), n)
	}
	// What a killed run left without a record goes too.
	lost := clone(t, store)
	require.NoError(t, layout.DeleteRecord(t.Context(), lost, s.url, "-1111"))
	_, err = fewer.template.Store.Prune(t.Context(), lost, s.url, fewer.plan)
	require.NoError(t, err)
	require.Equal(t, want, contents(t, lost))
	none, err := layout.Stale(t.Context(), &objstore.Mem{}, s.url, s.plan)
	require.NoError(t, err)
	require.Empty(t, none)
	none, err = layout.Stale(t.Context(), &objstore.File{}, filepath.Join(t.TempDir(), "none"), s.plan)
	require.NoError(t, err)
	require.Empty(t, none)
}

// requireWhole checks that a shard whose record a run would accept has all of its objects.
func requireWhole(t testing.TB, s *setup, store core.ObjectStore, label string) {
	t.Helper()
	r, err := layout.LoadRecord(t.Context(), store, s.url, label)
	if core.Is(err, core.NotFound) {
		return
	}
	require.NoError(t, err)
	all := contents(t, store)
	missing := 0
	for _, o := range r.Objects {
		if body, ok := all[s.url+"/"+o.Path]; !ok || sum(body) != o.SHA256 || int64(len(body)) != o.Size {
			missing++
		}
	}
	if missing > 0 {
		require.False(t, s.mustProcess(t, store, store, label).Skipped, "%d objects are missing and the record says it is done", missing)
	}
}
