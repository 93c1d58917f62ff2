package cells

import "github.com/englacial/zagg/core"

// A Builder makes an index, row by row.
type Builder struct {
	index Index
	known map[core.ShardKey]int32
}

// NewBuilder begins an index of a granule in this state.
func NewBuilder(key string, state core.ObjectInfo) *Builder {
	return &Builder{index: Index{Key: key, Size: state.Size, ETag: state.ETag}, known: map[core.ShardKey]int32{}}
}

// group is a group by its name; rows of one group come together.
func (b *Builder) group(name string) *Group {
	g := b.index.Groups
	if len(g) == 0 || g[len(g)-1].Name != name {
		b.index.Groups = append(g, Group{Name: name})
	}
	return &b.index.Groups[len(b.index.Groups)-1]
}

// Located adds a row of a group that lies in a cell.
func (b *Builder) Located(group string, key core.ShardKey, slot int32) {
	n, ok := b.known[key]
	if !ok {
		n = int32(len(b.index.Shards))
		b.known[key] = n
		b.index.Shards = append(b.index.Shards, key)
	}
	b.group(group).add(1, n+firstShard, slot)
}

// Outside adds a row that lies in no cell of the grid, Invalid one without a position.
func (b *Builder) Outside(group string) { b.group(group).add(1, nowhere, 0) }

// Invalid adds a row without a position.
func (b *Builder) Invalid(group string) { b.group(group).add(1, invalid, 0) }

// Index is what was built.
func (b *Builder) Index() *Index { return &b.index }
