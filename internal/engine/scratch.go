package engine

// Rows and objects on disk, where they are more than memory holds.

import (
	"errors"
	"os"
	"sync"
	"syscall"

	"github.com/englacial/zagg/core"
)

// A scratch is the disk space that a pass uses. Files are removed as soon as they are open, so that nothing is left
// of them whatever becomes of the process. mu guards the fields below it.
type scratch struct {
	dir string // "": the system's folder for temporary files

	mu    sync.Mutex
	file  *os.File // of rows; nil: there are none yet
	end   int64
	files []*os.File // of objects
}

// create makes a file that has no name any more.
func (s *scratch) create() (*os.File, error) {
	f, err := os.CreateTemp(s.dir, "zagg-*")
	if err != nil {
		return nil, core.Errorf(codeOfDisk(err), "scratch", s.folder(), "cannot make a file: give another folder with --scratch (%w)", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		f.Close()
		return nil, core.Errorf(core.Internal, "scratch", s.folder(), "%w", err)
	}
	return f, nil
}

// CheckScratch makes a file in a folder as rows that are more than memory holds would, and leaves nothing there.
func CheckScratch(dir string) error {
	f, err := (&scratch{dir: dir}).create()
	if err != nil {
		return err
	}
	return f.Close()
}

func (s *scratch) folder() string {
	if s.dir == "" {
		return os.TempDir()
	}
	return s.dir
}

// spill writes the rows of a parcel and says where they are: slots first, then column by column. Space is taken under
// the lock and written without it, so that several granules spill at once.
func (s *scratch) spill(k *parcel) (at int64, err error) {
	size := int64(k.rows) * rowBytes(k.cols)
	s.mu.Lock()
	if s.file == nil {
		s.file, err = s.create()
	}
	at = s.end
	s.end += size
	f := s.file
	s.mu.Unlock()
	if err != nil {
		return 0, &ourError{err}
	}
	to := at
	for i := -1; i < len(k.cols); i++ {
		data := core.Raw(k.slots)
		if i >= 0 {
			data = k.cols[i].Data
		}
		if _, err := f.WriteAt(data, to); err != nil {
			return 0, &ourError{s.full(err, to, size)}
		}
		to += int64(len(data))
	}
	return at, nil
}

// full is the error of a write of rows: need bytes after have did not fit. All shards of the pass are lost.
func (s *scratch) full(err error, have, need int64) error {
	return s.failed(err, "rows that are more than --memory holds need", "these shards", have, need)
}

// failed is the error of a write for some purpose, and says what is not written for that reason.
func (s *scratch) failed(err error, purpose, lost string, have, need int64) error {
	problem := "disk is full"
	switch {
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
	case errors.Is(err, syscall.EFBIG):
		problem = "files there may not be that long"
	default:
		return core.Errorf(codeOfDisk(err), "scratch", s.folder(), "%w", err)
	}
	return core.Errorf(core.Invalid, "scratch", s.folder(),
		"%s: %s at least %d bytes there, %d of them are written (`zagg run --dry-run` estimates how many); free space, or give another folder with --scratch or more --memory: nothing of %s is written", problem, purpose, have+need, have, lost)
}

// size is the bytes of all files, objects included.
func (s *scratch) size() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := s.end
	for _, f := range s.files {
		if info, err := f.Stat(); err == nil {
			n += info.Size()
		}
	}
	return n
}

func codeOfDisk(err error) core.Code {
	switch {
	case errors.Is(err, os.ErrPermission):
		return core.Denied
	case errors.Is(err, os.ErrNotExist):
		return core.NotFound
	}
	return core.Invalid
}

// read fills data from a place in the file of rows.
func (s *scratch) read(data []byte, at int64) error {
	if _, err := s.file.ReadAt(data, at); err != nil {
		return core.Errorf(core.Internal, "scratch", s.folder(), "reading rows back: %w", err)
	}
	return nil
}

// object is a file for an object that is written chunk by chunk.
func (s *scratch) object() (*os.File, error) {
	f, err := s.create()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files = append(s.files, f)
	return f, nil
}

func (s *scratch) close() {
	if s.file != nil {
		s.file.Close()
	}
	for _, f := range s.files {
		f.Close()
	}
}

// An ourError is a failure of this process and not of a granule: no shard of the pass can be done.
type ourError struct{ err error }

func (e *ourError) Error() string { return e.err.Error() }
func (e *ourError) Unwrap() error { return e.err }

func isOurs(err error) bool {
	_, ok := errors.AsType[*ourError](err)
	return ok
}
