package host_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	layout "github.com/englacial/zagg/internal/store"
)

func TestProcess(t *testing.T) {
	s, store := planned(t, recipe(t, simple), two()), &objstore.Mem{}
	inputs(t, s, store)
	s.start(t, store)
	before := contents(t, store)
	out := s.mustProcess(t, store, store, "-1111")
	require.False(t, out.Skipped)
	after := contents(t, store)

	r, err := layout.LoadRecord(t.Context(), store, s.url, "-1111")
	require.NoError(t, err)
	require.Equal(t, out.Record, r)
	require.Equal(t, job.OK, r.Status)
	require.Equal(t, "test", r.Version)
	require.Equal(t, job.PlanHash("compact", s.plan.Keys()), r.Plan)
	require.Equal(t, job.GranulesHash([]string{"a", "b"}), r.Granules)
	require.Equal(t, s.recipe.Config.SemanticHash(), r.ConfigHash)
	require.JSONEq(t, string(s.recipe.Info().Signature), string(r.Signature))
	require.Len(t, after, len(before)+len(r.Objects)+1, "the objects and the record, and nothing else")
	for _, o := range r.Objects {
		body := after[s.url+"/"+o.Path]
		require.Equal(t, layout.Object{Path: o.Path, Size: int64(len(body)), SHA256: sum(body)}, o)
	}
	c := r.Receipt
	require.Equal(t, int64(4), c.Cells)
	require.Equal(t, int64(2), c.Granules)
	require.Equal(t, job.Observations{Read: 8, Kept: 8, Outside: 8}, c.Observations)
	require.Equal(t, out.Source.Gets+out.Source.Heads, c.Reads)
	require.Equal(t, out.Output.Puts, c.Writes, "the record itself is counted")
	require.Equal(t, out.Source.Down, c.BytesRead)
	require.Equal(t, []string{"group", "read", "reduce", "write"}, keysOfPhases(c.Phases))
	require.Positive(t, c.Seconds)
}

func keysOfPhases(m map[string]float64) []string {
	all := map[string]string{}
	for k := range m {
		all[k] = ""
	}
	return keysOf(all, "")
}

// A shard is skipped while its record matches, and done again when anything that matters is another.
func TestSkipAndRedo(t *testing.T) {
	s, store := finished(t, simple)
	want := contents(t, store)
	out := s.mustProcess(t, store, store, "-1111")
	require.True(t, out.Skipped)
	require.Equal(t, int64(8), out.Record.Receipt.Observations.Kept, "the earlier run's receipt")
	require.Zero(t, out.Output.Puts+out.Output.Deletes+out.Source.Gets)

	again := s.job(t, "-1111")
	again.Overwrite = true
	out, err := s.template.Process(t.Context(), host.Stores{Source: store, Output: store}, again, "test")
	require.NoError(t, err)
	require.False(t, out.Skipped)
	require.Equal(t, want, contents(t, store))

	require.NoError(t, objstore.PutBytes(t.Context(), store, layout.At(s.url).Record("-1111"), []byte("{"), core.PutOptions{}))
	require.False(t, s.mustProcess(t, store, store, "-1111").Skipped, "a damaged record is none")
	require.Equal(t, want, contents(t, store))

	table(t, store, "c", [4]float64{0, 0, 1, 1})
	more := planned(t, s.recipe, map[string][]string{"1111": {"a"}, "-1111": {"a", "b", "c"}})
	require.False(t, more.start(t, store))
	require.False(t, more.mustProcess(t, store, store, "-1111").Skipped, "another granule")
	require.True(t, more.mustProcess(t, store, store, "1111").Skipped)
}

// Fewer granules may mean fewer values: objects that hold none any more are deleted.
func TestFewerGranules(t *testing.T) {
	text := `data_source: {reader: table}
aggregation:
  variables:
    n: {function: len, dtype: int32}
    spread: {function: var, source: v, params: {ddof: 1}}
output: {grid: {type: plane}}
`
	r, store := recipe(t, text), &objstore.Mem{}
	table(t, store, "a", [4]float64{0.5, 0.5, 1, 0})
	table(t, store, "b", [4]float64{0.5, 0.5, 3, 0})
	table(t, store, "far", [4]float64{5.5, 3.5, 3, 0})
	with := func(ids ...string) (*setup, *host.Outcome) {
		s := planned(t, r, map[string][]string{"r0c0": ids})
		s.start(t, store)
		return s, s.mustProcess(t, store, store, "r0c0")
	}
	_, out := with("a", "b")
	require.Len(t, out.Record.Objects, 3)
	require.Len(t, keysOf(contents(t, store), "/c/0/0"), 3)

	_, out = with("a")
	require.Len(t, out.Record.Objects, 2, "one value has no variance: that array has fill values alone")
	require.Equal(t, []string{"mem://out/x.zarr/plane/area/c/0/0", "mem://out/x.zarr/plane/n/c/0/0"}, keysOf(contents(t, store), "/c/0/0"))

	s, out := with("far")
	require.Equal(t, job.Empty, out.Record.Status)
	require.Empty(t, out.Record.Objects)
	require.Empty(t, keysOf(contents(t, store), "/c/0/0"), "an empty shard leaves a record and no object")
	require.Equal(t, []string{layout.At(s.url).Record("r0c0")}, keysOf(contents(t, store), ".status/records/"))
	require.True(t, s.mustProcess(t, store, store, "r0c0").Skipped)
}

// A granule that cannot be read fails its shard; where that is allowed it is left out and recorded, and tried again by
// the next run.
func TestMissingGranules(t *testing.T) {
	s, store := planned(t, recipe(t, simple), two()), &objstore.Mem{}
	inputs(t, s, store)
	s.start(t, store)
	good := clone(t, store)
	require.NoError(t, objstore.PutBytes(t.Context(), store, "mem://in/b", []byte("no table"), core.PutOptions{}))
	before := contents(t, store)
	_, err := s.process(t, store, store, "-1111")
	require.ErrorContains(t, err, "shard -1111: read granule b: table b: ")
	require.Equal(t, core.Corrupt, core.CodeOf(err))
	require.Equal(t, before, contents(t, store))

	allowed := s.job(t, "-1111")
	allowed.AllowMissing = true
	stores := host.Stores{Source: store, Output: store}
	out, err := s.template.Process(t.Context(), stores, allowed, "test")
	require.NoError(t, err)
	require.Equal(t, job.Partial, out.Record.Status)
	require.Equal(t, []string{"b"}, out.Record.Missing)
	require.Equal(t, int64(1), out.Record.Receipt.Granules)
	require.Len(t, out.Record.Receipt.ReadErrors, 1)
	require.Equal(t, "b", out.Record.Receipt.ReadErrors[0].Granule)
	require.Equal(t, "corrupt", out.Record.Receipt.ReadErrors[0].Code)

	stores.Source = good
	out, err = s.template.Process(t.Context(), stores, allowed, "test")
	require.NoError(t, err)
	require.False(t, out.Skipped)
	require.Equal(t, job.OK, out.Record.Status)
}

func TestEmptyGroupsAreNoted(t *testing.T) {
	s, store := planned(t, recipe(t, simple), two()), &objstore.Mem{}
	inputs(t, s, store)
	table(t, store, "b")
	s.start(t, store)
	out := s.mustProcess(t, store, store, "-1111")
	require.Equal(t, []job.GroupNote{{Granule: "b", Group: "t"}}, out.Record.Receipt.EmptyGroup)
	require.Empty(t, out.Record.Receipt.NoGroup)
}

// Jobs that do not fit the store are refused before anything is touched.
func TestForeignJobs(t *testing.T) {
	s, store := finished(t, simple)
	whole := planned(t, recipe(t, edited(t, simple, "layout: compact", "layout: fullsphere")), two())
	before := contents(t, store)
	block := func(n int64) *int64 { return &n }
	for name, c := range map[string]struct {
		s      *setup
		change func(*job.Job)
		want   string
	}{
		"grid":         {s, func(j *job.Job) { j.GridSignature = []byte(`{"type":"h3"}`) }, `the job was planned for grid {"type":"h3"} and this is {"type":"healpix"`},
		"plan":         {s, func(j *job.Job) { j.Plan = "ab" }, "the job was planned with other shards than the store has"},
		"no place":     {s, func(j *job.Job) { j.Block = nil }, "the job has no place in a compact store of 2 shards"},
		"place before": {s, func(j *job.Job) { j.Block = block(-1) }, "the job has no place in a compact store of 2 shards"},
		"place after":  {s, func(j *job.Job) { j.Block = block(2) }, "the job has no place in a compact store of 2 shards"},
		"a place":      {whole, func(j *job.Job) { j.Block = block(0) }, "the job has no place in a fullsphere store"},
		"no shard":     {s, func(j *job.Job) { j.ShardKey = "x" }, `healpix shard key "x"`},
		"other order":  {s, func(j *job.Job) { j.ShardKey = "11" }, "it is a cell of order 1"},
	} {
		j := c.s.job(t, "-1111")
		j.Overwrite = true
		c.change(j)
		_, err := c.s.template.Process(t.Context(), host.Stores{Source: store, Output: store}, j, "test")
		require.ErrorContains(t, err, c.want, name)
		require.Equal(t, core.Invalid, core.CodeOf(err), name)
		require.Equal(t, before, contents(t, store), name)
	}
}

// A job that went as an event gives the same bytes.
func TestJobAsEvent(t *testing.T) {
	for _, layout := range []string{"compact", "fullsphere"} {
		s, store := planned(t, recipe(t, edited(t, simple, "layout: compact", "layout: "+layout)), two()), &objstore.Mem{}
		inputs(t, s, store)
		s.start(t, store)
		other := clone(t, store)
		s.mustProcess(t, store, store, "-1111")
		event, err := s.job(t, "-1111").Event()
		require.NoError(t, err)
		j, err := job.Decode(event)
		require.NoError(t, err)
		require.Equal(t, 3, *j.ParentOrder)
		require.Equal(t, 5, *j.ChildOrder)
		require.Equal(t, layout == "compact", j.Block != nil)
		_, err = s.template.Process(t.Context(), host.Stores{Source: other, Output: other}, j, "test")
		require.NoError(t, err)
		require.Equal(t, contents(t, store), contents(t, other))
	}
	s := planned(t, recipe(t, simple), two())
	g := core.Granule{Assets: map[string]string{"data": "s3://b/a.h5", "l2a": "s3://b/l2.h5"}}
	j := s.template.Job(&plan.Shard{Shard: s.plan.Shards[0].Shard, Granules: []core.Granule{g}}, s.url)
	require.Equal(t, g, j.Granules[0], "siblings go along")
	j = s.template.Job(&plan.Shard{Shard: s.plan.Shards[0].Shard}, s.url)
	event, err := j.Event()
	require.NoError(t, err)
	_, err = job.Decode(event)
	require.NoError(t, err, "a shard without granules is a job")
}

func TestProcessCancelled(t *testing.T) {
	s, store := planned(t, recipe(t, simple), two()), &objstore.Mem{}
	inputs(t, s, store)
	s.start(t, store)
	before := contents(t, store)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := s.template.Process(ctx, host.Stores{Source: store, Output: store}, s.job(t, "-1111"), "test")
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, before, contents(t, store))
}

// A lateReader answers after a random time.
type lateReader struct{ core.ObjectReader }

func (r lateReader) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	time.Sleep(rand.N(time.Millisecond))
	return r.ObjectReader.ReadRanges(ctx, url, ranges)
}

// Real granules, read in any order and pace: the same bytes.
func TestSameBytesWhateverTheTiming(t *testing.T) {
	r := recipe(t, edited(t, glacier, "parent_order: 6, child_order: 8", "parent_order: 6, child_order: 12"))
	var granules []core.Granule
	for _, f := range sampleFiles(t)[:3] {
		granules = append(granules, core.Granule{ID: job.BareName(f), Assets: map[string]string{"data": f}})
	}
	p, _, err := (&plan.Scan{Grid: r.Grid, Reader: r.Reader, Source: &objstore.File{}, Workers: 2}).Run(t.Context(), granules, false)
	require.NoError(t, err)
	most := 0
	for i := range p.Shards {
		if len(p.Shards[i].Granules) > len(p.Shards[most].Granules) {
			most = i
		}
	}
	require.GreaterOrEqual(t, len(p.Shards[most].Granules), 2)
	tmpl, err := r.Template(p)
	require.NoError(t, err)
	s := &setup{recipe: r, plan: p, template: tmpl, url: "mem://out/x.zarr"}
	var want map[string]string
	for i := range 20 {
		store := &objstore.Mem{}
		stores := host.Stores{Source: lateReader{&objstore.File{}}, Output: store, Granules: 1 + i%5, Gap: int64(i) << 12, MaxRequest: 1 << 20}
		out, err := tmpl.Process(t.Context(), stores, s.job(t, p.Shards[most].Label), "test")
		require.NoError(t, err)
		require.NotZero(t, out.Record.Receipt.Cells)
		o := out.Record.Receipt.Observations
		dropped := int64(0)
		for n := range maps.Values(o.Dropped) {
			dropped += n
		}
		require.Equal(t, o.Read, o.Kept+dropped)
		if i == 0 {
			want = contents(t, store)
		}
		require.Equal(t, want, contents(t, store), fmt.Sprint(i))
	}
}

// Whatever Put or Delete fails, there is no record unless all objects are there, and a rerun ends as if nothing had
// happened.
func TestInterruptedAnywhere(t *testing.T) {
	stopped := errors.New("stopped")
	for _, layout := range []string{"compact", "fullsphere"} {
		r := recipe(t, edited(t, simple, "layout: compact", "layout: "+layout))
		first := planned(t, r, two())
		then := planned(t, r, map[string][]string{"1111": {"a"}, "-1111": {"b"}})
		base := &objstore.Mem{}
		inputs(t, first, base)
		first.start(t, base)
		old := clone(t, base) // holds the work of other granules
		first.mustProcess(t, old, old, "-1111")
		emptied := clone(t, old) // and here the granules have nothing left
		table(t, emptied, "b", [4]float64{0, 0, 1, 1})
		for name, c := range map[string]struct {
			s     *setup
			store *objstore.Mem
		}{"fresh": {first, base}, "rewritten": {then, old}, "emptied": {then, emptied}} {
			undisturbed := clone(t, c.store)
			c.s.mustProcess(t, undisturbed, undisturbed, "-1111")
			want := contents(t, undisturbed)
			for n, done := 1, false; !done; n++ {
				store := clone(t, c.store)
				faulty := &faultyStore{ObjectStore: store, n: n, err: stopped}
				_, err := c.s.process(t, faulty, store, "-1111")
				if done = err == nil; !done {
					require.ErrorIs(t, err, stopped)
					requireHonest(t, c.s, store, "-1111")
				}
				out := c.s.mustProcess(t, store, store, "-1111")
				require.Equal(t, done, out.Skipped, "%s %s at %d", layout, name, n)
				require.Equal(t, want, contents(t, store), "%s %s at %d", layout, name, n)
			}
		}
	}
}

// requireHonest checks that a record, if there is one, names objects that are all there.
func requireHonest(t testing.TB, s *setup, store core.ObjectStore, label string) {
	t.Helper()
	r, err := layout.LoadRecord(t.Context(), store, s.url, label)
	if core.Is(err, core.NotFound) {
		return
	}
	require.NoError(t, err)
	all := contents(t, store)
	for _, o := range r.Objects {
		require.Equal(t, o.SHA256, sum(all[s.url+"/"+o.Path]), o.Path)
	}
}
