package zippatch

import (
	"bytes"
	"context"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"sync"

	"github.com/klauspost/compress/flate"

	"github.com/englacial/zagg/core"
)

const (
	block    = 4 << 20 // bytes that are read at once
	checkers = 4       // entries that are checked at once
)

// verify reads the whole archive: local headers (4.3.7) must be of their entries and contents have their CRC. It needs
// four times 4 MiB.
func (a *Archive) verify(ctx context.Context) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	runs := make(chan []*Entry)
	var workers sync.WaitGroup
	for range checkers {
		workers.Go(func() {
			c := &checker{archive: a, crc: crc32.NewIEEE(), copying: make([]byte, 64<<10)}
			for run := range runs {
				if err := c.run(ctx, run); err != nil {
					stop(err)
				}
			}
		})
	}
	for run := range a.runs {
		if ctx.Err() != nil {
			break
		}
		runs <- run
	}
	close(runs)
	workers.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// runs gives entries that lie one behind the other, a block's worth at a time.
func (a *Archive) runs(yield func([]*Entry) bool) {
	sorted := a.byPlace()
	first := 0
	for i, e := range sorted {
		if last := i == len(sorted)-1; last || e.end-sorted[first].start >= block {
			if !yield(sorted[first : i+1]) {
				return
			}
			first = i + 1
		}
	}
}

// A checker reads entries, one at a time.
type checker struct {
	archive *Archive
	crc     hash.Hash32
	copying []byte
	buffer  []byte
	inflate io.ReadCloser
	also    io.Writer // gets what is unpacked; nil: it is only checked
}

func (c *checker) run(ctx context.Context, run []*Entry) error {
	r := &sequence{ctx: ctx, r: c.archive.r, at: run[0].start, end: run[len(run)-1].end, buffer: c.buffer}
	defer func() { c.buffer = r.buffer }()
	for _, e := range run {
		if err := r.skipTo(e.start); err != nil {
			return err
		}
		if err := c.entry(e, r); err != nil {
			if r.err != nil { // it could not be read
				return r.err
			}
			return c.archive.refuse(core.Corrupt, e.Name, "its local header or content, from byte %d: %w", e.start, err)
		}
	}
	return nil
}

func (c *checker) entry(e *Entry, r *sequence) error {
	var header [sizeLocal]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return err
	}
	names, extras := int64(le.Uint16(header[26:])), int64(le.Uint16(header[28:]))
	switch {
	case le.Uint32(header[:]) != sigLocal:
		return errors.New("there is none")
	case le.Uint16(header[6:])&(flagEncrypted|flagStrong) != 0:
		return errors.New("is encrypted")
	case le.Uint16(header[8:]) != e.method:
		return errors.New("says another method than the directory")
	case names != int64(len(e.name)):
		return errors.New("has another name than the directory")
	case sizeLocal+names+extras+e.packed > e.end-e.start:
		return errors.New("overlaps with what follows")
	}
	name := make([]byte, names)
	if _, err := io.ReadFull(r, name); err != nil {
		return err
	}
	if !bytes.Equal(name, e.name) {
		return errors.New("has another name than the directory")
	}
	e.local = make([]byte, extras)
	if _, err := io.ReadFull(r, e.local); err != nil {
		return err
	}
	return c.content(e, io.LimitReader(r, e.packed))
}

// Content is a file's content, of at most so many bytes.
func (a *Archive) Content(ctx context.Context, name string, most int64) ([]byte, error) {
	e := a.byName[name]
	switch {
	case e == nil:
		return nil, a.refuse(core.NotFound, name, "is not there")
	case e.size > most:
		return nil, a.refuse(core.Unsupported, name, "has %d bytes; at most %d are taken", e.size, most)
	}
	var out bytes.Buffer
	c := &checker{archive: a, crc: crc32.NewIEEE(), copying: make([]byte, 64<<10), also: &out}
	if err := c.run(ctx, []*Entry{e}); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// content unpacks what is stored or deflated. Other methods, which Lambda does not know, are taken as they are.
func (c *checker) content(e *Entry, packed io.Reader) error {
	switch e.method {
	case methodStore:
		if e.packed != e.size {
			return errors.New("it is stored and its two sizes differ")
		}
	case methodDeflate:
		if c.inflate == nil {
			c.inflate = flate.NewReader(packed)
		} else if err := c.inflate.(flate.Resetter).Reset(packed, nil); err != nil {
			return err
		}
		packed = c.inflate
	default:
		return nil
	}
	c.crc.Reset()
	var to io.Writer = c.crc
	if c.also != nil {
		to = io.MultiWriter(c.crc, c.also)
	}
	n, err := io.CopyBuffer(to, io.LimitReader(packed, e.size+1), c.copying)
	switch {
	case err != nil:
		return err
	case n > e.size:
		return errors.New("unpacks to more than the directory says: a bomb")
	case n < e.size:
		return io.ErrUnexpectedEOF
	case c.crc.Sum32() != e.crc:
		return errors.New("has another CRC than the directory says")
	}
	return nil
}

// A sequence reads a range of an archive from front to back, a block at a time.
type sequence struct {
	ctx     context.Context
	r       ReaderAt
	at, end int64
	buffer  []byte // kept for the next sequence
	data    []byte // of buffer, not read yet
	err     error  // of the archive's reader
}

func (s *sequence) Read(p []byte) (int, error) {
	if len(s.data) == 0 {
		if err := s.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, s.data)
	s.data = s.data[n:]
	return n, nil
}

func (s *sequence) fill() error {
	n := min(s.end-s.at, block)
	if n <= 0 {
		return io.EOF
	}
	if int64(cap(s.buffer)) < n {
		s.buffer = make([]byte, n)
	}
	s.data = s.buffer[:n]
	if s.err = s.r.ReadAt(s.ctx, s.data, s.at); s.err != nil {
		s.data = nil
		return s.err
	}
	s.at += n
	return nil
}

// skipTo goes on to an offset that is not before what was read.
func (s *sequence) skipTo(offset int64) error {
	here := s.at - int64(len(s.data))
	if n := offset - here; n <= int64(len(s.data)) {
		s.data = s.data[n:]
		return nil
	}
	s.data, s.at = nil, offset
	return nil
}
