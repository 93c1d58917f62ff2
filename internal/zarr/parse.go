package zarr

// Metadata documents: parsing, and refusing by name what is not understood.

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

const opOpen = "zarr.Open"

// A nodeDocument is what a zarr.json has in common for arrays and groups.
type nodeDocument struct {
	ZarrFormat   int             `json:"zarr_format"`
	NodeType     string          `json:"node_type"`
	Attributes   json.RawMessage `json:"attributes"`
	Consolidated *struct {
		Kind     string                     `json:"kind"`
		Metadata map[string]json.RawMessage `json:"metadata"`
	} `json:"consolidated_metadata"`
}

func parseNode(url string, raw []byte) (nodeDocument, error) {
	var doc nodeDocument
	if err := json.Unmarshal(raw, &doc); err != nil {
		return doc, corruptJSON(url, err)
	}
	switch {
	case doc.ZarrFormat == 0:
		return doc, core.Errorf(core.Corrupt, opOpen, url, "no zarr_format: not a zarr.json")
	case doc.ZarrFormat != 3:
		return doc, core.Errorf(core.Unsupported, opOpen, url, "zarr_format %d; only Zarr v3 is read", doc.ZarrFormat)
	case doc.NodeType != "array" && doc.NodeType != "group":
		return doc, core.Errorf(core.Corrupt, opOpen, url, "node_type %q is neither array nor group", doc.NodeType)
	}
	if len(doc.Attributes) == 0 {
		doc.Attributes = json.RawMessage("{}")
	}
	return doc, nil
}

func corruptJSON(url string, err error) error {
	switch e := err.(type) {
	case *json.SyntaxError:
		return core.Errorf(core.Corrupt, opOpen, url, "byte %d: %w", e.Offset, err)
	case *json.UnmarshalTypeError:
		return core.Errorf(core.Corrupt, opOpen, url, "byte %d: %s cannot be %s", e.Offset, e.Field, e.Value)
	}
	return core.Errorf(core.Corrupt, opOpen, url, "%w", err)
}

// A namedConfig is an extension point of the metadata: a name, or an object of a name and a configuration.
type namedConfig struct {
	Name          string          `json:"name"`
	Configuration json.RawMessage `json:"configuration"`
}

// UnmarshalJSON reads both spellings.
func (n *namedConfig) UnmarshalJSON(b []byte) error {
	if len(b) > 0 && b[0] == '"' {
		return json.Unmarshal(b, &n.Name)
	}
	type plain namedConfig
	return json.Unmarshal(b, (*plain)(n))
}

// config decodes the configuration, if there is one.
func (n namedConfig) config(url string, into any) error {
	if len(n.Configuration) == 0 {
		return nil
	}
	if err := json.Unmarshal(n.Configuration, into); err != nil {
		return core.Errorf(core.Corrupt, opOpen, url, "configuration of %s: %w", n.Name, err)
	}
	return nil
}

// arrayMembers are the members of an array's zarr.json that are understood here.
type arrayMembers struct {
	Shape               []int64         `json:"shape"`
	DataType            namedConfig     `json:"data_type"`
	ChunkGrid           namedConfig     `json:"chunk_grid"`
	ChunkKeyEncoding    namedConfig     `json:"chunk_key_encoding"`
	FillValue           json.RawMessage `json:"fill_value"`
	Codecs              []namedConfig   `json:"codecs"`
	Attributes          json.RawMessage `json:"attributes"`
	DimensionNames      []*string       `json:"dimension_names"`
	StorageTransformers []namedConfig   `json:"storage_transformers"`
}

// parseArray reads an array's zarr.json.
func parseArray(url string, raw []byte) (*Dataset, error) {
	node, err := parseNode(url, raw)
	if err != nil {
		return nil, err
	}
	if node.NodeType != "array" {
		return nil, core.Errorf(core.Invalid, opOpen, url, "is a group, not an array")
	}
	if err := checkMembers(url, raw); err != nil {
		return nil, err
	}
	var doc arrayMembers
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, corruptJSON(url, err)
	}
	if doc.Shape == nil {
		return nil, core.Errorf(core.Corrupt, opOpen, url, "no shape")
	}
	d := &Dataset{URL: url, Shape: doc.Shape, Attrs: node.Attributes}
	// In this order: chunks of shards need the type, and names the shape.
	for _, step := range []func(*arrayMembers) error{d.parseType, d.parseGrid, d.parseKeys, d.parseCodecs, d.parseNames} {
		if err := step(&doc); err != nil {
			return nil, err
		}
	}
	if d.layout, err = newLayout(opOpen, url, d.Type, d.Shape, d.Shard, d.Chunk); err != nil {
		return nil, err
	}
	return d, nil
}

// checkMembers refuses a member that a reader must understand and this one does not ("must_understand").
func checkMembers(url string, raw []byte) error {
	var all map[string]json.RawMessage
	if err := json.Unmarshal(raw, &all); err != nil {
		return corruptJSON(url, err)
	}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		switch name {
		case "shape", "data_type", "chunk_grid", "chunk_key_encoding", "fill_value", "codecs", "attributes", "dimension_names",
			"storage_transformers", "zarr_format", "node_type":
			continue
		}
		extra := struct {
			Must *bool `json:"must_understand"`
		}{}
		if json.Unmarshal(all[name], &extra) != nil || extra.Must == nil || *extra.Must {
			return core.Errorf(core.Unsupported, opOpen, url, "unknown member %q of the array's metadata", name)
		}
	}
	return nil
}

func (d *Dataset) parseType(doc *arrayMembers) error {
	typ, ok := core.TypeFromName(doc.DataType.Name)
	if doc.DataType.Name == variableBytes {
		typ, ok = core.Bytes, true
	} else if typ == core.Bytes {
		ok = false
	}
	if !ok {
		return core.Errorf(core.Unsupported, opOpen, d.URL, "data type %q", doc.DataType.Name)
	}
	d.Type = typ
	if len(doc.FillValue) == 0 {
		return core.Errorf(core.Corrupt, opOpen, d.URL, "no fill_value")
	}
	fill, err := parseFill(typ, doc.FillValue)
	if err != nil {
		return core.Errorf(core.Corrupt, opOpen, d.URL, "fill_value %.40s of a %s array: %w", doc.FillValue, typ, err)
	}
	d.Fill = fill
	return nil
}

func (d *Dataset) parseGrid(doc *arrayMembers) error {
	if doc.ChunkGrid.Name != "regular" {
		return core.Errorf(core.Unsupported, opOpen, d.URL, "chunk grid %q", doc.ChunkGrid.Name)
	}
	var grid chunkShape
	if err := doc.ChunkGrid.config(d.URL, &grid); err != nil {
		return err
	}
	d.Shard, d.Chunk = grid.ChunkShape, grid.ChunkShape
	return nil
}

func (d *Dataset) parseKeys(doc *arrayMembers) error {
	keys := keySeparator{}
	if err := doc.ChunkKeyEncoding.config(d.URL, &keys); err != nil {
		return err
	}
	switch doc.ChunkKeyEncoding.Name {
	case "default":
		d.keyPrefix, d.keySeparator = "c", "/"
	case "v2":
		d.keyPrefix, d.keySeparator = "", "."
	default:
		return core.Errorf(core.Unsupported, opOpen, d.URL, "chunk key encoding %q", doc.ChunkKeyEncoding.Name)
	}
	switch keys.Separator {
	case "":
	case "/", ".":
		d.keySeparator = keys.Separator
	default:
		return core.Errorf(core.Corrupt, opOpen, d.URL, "chunk key separator %q is neither / nor .", keys.Separator)
	}
	return nil
}

func (d *Dataset) parseNames(doc *arrayMembers) error {
	if len(doc.StorageTransformers) > 0 {
		return core.Errorf(core.Unsupported, opOpen, d.URL, "storage transformer %q", doc.StorageTransformers[0].Name)
	}
	if doc.DimensionNames == nil {
		return nil
	}
	if len(doc.DimensionNames) != len(d.Shape) {
		return core.Errorf(core.Corrupt, opOpen, d.URL, "%d dimension names for %d dimensions", len(doc.DimensionNames), len(d.Shape))
	}
	d.Dims = make([]string, len(d.Shape))
	for i, name := range doc.DimensionNames {
		if name != nil {
			d.Dims[i] = *name
		}
	}
	return nil
}

func (d *Dataset) parseCodecs(doc *arrayMembers) error {
	codecs := doc.Codecs
	if len(codecs) == 0 || codecs[0].Name != "sharding_indexed" {
		return d.codecs.parse(d.URL, codecs, d.Type)
	}
	if len(codecs) > 1 {
		return core.Errorf(core.Unsupported, opOpen, d.URL, "codec %q around a shard", codecs[1].Name)
	}
	var config struct {
		ChunkShape    []int64       `json:"chunk_shape"`
		Codecs        []namedConfig `json:"codecs"`
		IndexCodecs   []namedConfig `json:"index_codecs"`
		IndexLocation string        `json:"index_location"`
	}
	if err := codecs[0].config(d.URL, &config); err != nil {
		return err
	}
	d.Chunk, d.sharded, d.indexAtStart = config.ChunkShape, true, config.IndexLocation == "start"
	if !slices.Contains([]string{"", "start", "end"}, config.IndexLocation) {
		return core.Errorf(core.Corrupt, opOpen, d.URL, "index_location %q is neither start nor end", config.IndexLocation)
	}
	if err := d.indexCodecs.parse(d.URL, config.IndexCodecs, core.Uint64); err != nil {
		return err
	}
	if !d.indexCodecs.fixedSize() {
		return core.Errorf(core.Unsupported, opOpen, d.URL, "shard index of no fixed size: index_codecs %s", &d.indexCodecs)
	}
	return d.codecs.parse(d.URL, config.Codecs, d.Type)
}

// Codecs is how the array's chunks are stored, for people: "bytes, zstd", "sharding_indexed(bytes)".
func (d *Dataset) Codecs() string {
	if d.sharded {
		return "sharding_indexed(" + d.codecs.String() + ")"
	}
	return d.codecs.String()
}

// String is the chain's names in the order of encoding.
func (c *chain) String() string { return strings.Join(append([]string{c.first}, c.steps...), ", ") }
