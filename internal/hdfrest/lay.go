package hdfrest

import (
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

const (
	leastChunk  = 1 << 20 // bytes of a chunk that is chosen here
	mostChunk   = 4 << 20
	mostAsked   = 64 << 20 // of one that is asked for; a longer one is cut to mostChunk
	mostCompact = 64 << 10
)

// lay decides how a new dataset is stored, and checks what of it is asked for: layout, fill value, filters. What is stored says
// the same to all who read it.
func (o *NewObject) lay(p pyjson.Raw) error {
	if p.Get("initializer") != nil || p.Get("layout").Get("chunk_initializer") != nil {
		return fmt.Errorf("values that a program of the server's makes (initializer) are not made here: write them")
	}
	if err := errors.Join(expect(p, aText, "fillTime"), expect(p, aList, "filters"), o.checkFill(p)); err != nil {
		return err
	}
	layoutAsked, err := objectOr(p, "layout")
	if err != nil {
		return err
	}
	if err := o.layout(layoutAsked); err != nil {
		return err
	}
	filters, err := filtersOf(p.Get("filters"))
	if err != nil {
		return err
	}
	out := object{}
	layout := raw(o.Layout)
	if layout == nil && len(o.Shape.Dims) > 0 {
		layout = appendJSON(nil, object{{"class", Chunked}, {"dims", o.Chunk}})
	}
	if layout != nil {
		out = append(out, member{"layout", layout})
	}
	for _, m := range p.Members() {
		if m.Name != "layout" && m.Name != "filters" {
			out = append(out, member{m.Name, raw(m.Value)})
		}
	}
	if len(filters) > 0 {
		out = append(out, member{"filters", filters})
	}
	o.Creation = appendJSON(nil, out)
	return nil
}

func (o *NewObject) checkFill(p pyjson.Raw) error {
	fill := p.Get("fillValue")
	width, fixed := o.Type.Width()
	encoded, err := inBase64(p, "fillValue_encoding")
	switch {
	case err != nil:
		return err
	case fill == nil || fill.Kind() == pyjson.Null:
		return nil
	case encoded:
		b, err := base64.StdEncoding.DecodeString(fill.Text())
		if err != nil || !fixed || len(b) != width {
			return fmt.Errorf("the fill value is not base64 of the %d bytes of an element", width)
		}
		return nil
	}
	if _, err := encodeValue(o.Type, nil, fill); err != nil {
		return fmt.Errorf("the fill value: %w", err)
	}
	return nil
}

func (o *NewObject) layout(l pyjson.Raw) error {
	if err := expect(l, aText, "class", "file_uri"); err != nil {
		return err
	}
	class := l.Get("class").Text()
	width, _ := o.Type.Width()
	size := o.Shape.Elements()
	grows := slices.ContainsFunc(o.limits(), func(m uint64) bool { return m == 0 }) || o.Shape.Max != nil && !slices.Equal(o.Shape.Max, o.Shape.Dims)
	switch {
	case o.Shape.Null && slices.Contains([]string{"", Chunked, Contiguous, Compact}, class):
		return nil
	case o.Shape.Null:
		return fmt.Errorf("the layout %.40q is none of a dataset without values", class)
	case class == Chunked+"_REF", class == Chunked+"_REF_INDIRECT", class == Contiguous+"_REF":
		if class != Chunked+"_REF_INDIRECT" && l.Get("file_uri").Text() == "" {
			return fmt.Errorf("a layout %s without file_uri", class)
		}
		if class == Chunked+"_REF" {
			if err := checkPlaces(l.Get("chunks"), len(o.Shape.Dims)); err != nil {
				return err
			}
		}
		o.Layout, o.Chunk = l, atLeastOne(o.Shape.Dims)
		if dims := l.Get("dims"); dims != nil {
			return o.askedChunk(dims, grows)
		}
		return nil
	case class == Chunked:
		return o.askedChunk(l.Get("dims"), grows)
	case class == "", class == Contiguous, class == Compact:
	default:
		return fmt.Errorf("the layout %.40q is not known", class)
	}
	if class == Compact && size > mostCompact/uint64(max(width, 1)) {
		return fmt.Errorf("compact datasets have at most %d bytes", mostCompact)
	}
	if class == Contiguous && grows {
		return fmt.Errorf("a contiguous dataset cannot grow")
	}
	o.Chunk = chosenChunk(o.Shape.Dims, o.limits(), uint64(max(width, 1)))
	return nil
}

// checkPlaces is an error of what are no places of chunks in a file: {"i_j": [offset, size]}.
func checkPlaces(chunks pyjson.Raw, rank int) error {
	if chunks.Kind() != pyjson.Object {
		return fmt.Errorf("the layout has no chunks: %.40q", chunks)
	}
	natural := func(r pyjson.Raw) bool {
		n, err := r.Int()
		return err == nil && n >= 0
	}
	for _, m := range chunks.Members() {
		index := strings.Split(m.Name, "_")
		wrong := slices.ContainsFunc(index, func(s string) bool { _, err := strconv.ParseUint(s, 10, 63); return err != nil })
		if pair := m.Value.Items(); wrong || len(index) != rank || len(pair) < 2 || !natural(pair[0]) || !natural(pair[1]) {
			return fmt.Errorf("the chunk %.40q at %.40q, not [offset, size]", m.Name, m.Value)
		}
	}
	return nil
}

// limits are how far each dimension may grow.
func (o *NewObject) limits() []uint64 {
	if o.Shape.Max == nil {
		return atLeastOne(o.Shape.Dims)
	}
	return o.Shape.Max
}

func atLeastOne(dims []uint64) []uint64 {
	out := slices.Clone(dims)
	for i := range out {
		out[i] = max(out[i], 1)
	}
	return out
}

func (o *NewObject) askedChunk(text pyjson.Raw, grows bool) error {
	dims, err := dimsOf(text, false)
	if err != nil {
		return err
	}
	if len(dims) != len(o.Shape.Dims) || slices.Contains(dims, 0) {
		return fmt.Errorf("chunks of %v in %v", dims, o.Shape.Dims)
	}
	width, _ := o.Type.Width()
	size := uint64(max(width, 1))
	for i, d := range dims {
		if most := o.limits()[i]; most != 0 && d > max(most, o.Shape.Dims[i]) && !(grows && d <= 1) {
			return fmt.Errorf("chunks of %v are larger than %v", dims, o.Shape.Dims)
		}
		size *= min(d, mostAsked)
		size = min(size, mostAsked+1)
	}
	if o.Chunk = dims; size > mostAsked && o.Layout == nil {
		o.Chunk = pieces(dims, uint64(max(width, 1)), mostChunk)
	}
	return nil
}

// chosenChunk is the extent, made longer where it may grow and shorter where it is long, until it has 1 to 4 MiB.
func chosenChunk(dims, limits []uint64, width uint64) []uint64 {
	out := atLeastOne(dims)
	size := width
	for _, d := range out {
		size *= d
	}
	for i := range out {
		for limits[i] == 0 && size < leastChunk {
			out[i], size = 2*out[i], 2*size
		}
	}
	return pieces(out, width, mostChunk)
}

// A knownFilter is one by the names that clients have for it.
type knownFilter struct {
	id          int
	class, name string
}

// filtersKnown are those that may be asked for.
var filtersKnown = []knownFilter{
	{1, "H5Z_FILTER_DEFLATE", "gzip"}, {2, "H5Z_FILTER_SHUFFLE", "shuffle"}, {3, "H5Z_FILTER_FLETCHER32", "fletcher32"}, {6, "H5Z_FILTER_SCALEOFFSET", "scaleoffset"},
	{32001, "H5Z_FILTER_BLOSC", "blosclz"}, {32004, "H5Z_FILTER_LZ4", "lz4"}, {32005, "H5Z_FILTER_LZ4HC", "lz4hc"},
	{32008, "H5Z_FILTER_BITSHUFFLE", "bitshuffle"}, {32015, "H5Z_FILTER_ZSTD", "zstd"},
}

// filtersOf reads a list of filters. A shuffle without a compressor is left out: nobody could tell shuffled bytes from others.
func filtersOf(text pyjson.Raw) ([]object, error) {
	if len(text) > 0 && text.Kind() != pyjson.Array {
		return nil, fmt.Errorf("filters are not a list")
	}
	var out []object
	compresses := false
	for _, f := range text.Items() {
		if err := errors.Join(expect(f, aText, "class", "name"), expect(f, aNumber, "id", "level")); err != nil {
			return nil, err
		}
		k, ok := filterOf(f)
		if !ok {
			return nil, fmt.Errorf("the filter %.80s is not known, or not for new datasets", f)
		}
		o := object{{"class", k.class}, {"id", k.id}, {"name", k.name}}
		if level := f.Get("level"); level != nil {
			n, err := level.Int()
			if err != nil || n < 0 || n > 22 || k.id == 1 && n > 9 {
				return nil, fmt.Errorf("the level %.20s of the filter %s", level, k.name)
			}
			o = append(o, member{"level", n})
		}
		for _, m := range f.Members() { // parameters that matter to none who reads the chunks
			if kind := m.Value.Kind(); !slices.Contains([]string{"class", "id", "name", "level"}, m.Name) && (kind == pyjson.Number || kind == pyjson.String) {
				o = append(o, member{m.Name, raw(m.Value)})
			}
		}
		compresses = compresses || k.id == 1 || k.id == 32001 || k.id == 32004 || k.id == 32005 || k.id == 32015
		out = append(out, o)
	}
	if !compresses {
		out = slices.DeleteFunc(out, func(o object) bool { return o[1].value == 2 || o[1].value == 32008 })
	}
	return out, nil
}

func filterOf(f pyjson.Raw) (knownFilter, bool) {
	name := strings.ToLower(f.Get("name").Text())
	if f.Kind() == pyjson.String {
		name = strings.ToLower(f.Text())
	}
	if name == "deflate" {
		name = "gzip"
	}
	class := f.Get("class").Text()
	id, err := f.Get("id").Int()
	if f.Kind() == pyjson.Number {
		id, err = f.Int()
	}
	for _, k := range filtersKnown {
		if err == nil && int64(k.id) == id || err != nil && (class == k.class || (class == "" || class == "H5Z_FILTER_USER") && name == k.name) {
			return k, true
		}
	}
	return knownFilter{}, false
}
