package export

import (
	"context"
	"encoding/json"
	"io"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
	"github.com/englacial/zagg/internal/zarr"
)

// maxPicture is how many bytes the values of a picture may have: they are held at once.
const maxPicture = 4 << 30

// COG writes one variable of a store of rows and columns as a Cloud Optimized GeoTIFF: the part of the grid that has
// shards with data, in the grid's projection, a band for each of a cell's values in each window of time with data, tiles of 256 × 256
// compressed by Deflate, and overviews: means of floats, single values of integers. The fill value is nodata. Bands have descriptions:
// the window, and of a variable with several values which of them it is.
func (s *Store) COG(ctx context.Context, w io.Writer, variables []string) error {
	src, err := s.open(ctx, variables)
	if err != nil {
		return err
	}
	dims := src.frame.Dims
	if len(dims) != 2 || dims[0].Axis == nil || dims[1].Axis == nil {
		return core.Errorf(core.Unsupported, op, s.Group.URL, "its cells are not rows and columns of a projection: export geoparquet, which has their outlines")
	}
	if len(src.arrays) != 1 {
		names := []string{}
		for _, a := range src.arrays {
			names = append(names, a.Name)
		}
		return core.Errorf(core.Invalid, op, s.Group.URL, "a picture has one variable: name one of %s with --variables", strings.Join(names, ", "))
	}
	if len(s.Shards) == 0 {
		return core.Errorf(core.NotFound, op, s.Group.URL, "no finished shard holds data")
	}
	epsg, err := epsgOf(s.Group)
	if err != nil {
		return err
	}
	p, err := src.picture(ctx, src.arrays[0])
	if err != nil {
		return err
	}
	x, y := dims[1].Axis, dims[0].Axis
	t := tiff{picture: p, epsg: epsg, nodata: nodata(src.arrays[0]), names: src.bands(),
		origin: [2]float64{x.Start + (float64(p.left)-0.5)*x.Step, y.Start + (float64(p.top)-0.5)*y.Step}, step: [2]float64{x.Step, -y.Step}}
	return t.write(ctx, w)
}

// epsgOf is the code of a group's projection.
func epsgOf(g *zarr.Group) (int, error) {
	var attrs struct {
		CRS string `json:"crs"`
	}
	if err := json.Unmarshal(g.Attrs, &attrs); err != nil {
		return 0, core.Errorf(core.Corrupt, op, g.URL, "attributes: %w", err)
	}
	code, err := strconv.Atoi(strings.TrimPrefix(attrs.CRS, "EPSG:"))
	if err != nil || code <= 0 || code > 65535 {
		return 0, core.Errorf(core.Unsupported, op, g.URL, "its projection is %q: want EPSG: and a code", attrs.CRS)
	}
	return code, nil
}

// nodata is the fill value as GDAL writes it.
func nodata(a *zarr.Dataset) string {
	c := &cellColumn{Column: core.Column{Type: a.Type, Width: 1, Data: append(core.NewData(8)[:0], a.Fill...)}}
	return strings.ToLower(text(c)(0))
}

// pictured are the windows that have a shard, by index of Store.Windows, in order; of a store without windows just 0.
func (s *Store) pictured() []int {
	var out []int
	for _, shard := range s.Shards { // window by window
		if len(out) == 0 || out[len(out)-1] != shard.Window {
			out = append(out, shard.Window)
		}
	}
	return out
}

// bands are the descriptions of the bands.
func (s *source) bands() []string {
	var out []string
	for _, w := range s.pictured() {
		for k := range s.width(s.arrays[0]) {
			name := component(s.arrays[0], len(s.frame.Dims), k)
			if len(s.Windows) > 0 {
				name += " " + s.Windows[w].Label
			}
			out = append(out, name)
		}
	}
	return out
}

// A picture is rows of pixels, each of some bands.
type picture struct {
	typ           core.Type
	bands         int
	left, top     int64 // in the grid
	width, height int
	data          []byte
	fill          []byte // one value
}

func (p *picture) pixel() int { return p.bands * p.typ.Size() }

// mostBands bounds the bands of a picture: programs read those of a pixel together.
const mostBands = 1024

// picture makes room for the smallest box of shards that has all with data, and reads them.
func (s *source) picture(ctx context.Context, a *zarr.Dataset) (*picture, error) {
	rows, cols := s.frame.Dims[0].Shard, s.frame.Dims[1].Shard
	low, high := [2]int64{1 << 62, 1 << 62}, [2]int64{-1, -1}
	for _, shard := range s.Shards {
		for i, b := range shard.Block {
			low[i], high[i] = min(low[i], b), max(high[i], b)
		}
	}
	p := &picture{typ: a.Type, bands: len(s.pictured()) * s.width(a), top: low[0] * rows, left: low[1] * cols, fill: a.Fill}
	height := min((high[0]+1)*rows, a.Shape[0]) - p.top
	width := min((high[1]+1)*cols, a.Shape[1]) - p.left
	if p.bands > mostBands {
		return nil, core.Errorf(core.Unsupported, op, a.URL, "a picture may have %d bands, and %d values of %d windows of time are %d: choose a window with --time", mostBands, s.width(a), len(s.pictured()), p.bands)
	}
	if height*width > maxPicture/int64(p.pixel()) {
		return nil, core.Errorf(core.Unsupported, op, a.URL, "%d × %d pixels of %d bytes: a picture may have %d bytes", height, width, p.pixel(), int64(maxPicture))
	}
	p.width, p.height = int(width), int(height)
	p.data = core.NewData(p.width * p.height * p.pixel())
	for at := 0; at < len(p.data); at += len(p.fill) {
		copy(p.data[at:], p.fill)
	}
	return p, s.fillIn(ctx, p)
}

// fillIn puts the shards in their places: the values of a window, of a pixel, lie together.
func (s *source) fillIn(ctx context.Context, p *picture) error {
	rows, cols := s.frame.Dims[0].Shard, s.frame.Dims[1].Shard
	var a *zarr.Dataset
	band := -1 // of the window, counted in windows
	for i, shard := range s.Shards {
		if i == 0 || shard.Window != s.Shards[i-1].Window {
			arrays, err := s.arraysIn(ctx, shard.Window)
			if err != nil {
				return err
			}
			a, band = arrays[0], band+1
		}
		block := append([]int64{}, shard.Block...)
		block = append(block, make([]int64, len(a.Shape)-2)...)
		values, err := a.ReadBlock(ctx, block)
		if err != nil {
			return err
		}
		one := s.width(a) * p.typ.Size() // bytes of a pixel in one window
		top, left := int(shard.Block[0]*rows-p.top), int(shard.Block[1]*cols-p.left)
		line := int(min(cols, a.Shape[1]-shard.Block[1]*cols)) * one
		for r := 0; (r+1)*line <= len(values.Data); r++ {
			to := p.data[((top+r)*p.width+left)*p.pixel()+band*one:]
			for k := 0; k < line; k += one {
				copy(to[k/one*p.pixel():], values.Data[r*line+k:r*line+k+one])
			}
		}
	}
	return nil
}

// half is the picture at half the size: a pixel is the mean of the up to four below it that have a value, or, of integers,
// the first of them.
func (p *picture) half() *picture {
	h := &picture{typ: p.typ, bands: p.bands, width: (p.width + 1) / 2, height: (p.height + 1) / 2, fill: p.fill}
	h.data = core.NewData(h.width * h.height * h.pixel())
	size := p.typ.Size()
	none := reduce.Float64s(&core.Column{Type: p.typ, Width: 1, Data: append(core.NewData(8)[:0], p.fill...)})[0]
	for y := range h.height {
		for x := range h.width {
			for b := range h.bands {
				to := h.data[((y*h.width+x)*h.bands+b)*size:][:size]
				copy(to, p.fill)
				p.reduce(to, x, y, b, none)
			}
		}
	}
	return h
}

// reduce writes one value of half.
func (p *picture) reduce(to []byte, x, y, band int, none float64) {
	sum, n, size := 0.0, 0, p.typ.Size()
	for k := range 4 {
		px, py := 2*x+k%2, 2*y+k/2
		if px >= p.width || py >= p.height {
			continue
		}
		v := p.data[((py*p.width+px)*p.bands+band)*size:][:size]
		if string(v) == string(p.fill) || isNaN(p.typ, v) {
			continue
		}
		if !p.typ.IsFloat() {
			copy(to, v)
			return
		}
		f := reduce.Float64s(&core.Column{Type: p.typ, Width: 1, Data: append(core.NewData(8)[:0], v...)})[0]
		if f != none {
			sum, n = sum+f, n+1
		}
	}
	switch {
	case n == 0:
	case p.typ == core.Float32:
		copy(to, core.Raw([]float32{float32(sum / float64(n))}))
	default:
		copy(to, core.Raw([]float64{sum / float64(n)}))
	}
}
