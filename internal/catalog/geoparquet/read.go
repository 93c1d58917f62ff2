package geoparquet

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
)

// Options say how a file is understood.
type Options struct {
	Rules   catalog.Rules
	TimeKey string // column that groups granules of one acquisition; "": time_key
	// Edges says how the sides of footprints run. Auto takes the word of a file that says "spherical" or has
	// footprint_planar. It does not take that of one that says "planar", which libraries write by default, also where
	// footprints are of great circles and cross the antimeridian.
	Edges geometry.Edges
	// NoGeometry allows granules without a footprint: they may be anywhere on Earth.
	NoGeometry bool
}

// A File is a catalog in a stac-geoparquet file. Safe for concurrent use if its reader is.
type File struct {
	name    string
	options Options
	file    *parquet.File
	meta    catalog.Meta
	columns columns
	edges   geometry.Edges
}

var _ catalog.Source = (*File)(nil)

// Open opens a file on this machine; Close closes it.
func Open(path string, o Options) (*File, io.Closer, error) {
	f, err := os.Open(path)
	if err != nil {
		code := core.Invalid
		if errors.Is(err, os.ErrNotExist) {
			code = core.NotFound
		}
		return nil, nil, core.Errorf(code, "geoparquet", path, "%w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(core.Errorf(core.Invalid, "geoparquet", path, "%w", err), f.Close())
	}
	g, err := New(path, f, info.Size(), o)
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	return g, f, nil
}

// New reads the head of a file of size bytes; errors call it name.
func New(name string, r io.ReaderAt, size int64, o Options) (g *File, err error) {
	defer recoverPanic(name, &err)
	if err := checkFooter(r, size); err != nil {
		return nil, core.Errorf(core.Corrupt, "geoparquet", name, "this is not a Parquet file, or only a part of one: %w", err)
	}
	file, err := parquet.OpenFile(r, size, parquet.SkipPageIndex(true), parquet.SkipBloomFilters(true))
	if err != nil {
		return nil, core.Errorf(core.Corrupt, "geoparquet", name, "this is not a Parquet file, or only a part of one: %w", err)
	}
	g = &File{name: name, options: o, file: file, edges: o.Edges}
	if err := g.readMeta(); err != nil {
		return nil, err
	}
	if g.columns, err = findColumns(file.Schema(), o); err != nil {
		return nil, core.Wrap(err, "geoparquet", name)
	}
	return g, nil
}

// checkFooter checks that the length of the footer, which the decoder takes memory for, fits in the file.
func checkFooter(r io.ReaderAt, size int64) error {
	const tail = 8 // length, "PAR1"
	var b [tail]byte
	if size < tail+4 {
		return core.Errorf(core.Corrupt, "", "", "it has %d bytes", size)
	}
	if _, err := r.ReadAt(b[:], size-tail); err != nil {
		return err
	}
	if n := binary.LittleEndian.Uint32(b[:]); int64(n) > size-tail-4 {
		return core.Errorf(core.Corrupt, "", "", "its footer of %d bytes does not fit in %d", n, size)
	}
	return nil
}

// recoverPanic turns a panic of the Parquet decoder, which is a fault in the file's bytes, into an error.
func recoverPanic(name string, err *error) {
	if p := recover(); p != nil {
		*err = core.Errorf(core.Corrupt, "geoparquet", name, "the file does not decode: %v", p)
	}
}

// readMeta reads what the file says of itself.
func (g *File) readMeta() error {
	if text, ok := g.file.Lookup(metaKey); ok {
		if err := json.Unmarshal([]byte(text), &g.meta); err != nil {
			return core.Errorf(core.Corrupt, "geoparquet", g.name, "metadata %s: %w", metaKey, err)
		}
	}
	text, ok := g.file.Lookup("geo")
	if !ok {
		return nil
	}
	var geo struct {
		Columns map[string]struct {
			Encoding string          `json:"encoding"`
			Edges    string          `json:"edges"`
			CRS      json.RawMessage `json:"crs"`
		} `json:"columns"`
	}
	if err := json.Unmarshal([]byte(text), &geo); err != nil {
		return core.Errorf(core.Corrupt, "geoparquet", g.name, "metadata geo: %w", err)
	}
	c := geo.Columns["geometry"]
	if c.Encoding != "" && c.Encoding != "WKB" {
		return core.Errorf(core.Unsupported, "geoparquet", g.name, "the geometry is encoded as %q; have WKB", c.Encoding)
	}
	if err := checkCRS(c.CRS); err != nil {
		return core.Wrap(err, "geoparquet", g.name)
	}
	if g.edges == geometry.EdgesAuto && c.Edges == "spherical" {
		g.edges = geometry.EdgesGeodesic
	}
	return nil
}

// checkCRS refuses other reference systems than longitude and latitude in WGS84, given as PROJJSON.
func checkCRS(crs json.RawMessage) error {
	if len(crs) == 0 || string(crs) == "null" {
		return nil
	}
	var id struct {
		Name string `json:"name"`
		ID   struct {
			Authority string          `json:"authority"`
			Code      json.RawMessage `json:"code"`
		} `json:"id"`
	}
	if err := json.Unmarshal(crs, &id); err != nil {
		return core.Errorf(core.Corrupt, "", "", "metadata geo, crs: %w", err)
	}
	code := strings.Trim(string(id.ID.Code), `"`)
	if code == "" && strings.HasPrefix(id.Name, "WGS 84") || code == "4326" || code == "CRS84" || code == "4979" {
		return nil
	}
	return core.Errorf(core.Unsupported, "", "", "the reference system is %s (%s:%s), not longitude and latitude in WGS84", id.Name, id.ID.Authority, code)
}

// Meta says what the file is a catalog of.
func (g *File) Meta() catalog.Meta { return g.meta }

// Rows is the number of granules in the file.
func (g *File) Rows() int64 { return g.file.NumRows() }

// rowsAtOnce is how many rows are decoded together.
const rowsAtOnce = 256

// Granules gives the granules of the file in its order, those outside the query's time left out.
func (g *File) Granules(ctx context.Context, q catalog.Query, visit func(*catalog.Entry) error) (catalog.Meta, error) {
	asked := q.Meta("", nil)
	asked.PreserveThumbnails = g.meta.PreserveThumbnails && g.options.Rules.Thumbnails
	r := &rowReader{file: g, namer: catalog.NewNamer(), seen: map[string]bool{}, visit: func(gr *catalog.Entry) error {
		if !q.InTime(gr) {
			return nil
		}
		asked.TotalGranules++
		return visit(gr)
	}}
	err := r.all(ctx)
	meta, mergeErr := g.meta.Over(asked)
	if err == nil {
		err = mergeErr
	}
	return meta, err
}

type rowReader struct {
	file  *File
	namer *catalog.Namer
	seen  map[string]bool // ids
	row   int64
	visit func(*catalog.Entry) error
}

func (r *rowReader) all(ctx context.Context) error {
	for _, group := range r.file.file.RowGroups() {
		if group.NumRows() == 0 { // a search without results; the decoder fails on it
			continue
		}
		if err := r.group(ctx, group); err != nil {
			return err
		}
	}
	if r.row != r.file.Rows() {
		return core.Errorf(core.Corrupt, "geoparquet", r.file.name, "%d rows announced, %d there", r.file.Rows(), r.row)
	}
	return nil
}

func (r *rowReader) group(ctx context.Context, group parquet.RowGroup) (err error) {
	rows := group.Rows()
	defer func() {
		if e := rows.Close(); err == nil && e != nil {
			err = core.Errorf(core.Corrupt, "geoparquet", r.file.name, "%w", e)
		}
	}()
	buf := make([]parquet.Row, rowsAtOnce)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, readErr := r.read(rows, buf)
		for _, row := range buf[:n] {
			g, err := r.granule(row)
			if err != nil {
				return core.Wrapf(err, "geoparquet", r.file.name, "row %d: %w", r.row, err)
			}
			r.row++
			if err := r.visit(g); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(readErr, io.EOF):
			return nil
		case readErr != nil:
			return core.Errorf(core.Corrupt, "geoparquet", r.file.name, "after row %d: %w", r.row, readErr)
		case n == 0:
			return core.Errorf(core.Corrupt, "geoparquet", r.file.name, "after row %d: nothing more comes", r.row)
		}
	}
}

// read reads rows; a panic of the decoder must not look like one of the visitor's.
func (r *rowReader) read(rows parquet.Rows, buf []parquet.Row) (n int, err error) {
	defer recoverPanic(r.file.name, &err)
	return rows.ReadRows(buf)
}

func (r *rowReader) granule(row parquet.Row) (*catalog.Entry, error) {
	g, err := r.file.columns.granule(row, r.file.edges, r.file.options)
	if err != nil {
		return nil, err
	}
	if r.seen[g.ID] {
		return nil, core.Errorf(core.Invalid, "", "", "granule %s is listed twice; its observations would count twice", g.ID)
	}
	r.seen[g.ID] = true
	if !slices.Contains([]string{"", g.Collection}, r.file.meta.Collection) && g.Collection == "" {
		g.Collection = r.file.meta.Collection
	}
	if g.Product = r.file.meta.ShortName; g.Product != "" {
		g.Version = r.file.meta.Version
	}
	r.namer.Fill(g)
	return g, nil
}
