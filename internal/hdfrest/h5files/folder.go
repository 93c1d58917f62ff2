package h5files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// A Folder is a folder of this machine as a Source; URLs are paths below it without a slash at their beginning. Symbolic
// links are followed as long as they stay below the folder.
type Folder struct{ root *os.Root }

var _ Source = (*Folder)(nil)

// OpenFolder opens a folder.
func OpenFolder(dir string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, folderError("hdf.Open", dir, err)
	}
	return &Folder{root}, nil
}

// Close lets the folder go.
func (f *Folder) Close() error { return f.root.Close() }

// folderError gives an operating system's error its code, and leaves out where on this machine the folder is.
func folderError(op, url string, err error) error {
	code := core.Internal
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR), errors.Is(err, syscall.EISDIR), errors.Is(err, errIrregular),
		errors.Is(err, syscall.ENAMETOOLONG), errors.Is(err, syscall.ELOOP), escapes(err):
		code = core.NotFound
	case errors.Is(err, fs.ErrPermission):
		code = core.Denied
	case errors.Is(err, syscall.EMFILE), errors.Is(err, syscall.ENFILE), errors.Is(err, syscall.EAGAIN):
		code = core.Unavailable
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		code = core.Unavailable
	}
	if at, ok := errors.AsType[*fs.PathError](err); ok {
		err = at.Err
	}
	return core.Errorf(code, op, url, "%w", err)
}

// escapes reports that a symbolic link leads out of the root, for which package os has no name.
func escapes(err error) bool { return strings.Contains(err.Error(), "path escapes from parent") }

var errIrregular = errors.New("is a folder or a special file")

// stat does not open what is not a regular file: a pipe would hang.
func (f *Folder) stat(url string) (fs.FileInfo, error) {
	info, err := f.root.Stat(url)
	if err == nil && !info.Mode().IsRegular() {
		err = errIrregular
	}
	return info, err
}

// open does not wait for somebody to write to a pipe that took a file's place.
func (f *Folder) open(url string) (*os.File, error) {
	return f.root.OpenFile(url, os.O_RDONLY|syscall.O_NONBLOCK, 0)
}

func objectInfo(url string, i fs.FileInfo) core.ObjectInfo {
	return core.ObjectInfo{URL: url, ETag: fmt.Sprintf("%x-%x", i.Size(), i.ModTime().UnixNano()), Size: i.Size(), Modified: i.ModTime()}
}

// Stat is what is known of a file.
func (f *Folder) Stat(_ context.Context, url string) (core.ObjectInfo, error) {
	info, err := f.stat(url)
	if err != nil {
		return core.ObjectInfo{}, folderError("hdf.Stat", url, err)
	}
	return objectInfo(url, info), nil
}

// ReadRanges reads ranges of whatever version is there.
func (f *Folder) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	return f.ReadVersion(ctx, url, "", ranges)
}

// ReadVersion looks at the file's time and size before and after: a file can also be written in place.
func (f *Folder) ReadVersion(ctx context.Context, url, etag string, ranges []core.Range) ([][]byte, error) {
	const op = "hdf.Read"
	if err := objstore.CheckRanges(op, url, ranges); err != nil {
		return nil, err
	}
	if _, err := f.stat(url); err != nil {
		return nil, folderError(op, url, err)
	}
	file, err := f.open(url)
	if err != nil {
		return nil, folderError(op, url, err)
	}
	defer file.Close() //nolint:errcheck // only read
	info, err := file.Stat()
	if err != nil {
		return nil, folderError(op, url, err)
	}
	out := make([][]byte, len(ranges))
	for i, r := range ranges {
		if err := ctx.Err(); err != nil {
			return nil, folderError(op, url, err)
		}
		from := min(r.Offset, info.Size())
		out[i] = make([]byte, min(r.Length, info.Size()-from))
		if n, err := file.ReadAt(out[i], from); err != nil && (err != io.EOF || n < len(out[i])) {
			if err == io.EOF {
				return nil, core.Errorf(core.Invalid, op, url, "%w: it became shorter", objstore.ErrPrecondition)
			}
			return nil, folderError(op, url, err)
		}
	}
	after, err := file.Stat()
	if err != nil {
		return nil, folderError(op, url, err)
	}
	if etag != "" && (objectInfo(url, info).ETag != etag || objectInfo(url, after).ETag != etag) {
		return nil, core.Errorf(core.Invalid, op, url, "%w: it was written meanwhile", objstore.ErrPrecondition)
	}
	return out, nil
}

// Folder lists a folder. Names that begin with a dot are not shown.
func (f *Folder) Folder(ctx context.Context, prefix, after string, visit func(core.ObjectInfo) error) error {
	const op = "hdf.List"
	dir, err := f.open(path.Clean("./" + prefix))
	if err != nil {
		return folderError(op, prefix, err)
	}
	defer dir.Close() //nolint:errcheck // only read
	entries, err := dir.ReadDir(-1)
	if err != nil {
		return folderError(op, prefix, err)
	}
	var list []core.ObjectInfo
	for _, e := range entries {
		url := prefix + e.Name()
		info, err := f.root.Stat(url)
		if err != nil || strings.HasPrefix(e.Name(), ".") {
			continue // removed meanwhile, or a link that leads nowhere or out
		}
		switch {
		case info.IsDir():
			list = append(list, core.ObjectInfo{URL: url + "/", Modified: info.ModTime()})
		case info.Mode().IsRegular():
			list = append(list, objectInfo(url, info))
		}
	}
	slices.SortFunc(list, func(a, b core.ObjectInfo) int { return strings.Compare(a.URL, b.URL) })
	for _, o := range list {
		if o.URL <= after {
			continue
		}
		if err := ctx.Err(); err != nil {
			return folderError(op, prefix, err)
		}
		if err := visit(o); err != nil {
			return err
		}
	}
	return nil
}
