package export

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"slices"

	"github.com/parquet-go/parquet-go"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/zarr"
)

// rowsPerGroup bounds the rows that are held before they are written.
const rowsPerGroup = 1 << 17

// Parquet writes a table: lon, lat, the coordinates of cells, and the variables, null where they are missing; of a store with windows of
// time also the start of the window. Columns are in alphabetical order. The file's metadata has, as "zagg", the attributes of the group and of the variables.
func (s *Store) Parquet(ctx context.Context, w io.Writer, variables []string) error {
	return s.parquet(ctx, w, variables, false)
}

// GeoParquet writes the table of Parquet and each cell's outline as a polygon (GeoParquet 1.1: well-known binary, longitudes
// and latitudes of WGS 84), cut at the antimeridian, with the box around each for readers that look for a region.
func (s *Store) GeoParquet(ctx context.Context, w io.Writer, variables []string) error {
	return s.parquet(ctx, w, variables, true)
}

func (s *Store) parquet(ctx context.Context, w io.Writer, variables []string, geo bool) error {
	src, err := s.open(ctx, variables)
	if err != nil {
		return err
	}
	if _, ok := s.Grid.(core.Outliner); geo && !ok {
		return core.Errorf(core.Unsupported, op, s.Group.URL, "its grid does not tell the outlines of cells: export parquet, which has their centres")
	}
	t, err := newTable(src, geo)
	if err != nil {
		return err
	}
	attrs, err := src.attributes()
	if err != nil {
		return err
	}
	options := []parquet.WriterOption{t.schema, parquet.Compression(&parquet.Zstd), parquet.MaxRowsPerRowGroup(rowsPerGroup),
		parquet.CreatedBy("zagg", "", ""), parquet.KeyValueMetadata("zagg", attrs)}
	out := parquet.NewWriter(w, options...)
	if err := src.each(ctx, geo, func(c *cells) error { return t.write(out, c) }); err != nil {
		return err
	}
	if geo {
		text, err := t.geo()
		if err != nil {
			return err
		}
		out.SetKeyValueMetadata("geo", text)
	}
	return out.Close()
}

// attributes are those of the group and of the exported arrays, as JSON.
func (s *source) attributes() (string, error) {
	type variable struct {
		Attributes json.RawMessage `json:"attributes"`
	}
	doc := struct {
		Attributes json.RawMessage     `json:"attributes"`
		Variables  map[string]variable `json:"variables"`
	}{s.Group.Attrs, map[string]variable{}}
	for _, a := range s.arrays {
		doc.Variables[a.Name] = variable{attributesOf(a)}
	}
	text, err := json.Marshal(doc)
	return string(text), err
}

func attributesOf(a *zarr.Dataset) json.RawMessage {
	if len(a.Attrs) == 0 {
		return json.RawMessage("{}")
	}
	return a.Attrs
}

// A table turns cells into rows of parquet.
type table struct {
	schema *parquet.Schema
	leaf   map[string]int // column of the file by name; parts of the box as "bbox.xmin"
	width  int
	bounds [4]float64 // of all outlines
	kinds  map[string]bool
	rows   []parquet.Row
}

func newTable(src *source, geo bool) (*table, error) {
	group := parquet.Group{"lon": parquet.Leaf(parquet.DoubleType), "lat": parquet.Leaf(parquet.DoubleType)}
	if len(src.Windows) > 0 {
		group[timeName] = parquet.Timestamp(parquet.Millisecond)
	}
	var taken []string
	if geo {
		taken = []string{"geometry", "bbox"}
	}
	columns, err := src.tableColumns(taken...)
	if err != nil {
		return nil, err
	}
	for _, f := range columns {
		group[f.Name] = node(f.Type)
	}
	if geo {
		group["geometry"] = parquet.Leaf(parquet.ByteArrayType)
		group["bbox"] = parquet.Group{"xmin": parquet.Leaf(parquet.DoubleType), "ymin": parquet.Leaf(parquet.DoubleType),
			"xmax": parquet.Leaf(parquet.DoubleType), "ymax": parquet.Leaf(parquet.DoubleType)}
	}
	t := &table{schema: parquet.NewSchema("cells", group), leaf: map[string]int{}, kinds: map[string]bool{}, bounds: [4]float64{180, 90, -180, -90}}
	for i, path := range t.schema.Columns() {
		name := path[0]
		for _, part := range path[1:] {
			name += "." + part
		}
		t.leaf[name], t.width = i, i+1
	}
	return t, nil
}

// node is a column of a type; floats may be missing.
func node(typ core.Type) parquet.Node {
	switch typ {
	case core.Float32:
		return parquet.Optional(parquet.Leaf(parquet.FloatType))
	case core.Float64:
		return parquet.Optional(parquet.Leaf(parquet.DoubleType))
	case core.Bool:
		return parquet.Leaf(parquet.BooleanType)
	}
	if typ.IsUnsigned() {
		return parquet.Uint(8 * typ.Size())
	}
	return parquet.Int(8 * typ.Size())
}

func (t *table) write(out parquet.RowWriter, c *cells) error {
	t.rows = slices.Grow(t.rows[:0], len(c.Lon))[:len(c.Lon)]
	for i := range t.rows {
		t.rows[i] = make(parquet.Row, t.width)
		t.put(i, "lon", parquet.DoubleValue(c.Lon[i]), 0)
		t.put(i, "lat", parquet.DoubleValue(c.Lat[i]), 0)
		if c.Window != nil {
			t.put(i, timeName, parquet.Int64Value(c.Window.Start.UnixMilli()), 0)
		}
		for k := range c.Columns {
			value, level := valueOf(&c.Columns[k], i)
			t.put(i, c.Columns[k].Name, value, level)
		}
		if c.Outlines != nil {
			t.shape(i, c.Outlines[i])
		}
	}
	_, err := out.WriteRows(t.rows)
	return err
}

func (t *table) put(row int, name string, v parquet.Value, level int) {
	at := t.leaf[name]
	t.rows[row][at] = v.Level(0, level, at)
}

// shape puts a cell's outline and the box around it.
func (t *table) shape(row int, ring []core.LonLat) {
	polygons := geometry.OnMap(ring)
	t.kinds[geometry.Kind(polygons)] = true
	t.put(row, "geometry", parquet.ByteArrayValue(geometry.AppendWKB(nil, polygons)), 0)
	box := [4]float64{180, 90, -180, -90}
	for _, p := range polygons {
		for _, v := range p[0] {
			box = [4]float64{min(box[0], v.Lon), min(box[1], v.Lat), max(box[2], v.Lon), max(box[3], v.Lat)}
		}
	}
	for k, name := range [4]string{"bbox.xmin", "bbox.ymin", "bbox.xmax", "bbox.ymax"} {
		t.put(row, name, parquet.DoubleValue(box[k]), 0)
	}
	t.bounds = [4]float64{min(t.bounds[0], box[0]), min(t.bounds[1], box[1]), max(t.bounds[2], box[2]), max(t.bounds[3], box[3])}
}

// geo is the metadata of GeoParquet.
func (t *table) geo() (string, error) {
	column := map[string]any{"encoding": "WKB", "geometry_types": slices.Sorted(maps.Keys(t.kinds)), "orientation": "counterclockwise",
		"covering": map[string]any{"bbox": map[string]any{"xmin": []string{"bbox", "xmin"}, "ymin": []string{"bbox", "ymin"}, "xmax": []string{"bbox", "xmax"}, "ymax": []string{"bbox", "ymax"}}}}
	if len(t.kinds) > 0 {
		column["bbox"] = t.bounds
	}
	text, err := json.Marshal(map[string]any{"version": "1.1.0", "primary_column": "geometry", "columns": map[string]any{"geometry": column}})
	return string(text), err
}

// valueOf is a value and its definition level.
func valueOf(c *cellColumn, i int) (parquet.Value, int) {
	switch {
	case c.Null != nil && c.Null[i]:
		return parquet.NullValue(), 0
	case c.Type == core.Float32:
		return parquet.FloatValue(core.View[float32](c.Data)[i]), 1
	case c.Type == core.Float64:
		return parquet.DoubleValue(core.View[float64](c.Data)[i]), 1
	case c.Type == core.Bool:
		return parquet.BooleanValue(c.Data[i] != 0), 0
	case c.Type.IsUnsigned() && c.Type.Size() == 8:
		return parquet.Int64Value(int64(unsigned(c, i))), 0
	case c.Type.IsUnsigned():
		return parquet.Int32Value(int32(uint32(unsigned(c, i)))), 0
	case c.Type.Size() == 8:
		return parquet.Int64Value(signed(c, i)), 0
	}
	return parquet.Int32Value(int32(signed(c, i))), 0
}
