package export

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/xml"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
)

// tileSide is the width and the height of a tile.
const tileSide = 256

// A tiff writes a picture and its overviews as a BigTIFF: all directories first, the picture's own in front, then tiles,
// those of the smallest overview in front (the layout of Cloud Optimized GeoTIFFs). A tile of nothing but fill values has
// no bytes, which GDAL reads as nodata.
type tiff struct {
	*picture
	epsg   int
	nodata string
	names  []string   // descriptions of the bands
	origin [2]float64 // upper left corner
	step   [2]float64 // of a pixel, both positive
}

// A level is the picture or an overview with its compressed tiles.
type level struct {
	*picture
	tiles [][]byte
}

// Types of fields (TIFF 6.0, BigTIFF).
const (
	ascii  = 2
	short  = 3
	double = 12
	long8  = 16
)

// A field of a directory: the values as they are stored.
type field struct {
	tag, kind uint16
	count     int
	data      []byte
}

func (t *tiff) write(ctx context.Context, w io.Writer) error {
	var levels []level
	for p := t.picture; ; p = p.half() {
		tiles, err := p.compress(ctx)
		if err != nil {
			return err
		}
		levels = append(levels, level{p, tiles})
		if max(p.width, p.height) <= tileSide {
			break
		}
	}
	// Sizes of directories do not depend on the offsets in them: they are made twice.
	at, sizes := uint64(16), make([]uint64, len(levels))
	offsets := make([][]uint64, len(levels))
	for i := range levels {
		offsets[i] = make([]uint64, len(levels[i].tiles))
		sizes[i] = uint64(len(t.directory(&levels[i], i, offsets[i], 0, 0)))
		at += sizes[i]
	}
	for i := len(levels) - 1; i >= 0; i-- {
		for k, tile := range levels[i].tiles {
			if len(tile) > 0 {
				offsets[i][k] = at
				at += uint64(len(tile))
			}
		}
	}
	head := append([]byte("II"), 43, 0, 8, 0, 0, 0)
	if _, err := w.Write(binary.LittleEndian.AppendUint64(head, 16)); err != nil {
		return err
	}
	start := uint64(16)
	for i := range levels {
		next := start + sizes[i]
		if i == len(levels)-1 {
			next = 0
		}
		if _, err := w.Write(t.directory(&levels[i], i, offsets[i], start, next)); err != nil {
			return err
		}
		start += sizes[i]
	}
	for i := len(levels) - 1; i >= 0; i-- {
		for _, tile := range levels[i].tiles {
			if _, err := w.Write(tile); err != nil {
				return err
			}
		}
	}
	return nil
}

// compress makes the tiles, row by row; one at an edge is filled up.
func (p *picture) compress(ctx context.Context) ([][]byte, error) {
	var out [][]byte
	raw := make([]byte, tileSide*tileSide*p.pixel())
	for y := 0; y < p.height; y += tileSide {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		for x := 0; x < p.width; x += tileSide {
			for at := 0; at < len(raw); at += len(p.fill) {
				copy(raw[at:], p.fill)
			}
			empty := bytes.Clone(raw)
			for r := range min(tileSide, p.height-y) {
				copy(raw[r*tileSide*p.pixel():], p.data[((y+r)*p.width+x)*p.pixel():][:min(tileSide, p.width-x)*p.pixel()])
			}
			if bytes.Equal(raw, empty) {
				out = append(out, nil)
				continue
			}
			var packed bytes.Buffer
			z := zlib.NewWriter(&packed)
			if _, err := z.Write(raw); err != nil {
				return nil, err
			}
			if err := z.Close(); err != nil {
				return nil, err
			}
			out = append(out, packed.Bytes())
		}
	}
	return out, nil
}

// directory is a level's directory that begins at start, with the values that do not fit into it behind it.
func (t *tiff) directory(l *level, number int, offsets []uint64, start, next uint64) []byte {
	fields := t.fields(l, number, offsets)
	size := uint64(8 + 20*len(fields) + 8)
	var behind []byte
	dir := binary.LittleEndian.AppendUint64(nil, uint64(len(fields)))
	for _, f := range fields {
		dir = binary.LittleEndian.AppendUint16(dir, f.tag)
		dir = binary.LittleEndian.AppendUint16(dir, f.kind)
		dir = binary.LittleEndian.AppendUint64(dir, uint64(f.count))
		if len(f.data) <= 8 {
			dir = append(dir, append(slices.Clone(f.data), make([]byte, 8-len(f.data))...)...)
			continue
		}
		dir = binary.LittleEndian.AppendUint64(dir, start+size+uint64(len(behind)))
		behind = append(behind, f.data...)
		behind = append(behind, make([]byte, -len(behind)&7)...)
	}
	return append(binary.LittleEndian.AppendUint64(dir, next), behind...)
}

// fields are a level's, by rising tag.
func (t *tiff) fields(l *level, number int, offsets []uint64) []field {
	bands := func(v uint16) []uint16 { return slices.Repeat([]uint16{v}, l.bands) }
	kind := uint16(1) // unsigned
	if l.typ.IsSigned() {
		kind = 2
	} else if l.typ.IsFloat() {
		kind = 3
	}
	sizes := make([]uint64, len(l.tiles))
	for i, tile := range l.tiles {
		sizes[i] = uint64(len(tile))
	}
	var out []field
	if number > 0 {
		out = append(out, longs(254, 1)) // a reduced version
	}
	out = append(out, longs(256, uint64(l.width)), longs(257, uint64(l.height)), shorts(258, bands(uint16(8*l.typ.Size()))...),
		shorts(259, 8), shorts(262, 1), shorts(277, uint16(l.bands)), shorts(284, 1), shorts(322, tileSide), shorts(323, tileSide),
		longs(324, offsets...), longs(325, sizes...))
	if l.bands > 1 {
		out = append(out, shorts(338, bands(0)[1:]...))
	}
	out = append(out, shorts(339, bands(kind)...))
	if number == 0 {
		out = append(out, doubles(33550, t.step[0], t.step[1], 0), doubles(33922, 0, 0, 0, t.origin[0], t.origin[1], 0), t.keys())
	}
	if number == 0 {
		out = append(out, text0(42112, describe(t.names)))
	}
	return append(out, text0(42113, t.nodata))
}

// describe is GDAL's XML of the bands' descriptions.
func describe(bands []string) string {
	var b strings.Builder
	b.WriteString("<GDALMetadata>\n")
	for i, name := range bands {
		fmt.Fprintf(&b, `  <Item name="DESCRIPTION" sample="%d" role="description">`, i)
		_ = xml.EscapeText(&b, []byte(name)) // a builder takes all
		b.WriteString("</Item>\n")
	}
	b.WriteString("</GDALMetadata>\n")
	return b.String()
}

// keys is the GeoTIFF directory of keys: the model, that a pixel is an area, and the system's code.
func (t *tiff) keys() field {
	model, key := uint16(1), uint16(3072) // projected
	if t.epsg == 4326 {
		model, key = 2, 2048 // geographic
	}
	return shorts(34735, 1, 1, 0, 3, 1024, 0, 1, model, 1025, 0, 1, 1, key, 0, 1, uint16(t.epsg))
}

func shorts(tag uint16, v ...uint16) field { return field{tag, short, len(v), core.Raw(v)} }

// text0 is text that ends with a zero byte.
func text0(tag uint16, text string) field {
	return field{tag, ascii, len(text) + 1, append([]byte(text), 0)}
}

func longs(tag uint16, v ...uint64) field { return field{tag, long8, len(v), core.Raw(v)} }

func doubles(tag uint16, v ...float64) field {
	var data []byte
	for _, x := range v {
		data = binary.LittleEndian.AppendUint64(data, math.Float64bits(x))
	}
	return field{tag, double, len(v), data}
}
