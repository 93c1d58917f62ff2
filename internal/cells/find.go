package cells

import "github.com/englacial/zagg/core"

// A Found is the rows of a granule that lie in some shards.
type Found struct {
	Groups  []core.GroupRows // all that have rows, also where none of these is in a shard
	Invalid int64            // rows without a position
	runs    map[string][]Run // by group
}

// A Run is rows of one cell: Shard is the number of its shard among those that were asked for.
type Run struct {
	Start, End  int64
	Shard, Slot int32
}

// In finds the rows in some shards of so many slots each. An index with other slots is Corrupt.
func (x *Index) In(keys []core.ShardKey, slots int64) (*Found, error) {
	asked := make(map[core.ShardKey]int32, len(keys))
	for i, k := range keys {
		asked[k] = int32(i)
	}
	want := make([]int32, len(x.Shards)+int(firstShard)) // by place, the number among keys; -1
	for i := range want {
		want[i] = -1
	}
	for i, k := range x.Shards {
		if n, ok := asked[k]; ok {
			want[i+int(firstShard)] = n
		}
	}
	f := &Found{runs: make(map[string][]Run, len(x.Groups))}
	for i := range x.Groups {
		g := &x.Groups[i]
		rows := core.GroupRows{Group: g.Name}
		var runs []Run
		for _, r := range g.runs {
			start := rows.Total
			rows.Total += r.count
			if r.place == invalid {
				f.Invalid += r.count
			}
			shard := want[r.place]
			if shard < 0 {
				continue
			}
			if int64(r.slot) >= slots {
				return nil, core.Errorf(core.Corrupt, "cells.In", string(keys[shard]), "slot %d in a shard of %d", r.slot, slots)
			}
			runs = append(runs, Run{start, rows.Total, shard, r.slot})
			if last := len(rows.Rows) - 1; last >= 0 && rows.Rows[last].Start+rows.Rows[last].Count == start {
				rows.Rows[last].Count += r.count
			} else {
				rows.Rows = append(rows.Rows, core.Span{Start: start, Count: r.count})
			}
		}
		f.Groups, f.runs[g.Name] = append(f.Groups, rows), runs
	}
	return f, nil
}

// Runs are those of a group, ascending.
func (f *Found) Runs(group string) []Run { return f.runs[group] }
