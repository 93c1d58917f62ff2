package stored

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/zarr"
	"github.com/englacial/zagg/plugins/tdigest"
)

// A Cell is what a store has of one cell.
type Cell struct {
	Shard  string      `json:"shard"` // label
	Lon    float64     `json:"lon"`   // of the centre
	Lat    float64     `json:"lat"`
	Values []CellValue `json:"values"`
}

// A CellValue is one array's numbers in a cell.
type CellValue struct {
	Name    string   `json:"name"`
	Units   string   `json:"units,omitempty"`
	Numbers []string `json:"numbers"`           // as text, so that integers keep all digits
	Row     int      `json:"row,omitempty"`     // of an array of rows: how many of the numbers are of one row
	Digest  *Digest  `json:"digest,omitempty"`  // of an array of digests
	Fill    bool     `json:"no_data,omitempty"` // the cell has no value
}

// A Digest sums up a t-digest.
type Digest struct {
	Centroids int       `json:"centroids"`
	Weight    float64   `json:"weight"`
	Quantiles []float64 `json:"quantiles"` // of 0, 0.05, 0.25, 0.5, 0.75, 0.95 and 1
	Picture   string    `json:"picture"`   // how much weight lies where, from the least to the greatest value
}

// digestQuantiles are those of a Digest.
func digestQuantiles() []float64 { return []float64{0, 0.05, 0.25, 0.5, 0.75, 0.95, 1} }

// Cell finds a cell by what the grid calls it (columns of core.CellNamer), or by "lon,lat" of a point in it, and reads all that the store
// has of it. The store's records must be read.
func (s *Store) Cell(ctx context.Context, grid core.Grid, id string) (*Cell, error) {
	for _, r := range s.Records {
		slot, lon, lat, err := findCell(ctx, grid, r.ShardKey, id)
		if err != nil {
			return nil, err
		}
		if slot < 0 {
			continue
		}
		shards, err := grid.Shards(ctx, []core.ShardKey{r.ShardKey})
		if err != nil {
			return nil, err
		}
		c := &Cell{Shard: r.Label, Lon: lon, Lat: lat}
		return c, s.readCell(ctx, grid, r, shards[0], slot, c)
	}
	return nil, core.Errorf(core.NotFound, "cell", id, "none of the store's %d finished shards has this cell", len(s.Records))
}

// CellOf is what the store has of the cell in a slot of the shard of a record.
func (s *Store) CellOf(ctx context.Context, grid core.Grid, r *store.Record, slot int32) ([]CellValue, error) {
	shards, err := grid.Shards(ctx, []core.ShardKey{r.ShardKey})
	if err != nil {
		return nil, err
	}
	c := &Cell{}
	err = s.readCell(ctx, grid, r, shards[0], slot, c)
	return c.Values, err
}

// findCell is the slot of a cell in a shard, -1 where it is in another.
func findCell(ctx context.Context, grid core.Grid, key core.ShardKey, id string) (slot int32, lon, lat float64, err error) {
	cells, err := grid.Cells(ctx, key)
	if err != nil {
		return -1, 0, 0, err
	}
	x, y := core.View[float64](cells[0].Data), core.View[float64](cells[1].Data)
	if a, b, ok := strings.Cut(id, ","); ok {
		px, errX := strconv.ParseFloat(strings.TrimSpace(a), 64)
		py, errY := strconv.ParseFloat(strings.TrimSpace(b), 64)
		if errX != nil || errY != nil {
			return -1, 0, 0, core.Errorf(core.Invalid, "cell", id, "want a cell's name, or longitude and latitude as 12.5,-70.25")
		}
		at := []int32{-1}
		if err = grid.Locate(ctx, key, []float64{px}, []float64{py}, at); err != nil || at[0] < 0 {
			return -1, 0, 0, err
		}
		return at[0], x[at[0]], y[at[0]], nil
	}
	namer, ok := grid.(core.CellNamer)
	if !ok {
		return -1, 0, 0, core.Errorf(core.Unsupported, "cell", id, "the grid has no names for cells: give longitude and latitude as 12.5,-70.25")
	}
	names, err := namer.Names(ctx, x, y)
	if err != nil {
		return -1, 0, 0, err
	}
	for i := range names {
		if names[i].Name == "shard_key" || names[i].Name == core.PointColumn {
			continue
		}
		for k := range x {
			if x[k] == x[k] && ElementText(&names[i], k) == id {
				return int32(k), x[k], y[k], nil
			}
		}
	}
	return -1, 0, 0, nil
}

// ElementText is element i of a column of single values as text.
func ElementText(c *core.Column, i int) string {
	size := c.Type.Size()
	switch {
	case c.Offsets != nil:
		return string(c.Data[c.Offsets[i]:c.Offsets[i+1]])
	case c.Type == core.Uint64:
		return strconv.FormatUint(core.View[uint64](c.Data)[i], 10)
	case c.Type == core.Int64:
		return strconv.FormatInt(core.View[int64](c.Data)[i], 10)
	}
	one := core.Column{Type: c.Type, Width: 1, Data: append(core.NewData(size)[:0], c.Data[i*size:(i+1)*size]...)}
	bits := 64
	if c.Type == core.Float32 {
		bits = 32
	}
	return strconv.FormatFloat(reduce.Float64s(&one)[0], 'g', -1, bits)
}

// readCell reads every array that has cells or chunks of them.
func (s *Store) readCell(ctx context.Context, grid core.Grid, r *store.Record, shard core.Shard, slot int32, c *Cell) error {
	dims, block := grid.Info().Frame.Dims, s.block(r, shard)
	at, rest := make([]int64, len(dims)), int64(slot)
	for i := len(dims) - 1; i >= 0; i-- {
		at[i] = block[i]*dims[i].Shard + rest%dims[i].Shard
		rest /= dims[i].Shard
	}
	for _, name := range s.arrayNames() {
		d, err := s.Group.Array(ctx, name)
		if err != nil {
			return err
		}
		start, count, ok := boxOf(d, dims, at)
		if !ok {
			continue
		}
		v, err := readValue(ctx, d, start, count)
		if err != nil {
			return err
		}
		c.Values = append(c.Values, *v)
	}
	return nil
}

// boxOf is where an array has a cell, or its chunk; false for axes and scalars.
func boxOf(d *zarr.Dataset, dims []core.Dim, at []int64) (start, count []int64, ok bool) {
	if len(d.Shape) < len(dims) || len(d.Dims) < len(dims) {
		return nil, nil, false
	}
	for i := range d.Shape {
		switch {
		case i >= len(dims):
			start, count = append(start, 0), append(count, d.Shape[i])
		case d.Dims[i] == dims[i].Name:
			start, count = append(start, at[i]), append(count, 1)
		case strings.HasPrefix(d.Dims[i], "chunk"):
			start, count = append(start, at[i]/dims[i].Chunk), append(count, 1)
		default:
			return nil, nil, false
		}
	}
	return start, count, true
}

func readValue(ctx context.Context, d *zarr.Dataset, start, count []int64) (*CellValue, error) {
	v := &CellValue{Name: d.Name, Units: units(d.Attrs), Numbers: []string{}}
	if d.Type != core.Bytes {
		c, err := d.Read(ctx, start, count)
		if err != nil {
			return nil, err
		}
		none := ElementText(&core.Column{Type: c.Type, Data: d.Fill}, 0)
		v.Fill = true
		for i := range len(c.Data) / c.Type.Size() {
			text := ElementText(&c, i)
			v.Numbers, v.Fill = append(v.Numbers, text), v.Fill && text == none
		}
		return v, nil
	}
	cells, err := d.ReadCells(ctx, start, count)
	if err != nil {
		return nil, err
	}
	v.Fill = len(cells[0]) == 0
	return v, v.rows(d, append(core.NewData(len(cells[0]))[:0], cells[0]...))
}

// rows takes the bytes of a cell of an array of rows.
func (v *CellValue) rows(d *zarr.Dataset, data []byte) error {
	_, typ, inner, ok := element(d)
	row := typ.Size()
	for _, n := range inner {
		row *= n
	}
	switch {
	case v.Fill:
	case !ok || row < 1:
		v.Numbers = append(v.Numbers, fmt.Sprintf("%d bytes", len(data)))
	case len(data)%row != 0:
		return core.Errorf(core.Corrupt, "cell", d.URL, "%d bytes are not rows of %d", len(data), row)
	case checkDigest(d, 0.5) == nil:
		v.Digest = summary(core.View[float32](data))
	default:
		c := core.Column{Type: typ, Width: 1, Data: data}
		v.Row = row / typ.Size()
		for i := range c.Rows() {
			v.Numbers = append(v.Numbers, ElementText(&c, i))
		}
	}
	return nil
}

// mostRows bounds the rows of a cell that Text has.
const mostRows = 8

// Text is a cell's numbers; of an array of rows the first ones: (1 2) (3 4) … 12 rows.
func (v *CellValue) Text() string {
	if v.Row == 0 {
		return strings.Join(v.Numbers, " ")
	}
	var b strings.Builder
	rows := 0
	for row := range slices.Chunk(v.Numbers, v.Row) {
		if rows++; rows <= mostRows {
			fmt.Fprintf(&b, "(%s) ", strings.Join(row, " "))
		}
	}
	if rows > mostRows {
		fmt.Fprintf(&b, "… %d rows", rows)
	}
	return b.String()
}

// pictureWidth is the characters of a picture.
const pictureWidth = 48

// summary sums up a digest.
func summary(digest []float32) *Digest {
	d := &Digest{Centroids: len(digest) / 2}
	for i := 1; i < len(digest); i += 2 {
		d.Weight += float64(digest[i])
	}
	for _, q := range digestQuantiles() {
		d.Quantiles = append(d.Quantiles, tdigest.Quantile(digest, q))
	}
	low, high := d.Quantiles[0], d.Quantiles[len(d.Quantiles)-1]
	if low == high {
		d.Picture = strings.Repeat(" ", pictureWidth/2) + "█"
		return d
	}
	parts, most := make([]float64, pictureWidth), 0.0
	for i := range parts {
		to := low + (high-low)*float64(i+1)/pictureWidth
		parts[i] = tdigest.CDF(digest, to) - tdigest.CDF(digest, low+(high-low)*float64(i)/pictureWidth)
		most = max(most, parts[i])
	}
	bars := []rune(" ▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, p := range parts {
		k := 0
		if most > 0 && p > 0 {
			k = max(int(math.Ceil(p/most*float64(len(bars)-1))), 1)
		}
		b.WriteRune(bars[min(k, len(bars)-1)])
	}
	d.Picture = b.String()
	return d
}
