package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// SemanticHash names what a store's values mean: two configurations with the same hash compute the same numbers, so
// their runs may share a store. It is the hex SHA-256 of compact ASCII JSON with sorted keys and without nulls:
//
//	{"aggregation":…,"data_source":…,"grid":…,"output":{"aoi_mask":false,"time_source":…},"pipeline":{"type":"spatial"}}
//
// which agrees with zagg's earlier releases for every configuration they had, but that index counted there. Each
// section is as the user gave it:
// an explicit default is another hash than its absence. Left out is what does not change a value:
//
//   - aggregation: handoff, streaming, and of variables overview_delta and weights: counts
//   - data_source: how and from where it is read (driver, index, read_plan, credentials_provider, the …_workers, files of assets), and the
//     reader where it means the default one; a reader with a layout of its own is part of the meaning
//   - data_source.attributes: what arrays are said to be, not what they hold
//   - data_source.mask_fill when it is inputs, the default; true is hashed as row
//   - grid: everything but type, indexing_scheme and sharded for healpix, and crs, resolution, bounds and sharded for
//     rectilinear: orders and latitude convention are in the grid's signature, which is compared beside the hash. For
//     any other grid all keys count
//   - output.windowing: which windows are listed, and with windows also data_source.select.start and end: what is added to a store later
//     is not another store
//   - output: store, region, compression and layout. The layout's plan is compared beside the hash; metadata tells
//     the compression
func (c *Config) SemanticHash() string {
	sum := sha256.Sum256(c.semantics())
	return hex.EncodeToString(sum[:])
}

// semantics is the text that is hashed.
func (c *Config) semantics() []byte {
	var b bytes.Buffer
	c.meaning().writeCanonical(&b)
	return b.Bytes()
}

// Meaning is the text that SemanticHash is of, with what may be a secret left out.
func (c *Config) Meaning() string { return string(core.ShownJSON(c.semantics())) }

// meaning is what the text is made of.
func (c *Config) meaning() *node {
	text := func(s string) *node { return &node{kind: kindString, text: s} }
	boolean := func(s string) *node { return &node{kind: kindBool, text: s} }
	return mapOf(
		"aggregation", semanticAggregation(c.root.get("aggregation")),
		"data_source", c.semanticSource(),
		"grid", c.semanticGrid(),
		"output", mapOf("aoi_mask", boolean("false"), "time_source", c.root.get("output").get("time_source"), "windowing", c.semanticWindowing()),
		"pipeline", mapOf("type", text(c.Pipeline)),
	)
}

// mapOf makes a map of names and nodes in turn; nil nodes are left out.
func mapOf(pairs ...any) *node {
	n := &node{kind: kindMap}
	for i := 0; i < len(pairs); i += 2 {
		v := pairs[i+1].(*node)
		if v == nil {
			continue
		}
		c := *v
		c.name = pairs[i].(string)
		n.children = append(n.children, &c)
	}
	return n
}

// semanticAggregation leaves out how memory is bounded and what only coarser levels use.
func semanticAggregation(n *node) *node {
	out := n.without("handoff", "streaming")
	if out == nil {
		return nil
	}
	out.children = slices.Clone(out.children)
	for i, c := range out.children {
		if c.name != "variables" {
			continue
		}
		vars := *c
		vars.children = nil
		for _, v := range c.list() {
			drop := []string{"overview_delta"}
			if v.get("weights").str() == "counts" {
				drop = append(drop, "weights")
			}
			vars.children = append(vars.children, v.without(drop...))
		}
		out.children[i] = &vars
	}
	return out
}

// semanticWindowing is how observations are divided by time; nil where they are not.
func (c *Config) semanticWindowing() *node {
	w := c.Output.Windowing
	if w == nil {
		return nil
	}
	n := c.root.get("output").get("windowing")
	if n.kind == kindString {
		return mapOf("schedule", n)
	}
	return n.without("windows")
}

func (c *Config) semanticSource() *node {
	drop := []string{"attributes", "driver", "index", "read_plan", "anonymous", "credentials_provider", "footprint_margin", "source_region", "shard_workers",
		"granule_workers", "read_workers", "write_buffer"}
	if c.DataSource.Reader == defaultReader {
		drop = append(drop, "reader")
	}
	drop = append(drop, "mask_fill")
	source := c.root.get("data_source").without(drop...)
	if chosen := source.get("select"); chosen != nil && c.Output.Windowing != nil {
		source = source.without("select")
		if chosen = chosen.without("start", "end"); len(chosen.children) > 0 {
			source.children = append(source.children, chosen)
		}
	}
	for i, k := range source.children {
		source.children[i] = readOf(k)
	}
	mask := &node{kind: kindString, name: "mask_fill", text: string(c.DataSource.MaskFill)}
	switch c.DataSource.MaskFill {
	case MaskInputs:
		return source
	case MaskOff:
		mask.kind = kindBool
	}
	source.children = append(source.children, mask)
	return source
}

func (c *Config) semanticGrid() *node {
	g := c.root.get("output").get("grid")
	or := func(key string, kind kind, def string) *node {
		if n := g.get(key); n != nil {
			return n
		}
		return &node{kind: kind, text: def}
	}
	switch c.Output.Grid.Type {
	case "healpix":
		return mapOf("type", g.get("type"), "indexing_scheme", or("indexing_scheme", kindString, "nested"),
			"sharded", or("sharded", kindBool, "true"))
	case "rectilinear":
		return mapOf("type", g.get("type"), "crs", g.get("crs"), "resolution", g.get("resolution"), "bounds", g.get("bounds"),
			"sharded", or("sharded", kindBool, "false"))
	}
	return g.without("layout")
}

// writeCanonical appends n as ASCII JSON with sorted keys and without null members.
func (n *node) writeCanonical(b *bytes.Buffer) {
	open, end := byte('{'), byte('}')
	switch n.kind {
	case kindString:
		writeString(b, n.text, true)
		return
	case kindList:
		open, end = '[', ']'
	case kindMap:
	default:
		n.writeJSON(b)
		return
	}
	children := slices.Clone(n.children)
	if n.kind == kindMap {
		children = slices.DeleteFunc(children, func(c *node) bool { return c.kind == kindNull })
		slices.SortFunc(children, func(a, b *node) int { return strings.Compare(a.name, b.name) })
	}
	b.WriteByte(open)
	for i, c := range children {
		if i > 0 {
			b.WriteByte(',')
		}
		if n.kind == kindMap {
			writeString(b, c.name, true)
			b.WriteByte(':')
		}
		c.writeCanonical(b)
	}
	b.WriteByte(end)
}
