package objstore

// Writing local files: a temporary file beside the object, then one rename.
//
// Temporary files are called .name.N.tmp and are locked while they are written. A name whose lock is free is left
// over from a process that died, and is removed by whoever comes next. So nothing has to be searched for or cleaned
// up.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/englacial/zagg/core"
)

// Put writes a temporary file beside the object and renames it, so that a reader sees the old object, or none, until
// the new one is whole. Whatever goes wrong, the temporary file is removed; if the process is killed it stays,
// is never listed, and is used again by the next Put of the same object. Parent folders are made. A full disk is
// Invalid, for no number of retries helps; the run can be resumed once there is space.
func (f *File) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) (err error) {
	const op = "objstore.Put"
	path, err := filePath(op, url)
	if err != nil {
		return err
	}
	if name := filepath.Base(path); strings.HasSuffix(path, "/") || isTemp(name) {
		return core.Errorf(core.Invalid, op, url, "an object's name cannot end in / or be of the form .name.tmp, which marks unfinished objects")
	}
	tmp, err := createTemp(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = os.MkdirAll(filepath.Dir(path), 0o777); err == nil {
			tmp, err = createTemp(path)
		}
	}
	if err != nil {
		return fileError(op, url, err)
	}
	defer func() {
		if err != nil {
			tmp.remove()
		}
		tmp.unlock()
	}()
	n, err := io.CopyBuffer(tmp.file, &bodyReader{ctx: ctx, body: body}, make([]byte, copyBuffer(opt.Size)))
	if err == nil && f.Sync {
		err = syncFile(tmp.file)
	}
	if e := tmp.file.Close(); err == nil {
		err = e
	}
	if err != nil {
		return bodyError(op, url, err)
	}
	if err := CheckSize(op, url, n, opt); err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return fileError(op, url, err)
	}
	return f.rename(ctx, op, url, tmp.name, path, opt.IfMatch)
}

// syncFile waits for the disk. Some file systems have nothing to wait for, and say that it cannot be done.
func syncFile(file *os.File) error {
	err := file.Sync()
	if isAny(err, syscall.EINVAL, syscall.ENOTSUP, syscall.ENOSYS) {
		return nil
	}
	return err
}

// rename makes the finished temporary file the object if the condition holds. f.commit guards the time between
// looking at the object and replacing it within this process, lockObject among processes.
func (f *File) rename(ctx context.Context, op, url, tmp, path, ifMatch string) error {
	if ifMatch == MustNotExist {
		return linkNew(op, url, tmp, path)
	}
	f.commit.Lock()
	defer f.commit.Unlock()
	if ifMatch != "" {
		unlock, err := lockObject(ctx, path)
		if err != nil {
			return fileError(op, url, err)
		}
		defer unlock()
	}
	old, err := os.Stat(path)
	switch {
	case err == nil && old.IsDir():
		return core.Errorf(core.Invalid, op, url, "there is a folder of this name")
	case err == nil && ifMatch != "" && ifMatch != fileETag(old):
		return core.Errorf(core.Invalid, op, url, "%w: the object has another ETag than %s", ErrPrecondition, ifMatch)
	case err == nil:
		if err := laterThan(tmp, old); err != nil {
			return fileError(op, url, err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return fileError(op, url, err)
	case ifMatch != "":
		return core.Errorf(core.Invalid, op, url, "%w: the object does not exist", ErrPrecondition)
	}
	return fileError(op, url, os.Rename(tmp, path))
}

// linkNew gives the temporary file its second, final name, which fails if that exists, and takes the first away.
func linkNew(op, url, tmp, path string) error {
	err := os.Link(tmp, path)
	switch {
	case err == nil:
		os.Remove(tmp) // a leftover does no harm
		return nil
	case errors.Is(err, fs.ErrExist):
		return core.Errorf(core.Invalid, op, url, "%w: the object exists already", ErrPrecondition)
	case linksUnsupported(err):
		return core.Errorf(core.Unsupported, op, url, "this file system cannot make a file only if it is new (no hard links): use another folder (%w)", cause(err))
	}
	return fileError(op, url, err)
}

// laterThan makes sure that a file of the same size as the one it replaces has a later time, hence another ETag, even
// within one tick of the file system's clock.
func laterThan(tmp string, old fs.FileInfo) error {
	info, err := os.Stat(tmp)
	if err != nil || info.Size() != old.Size() || info.ModTime().After(old.ModTime()) {
		return err
	}
	// A microsecond, because not every file system keeps nanoseconds.
	t := old.ModTime().Truncate(time.Microsecond).Add(time.Microsecond)
	return os.Chtimes(tmp, t, t)
}

// A temp is an unfinished object: the file to write, and a lock on it that the system drops if the process dies.
type temp struct {
	name string
	file *os.File
	lock *os.File // nil: the file system has no locks, and the name is random instead
}

// slots is how many Puts of one object may run at once.
const slots = 256

// createTemp makes a temporary file for the object path: .name.N.tmp with the lowest N that no running Put holds. What a
// killed run left under these names is removed on the way, without a search through the folder.
func createTemp(path string) (*temp, error) {
	folder, base := filepath.Split(path)
	for n, tries := 0, 0; n < slots && tries < 4*slots; tries++ {
		name := fmt.Sprintf("%s.%s.%d.tmp", folder, base, n)
		lock, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		stale := errors.Is(err, fs.ErrExist)
		if stale {
			lock, err = os.OpenFile(name, os.O_RDWR, 0)
		}
		if stale && errors.Is(err, fs.ErrNotExist) {
			continue // its owner has just finished
		}
		if err != nil {
			return nil, err
		}
		switch err := tryLock(lock); {
		case errors.Is(err, errLocked):
			n++
		case err != nil: // no locks here: leave no probe behind
			lock.Close()
			os.Remove(name)
			return createRandom(folder, base)
		case !sameFile(lock, name):
			// Renamed or removed by another between open and lock.
		case stale:
			// Not written over: if its owner died just after linkNew, it is the object under another name.
			os.Remove(name)
		default:
			return openTemp(name, lock)
		}
		lock.Close()
	}
	return nil, core.Errorf(core.Unavailable, "", "", "too many writers of one object")
}

// openTemp opens a second handle, so that Close, where a network file system reports a full disk, comes before the
// rename and the lock is held until after it.
func openTemp(name string, lock *os.File) (*temp, error) {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		os.Remove(name)
		lock.Close()
		return nil, err
	}
	return &temp{name, file, lock}, nil
}

// createRandom is for file systems without locks: no name is ever used twice, and what a killed run leaves stays.
func createRandom(folder, base string) (*temp, error) {
	name := fmt.Sprintf("%s.%s.%016x.tmp", folder, base, rand.Uint64())
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return nil, err
	}
	return &temp{name: name, file: file}, nil
}

func (t *temp) remove() { os.Remove(t.name) }

func (t *temp) unlock() {
	if t.lock != nil {
		t.lock.Close()
	}
}

func sameFile(open *os.File, name string) bool {
	a, err := open.Stat()
	if err != nil {
		return false
	}
	b, err := os.Stat(name)
	return err == nil && os.SameFile(a, b)
}

// isTemp says whether a file's name is that of an unfinished object.
func isTemp(name string) bool {
	return strings.HasPrefix(name, ".") && strings.HasSuffix(name, ".tmp") && len(name) > len("..tmp")
}
