package geoparquet

import (
	"bufio"
	"encoding/gob"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
)

// rowsPerGroup bounds what is in memory while a file is written: about 30 MB of ICESat-2's granules.
const rowsPerGroup = 32768

// A Writer gathers granules in a temporary file, since a file's columns depend on all of them, and then writes a
// stac-geoparquet file. The same granules give the same bytes.
type Writer struct {
	spool  *os.File
	buffer *bufio.Writer
	gob    *gob.Encoder
	ids    map[string]bool
	assets map[string]bool
	kinds  map[string]bool // of geometry
	layout layout
	planar int // footprints with planar edges
	shapes int // footprints
	rows   int
	bounds [4]float64
}

// NewWriter makes a Writer whose temporary file is in dir ("": the system's place for such). Close it.
func NewWriter(dir string) (*Writer, error) {
	f, err := os.CreateTemp(dir, ".zagg-catalog-*")
	if err != nil {
		return nil, core.Errorf(core.Invalid, "geoparquet.Write", dir, "no temporary file: %w", err)
	}
	w := &Writer{spool: f, buffer: bufio.NewWriterSize(f, 1<<18), ids: map[string]bool{}, assets: map[string]bool{"data": true}, kinds: map[string]bool{}}
	w.gob = gob.NewEncoder(w.buffer)
	return w, nil
}

// Close removes the temporary file.
func (w *Writer) Close() error {
	if w.spool == nil {
		return nil
	}
	name := w.spool.Name()
	err := errors.Join(w.spool.Close(), os.Remove(name))
	w.spool = nil
	return err
}

// Add takes a granule.
func (w *Writer) Add(g *catalog.Entry) error {
	if g.ID == "" || w.ids[g.ID] {
		return core.Errorf(core.Invalid, "geoparquet.Write", g.ID, "the id is empty or given twice")
	}
	w.ids[g.ID] = true
	w.rows++
	for name, a := range g.Siblings {
		w.address(name, a)
	}
	w.address("data", g.Data)
	l := &w.layout
	l.size = l.size || g.Size > 0
	l.timeKey = l.timeKey || g.TimeKey != ""
	l.cells = l.cells || len(g.Cells) > 0
	l.margin = l.margin || g.Footprint.Margin > 0
	w.shape(&g.Footprint)
	if err := w.gob.Encode(g); err != nil {
		return core.Errorf(core.Invalid, "geoparquet.Write", w.spool.Name(), "%w", err)
	}
	return nil
}

func (w *Writer) address(name string, a catalog.Address) {
	if a.HTTPS != "" {
		w.assets[name] = true
	}
	if a.S3 != "" {
		w.assets[name+"_s3"] = true
	}
}

func (w *Writer) shape(r *core.Region) {
	if len(r.Polygons) == 0 {
		return
	}
	b := geometry.Bounds(r.Polygons)
	if w.shapes == 0 {
		w.bounds = b
	}
	w.bounds = [4]float64{min(w.bounds[0], b[0]), min(w.bounds[1], b[1]), max(w.bounds[2], b[2]), max(w.bounds[3], b[3])}
	w.kinds[geometry.Kind(r.Polygons)] = true
	w.shapes++
	if r.Planar || r.Straight != nil {
		w.planar++
	}
	w.layout.straight = w.layout.straight || r.Straight != nil
}

// Write writes the file of all granules added.
func (w *Writer) Write(out io.Writer, meta catalog.Meta) error {
	fail := func(err error) error { return core.Errorf(core.Invalid, "geoparquet.Write", w.spool.Name(), "%w", err) }
	if err := w.buffer.Flush(); err != nil {
		return fail(err)
	}
	if _, err := w.spool.Seek(0, io.SeekStart); err != nil {
		return fail(err)
	}
	w.layout.assets = slices.Sorted(maps.Keys(w.assets))
	w.layout.planar = w.planar > 0
	schema := w.layout.schema()
	geo, err := w.geo()
	if err != nil {
		return err
	}
	text, err := json.Marshal(meta)
	if err != nil {
		return core.Errorf(core.Invalid, "geoparquet.Write", "", "metadata: %w", err)
	}
	p := parquet.NewWriter(out, schema, parquet.Compression(&parquet.Snappy), parquet.MaxRowsPerRowGroup(rowsPerGroup),
		parquet.CreatedBy("zagg", "", ""), parquet.KeyValueMetadata("geo", geo), parquet.KeyValueMetadata("stac-geoparquet", `{"version":"1.0.0"}`),
		parquet.KeyValueMetadata(metaKey, string(text)))
	in, b := gob.NewDecoder(bufio.NewReaderSize(w.spool, 1<<18)), newRowBuilder(schema, w.layout)
	for range w.rows {
		var g catalog.Entry
		if err := in.Decode(&g); err != nil {
			return fail(err)
		}
		if _, err := p.WriteRows([]parquet.Row{b.row(&g)}); err != nil {
			return core.Errorf(core.Invalid, "geoparquet.Write", g.ID, "%w", err)
		}
	}
	if err := p.Close(); err != nil {
		return core.Errorf(core.Invalid, "geoparquet.Write", "", "%w", err)
	}
	return nil
}

// geo is the metadata of GeoParquet. It names the edges where they are all great circles; else footprint_planar tells.
func (w *Writer) geo() (string, error) {
	column := map[string]any{
		"encoding": "WKB", "geometry_types": slices.Sorted(maps.Keys(w.kinds)),
		"covering": map[string]any{"bbox": map[string]any{"xmin": []string{"bbox", "xmin"}, "ymin": []string{"bbox", "ymin"}, "xmax": []string{"bbox", "xmax"}, "ymax": []string{"bbox", "ymax"}}},
	}
	if w.shapes > 0 {
		column["bbox"] = w.bounds
	}
	if w.planar == 0 {
		column["edges"] = "spherical"
	}
	text, err := json.Marshal(map[string]any{"version": "1.1.0", "primary_column": "geometry", "columns": map[string]any{"geometry": column}})
	return string(text), err
}

// A rowBuilder turns granules into rows: values with their levels (Dremel's, as in the Parquet format).
type rowBuilder struct {
	layout layout
	leaf   map[string]parquet.LeafColumn
	values parquet.Row
}

func newRowBuilder(s *parquet.Schema, l layout) *rowBuilder {
	b := &rowBuilder{layout: l, leaf: map[string]parquet.LeafColumn{}}
	for _, path := range s.Columns() {
		b.leaf[strings.Join(path, "/")], _ = s.Lookup(path...)
	}
	return b
}

// put appends a value that is there; null one that is not, below the level to which it is.
func (b *rowBuilder) put(path string, v parquet.Value) {
	leaf := b.leaf[path]
	b.values = append(b.values, v.Level(0, leaf.MaxDefinitionLevel, leaf.ColumnIndex))
}

func (b *rowBuilder) null(path string, level int) {
	b.values = append(b.values, parquet.NullValue().Level(0, level, b.leaf[path].ColumnIndex))
}

func (b *rowBuilder) text(path, s string) {
	if s == "" {
		b.null(path, b.leaf[path].MaxDefinitionLevel-1)
		return
	}
	b.put(path, parquet.ByteArrayValue([]byte(s)))
}

// list appends the values of a list; the list itself is optional and its items are.
func (b *rowBuilder) list(path string, items []parquet.Value) {
	leaf := b.leaf[path]
	if len(items) == 0 {
		b.null(path, leaf.MaxDefinitionLevel-2)
		return
	}
	for i, v := range items {
		b.values = append(b.values, v.Level(min(i, 1), leaf.MaxDefinitionLevel, leaf.ColumnIndex))
	}
}

func (b *rowBuilder) time(path string, t time.Time) {
	if t.IsZero() {
		b.null(path, 0)
		return
	}
	b.put(path, parquet.Int64Value(t.UnixMicro()))
}

// row is a granule's row; it is good until the next.
func (b *rowBuilder) row(g *catalog.Entry) parquet.Row {
	b.values = b.values[:0]
	b.text("type", "Feature")
	b.text("stac_version", "1.0.0")
	b.list("stac_extensions/list/element", nil)
	b.text("id", g.ID)
	b.text("collection", g.Collection)
	b.geometry(g.Footprint.Polygons)
	for _, name := range b.layout.assets {
		b.asset(name, g)
	}
	b.list("links/list/element", nil)
	b.time("datetime", g.Datetime)
	b.time("start_datetime", g.Start)
	b.time("end_datetime", g.End)
	b.extra(g)
	slices.SortStableFunc(b.values, func(x, y parquet.Value) int { return x.Column() - y.Column() })
	return b.values
}

func (b *rowBuilder) geometry(polygons []core.Polygon) {
	sides := []string{"bbox/xmin", "bbox/ymin", "bbox/xmax", "bbox/ymax"}
	if len(polygons) == 0 {
		b.null("geometry", 0)
		for _, s := range sides {
			b.null(s, 0)
		}
		return
	}
	b.put("geometry", parquet.ByteArrayValue(geometry.AppendWKB(nil, polygons)))
	for i, v := range geometry.Bounds(polygons) {
		b.put(sides[i], parquet.DoubleValue(v))
	}
}

func (b *rowBuilder) asset(name string, g *catalog.Entry) {
	base, s3 := strings.CutSuffix(name, "_s3")
	a, role := g.Siblings[base], base
	if base == "data" {
		a = g.Data
	}
	href := a.HTTPS
	if s3 {
		href = a.S3
	}
	at := "assets/" + name
	if href == "" {
		b.null(at+"/href", 1)
		b.null(at+"/roles/list/element", 1)
	} else {
		b.put(at+"/href", parquet.ByteArrayValue([]byte(href)))
		b.list(at+"/roles/list/element", []parquet.Value{parquet.ByteArrayValue([]byte(role))})
	}
	if !b.layout.sized(name) {
		return
	}
	switch {
	case href == "":
		b.null(at+"/file:size", 1)
	case g.Size == 0:
		b.null(at+"/file:size", 2)
	default:
		b.put(at+"/file:size", parquet.Int64Value(g.Size))
	}
}

func (b *rowBuilder) extra(g *catalog.Entry) {
	if b.layout.timeKey {
		b.text("time_key", g.TimeKey)
	}
	if b.layout.cells {
		items := make([]parquet.Value, len(g.Cells))
		for i, c := range g.Cells {
			items[i] = parquet.Int64Value(int64(c))
		}
		b.list("footprint_cells/list/element", items)
		if len(g.Cells) == 0 {
			b.null("footprint_cells_order", 0)
		} else {
			b.put("footprint_cells_order", parquet.Int32Value(int32(g.CellsOrder)))
		}
	}
	if b.layout.margin {
		b.put("footprint_margin", parquet.DoubleValue(g.Footprint.Margin))
	}
	if b.layout.planar {
		b.put("footprint_planar", parquet.BooleanValue(g.Footprint.Planar))
	}
	if b.layout.straight {
		b.text("footprint_straight", straightWord(&g.Footprint))
	}
}

// straightWord says of a region with rings of both kinds, by 0 and 1, which are straight; "" of others.
func straightWord(r *core.Region) string {
	word := make([]byte, len(r.Straight))
	for k, straight := range r.Straight {
		word[k] = '0'
		if straight {
			word[k] = '1'
		}
	}
	return string(word)
}
