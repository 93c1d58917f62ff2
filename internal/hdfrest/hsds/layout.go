package hsds

import (
	"fmt"
	"slices"
	"strings"

	"github.com/englacial/zagg/internal/hdfrest"
	"github.com/englacial/zagg/internal/hdfrest/pyjson"
)

// A layoutMeta is where the values of a dataset are.
type layoutMeta struct {
	shape   hdfrest.Shape
	class   string   // Chunked, Contiguous or Compact, as clients are told
	grid    []uint64 // elements of a chunk along each dimension
	filters []filter
	fill    []byte
	width   int // bytes of an element, or the fewest
	fixed   bool
	linked  *linkedMeta // the values are in HDF5 files
}

type filter struct {
	id    int
	level int
}

// The filters of HDF5 and HSDS that matter here.
const (
	deflateFilter  = 1
	shuffleFilter  = 2
	fletcherFilter = 3
	blosclzFilter  = 32001
	lz4Filter      = 32004
	lz4hcFilter    = 32005
	zstdFilter     = 32015
)

// filterNumbers are the numbers of filters by the names and classes that lists have.
var filterNumbers = map[string]int{
	"deflate": deflateFilter, "gzip": deflateFilter, "shuffle": shuffleFilter, "fletcher32": fletcherFilter, "szip": 4, "nbit": 5, "scaleoffset": 6, "lzf": 32000,
	"blosclz": blosclzFilter, "snappy": 32002, "lz4": lz4Filter, "lz4hc": lz4hcFilter, "bitshuffle": 32008, "zstd": zstdFilter,
}

// parseFilters reads a list of filters: objects with an id, a class or a name; names; or numbers.
func parseFilters(m pyjson.Raw) []filter {
	var out []filter
	for _, f := range m.Items() {
		level := -1
		if v, err := f.Get("level").Int(); err == nil {
			level = int(min(max(v, 0), 9))
		}
		id, err := f.Get("id").Int()
		if f.Kind() == pyjson.Number {
			id, err = f.Int()
		}
		if name := filterName(f); err != nil || id == 0 {
			id = int64(filterNumbers[name])
		}
		out = append(out, filter{int(id), level})
	}
	return out
}

func filterName(f pyjson.Raw) string {
	if f.Kind() == pyjson.String {
		return strings.ToLower(f.Text())
	}
	if n := strings.ToLower(f.Get("name").Text()); filterNumbers[n] != 0 {
		return n
	}
	return strings.ToLower(strings.TrimPrefix(f.Get("class").Text(), "H5Z_FILTER_"))
}

// compressor is the filter of a list that compresses; false: there is none.
func compressor(list []filter) (filter, bool) {
	for _, f := range list {
		switch f.id {
		case deflateFilter, blosclzFilter, 32002, lz4Filter, lz4hcFilter, zstdFilter:
			return f, true
		}
	}
	return filter{}, false
}

func shuffled(list []filter) bool {
	return slices.ContainsFunc(list, func(f filter) bool { return f.id == shuffleFilter })
}

func parseLayout(all pyjson.Raw, t *hdfrest.Type) (*layoutMeta, error) {
	shape, err := parseShape(all.Get("shape"))
	if err != nil {
		return nil, err
	}
	creation := all.Get("creationProperties")
	l := &layoutMeta{shape: shape, class: hdfrest.Chunked, filters: parseFilters(creation.Get("filters"))}
	l.width, l.fixed = t.Width()
	if l.fill, err = fillOf(t, creation); err != nil {
		return nil, err
	}
	asked := creation.Get("layout")
	if strings.Contains(asked.Get("class").Text(), "_REF") {
		if l.linked, err = parseLinked(asked); err != nil {
			return nil, err
		}
	}
	return l, l.parseGrid(all.Get("layout"), asked)
}

// parseGrid finds the size of chunks: 0.9.4 keeps it in "layout", 1.0.2 only in "creationProperties", where the former keeps
// what the client asked for. A dataset that is not chunked is one chunk.
func (l *layoutMeta) parseGrid(layout, asked pyjson.Raw) error {
	if l.shape.Null {
		return nil
	}
	dims := layout.Get("dims")
	if dims == nil {
		dims = asked.Get("dims")
	}
	switch class := asked.Get("class").Text(); {
	case l.linked != nil && l.linked.grid == nil:
		l.class = hdfrest.Contiguous
		l.linked.grid = rows(l.shape.Dims, uint64(l.width))
	case layout == nil && (class == hdfrest.Contiguous || class == hdfrest.Compact || class == ""), dims == nil:
		if l.class = class; class != hdfrest.Compact {
			l.class = hdfrest.Contiguous
		}
		l.grid = atLeastOne(l.shape.Dims)
	}
	if l.linked != nil {
		l.grid = l.linked.grid
	}
	if l.grid == nil {
		var err error
		if l.grid, err = extents(dims); err != nil {
			return err
		}
	}
	if len(l.shape.Dims) == 0 {
		l.grid = []uint64{}
	}
	if len(l.grid) != len(l.shape.Dims) || slices.Contains(l.grid, 0) {
		return fmt.Errorf("chunks of %v in %v", l.grid, l.shape.Dims)
	}
	if _, ok := l.chunkElements(); !ok {
		return fmt.Errorf("chunks of %v are too large", l.grid)
	}
	return nil
}

func atLeastOne(dims []uint64) []uint64 {
	out := slices.Clone(dims)
	for i := range out {
		out[i] = max(out[i], 1)
	}
	return out
}

// chunkElements is the elements of a chunk; false: more than any chunk has.
func (l *layoutMeta) chunkElements() (uint64, bool) {
	n := uint64(1)
	for _, d := range l.grid {
		if d > (1<<40)/n {
			return 0, false
		}
		n *= d
	}
	return n, true
}

// nominal is the bytes of a chunk of elements of fixed size.
func (l *layoutMeta) nominal() int64 {
	n, _ := l.chunkElements()
	return int64(n) * int64(l.width)
}

// A linkedMeta says where in HDF5 files values are.
type linkedMeta struct {
	file   string // URI; "": the table has one for each chunk
	offset int64  // contiguous
	size   int64
	grid   []uint64 // of the file's chunks; nil: contiguous, until the shape is known
	chunks pyjson.Raw
	table  hdfrest.ID // a dataset with the chunks' places; none: chunks has them
	whole  bool       // contiguous
}

func parseLinked(m pyjson.Raw) (*linkedMeta, error) {
	l := &linkedMeta{file: m.Get("file_uri").Text()}
	var err error
	switch class := m.Get("class").Text(); class {
	case "H5D_CONTIGUOUS_REF":
		l.whole = true
		if l.offset, err = m.Get("offset").Int(); err == nil {
			l.size, err = m.Get("size").Int()
		}
		if err == nil && (l.offset < 0 || l.size < 0) {
			err = fmt.Errorf("%d bytes at byte %d", l.size, l.offset)
		}
		return l, err
	case "H5D_CHUNKED_REF":
		l.chunks = m.Get("chunks")
	case "H5D_CHUNKED_REF_INDIRECT":
		id, ok := hdfrest.ParseID(m.Get("chunk_table").Text())
		if !ok || id.Kind != hdfrest.DatasetKind {
			return nil, fmt.Errorf("the table of chunks %.60q is not a dataset's id", m.Get("chunk_table"))
		}
		l.table = id
	default:
		return nil, fmt.Errorf("the layout %.40q is not known", class)
	}
	dims := m.Get("hyper_dims")
	if len(dims.Items()) == 0 {
		dims = m.Get("dims")
	}
	l.grid, err = extents(dims)
	return l, err
}

// rows are pieces of about 1 MiB of an array that lies in one piece, each of them in one piece too.
func rows(dims []uint64, width uint64) []uint64 {
	const most = 1 << 20
	out := atLeastOne(dims)
	size := width
	for i := len(out) - 1; i >= 0; i-- {
		if size*out[i] > most {
			out[i] = max(most/size, 1)
			for j := range i {
				out[j] = 1
			}
			break
		}
		size *= out[i]
	}
	return out
}
