package objstore

// The bodies of Puts: their size, where they stand, and whose error it is when reading one fails.

import (
	"context"
	"errors"
	"io"

	"github.com/englacial/zagg/core"
)

// CheckSize is the error (Invalid) of a body that had n bytes where opt.Size promised another number; a negative
// opt.Size promises nothing. It is for drivers, which must not leave an object of the wrong size behind.
func CheckSize(op, url string, n int64, opt core.PutOptions) error {
	if opt.Size >= 0 && n != opt.Size {
		return core.Errorf(core.Invalid, op, url, "the body has %d bytes where %d were promised; nothing is written", n, opt.Size)
	}
	return nil
}

// Remaining is the number of bytes from where a body stands to its end, and true, if the body is an io.Seeker. The
// body stays where it is.
func Remaining(body io.Reader) (int64, bool) {
	seeker, ok := body.(io.Seeker)
	if !ok {
		return 0, false
	}
	here, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, false
	}
	end, err := seeker.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, false
	}
	if _, err := seeker.Seek(here, io.SeekStart); err != nil {
		return 0, false
	}
	return max(end-here, 0), true
}

// A bodyReader reads a Put's body, stops when the context does, and marks the body's own errors so that they are not
// taken for the store's.
type bodyReader struct {
	ctx  context.Context
	body io.Reader
}

func (b *bodyReader) Read(p []byte) (int, error) {
	if err := b.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := b.body.Read(p)
	if err != nil && err != io.EOF {
		err = &readError{err}
	}
	return n, err
}

// A readError is a failure of the thing a body is read from.
type readError struct{ err error }

func (e *readError) Error() string { return "reading what is to be written: " + e.err.Error() }
func (e *readError) Unwrap() error { return e.err }

// bodyError gives an error met while a body was copied its code: the body's own if it has one.
func bodyError(op, url string, err error) error {
	if e, ok := errors.AsType[*readError](err); ok {
		return core.Wrapf(e.err, op, url, "%w", err)
	}
	return fileError(op, url, err)
}

// copyBuffer is how many bytes are copied at a time: all of a small object, else 256 KiB. A negative size is not
// known.
func copyBuffer(size int64) int64 {
	const most = 256 << 10
	if size < 0 {
		return most
	}
	return min(max(size, 512), most)
}
