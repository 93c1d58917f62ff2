package geoparquet

import (
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"
)

// An ordered is a group whose members stay in the order they were given in.
type ordered struct {
	parquet.Group
	fields []parquet.Field
}

type member struct {
	name string
	node parquet.Node
}

func group(members ...member) parquet.Node {
	g := ordered{Group: parquet.Group{}}
	for _, m := range members {
		g.Group[m.name] = m.node
	}
	g.fields = g.Group.Fields()
	place := func(f parquet.Field) int {
		return slices.IndexFunc(members, func(m member) bool { return m.name == f.Name() })
	}
	slices.SortFunc(g.fields, func(a, b parquet.Field) int { return place(a) - place(b) })
	return g
}

func (g ordered) Fields() []parquet.Field { return g.fields }

// A layout says which of the optional columns a file needs.
type layout struct {
	assets         []string // names, sorted, with their "_s3" forms
	size           bool
	timeKey        bool
	cells          bool
	margin, planar bool
	straight       bool // some footprint has rings of both kinds
}

func (l *layout) schema() *parquet.Schema {
	text, double := parquet.Optional(parquet.String()), parquet.Optional(parquet.Leaf(parquet.DoubleType))
	texts := parquet.Optional(parquet.List(parquet.Optional(parquet.String())))
	times := parquet.Optional(parquet.Timestamp(parquet.Microsecond))
	members := []member{
		{"type", text}, {"stac_version", text}, {"stac_extensions", texts}, {"id", parquet.String()}, {"collection", text},
		{"geometry", parquet.Optional(parquet.Leaf(parquet.ByteArrayType))},
		{"bbox", parquet.Optional(group(member{"xmin", double}, member{"ymin", double}, member{"xmax", double}, member{"ymax", double}))},
		{"assets", parquet.Optional(l.assetsNode(text, texts))}, {"links", texts},
		{"datetime", times}, {"start_datetime", times}, {"end_datetime", times},
	}
	for _, m := range []struct {
		want bool
		member
	}{
		{l.timeKey, member{"time_key", text}},
		{l.cells, member{"footprint_cells", parquet.Optional(parquet.List(parquet.Optional(parquet.Uint(64))))}},
		{l.cells, member{"footprint_cells_order", parquet.Optional(parquet.Int(32))}},
		{l.margin, member{"footprint_margin", double}},
		{l.planar, member{"footprint_planar", parquet.Optional(parquet.Leaf(parquet.BooleanType))}},
		{l.straight, member{"footprint_straight", text}},
	} {
		if m.want {
			members = append(members, m.member)
		}
	}
	return parquet.NewSchema("schema", group(members...))
}

func (l *layout) assetsNode(text, texts parquet.Node) parquet.Node {
	var assets []member
	for _, name := range l.assets {
		parts := []member{{"href", text}, {"roles", texts}}
		if l.sized(name) {
			parts = append(parts, member{"file:size", parquet.Optional(parquet.Int(64))})
		}
		assets = append(assets, member{name, parquet.Optional(group(parts...))})
	}
	return group(assets...)
}

// sized reports whether an asset has a column for its size: the granule's file, both ways to it.
func (l *layout) sized(asset string) bool {
	return l.size && strings.TrimSuffix(asset, "_s3") == "data"
}
