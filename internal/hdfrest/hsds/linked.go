package hsds

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
)

// A place is where the bytes of a chunk are in a file; no length: it was never written.
type place struct {
	file           string
	offset, length int64
}

// fillLinked reads chunks that are in HDF5 files, some at a time: as many as fit, all of a file's in one call.
func (d *dataset) fillLinked(ctx context.Context, p *picture, parts []part) error {
	places, err := d.places(ctx, parts)
	if err != nil {
		return err
	}
	size := max(d.l.nominal(), 1)
	if size > d.d.s.options.ChunkBytes {
		return core.Errorf(core.Unsupported, "hsds.Read", d.id.String(), "chunks of %d bytes are longer than %d", size, d.d.s.options.ChunkBytes)
	}
	batch := int(max(d.d.s.options.ChunkBytes/(2*size), 1))
	for from := 0; from < len(parts); from += batch {
		to := min(from+batch, len(parts))
		files := map[string][]int{}
		for i := from; i < to; i++ {
			if f := places[i]; f.length > 0 {
				files[f.file] = append(files[f.file], i)
			}
		}
		for file, which := range files {
			if err := d.fillFrom(ctx, p, parts, places, file, which); err != nil {
				return err
			}
		}
	}
	return nil
}

// fillFrom reads the chunks of some parts out of one file.
func (d *dataset) fillFrom(ctx context.Context, p *picture, parts []part, places []place, file string, which []int) error {
	reader, url, err := d.d.file(ctx, file)
	if err != nil {
		return err
	}
	ranges := make([]core.Range, len(which))
	for k, i := range which {
		ranges[k] = core.Range{Offset: places[i].offset, Length: places[i].length}
	}
	const gap, most = 64 << 10, 8 << 20
	got, err := objstore.Coalesce(reader, gap, most).ReadRanges(ctx, url, ranges)
	if err != nil {
		return err
	}
	for k, i := range which {
		chunk := got[k]
		if int64(len(chunk)) < ranges[k].Length {
			err = fmt.Errorf("the file ends before byte %d", ranges[k].Offset+ranges[k].Length)
		} else if !d.l.linked.whole {
			chunk, err = d.l.decodeFileChunk(chunk)
		} else if short := d.l.nominal() - int64(len(chunk)); short > 0 { // the last piece
			chunk = append(chunk[:len(chunk):len(chunk)], make([]byte, short)...)
		}
		if err == nil {
			err = p.add(&parts[i], chunk)
		}
		if errors.Is(err, errors.ErrUnsupported) {
			return core.Errorf(core.Unsupported, "hsds.Read", d.id.String(), "%w", err)
		}
		if err != nil {
			return core.Errorf(core.Corrupt, "hsds.Read", url, "the chunk %v of %s at byte %d: %w", parts[i].index, d.id, places[i].offset, err)
		}
	}
	return nil
}

// places finds the chunks of parts.
func (d *dataset) places(ctx context.Context, parts []part) ([]place, error) {
	l := d.l.linked
	out := make([]place, len(parts))
	switch {
	case len(parts) == 0:
	case l.whole:
		for i := range parts {
			out[i] = d.wholePlace(parts[i].index)
		}
	case l.table != (hdfrest.ID{}):
		return d.tablePlaces(ctx, parts)
	default:
		known := map[string]place{}
		for _, m := range l.chunks.Members() {
			pair := m.Value.Items()
			if len(pair) < 2 {
				return nil, core.Errorf(core.Corrupt, "hsds.Read", d.id.String(), "the place of the chunk %q is %.60q", m.Name, m.Value)
			}
			at, err := pair[0].Int()
			n, err2 := pair[1].Int()
			if err != nil || err2 != nil || at < 0 || n < 0 {
				return nil, core.Errorf(core.Corrupt, "hsds.Read", d.id.String(), "the place of the chunk %q is %.60q", m.Name, m.Value)
			}
			known[m.Name] = place{l.file, at, n}
		}
		for i := range parts {
			key := chunkKey(d.id, parts[i].index)
			out[i] = known[key[strings.LastIndexByte(key, '/')+1:]]
		}
	}
	return out, nil
}

// wholePlace is where a piece of an array is that lies in one piece.
func (d *dataset) wholePlace(index []uint64) place {
	l := d.l
	at, size, end := uint64(0), uint64(l.width), uint64(l.width)
	for i := range l.grid {
		at = at*l.shape.Dims[i] + index[i]*l.grid[i]
		size *= l.grid[i]
		end *= l.shape.Dims[i]
	}
	at *= uint64(l.width)
	// The last piece, and one at the end of a dimension that is split, is shorter than the others.
	n := min(int64(size), l.linked.size-int64(at), int64(end)-int64(at))
	return place{l.linked.file, l.linked.offset + int64(at), max(n, 0)}
}

// tablePlaces reads the part of the table of chunks that has the parts.
func (d *dataset) tablePlaces(ctx context.Context, parts []part) ([]place, error) {
	found, err := d.d.Objects(ctx, d.l.linked.table)
	if err != nil {
		return nil, err
	}
	table := found[0].(*dataset)
	rank := len(table.l.shape.Dims)
	if table.l.linked != nil || rank != len(d.l.grid) {
		return nil, core.Errorf(core.Corrupt, "hsds.Read", table.id.String(), "is not a table of the chunks of %s", d.id)
	}
	points := make([][]uint64, len(parts))
	for i := range parts {
		for k, x := range parts[i].index {
			if x >= table.l.shape.Dims[k] {
				return nil, core.Errorf(core.Corrupt, "hsds.Read", table.id.String(), "the table has no chunk %v of %s", parts[i].index, d.id)
			}
		}
		points[i] = parts[i].index
	}
	data, err := table.ReadPoints(ctx, points)
	if err != nil {
		return nil, err
	}
	return d.decodePlaces(table.m.t, data, len(parts))
}

// decodePlaces reads elements {offset, size [, file_uri]}.
func (d *dataset) decodePlaces(t *hdfrest.Type, data []byte, n int) ([]place, error) {
	out := make([]place, n)
	for i := range out {
		out[i].file = d.l.linked.file
		for _, m := range t.Members {
			w := m.Type.WidthOf(data)
			if w < 0 {
				return nil, core.Errorf(core.Corrupt, "hsds.Read", d.id.String(), "the table of chunks is cut off")
			}
			value := data[:w]
			data = data[w:]
			switch m.Name {
			case "offset":
				out[i].offset = integer(m.Type, value)
			case "size":
				out[i].length = integer(m.Type, value)
			case "file_uri":
				if m.Type.Class == hdfrest.String && m.Type.Size == 0 {
					value = value[4:]
				}
				if text := strings.TrimRight(string(value), "\x00"); text != "" {
					out[i].file = text
				}
			}
		}
		if out[i].offset < 0 || out[i].length < 0 || out[i].length > d.d.s.options.ChunkBytes {
			return nil, core.Errorf(core.Corrupt, "hsds.Read", d.id.String(), "a chunk of %d bytes at byte %d", out[i].length, out[i].offset)
		}
	}
	return out, nil
}

// integer is a number of a table; -1 where it is none.
func integer(t *hdfrest.Type, b []byte) int64 {
	if t.Class != hdfrest.Integer || t.BigEndian {
		return -1
	}
	switch len(b) {
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(b)))
	case 8:
		return int64(binary.LittleEndian.Uint64(b))
	}
	return -1
}

// file opens a file by its URI: s3://bucket/key, or a key of the domain's bucket. It must be one that may be read here.
func (d *domain) file(ctx context.Context, uri string) (core.ObjectReader, string, error) {
	bucket, key := d.name.Bucket, uri
	if rest, ok := strings.CutPrefix(uri, "s3://"); ok {
		bucket, key, _ = strings.Cut(rest, "/")
	} else if strings.Contains(uri, "://") {
		return nil, "", core.Errorf(core.Unsupported, "hsds.Read", uri, "files are read from s3:// only")
	}
	key = strings.TrimPrefix(key, "/")
	if key == "" || strings.Contains("/"+key+"/", "/../") || strings.Contains("/"+key+"/", "/./") {
		return nil, "", core.Errorf(core.Corrupt, "hsds.Read", uri, "is not a name of a file")
	}
	b, err := d.s.options.Bucket(ctx, bucket)
	if err != nil {
		return nil, "", err
	}
	if !b.allows("/"+key) || ofDomains(key) {
		return nil, "", core.Errorf(core.Denied, "hsds.Read", uri, "the file that the dataset leads to may not be read here")
	}
	return d.s.over(b.Source), b.url(key), nil
}
