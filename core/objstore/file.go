package objstore

// Reading, listing and deleting local files. Writing is in fileput.go, locks are in filelock.go.

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/englacial/zagg/core"
)

var _ core.ObjectStore = (*File)(nil)

// A File keeps objects as files. A URL is a path, absolute or relative, alone or after "file://"; it is taken as it
// stands, without percent-decoding. The zero File is ready to use, from any number of goroutines.
//
// An ETag is made of a file's size and modification time. Conditions of Puts (PutOptions.IfMatch) are atomic among
// all processes: MustNotExist by hard links, an ETag by locks of files. On a file system that has none of them such a
// Put is Unsupported.
type File struct {
	// Sync has each Put wait until the disk has the object's bytes, before the object gets its name: after a power failure no
	// object is there that is empty or half.
	Sync   bool
	commit sync.Mutex // between looking at an object's ETag and replacing it
}

// filePath is the path of a URL.
func filePath(op, url string) (string, error) {
	path := url
	switch scheme := Scheme(url); scheme {
	case "":
	case "file":
		path = url[len("file://"):]
	default:
		return "", core.Errorf(core.Invalid, op, url, "%q is not a file's URL: want a path or file://path", scheme+"://")
	}
	if path == "" {
		return "", core.Errorf(core.Invalid, op, url, "the path is empty")
	}
	return path, nil
}

// fileReaders is how many preads of one call run at once. A local disk needs one or two; a network file system answers
// each after milliseconds.
const fileReaders = 8

// fewBytes is a call so small that goroutines cost more than they win.
const fewBytes = 256 << 10

// ReadRanges opens the file once and reads each range into a buffer of its own. A range beyond the end is cut; a file
// that becomes shorter meanwhile is Unavailable.
func (f *File) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	data, _, err := f.read(ctx, url, ranges, func(fs.FileInfo) error { return nil })
	return data, err
}

// ReadState compares the file's size and time before and after reading, because a file can also be written in place.
func (f *File) ReadState(ctx context.Context, url, etag string, ranges []core.Range) ([][]byte, core.ObjectInfo, error) {
	return f.read(ctx, url, ranges, func(info fs.FileInfo) error {
		if now := fileETag(info); etag == "" {
			etag = now
		} else if now != etag {
			return core.Errorf(core.Invalid, "objstore.Read", url, "%w: the file has another size or time of change", ErrPrecondition)
		}
		return nil
	})
}

// read reads ranges of an open file that check accepts both before and after.
func (f *File) read(ctx context.Context, url string, ranges []core.Range, check func(fs.FileInfo) error) ([][]byte, core.ObjectInfo, error) {
	const op = "objstore.Read"
	if err := CheckRanges(op, url, ranges); err != nil {
		return nil, core.ObjectInfo{}, err
	}
	path, err := filePath(op, url)
	if err != nil {
		return nil, core.ObjectInfo{}, err
	}
	file, before, err := openRegular(path)
	if err != nil {
		return nil, core.ObjectInfo{}, fileError(op, url, err)
	}
	defer file.Close()
	if err := check(before); err != nil {
		return nil, core.ObjectInfo{}, err
	}
	data, failed := readAll(ctx, file, before.Size(), ranges)
	after, err := file.Stat()
	if err == nil {
		err = check(after)
	}
	if err = cmp.Or(err, failed); err != nil {
		return nil, core.ObjectInfo{}, fileError(op, url, err)
	}
	return data, fileInfo(url, before), nil
}

// readAll reads ranges of an open file of size bytes.
func readAll(ctx context.Context, file *os.File, size int64, ranges []core.Range) ([][]byte, error) {
	var total int64
	for _, r := range ranges {
		from, to := within(r, size)
		total += to - from
	}
	limit := fileReaders
	if total <= fewBytes {
		limit = 1
	}
	data := make([][]byte, len(ranges))
	err := each(len(ranges), limit, func(i int) (err error) {
		from, to := within(ranges[i], size)
		data[i], err = pread(ctx, file, from, to)
		return err
	})
	return data, err
}

// openRegular opens a regular file; anything else (a folder, a pipe, which would hang) is not an object.
func openRegular(path string) (*os.File, fs.FileInfo, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, nil, errNotRegular
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	// Again, because a Put may have replaced the file in between.
	if info, err = file.Stat(); err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

var (
	errNotRegular = errors.New("is a folder or a special file, not an object")
	errShrunk     = errors.New("the file became shorter while it was read")
)

// piece is how much is read between two looks at the context.
const piece = 8 << 20

func pread(ctx context.Context, file *os.File, from, to int64) ([]byte, error) {
	buf := make([]byte, to-from)
	for done := 0; done < len(buf); {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		part := buf[done:min(done+piece, len(buf))]
		if _, err := file.ReadAt(part, from+int64(done)); err == io.EOF {
			return nil, errShrunk
		} else if err != nil {
			return nil, err
		}
		done += len(part)
	}
	return buf, nil
}

// Stat describes a regular file, the target of a symbolic link. Folders and special files are NotFound.
func (f *File) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	const op = "objstore.Stat"
	path, err := filePath(op, url)
	if err != nil {
		return core.ObjectInfo{}, err
	}
	if err := ctx.Err(); err != nil {
		return core.ObjectInfo{}, fileError(op, url, err)
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		err = errNotRegular
	}
	if err != nil {
		return core.ObjectInfo{}, fileError(op, url, err)
	}
	return fileInfo(url, info), nil
}

func fileInfo(url string, info fs.FileInfo) core.ObjectInfo {
	return core.ObjectInfo{URL: url, ETag: fileETag(info), Size: info.Size(), Modified: info.ModTime()}
}

// fileETag is not quoted, as HTTP would have it: it never leaves this driver but for comparison.
func fileETag(info fs.FileInfo) string {
	return fmt.Sprintf("%x-%x", info.Size(), info.ModTime().UnixNano())
}

// Delete removes files and leaves their folders. It tries all of them; the error is the first one's.
func (f *File) Delete(ctx context.Context, urls ...string) error {
	const op = "objstore.Delete"
	var first error
	for _, url := range urls {
		if err := f.deleteOne(ctx, op, url); err != nil && first == nil {
			first = err
		}
	}
	return first
}

func (f *File) deleteOne(ctx context.Context, op, url string) error {
	path, err := filePath(op, url)
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fileError(op, url, err)
	}
	// os.Remove would take an empty folder too, and a folder is not an object.
	info, err := os.Lstat(path)
	if err == nil && !info.IsDir() {
		err = os.Remove(path)
	}
	if err = fileError(op, url, err); err != nil && !core.Is(err, core.NotFound) {
		return err
	}
	return nil
}

// List visits regular files. A folder reached by a symbolic link is not entered. Files that an unfinished Put has left
// are not objects and are passed over.
func (f *File) List(ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	const op = "objstore.List"
	path, err := filePath(op, prefix)
	if err != nil {
		return err
	}
	begin := path[strings.LastIndexByte(path, '/')+1:]
	return listFolder(ctx, strings.TrimSuffix(prefix, begin), strings.TrimSuffix(path, begin), begin, visit)
}

// listFolder visits what is under a folder and begins with begin. folder is its path and url its URL; both end in "/"
// or are empty.
func listFolder(ctx context.Context, url, folder, begin string, visit func(core.ObjectInfo) error) error {
	const op = "objstore.List"
	entries, err := os.ReadDir(cmp.Or(folder, "."))
	if err != nil {
		if err = fileError(op, url, err); core.Is(err, core.NotFound) {
			return nil
		}
		return err
	}
	// URL order is bytewise: "a-b" comes before "a/b" although "a" comes before "a-b".
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return strings.Compare(sortName(a), sortName(b)) })
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, begin) || isTemp(name) {
			continue
		}
		if err := ctx.Err(); err != nil {
			return fileError(op, url, err)
		}
		if e.IsDir() {
			if err := listFolder(ctx, url+name+"/", folder+name+"/", "", visit); err != nil {
				return err
			}
			continue
		}
		info, err := os.Stat(folder + name)
		if errors.Is(err, fs.ErrNotExist) {
			continue // removed since the folder was read, or a link to nothing
		}
		if err != nil {
			return fileError(op, url+name, err)
		}
		if !info.Mode().IsRegular() {
			continue
		}
		if err := visit(fileInfo(url+name, info)); err != nil {
			return err
		}
	}
	return nil
}

// sortName is the name by which an entry's objects sort in URL order.
func sortName(e os.DirEntry) string {
	if e.IsDir() {
		return e.Name() + "/"
	}
	return e.Name()
}

// fileError gives an operating system's error its code; nil stays nil.
func fileError(op, url string, err error) error {
	var code core.Code
	switch {
	case err == nil:
		return nil
	case errors.Is(err, ErrPrecondition):
		return err
	case errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT):
		// Not Unavailable: trying again within seconds only fills the disk again.
		return core.Errorf(core.Invalid, op, url, "disk is full: free space and run the same command again to resume (%w)", cause(err))
	case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) || err == errNotRegular:
		code = core.NotFound
	case errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EROFS):
		code = core.Denied
	case isAny(err, syscall.EMFILE, syscall.ENFILE, syscall.EAGAIN, syscall.EBUSY, syscall.ETIMEDOUT, syscall.ESTALE) || err == errShrunk:
		code = core.Unavailable
	case errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		code = core.Unavailable
	case isAny(err, syscall.EISDIR, syscall.ENAMETOOLONG, syscall.ELOOP, syscall.EINVAL):
		code = core.Invalid
	default:
		code = core.CodeOf(err)
	}
	return core.Errorf(code, op, url, "%w", cause(err))
}

// cause takes off the operation and path that package os adds: the subject says them already.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	if e, ok := errors.AsType[*os.LinkError](err); ok {
		return e.Err
	}
	return err
}

func isAny(err error, list ...syscall.Errno) bool {
	return slices.ContainsFunc(list, func(e syscall.Errno) bool { return errors.Is(err, e) })
}
