package geoparquet

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/geometry"
)

// metaKey is where a file holds its catalog.Meta.
const metaKey = "zagg:catalog_meta"

// An asset is where one asset's parts are among the columns; -1: nowhere.
type asset struct {
	name             string
	href, size       int
	role, alternate3 int // element of roles; alternate.s3.href
}

// columns is where the parts of a granule are; -1: nowhere.
type columns struct {
	id, collection, geometry         int
	datetime, start, end             int
	startUnit, endUnit, datetimeUnit time.Duration // 0: text
	timeKey                          int
	cells, cellsOrder                int
	margin, planar, straight         int
	assets                           []asset
	extra                            int // width of a row
}

func findColumns(s *parquet.Schema, o Options) (columns, error) {
	if s == nil {
		return columns{}, core.Errorf(core.Corrupt, "", "", "the file has no schema")
	}
	index := map[string]int{}
	for i, path := range s.Columns() {
		index[strings.Join(path, "\x00")] = i
	}
	at := func(path ...string) int {
		if i, ok := index[strings.Join(path, "\x00")]; ok {
			return i
		}
		return -1
	}
	timeKey := o.TimeKey
	if timeKey == "" {
		timeKey = "time_key"
	}
	c := columns{
		id: at("id"), collection: at("collection"), geometry: at("geometry"), datetime: at("datetime"), start: at("start_datetime"), end: at("end_datetime"),
		timeKey: at(timeKey), cells: slices.Max([]int{at("footprint_cells", "list", "element"), at("footprint_cells", "list", "item"), at("footprint_cells", "bag", "array_element")}),
		cellsOrder: at("footprint_cells_order"), margin: at("footprint_margin"), planar: at("footprint_planar"), straight: at("footprint_straight"), extra: len(s.Columns()),
	}
	if c.id < 0 || c.geometry < 0 {
		return c, core.Errorf(core.Invalid, "", "", "there is no column id or geometry; is this a stac-geoparquet file? Columns: %s", topLevel(s))
	}
	if o.TimeKey != "" && c.timeKey < 0 {
		return c, core.Errorf(core.Invalid, "", "", "there is no column %s; have %s", o.TimeKey, topLevel(s))
	}
	var err error
	for _, t := range []struct {
		name string
		to   *time.Duration
	}{{"datetime", &c.datetimeUnit}, {"start_datetime", &c.startUnit}, {"end_datetime", &c.endUnit}} {
		if *t.to, err = timeUnit(s, t.name); err != nil {
			return c, err
		}
	}
	for _, kind := range []struct {
		column int
		name   string
		want   parquet.Kind
	}{{c.id, "id", parquet.ByteArray}, {c.geometry, "geometry", parquet.ByteArray}, {c.cells, "footprint_cells", parquet.Int64}, {c.margin, "footprint_margin", parquet.Double}, {c.planar, "footprint_planar", parquet.Boolean}, {c.straight, "footprint_straight", parquet.ByteArray}} {
		if leaf, ok := leafOf(s, kind.column); ok && leaf.Node.Type().Kind() != kind.want {
			return c, core.Errorf(core.Unsupported, "", "", "column %s is of type %s; want %s", kind.name, leaf.Node.Type(), kind.want)
		}
	}
	c.findAssets(s, at)
	if len(c.assets) == 0 {
		return c, core.Errorf(core.Unsupported, "", "", "column assets has no members with an href; have %s", topLevel(s))
	}
	return c, nil
}

func leafOf(s *parquet.Schema, column int) (parquet.LeafColumn, bool) {
	if column < 0 {
		return parquet.LeafColumn{}, false
	}
	return s.Lookup(s.Columns()[column]...)
}

func (c *columns) findAssets(s *parquet.Schema, at func(...string) int) {
	for _, path := range s.Columns() {
		if len(path) != 3 || path[0] != "assets" || path[2] != "href" {
			continue
		}
		leaf, ok := s.Lookup(path...)
		if !ok || leaf.Node.Type().Kind() != parquet.ByteArray || leaf.MaxRepetitionLevel > 0 {
			continue
		}
		name := path[1]
		c.assets = append(c.assets, asset{name: name, href: leaf.ColumnIndex, size: at("assets", name, "file:size"),
			role:       max(at("assets", name, "roles", "list", "element"), at("assets", name, "roles", "list", "item")),
			alternate3: at("assets", name, "alternate", "s3", "href")})
	}
}

func topLevel(s *parquet.Schema) string {
	var out []string
	for _, f := range s.Fields() {
		out = append(out, f.Name())
	}
	if len(out) > 40 {
		out = append(out[:40], "…")
	}
	return strings.Join(out, ", ")
}

// timeUnit is the unit of a column of times, 0 for one of text and for none.
func timeUnit(s *parquet.Schema, name string) (time.Duration, error) {
	leaf, ok := s.Lookup(name)
	if !ok {
		return 0, nil
	}
	t := leaf.Node.Type()
	if l := t.LogicalType(); l != nil {
		if ts, ok := l.Value.(*format.TimestampType); ok && ts.Unit.Value != nil {
			return ts.Unit.Value.Duration(), nil
		}
	}
	if t.Kind() == parquet.ByteArray {
		return 0, nil
	}
	return 0, core.Errorf(core.Unsupported, "", "", "column %s is of type %s, neither a timestamp nor text", name, t)
}

// A cut is a row's values by column.
type cut struct{ values [][]parquet.Value }

func (c *columns) cut(row parquet.Row) cut {
	out := cut{values: make([][]parquet.Value, c.extra)}
	for i := 0; i < len(row); {
		column, from := row[i].Column(), i
		for i < len(row) && row[i].Column() == column {
			i++
		}
		if column >= 0 && column < len(out.values) {
			out.values[column] = row[from:i]
		}
	}
	return out
}

// one is the value of a column that is not a list.
func (c cut) one(column int) (parquet.Value, bool) {
	if column < 0 || len(c.values[column]) == 0 || c.values[column][0].IsNull() {
		return parquet.Value{}, false
	}
	return c.values[column][0], true
}

func (c cut) text(column int) string {
	v, ok := c.one(column)
	if !ok || v.Kind() != parquet.ByteArray {
		if ok {
			return v.String()
		}
		return ""
	}
	return string(v.ByteArray())
}

func (c cut) time(column int, unit time.Duration, name string) (time.Time, error) {
	v, ok := c.one(column)
	if !ok {
		return time.Time{}, nil
	}
	if v.Kind() == parquet.ByteArray {
		t, err := time.Parse(time.RFC3339, string(v.ByteArray()))
		if err != nil {
			return t, core.Errorf(core.Corrupt, "", "", "%s: %w", name, err)
		}
		return t.UTC(), nil
	}
	n, per := v.Int64(), int64(time.Second/max(unit, 1))
	return time.Unix(n/per, n%per*int64(unit)).UTC(), nil
}

func (c *columns) granule(row parquet.Row, edges geometry.Edges, o Options) (*catalog.Entry, error) {
	r := c.cut(row)
	g := &catalog.Entry{Granule: core.Granule{ID: r.text(c.id)}, Collection: r.text(c.collection), TimeKey: r.text(c.timeKey)}
	if g.ID == "" {
		return nil, core.Errorf(core.Corrupt, "", "", "the id is empty")
	}
	fail := func(err error) (*catalog.Entry, error) {
		if e, ok := errors.AsType[*core.Error](err); ok && e.Subject == g.ID {
			return nil, err
		}
		return nil, core.Wrapf(err, "", "", "granule %s: %w", g.ID, err)
	}
	if err := o.Rules.Assign(g, c.links(r, g)); err != nil {
		return fail(err)
	}
	for _, t := range []struct {
		column int
		unit   time.Duration
		name   string
		to     *time.Time
	}{{c.datetime, c.datetimeUnit, "datetime", &g.Datetime}, {c.start, c.startUnit, "start_datetime", &g.Start}, {c.end, c.endUnit, "end_datetime", &g.End}} {
		var err error
		if *t.to, err = r.time(t.column, t.unit, t.name); err != nil {
			return fail(err)
		}
	}
	if err := c.footprintCells(r, g); err != nil {
		return fail(err)
	}
	if err := c.footprint(r, g, edges, o); err != nil {
		return fail(err)
	}
	return g, nil
}

// links are the row's assets; the size of the first that is the granule's own goes to g.
func (c *columns) links(r cut, g *catalog.Entry) []catalog.Link {
	var links []catalog.Link
	for _, a := range c.assets {
		l := catalog.Link{Name: a.name, Href: r.text(a.href)}
		if l.Href == "" {
			continue
		}
		if a.role >= 0 && len(r.values[a.role]) > 0 && !r.values[a.role][0].IsNull() {
			l.Role = string(r.values[a.role][0].ByteArray())
		}
		links = append(links, l)
		if s3 := r.text(a.alternate3); s3 != "" {
			links = append(links, catalog.Link{Name: a.name + "_s3", Href: s3, Role: l.Role})
		}
		if v, ok := r.one(a.size); ok && strings.TrimSuffix(a.name, "_s3") == "data" && v.Kind() == parquet.Int64 && v.Int64() > 0 {
			g.Size = v.Int64()
		}
	}
	return links
}

func (c *columns) footprint(r cut, g *catalog.Entry, edges geometry.Edges, o Options) error {
	var shapes []geometry.Shape
	if wkb := r.text(c.geometry); wkb != "" {
		var err error
		if shapes, err = geometry.ParseWKB([]byte(wkb)); err != nil {
			return err
		}
	}
	if len(shapes) == 0 {
		if !o.NoGeometry && len(g.Cells) == 0 {
			return catalog.ErrNoFootprint()
		}
		return nil
	}
	if err := c.region(r, g, shapes, edges, o); err != nil {
		return err
	}
	if v, ok := r.one(c.margin); ok {
		if g.Footprint.Margin = v.Double(); !(g.Footprint.Margin >= 0) || math.IsInf(g.Footprint.Margin, 0) {
			return core.Errorf(core.Corrupt, "", "", "footprint_margin is %v", g.Footprint.Margin)
		}
	}
	return nil
}

// region is what the shapes mean. A file that says so of each row was written after its rings were read: they are taken by
// their winding.
func (c *columns) region(r cut, g *catalog.Entry, shapes []geometry.Shape, edges geometry.Edges, o Options) error {
	reader := geometry.Reader{Edges: edges, Footprint: true}
	word := r.text(c.straight)
	if v, ok := r.one(c.planar); ok && o.Edges == geometry.EdgesAuto {
		reader.Wound, reader.Edges = true, geometry.EdgesGeodesic
		if v.Boolean() {
			reader.Edges = geometry.EdgesPlanar
		}
		if word != "" {
			var err error
			g.Footprint, err = reader.Marked(shapes, word)
			return err
		}
	}
	var err error
	var readings []geometry.Reading
	g.Footprint, readings, err = reader.Region(shapes)
	g.Doubt = geometry.AmbiguityText(readings)
	return err
}

// maxCellsOrder is the finest order of cells that catalogs hold.
const maxCellsOrder = 29

func (c *columns) footprintCells(r cut, g *catalog.Entry) error {
	if c.cells < 0 {
		return nil
	}
	for _, v := range r.values[c.cells] {
		if !v.IsNull() {
			g.Cells = append(g.Cells, v.Uint64())
		}
	}
	if v, ok := r.one(c.cellsOrder); ok {
		n, err := strconv.Atoi(v.String())
		if err != nil || n < 0 || n > maxCellsOrder {
			return core.Errorf(core.Corrupt, "", "", "footprint_cells_order is %s", v)
		}
		g.CellsOrder = n
	}
	return nil
}
