// Package plan assigns granules to shards, from a shard map or from the coordinates in the granules. It gets all knowledge about
// positions from the grid, and so works with any grid.
package plan

import (
	"context"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/windows"
)

// A Plan is what a run computes: its shards in key order, or of a plan with windows each shard in each window that it has
// granules in, window by window.
type Plan struct {
	Shards []Shard
	Places []core.Shard  // the shards, each once in key order: a shard's index is its rank, which a compact store uses as its block
	Time   *windows.Axis // of the store; nil: there are no windows
}

// A Shard is one shard with its granules, in the order in which their observations are committed.
type Shard struct {
	core.Shard // its label tells the window too, if there is one; without an outline
	Rank       int
	Window     *Window // nil: all times are in one
	Granules   []core.Granule
	// Untimed are the places in Granules of those that the shard has in no earlier window. Rows that cannot be told to be of a window are
	// counted there and nowhere else; nil: there are no windows.
	Untimed []int
	// Home are the places in Granules of those that are at home here: in the first shard in key order that has them. What is
	// of a granule and of no shard, such as rows without a position, is counted there and nowhere else.
	Home       []int
	Superseded []job.Superseded // granules that were left out for one that is at home here
	Missing    []job.ReadError  // granules left out because they cannot be read; whose shards they have is not known
}

// Keys lists the shards' keys in order, each once.
func (p *Plan) Keys() []core.ShardKey {
	keys := make([]core.ShardKey, len(p.Places))
	for i := range p.Places {
		keys[i] = p.Places[i].Key
	}
	return keys
}

// Pairs is the number of (shard, granule) pairs: how often a granule is opened.
func (p *Plan) Pairs() int {
	n := 0
	for i := range p.Shards {
		n += len(p.Shards[i].Granules)
	}
	return n
}

// Granules is the number of distinct granules.
func (p *Plan) Granules() int {
	seen := map[string]bool{}
	for i := range p.Shards {
		for _, g := range p.Shards[i].Granules {
			seen[g.ID] = true
		}
	}
	return len(seen)
}

// Make describes keys by the grid and puts them in order; granules[i] belong to keys[i]. Two spellings of one shard are
// an error: their granules would be counted in one and lost in the other. So is a granule that a shard has twice.
func Make(ctx context.Context, grid core.Grid, keys []core.ShardKey, granules [][]core.Granule) (*Plan, error) {
	shards, err := grid.Shards(ctx, keys)
	if err != nil {
		return nil, err
	}
	p := &Plan{Shards: make([]Shard, len(shards))}
	if len(shards) != len(keys) {
		return nil, core.Errorf(core.Internal, "plan", "", "the grid describes %d shards of %d", len(shards), len(keys))
	}
	for i := range shards {
		shards[i].Outline = core.Region{} // half a kilobyte of each; whoever computes a shard asks the grid for it
		if id, twice := repeated(granules[i]); twice {
			return nil, core.Errorf(core.Invalid, "plan", shards[i].Label, "granule %s is listed twice; its observations would count twice", id)
		}
		p.Shards[i] = Shard{Shard: shards[i], Granules: granules[i]}
	}
	slices.SortFunc(p.Shards, func(a, b Shard) int { return core.CompareKeys(a.Key, b.Key) })
	for i := 1; i < len(p.Shards); i++ {
		if p.Shards[i].Key == p.Shards[i-1].Key {
			return nil, core.Errorf(core.Invalid, "plan", p.Shards[i].Label, "the shard is listed twice (as %s)", p.Shards[i].Key)
		}
	}
	for i := range p.Shards {
		p.Shards[i].Rank = i
		p.Places = append(p.Places, p.Shards[i].Shard)
	}
	p.settle()
	return p, nil
}

// settle gives each granule its home.
func (p *Plan) settle() {
	settled := map[string]bool{}
	for i := range p.Shards {
		s := &p.Shards[i]
		s.Home = []int{}
		for k, g := range s.Granules {
			if !settled[g.ID] {
				settled[g.ID] = true
				s.Home = append(s.Home, k)
			}
		}
	}
}

// Leave notes granules that Select took out, in the shards where what is used in their place is at home.
func (p *Plan) Leave(out []job.Superseded) {
	by := map[string][]job.Superseded{}
	for _, s := range out {
		by[s.By] = append(by[s.By], s)
	}
	for i := range p.Shards {
		s := &p.Shards[i]
		for _, k := range s.Home {
			s.Superseded = append(s.Superseded, by[s.Granules[k].ID]...)
		}
	}
}

// repeated is the id of a granule that is listed twice.
func repeated(granules []core.Granule) (id string, twice bool) {
	seen := make(map[string]bool, len(granules))
	for _, g := range granules {
		if seen[g.ID] {
			return g.ID, true
		}
		seen[g.ID] = true
	}
	return "", false
}
