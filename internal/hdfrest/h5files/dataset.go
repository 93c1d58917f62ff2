package h5files

import (
	"bytes"
	"context"
	"fmt"

	"github.com/englacial/zagg/core/h5"
	"github.com/englacial/zagg/internal/hdfrest"
)

type dataset struct {
	object
	ds *h5.Dataset
	c  *codec
}

var _ hdfrest.Dataset = (*dataset)(nil)

func (d *dataset) Type() *hdfrest.Type { return d.c.t }

func (d *dataset) Shape() hdfrest.Shape { return shapeOf(d.ds.Space()) }

func shapeOf(s h5.Dataspace) hdfrest.Shape {
	out := hdfrest.Shape{Null: s.Null, Dims: s.Dims}
	if s.Null {
		out.Dims = nil
	}
	for _, m := range s.Max {
		if m == h5.Unlimited {
			m = 0
		}
		out.Max = append(out.Max, m)
	}
	return out
}

func (d *dataset) Properties() hdfrest.Properties {
	p := hdfrest.Properties{Layout: hdfrest.Contiguous}
	switch d.ds.Storage() {
	case h5.Chunked:
		p.Layout, p.Chunk = hdfrest.Chunked, d.ds.ChunkShape()
	case h5.Compact:
		p.Layout = hdfrest.Compact
	}
	for _, f := range d.ds.Filters() {
		p.Filters = append(p.Filters, filterOf(f))
	}
	if fill := d.ds.Fill(); bytes.Count(fill, []byte{0}) < len(fill) && !d.c.indirect {
		p.Fill = d.c.append(nil, fill, &wiring{})
	}
	return p
}

// filterOf names a filter as the API does.
func filterOf(f h5.FilterInfo) hdfrest.Filter {
	out := hdfrest.Filter{ID: int(f.ID), Class: "H5Z_FILTER_USER", Name: f.Name}
	param := func(i int) any {
		if i < len(f.Params) {
			return int64(int32(f.Params[i]))
		}
		return 0
	}
	switch f.ID {
	case 1:
		out.Class, out.Name, out.Values = "H5Z_FILTER_DEFLATE", "gzip", []hdfrest.Value{{Name: "level", Value: param(0)}}
	case 2:
		out.Class, out.Name = "H5Z_FILTER_SHUFFLE", "shuffle"
	case 3:
		out.Class, out.Name = "H5Z_FILTER_FLETCHER32", "fletcher32"
	case 4:
		out.Class, out.Name = "H5Z_FILTER_SZIP", "szip"
		out.Values = []hdfrest.Value{{Name: "bitsPerPixel", Value: param(2)}, {Name: "coding", Value: param(0)}, {Name: "pixelsPerBlock", Value: param(1)}, {Name: "pixelsPerScanline", Value: param(3)}}
	case 5:
		out.Class, out.Name = "H5Z_FILTER_NBIT", "nbit"
	case 6:
		out.Class, out.Name = "H5Z_FILTER_SCALEOFFSET", "scaleoffset"
		out.Values = []hdfrest.Value{{Name: "scaleType", Value: param(0)}, {Name: "scaleOffset", Value: param(1)}}
	case 32000:
		out.Class, out.Name = "H5Z_FILTER_LZF", "lzf"
	}
	if out.Name == "" {
		out.Name = fmt.Sprintf("filter %d", f.ID)
	}
	return out
}

func (d *dataset) Read(ctx context.Context, sel []hdfrest.Axis) ([]byte, error) {
	var s h5.Selection
	for _, a := range sel {
		s = append(s, spans(a))
	}
	v, err := d.ds.Read(ctx, s)
	if err != nil {
		return nil, err
	}
	return d.d.wire(ctx, d.c, v)
}

// spans is an axis in the reader's form; neighbours of a list become one span.
func spans(a hdfrest.Axis) []h5.Span {
	if a.Points == nil {
		return []h5.Span{{Start: int64(a.Start), Count: int64(a.Count), Stride: int64(a.Step)}}
	}
	out := []h5.Span{}
	for _, p := range a.Points {
		if n := len(out); n > 0 && out[n-1].Start+out[n-1].Count == int64(p) {
			out[n-1].Count++
			continue
		}
		out = append(out, h5.Span{Start: int64(p), Count: 1, Stride: 1})
	}
	return out
}

func (d *dataset) ReadPoints(ctx context.Context, points [][]uint64) ([]byte, error) {
	v, err := d.ds.ReadPoints(ctx, points)
	if err != nil {
		return nil, err
	}
	return d.d.wire(ctx, d.c, v)
}

func (d *dataset) Stored(ctx context.Context) (chunks, size int64, err error) {
	if d.ds.Storage() != h5.Chunked {
		s := d.Shape()
		n := int64(s.Elements()) * int64(d.ds.Type().Size)
		if n == 0 {
			return 0, 0, nil
		}
		return 1, n, nil
	}
	list, err := d.ds.Chunks(ctx)
	for _, c := range list {
		size += c.Size
	}
	return int64(len(list)), size, err
}
