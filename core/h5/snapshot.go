package h5

// Snapshots: the metadata of some datasets in a few kilobytes, for indexes beside granules (package core/sidecar).

import (
	"context"
	"encoding/binary"
	"errors"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/internal/cursor"
	"github.com/englacial/zagg/core/h5/internal/header"
	"github.com/englacial/zagg/core/h5/internal/space"
	"github.com/englacial/zagg/core/h5/internal/super"
)

// A snapshot is what planning reads of some datasets takes, without the file's metadata:
//
//	byte 1 (version)
//	sizes of addresses and lengths, user block, end of file, K of chunk B-trees     uvarints
//	count of message bodies, each: length, bytes                                    those that datasets share stand once
//	count of datasets, each:
//	    path: length, bytes; messages: count, each type and number of the body
//	    chunks: count (0 unless chunked), each: place after the last one's, address, size, mask
//
// It has no checksum and does not say which file it is of: whoever keeps it sees to both.
const snapshotVersion = 1

// snapshotMessages are the messages that reading values takes.
var snapshotMessages = [...]int{header.Dataspace, header.Datatype, header.Layout, header.Filters, header.Fill, header.OldFill}

// Snapshot notes the headers and chunk tables of datasets of this file, so that OpenSnapshot can read their values
// without reading metadata. Attributes are not in it. What it returns is little more than 10 bytes for each chunk.
func (f *File) Snapshot(ctx context.Context, datasets ...*Dataset) ([]byte, error) {
	if err := f.LoadChunks(ctx, datasets...); err != nil {
		return nil, err
	}
	w := &snapshotWriter{numbers: map[string]uint64{}}
	r := f.space.Reader(ctx)
	for _, d := range datasets {
		if err := w.dataset(r, d); err != nil {
			return nil, f.fail("h5.Snapshot", d.path, err)
		}
	}
	b := []byte{snapshotVersion}
	for _, v := range []int{r.Sizes.Offset, r.Sizes.Length, int(f.super.At), int(f.super.End), f.super.ChunkK} {
		b = binary.AppendUvarint(b, uint64(v))
	}
	b = binary.AppendUvarint(b, uint64(len(w.numbers)))
	b = append(b, w.bodies...)
	b = binary.AppendUvarint(b, uint64(len(datasets)))
	return append(b, w.sets...), nil
}

type snapshotWriter struct {
	numbers      map[string]uint64 // of message bodies
	bodies, sets []byte
}

func appendBytes(b, v []byte) []byte { return append(binary.AppendUvarint(b, uint64(len(v))), v...) }

func (w *snapshotWriter) dataset(r *space.Reader, d *Dataset) error {
	w.sets = appendBytes(w.sets, []byte(d.path))
	var types, numbers []uint64
	for _, typ := range snapshotMessages {
		m := d.head.First(typ)
		if m == nil {
			continue
		}
		c, _, err := d.f.message(r, m, "message")
		if err != nil {
			return err
		}
		body := c.Bytes(c.Len())
		n, known := w.numbers[string(body)]
		if !known {
			n = uint64(len(w.numbers))
			w.numbers[string(body)] = n
			w.bodies = appendBytes(w.bodies, body)
		}
		types, numbers = append(types, uint64(typ)), append(numbers, n)
	}
	w.sets = binary.AppendUvarint(w.sets, uint64(len(types)))
	for i := range types {
		w.sets = binary.AppendUvarint(binary.AppendUvarint(w.sets, types[i]), numbers[i])
	}
	var chunks []Chunk
	if d.layout.storage == Chunked {
		chunks = *d.table.Load()
	}
	w.sets = binary.AppendUvarint(w.sets, uint64(len(chunks)))
	next := uint64(0)
	for i := range chunks {
		c := &chunks[i]
		for _, v := range []uint64{c.index - next, c.Address, uint64(c.Size), uint64(c.Mask)} {
			w.sets = binary.AppendUvarint(w.sets, v)
		}
		next = c.index + 1
	}
	return nil
}

// OpenSnapshot makes a File of a snapshot without reading anything, and its datasets in the order in which they were
// given to Snapshot, with their chunk tables loaded. The object at url must be the file of the snapshot. Groups,
// links and attributes are not there: only what planning, fetching and decoding values takes. Errors: Corrupt with
// the byte of the snapshot, Unsupported for another version.
func OpenSnapshot(src core.ObjectReader, url string, snapshot []byte, opt Options) (*File, []*Dataset, error) {
	f := newFile(src, url, opt)
	s := &snapshotReader{b: snapshot}
	if v := s.byte(); v != snapshotVersion && s.err == nil {
		return nil, nil, core.Errorf(core.Unsupported, "h5.OpenSnapshot", url, "snapshot of version %d; this program reads version %d", v, snapshotVersion)
	}
	sb := &super.Superblock{Extension: NoAddress, Root: NoAddress}
	sb.Sizes = cursor.Sizes{Offset: int(s.below(9)), Length: int(s.below(9))}
	sb.At, sb.End, sb.ChunkK = int64(s.below(1<<62)), int64(s.below(1<<62)), int(s.below(1<<20))
	f.super = sb
	f.space.Sizes, f.space.Base, f.space.Size = sb.Sizes, sb.At, sb.End
	bodies := make([][]byte, s.count())
	for i := range bodies {
		bodies[i] = s.bytes()
	}
	count := s.count()
	datasets := make([]*Dataset, 0, count)
	r := f.space.Reader(context.Background()) // nothing is read: messages are not shared
	for range count {
		d, err := s.dataset(f, r, bodies)
		if err == nil {
			err = s.err
		}
		if err != nil {
			return nil, nil, core.Errorf(core.Corrupt, "h5.OpenSnapshot", url, "byte %d of the snapshot: %w", len(snapshot)-len(s.b), err)
		}
		datasets = append(datasets, d)
	}
	if s.err == nil && len(s.b) > 0 {
		s.err = errors.New("bytes after its end")
	}
	if s.err != nil {
		return nil, nil, core.Errorf(core.Corrupt, "h5.OpenSnapshot", url, "byte %d of the snapshot: %w", len(snapshot)-len(s.b), s.err)
	}
	return f, datasets, nil
}

// A snapshotReader reads off the front of b. After an error everything that it returns is zero, so that callers check
// once.
type snapshotReader struct {
	b   []byte
	err error
}

var errSnapshot = errors.New("does not decode")

func (s *snapshotReader) fail() {
	if s.err == nil {
		s.err = errSnapshot
	}
	s.b = nil
}

func (s *snapshotReader) byte() byte {
	if len(s.b) == 0 {
		s.fail()
		return 0
	}
	v := s.b[0]
	s.b = s.b[1:]
	return v
}

func (s *snapshotReader) below(limit uint64) uint64 {
	v, n := binary.Uvarint(s.b)
	if n <= 0 || v >= limit {
		s.fail()
		return 0
	}
	s.b = s.b[n:]
	return v
}

// count is a number of things of which each takes at least one byte, so that damage cannot make readers allocate much
// more than the snapshot's own size.
func (s *snapshotReader) count() uint64 {
	n := s.below(1 << 24)
	if n > uint64(len(s.b)) {
		s.fail()
		return 0
	}
	return n
}

func (s *snapshotReader) bytes() []byte {
	n := s.below(uint64(len(s.b)) + 1)
	if s.err != nil || n > uint64(len(s.b)) {
		s.fail()
		return nil
	}
	v := s.b[:n:n]
	s.b = s.b[n:]
	return v
}

func (s *snapshotReader) dataset(f *File, r *space.Reader, bodies [][]byte) (*Dataset, error) {
	head := &header.Header{Addr: NoAddress}
	path := string(s.bytes())
	for range s.count() {
		m := header.Message{Type: int(s.below(64)), Order: -1}
		n := s.below(uint64(len(bodies)))
		if s.err != nil {
			return nil, s.err
		}
		m.Body = bodies[n]
		head.Messages = append(head.Messages, m)
	}
	d := &Dataset{Object: &Object{f: f, head: head, path: path, kind: DatasetKind}}
	d.dataset = d
	if s.err != nil || head.First(header.Layout) == nil {
		s.fail()
		return nil, s.err
	}
	if err := d.decode(r); err != nil {
		return nil, err
	}
	return d, s.chunks(d, r)
}

// chunks reads a chunk table. Its checks are those of tables from files: a snapshot is no more trusted than they are.
func (s *snapshotReader) chunks(d *Dataset, r *space.Reader) error {
	count := s.count()
	if d.layout.storage != Chunked {
		if count > 0 {
			s.fail()
			return s.err
		}
		return d.load(r)
	}
	table := []Chunk{}
	g, err := d.grid()
	if err != nil && count > 0 {
		return err
	}
	at := make([]uint64, len(d.layout.chunk))
	next := uint64(0)
	for range count {
		index := next + s.below(1<<62)
		addr, size, mask := s.below(1<<63), s.below(1<<62), s.below(1<<32)
		if s.err != nil {
			return s.err
		}
		for i, rest := len(at)-1, index; i >= 0; i-- {
			at[i], rest = rest%max(g.shape[i], 1), rest/max(g.shape[i], 1)
		}
		if err := g.add(r, at, addr, size, uint32(mask)); err != nil {
			return err
		}
		next = index + 1
	}
	if g != nil && len(g.chunks) > 0 {
		if table, err = g.sorted(); err != nil {
			return err
		}
	}
	d.table.Store(&table)
	return nil
}
