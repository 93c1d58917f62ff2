package job

import (
	"strconv"

	"github.com/englacial/zagg/core"
)

// A Part is what one shard of a job of many has for itself. Everything else is the job's.
type Part struct {
	ShardKey   core.ShardKey `json:"shard_key"`
	Label      string        `json:"label,omitempty"`
	ChunkIdx   []int64       `json:"chunk_idx,omitempty"`
	Block      *int64        `json:"block,omitempty"`
	Granules   []int         `json:"granules"` // places in the job's list, in the shard's order
	Home       []int         `json:"home,omitzero"`
	Untimed    []int         `json:"untimed,omitzero"`
	Superseded []Superseded  `json:"superseded,omitempty"`
	Missing    []ReadError   `json:"missing,omitempty"`
}

// Join makes one job of several of the same run and store. A single one stays as it is. Its list has each granule once, and
// shard_key and label are the first shard's.
func Join(jobs []*Job) Job {
	all := *jobs[0]
	if len(jobs) == 1 {
		return all
	}
	all.Granules, all.Home, all.Superseded, all.Missing, all.ChunkIdx, all.Block, all.Untimed = Granules{}, nil, nil, nil, nil, nil, nil
	at := map[string]int{}
	for _, j := range jobs {
		p := Part{ShardKey: j.ShardKey, Label: j.Label, ChunkIdx: j.ChunkIdx, Block: j.Block, Granules: []int{}, Home: j.Home, Untimed: j.Untimed, Superseded: j.Superseded, Missing: j.Missing}
		for _, g := range j.Granules {
			i, ok := at[g.URL()]
			if !ok {
				i = len(all.Granules)
				at[g.URL()] = i
				all.Granules = append(all.Granules, g)
			}
			p.Granules = append(p.Granules, i)
		}
		all.Shards = append(all.Shards, p)
	}
	return all
}

// Split is the jobs of a job's shards: itself, where it is of one. Of a job whose list of granules is still elsewhere they have none.
func (j *Job) Split() []*Job {
	if len(j.Shards) == 0 {
		one := *j
		return []*Job{&one}
	}
	jobs := make([]*Job, len(j.Shards))
	for i, p := range j.Shards {
		one := *j
		one.Shards, one.GranulesURL = nil, ""
		one.ShardKey, one.Label, one.ChunkIdx, one.Block = p.ShardKey, p.Label, p.ChunkIdx, p.Block
		one.Home, one.Superseded, one.Missing, one.Untimed = p.Home, p.Superseded, p.Missing, p.Untimed
		if one.Granules = nil; j.GranulesURL == "" || j.Granules != nil {
			one.Granules = make(Granules, len(p.Granules))
			for k, at := range p.Granules {
				one.Granules[k] = j.Granules[at]
			}
		}
		jobs[i] = &one
	}
	return jobs
}

// checkShards refuses parts that name no shard, one twice, or granules that are not in the list of n.
func (j *Job) checkShards(n int) error {
	const op = "job.Decode"
	if len(j.Shards) == 0 {
		return nil
	}
	if j.Home != nil || j.Untimed != nil || j.Superseded != nil || j.Missing != nil || j.Block != nil {
		return core.Errorf(core.Invalid, op, string(j.ShardKey), "home, untimed, superseded, missing and block of a job with shards belong into each of shards")
	}
	seen := map[core.ShardKey]bool{}
	for i, p := range j.Shards {
		where := "shards[" + strconv.Itoa(i) + "]"
		switch {
		case p.ShardKey == "":
			return core.Errorf(core.Invalid, op, where, "Missing required parameters: shard_key")
		case seen[p.ShardKey]:
			return core.Errorf(core.Invalid, op, where, "shard %s is listed twice", p.ShardKey)
		case i == 0 && p.ShardKey != j.ShardKey:
			return core.Errorf(core.Invalid, op, where, "shard_key is %s, and the first of shards is %s", j.ShardKey, p.ShardKey)
		}
		seen[p.ShardKey] = true
		used := map[int]bool{}
		for _, g := range p.Granules {
			if g < 0 || g >= n || used[g] {
				return core.Errorf(core.Invalid, op, where, "granules: want each place in the list of %d granules at most once; have %d", n, g)
			}
			used[g] = true
		}
		if err := checkPlaces(p.ShardKey, "home", p.Home, len(p.Granules)); err != nil {
			return err
		}
		if err := checkPlaces(p.ShardKey, "untimed", p.Untimed, len(p.Granules)); err != nil {
			return err
		}
	}
	return nil
}
