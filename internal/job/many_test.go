package job

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

func three() []*Job {
	block := func(n int64) *int64 { return &n }
	g := func(names ...string) (out Granules) {
		out = Granules{}
		for _, n := range names {
			out = append(out, core.GranuleAt("s3://b/"+n))
		}
		return out
	}
	base := Job{StorePath: "s3://b/s.zarr", Plan: "p", PlanShards: 9, RunID: "r", AllowMissing: true, Config: json.RawMessage(`{}`)}
	one, two, last := base, base, base
	jobs := []*Job{&one, &two, &last}
	jobs[0].ShardKey, jobs[0].Label, jobs[0].Block, jobs[0].Granules, jobs[0].Home = "1", "-1", block(3), g("a", "b"), []int{0, 1}
	jobs[1].ShardKey, jobs[1].Label, jobs[1].Block, jobs[1].Granules, jobs[1].Home = "2", "-2", block(4), g("c", "a"), []int{0}
	jobs[2].ShardKey, jobs[2].Label, jobs[2].Block, jobs[2].Granules, jobs[2].Home = "3", "-3", block(5), g(), []int{}
	jobs[1].Missing = []ReadError{{Granule: "x", Code: "corrupt", Text: "t"}}
	return jobs
}

// Jobs that are joined, sent and split are what they were; the list has each granule once.
func TestJoinAndSplit(t *testing.T) {
	jobs := three()
	all := Join(jobs)
	require.Len(t, all.Granules, 3)
	event, err := all.Event()
	require.NoError(t, err)
	got, err := Decode(event)
	require.NoError(t, err)
	require.Equal(t, jobs, got.Split())
	one := Join(jobs[:1])
	require.Equal(t, *jobs[0], one)
	event, err = one.Event()
	require.NoError(t, err)
	require.NotContains(t, string(event), `"shards":`)
	require.Equal(t, jobs[:1], one.Split())
}

// The list of granules may come in an object of its own.
func TestSplitAfterSetGranules(t *testing.T) {
	all, want := Join(three()), three()
	list, _, err := all.SealedGranules()
	require.NoError(t, err)
	all.Granules, all.GranulesURL = nil, "s3://b/list.json"
	for i, one := range all.Split() {
		require.Equal(t, want[i].ShardKey, one.ShardKey, "before the list is read")
		require.Empty(t, one.Granules)
	}
	event, err := all.Event()
	require.NoError(t, err)
	got, err := Decode(event)
	require.NoError(t, err)
	require.ErrorContains(t, got.SetGranules([]byte(`["s3://b/a"]`)), "list of 1 granules")
	require.NoError(t, got.SetGranules(list))
	require.Equal(t, want, got.Split())
}

func TestPartsThatAreWrong(t *testing.T) {
	for want, change := range map[string]func(*Job){
		"shards[1]: Missing required parameters: shard_key":                                    func(j *Job) { j.Shards[1].ShardKey = "" },
		"shards[1]: shard 1 is listed twice":                                                   func(j *Job) { j.Shards[1].ShardKey = "1" },
		"shards[0]: shard_key is 2, and the first of shards is 1":                              func(j *Job) { j.ShardKey = "2" },
		"shards[0]: granules: want each place in the list of 3 granules at most once; have 3":  func(j *Job) { j.Shards[0].Granules[0] = 3 },
		"shards[0]: granules: want each place in the list of 3 granules at most once; have -1": func(j *Job) { j.Shards[0].Granules[0] = -1 },
		"at most once; have 1": func(j *Job) { j.Shards[0].Granules[0] = 1 },
		"home: want ascending": func(j *Job) { j.Shards[1].Home = []int{2} },
		"belong into each":     func(j *Job) { j.Home = []int{0} },
	} {
		j := Join(three())
		change(&j)
		event, err := j.Event()
		require.NoError(t, err)
		_, err = Decode(event)
		require.ErrorContains(t, err, want)
		require.Equal(t, core.Invalid, core.CodeOf(err))
	}
}
