package zarr

// Decoding of single objects that are in memory.

import (
	"context"

	"github.com/englacial/zagg/core"
)

// DecodeBlock is the values of a block of an array from its object, in C order: a row for each of the cells along the
// first dimensions of the object. For an array of Type Bytes a row is the numbers of a cell, of type Element. A nil
// object means that there is none: every value is the fill value.
func DecodeBlock(ctx context.Context, a *Array, block []int64, object []byte, cells int64) (core.Column, error) {
	doc, err := a.Metadata()
	if err != nil {
		return core.Column{}, err
	}
	d, err := parseArray(a.Name, doc)
	if err != nil {
		return core.Column{}, err
	}
	d.src = single{d.URL + "/" + d.Key(block), object}
	if a.Type == core.Bytes {
		start := make([]int64, len(block))
		for i := range block {
			start[i] = block[i] * d.Shard[i]
		}
		rows, err := d.ReadCells(ctx, start, d.Shard)
		if err != nil {
			return core.Column{}, err
		}
		return RowsOfCells(d.URL, rows, a.Element, max(a.Width, 1))
	}
	c, err := d.ReadBlock(ctx, block)
	if err == nil && cells > 0 {
		c.Width = int(int64(c.Rows()) / cells)
	}
	return c, err
}

// RowsOfCells is the bytes of cells as rows of width numbers of a type; url is named in errors. A cell whose bytes
// are not whole rows is Corrupt.
func RowsOfCells(url string, cells [][]byte, typ core.Type, width int) (core.Column, error) {
	out := core.Column{Type: typ, Width: width, Offsets: make([]int64, 1, len(cells)+1)}
	size, total := width*typ.Size(), 0
	for i, b := range cells {
		if len(b)%size != 0 {
			return out, core.Errorf(core.Corrupt, opRead, url, "cell %d has %d bytes, no multiple of a row's %d", i, len(b), size)
		}
		total += len(b)
		out.Offsets = append(out.Offsets, int64(total/size))
	}
	out.Data = core.NewData(total)
	at := 0
	for _, b := range cells {
		at += copy(out.Data[at:], b)
	}
	return out, nil
}

// A single is a core.ObjectReader of one object in memory; with nil bytes there is none.
type single struct {
	url  string
	data []byte
}

func (s single) Stat(_ context.Context, url string) (core.ObjectInfo, error) {
	if url != s.url || s.data == nil {
		return core.ObjectInfo{}, core.Errorf(core.NotFound, opRead, url, "there is no such object")
	}
	return core.ObjectInfo{URL: url, Size: int64(len(s.data))}, nil
}

func (s single) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	if _, err := s.Stat(ctx, url); err != nil {
		return nil, err
	}
	out := make([][]byte, len(ranges))
	for i, r := range ranges {
		if r.Offset < 0 || r.Length < 0 || r.Offset > int64(len(s.data)) || r.Length > int64(len(s.data))-r.Offset {
			return nil, core.Errorf(core.Corrupt, opRead, url, "bytes %d + %d of an object of %d", r.Offset, r.Length, len(s.data))
		}
		out[i] = s.data[r.Offset : r.Offset+r.Length]
	}
	return out, nil
}
