// Package h5dump prints the contents of HDF5 files as text and as JSON: objects, types, storage, attributes, values and their hashes. It
// reads only what it prints, through core/h5.
package h5dump

import (
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5"
)

// ValueBytes bounds what one read of values may bring into memory: files are opened with it.
const ValueBytes = 256 << 20

// A source is an open file with what references in it lead to.
type source struct {
	*h5.File
	refs references
}

func newSource(f *h5.File) *source {
	s := &source{File: f}
	s.refs.file = f
	return s
}

// failedObjects is the error of a command that went on after n objects could not be read, each of which was reported.
func failedObjects(n int) error {
	if n == 0 {
		return nil
	}
	return core.Errorf(core.Corrupt, "zagg h5", "", "%d of the objects could not be read whole; see the lines with an error", n)
}

// absolute makes a path absolute, as it is printed.
func absolute(p string) string { return path.Clean("/" + p) }

// reasonOf is an error's text without the operation and file that stand above it anyway.
func reasonOf(err error) string {
	var e *core.Error
	if errors.As(err, &e) && e.Op != "" {
		return e.Code.String() + ": " + e.Err.Error()
	}
	return err.Error()
}

// Bytes prints a number of bytes in a unit that shows them.
func Bytes(n int64) string {
	switch {
	case n < 10_000:
		return humanize.Comma(n) + " bytes"
	case n < 1e6:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1e9:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}

// orMissing says more of a path that leads nowhere.
func orMissing(ctx context.Context, f *h5.File, path string, err error) error {
	if core.Is(err, core.NotFound) {
		return f.Missing(ctx, absolute(path))
	}
	return err
}
