package zarr

// Arrays to be written: their shapes, and their metadata documents.

import (
	"bytes"
	"encoding/json"
	"math/bits"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
)

// An Array describes an array to be written. It may be shared by goroutines as long as none changes it.
type Array struct {
	Name        string          // for error texts
	Type        core.Type       // Bytes: each cell has any number of them, see AppendCells
	Shape       []int64         // elements along each dimension
	Shard       []int64         // elements of one stored object; Shape need not be a multiple of it
	Chunk       []int64         // elements of one inner chunk, divides Shard; equal to Shard: one chunk per object
	Fill        json.RawMessage // see FillValue; empty: zero
	Dims        []string        // dimension names, "" for one without; nil: none has a name
	Attrs       json.RawMessage // a JSON object; empty: no attributes
	Compression Compression

	// Of an array of Type Bytes whose cells are rows of numbers: the type of a number, and how many a row has. The codec does not
	// know them; who writes the cells does.
	Element core.Type
	Width   int
}

// Compression is what is done to the bytes of each chunk.
type Compression struct {
	Codec string // "" or "zstd"
	Level int    // of zstd: 1 to 22
}

// None leaves chunks as they are.
func None() Compression { return Compression{} }

// Zstd compresses chunks with Zstandard, without a checksum in the frame; 3 is the usual level.
func Zstd(level int) Compression { return Compression{Codec: "zstd", Level: level} }

// Limits that no sensible array meets and hostile metadata does.
const (
	maxDims       = 32
	maxChunkBytes = 1 << 30 // of one inner chunk, decoded
	maxChunks     = 1 << 24 // inner chunks in one object: an index of 256 MiB
	maxBlockBytes = 1 << 32 // of one object, when it is read whole
)

// Sharded reports whether an object holds several inner chunks.
func (a *Array) Sharded() bool {
	for i := range min(len(a.Shard), len(a.Chunk)) {
		if a.Shard[i] != a.Chunk[i] {
			return true
		}
	}
	return false
}

// Blocks is the number of objects along each dimension, the one at the edge included.
func (a *Array) Blocks() []int64 { return ceilDivide(a.Shape, a.Shard) }

// Key is the key of a block's object relative to the array's folder: "c/0/3". There is one number per dimension.
func (a *Array) Key(block []int64) string { return chunkKey("c", "/", block) }

// chunkKey is numbers joined by a separator, behind a prefix if there is one (core specification, "Chunk key
// encoding").
func chunkKey(prefix, separator string, block []int64) string {
	var b strings.Builder
	b.WriteString(prefix)
	for i, n := range block {
		if i > 0 || prefix != "" {
			b.WriteString(separator)
		}
		b.WriteString(strconv.FormatInt(n, 10))
	}
	return b.String()
}

// A layout is the sizes of a checked array's objects.
type layout struct {
	size       int     // bytes of an element
	grid       []int64 // inner chunks of an object along each dimension
	chunks     int64   // product of grid
	chunkBytes int64
	blockBytes int64 // product of chunks and chunkBytes, which does not overflow
}

// newLayout checks shapes. Errors have the operation op and the subject name: Invalid for shapes that contradict each
// other, Unsupported for sizes beyond the limits.
func newLayout(op, name string, typ core.Type, shape, shard, chunk []int64) (layout, error) {
	l := layout{size: typ.Size()}
	if l.size == 0 {
		return l, core.Errorf(core.Unsupported, op, name, "no array of type %q", typ)
	}
	if len(shape) > maxDims || len(shard) != len(shape) || len(chunk) != len(shape) {
		return l, core.Errorf(core.Invalid, op, name,
			"shape %v, shard %v and chunk %v must have the same number of dimensions, at most %d", shape, shard, chunk, maxDims)
	}
	for i := range shape {
		if shape[i] < 0 || chunk[i] < 1 || shard[i] < 1 || shard[i]%chunk[i] != 0 {
			return l, core.Errorf(core.Invalid, op, name,
				"dimension %d: a chunk of %d must divide a shard of %d, both at least 1, in an array of %d", i, chunk[i], shard[i], shape[i])
		}
	}
	l.grid = ceilDivide(shard, chunk)
	var ok1, ok2, ok3 bool
	l.chunkBytes, ok1 = product(chunk, int64(l.size), maxChunkBytes)
	l.chunks, ok2 = product(l.grid, 1, maxChunks)
	l.blockBytes, ok3 = product([]int64{l.chunks}, l.chunkBytes, 1<<62)
	if !ok1 || !ok2 || !ok3 {
		return l, core.Errorf(core.Unsupported, op, name, "chunk %v of shard %v: more than %d bytes in a chunk or %d chunks in an object",
			chunk, shard, maxChunkBytes, maxChunks)
	}
	return l, nil
}

// product multiplies first by each of the positive values; false when the result exceeds limit.
func product(values []int64, first, limit int64) (int64, bool) {
	n := uint64(first)
	for _, v := range values {
		hi, lo := bits.Mul64(n, uint64(v))
		if hi != 0 || lo > uint64(limit) {
			return 0, false
		}
		n = lo
	}
	return int64(n), n <= uint64(limit)
}

func ceilDivide(a, b []int64) []int64 {
	n := make([]int64, len(a))
	for i := range n {
		n[i] = a[i] / b[i]
		if a[i]%b[i] != 0 {
			n[i]++
		}
	}
	return n
}

// layout checks the whole description of an array.
func (a *Array) layout(op string) (layout, error) {
	l, err := newLayout(op, a.Name, a.Type, a.Shape, a.Shard, a.Chunk)
	if err != nil {
		return l, err
	}
	if len(a.Dims) > 0 && len(a.Dims) != len(a.Shape) {
		return l, core.Errorf(core.Invalid, op, a.Name, "%d dimension names %q for %d dimensions", len(a.Dims), a.Dims, len(a.Shape))
	}
	c := a.Compression
	if c.Codec == "" && c.Level == 0 || c.Codec == "zstd" && c.Level >= 1 && c.Level <= 22 {
		return l, nil
	}
	return l, core.Errorf(core.Invalid, op, a.Name, "compression %q level %d: must be none, or zstd of level 1 to 22", c.Codec, c.Level)
}

// arrayDocument is an array's zarr.json, with the members in the order of zarr-python.
type arrayDocument struct {
	Shape               []int64         `json:"shape"`
	DataType            string          `json:"data_type"`
	ChunkGrid           named           `json:"chunk_grid"`
	ChunkKeyEncoding    named           `json:"chunk_key_encoding"`
	FillValue           json.RawMessage `json:"fill_value"`
	Codecs              []named         `json:"codecs"`
	Attributes          json.RawMessage `json:"attributes"`
	DimensionNames      []*string       `json:"dimension_names,omitempty"`
	ZarrFormat          int             `json:"zarr_format"`
	NodeType            string          `json:"node_type"`
	StorageTransformers []named         `json:"storage_transformers"`
}

type named struct {
	Name          string `json:"name"`
	Configuration any    `json:"configuration,omitempty"`
}

type chunkShape struct {
	ChunkShape []int64 `json:"chunk_shape"`
}

type keySeparator struct {
	Separator string `json:"separator"`
}

type bytesConfig struct {
	Endian string `json:"endian"`
}

type zstdConfig struct {
	Level    int  `json:"level"`
	Checksum bool `json:"checksum"`
}

type shardingConfig struct {
	ChunkShape    []int64 `json:"chunk_shape"`
	Codecs        []named `json:"codecs"`
	IndexCodecs   []named `json:"index_codecs"`
	IndexLocation string  `json:"index_location"`
}

// Metadata is the array's zarr.json: members in the order of zarr-python, indented by two spaces. Errors are those of
// the array's description (Invalid, Unsupported).
func (a *Array) Metadata() ([]byte, error) {
	const op = "zarr.Metadata"
	if _, err := a.layout(op); err != nil {
		return nil, err
	}
	fill, err := a.FillValue()
	if err != nil {
		return nil, err
	}
	attrs, err := object(op, a.Name, a.Attrs)
	if err != nil {
		return nil, err
	}
	doc := arrayDocument{
		Shape:               append([]int64{}, a.Shape...),
		DataType:            dataType(a.Type),
		ChunkGrid:           named{"regular", chunkShape{append([]int64{}, a.Shard...)}},
		ChunkKeyEncoding:    named{"default", keySeparator{"/"}},
		FillValue:           fillJSON(a.Type, fill),
		Codecs:              a.codecs(),
		Attributes:          attrs,
		ZarrFormat:          3,
		NodeType:            "array",
		StorageTransformers: []named{},
	}
	for i := range a.Dims {
		var name *string
		if a.Dims[i] != "" {
			name = &a.Dims[i]
		}
		doc.DimensionNames = append(doc.DimensionNames, name)
	}
	return document(op, a.Name, doc)
}

// variableBytes is the data type of cells of any number of bytes, and vlenBytes the codec that joins the cells of a
// chunk.
const (
	variableBytes = "variable_length_bytes"
	vlenBytes     = "vlen-bytes"
)

func dataType(t core.Type) string {
	if t == core.Bytes {
		return variableBytes
	}
	return t.String()
}

// codecs lists the codecs of the metadata; single bytes have no byte order to name.
func (a *Array) codecs() []named {
	inner := []named{{Name: "bytes"}}
	switch {
	case a.Type == core.Bytes:
		inner[0] = named{vlenBytes, struct{}{}}
	case a.Type.Size() > 1:
		inner[0].Configuration = bytesConfig{"little"}
	}
	if a.Compression.Codec == "zstd" {
		inner = append(inner, named{"zstd", zstdConfig{Level: a.Compression.Level}})
	}
	if !a.Sharded() {
		return inner
	}
	index := []named{{"bytes", bytesConfig{"little"}}, {Name: "crc32c"}}
	return []named{{"sharding_indexed", shardingConfig{a.Chunk, inner, index, "end"}}}
}

// object checks that raw is a JSON object, and makes an empty one of nothing.
func object(op, subject string, raw json.RawMessage) (json.RawMessage, error) {
	if len(raw) == 0 {
		return json.RawMessage("{}"), nil
	}
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil || m == nil {
		return nil, core.Errorf(core.Invalid, op, subject, "attributes are not a JSON object: %v", err)
	}
	return raw, nil
}

// document is v as JSON, indented by two spaces, without a line end and with <, > and & as they are, as zarr-python
// writes it.
func document(op, subject string, v any) ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return nil, core.Errorf(core.Invalid, op, subject, "make metadata: %w", err)
	}
	return bytes.TrimRight(b.Bytes(), "\n"), nil
}
