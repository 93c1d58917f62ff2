package hsds

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// A Folder is a folder of this machine as a Source: HSDS's POSIX storage. URLs are keys, paths below it without a slash at
// their beginning. Its conditions hold among the Puts of one Folder: two processes must not write to one folder.
type Folder struct {
	dir  string
	file objstore.File

	mu  sync.Mutex
	was map[string]bool // folders that are known to be inside
}

var _ Source = (*Folder)(nil)

// OpenFolder opens a folder.
func OpenFolder(dir string) (*Folder, error) {
	real, err := filepath.EvalSymlinks(dir)
	if err == nil {
		real, err = filepath.Abs(real)
	}
	if err != nil {
		return nil, core.Errorf(core.NotFound, "hsds.Open", dir, "%w", err)
	}
	return &Folder{dir: real, was: map[string]bool{}}, nil
}

// path is the path of a key, which must not lead out of the folder through symbolic links.
func (f *Folder) path(url string) (string, error) {
	path := filepath.Join(f.dir, filepath.FromSlash(url))
	if !within(path, f.dir) {
		return "", core.Errorf(core.NotFound, "hsds", url, "there is no such object")
	}
	for folder := filepath.Dir(path); within(folder, f.dir) && folder != f.dir; folder = filepath.Dir(folder) {
		f.mu.Lock()
		known := f.was[folder]
		f.mu.Unlock()
		if known {
			break
		}
		real, err := filepath.EvalSymlinks(folder)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil || !within(real, f.dir) {
			return "", core.Errorf(core.NotFound, "hsds", url, "there is no such object")
		}
		if real == folder {
			f.mu.Lock()
			f.was[folder] = true
			f.mu.Unlock()
		}
		break
	}
	return path, nil
}

func within(path, dir string) bool {
	return path == dir || strings.HasPrefix(path, strings.TrimSuffix(dir, string(filepath.Separator))+string(filepath.Separator))
}

// hide leaves out of an error where on this machine the folder is.
func (f *Folder) hide(url string, err error) error {
	e, ok := errors.AsType[*core.Error](err)
	if !ok {
		return err
	}
	return &core.Error{Code: e.Code, Op: e.Op, Subject: url, Err: e.Err}
}

// ReadRanges is that of a file.
func (f *Folder) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	path, err := f.path(url)
	if err != nil {
		return nil, err
	}
	data, err := f.file.ReadRanges(ctx, path, ranges)
	return data, f.hide(url, err)
}

// Stat is that of a file.
func (f *Folder) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	path, err := f.path(url)
	if err != nil {
		return core.ObjectInfo{}, err
	}
	info, err := f.file.Stat(ctx, path)
	info.URL = url
	return info, f.hide(url, err)
}

// Put is that of a file.
func (f *Folder) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	path, err := f.path(url)
	if err != nil {
		return err
	}
	return f.hide(url, f.file.Put(ctx, path, body, opt))
}

// Delete removes files, and folders that are empty then.
func (f *Folder) Delete(ctx context.Context, urls ...string) error {
	for _, url := range urls {
		path, err := f.path(url)
		if err != nil {
			return err
		}
		if err := f.file.Delete(ctx, path); err != nil {
			return f.hide(url, err)
		}
		for up := filepath.Dir(path); up != f.dir && within(up, f.dir); up = filepath.Dir(up) {
			if os.Remove(up) != nil {
				break
			}
			f.mu.Lock()
			delete(f.was, up)
			f.mu.Unlock()
		}
	}
	return nil
}

// List visits the files whose keys begin with prefix.
func (f *Folder) List(ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	path, err := f.path(prefix)
	if err != nil {
		return err
	}
	if prefix == "" || strings.HasSuffix(prefix, "/") {
		path = strings.TrimSuffix(path, "/") + "/"
	}
	err = f.file.List(ctx, path, func(o core.ObjectInfo) error {
		o.URL = filepath.ToSlash(strings.TrimPrefix(o.URL[len(f.dir):], string(filepath.Separator)))
		return visit(o)
	})
	if core.Is(err, core.NotFound) && err != nil {
		return nil
	}
	return f.hide(prefix, err)
}

// Folder lists a folder.
func (f *Folder) Folder(ctx context.Context, prefix, after string, visit func(core.ObjectInfo) error) error {
	path, err := f.path(prefix + "x")
	if err != nil {
		return err
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return nil
	}
	if err != nil {
		return core.Errorf(core.Internal, "hsds.List", prefix, "cannot be listed")
	}
	var names []string
	for _, e := range entries {
		name := prefix + e.Name()
		if e.IsDir() || e.Type()&os.ModeSymlink != 0 {
			name += "/"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	for _, n := range names {
		if n <= after {
			continue
		}
		if err := ctx.Err(); err != nil {
			return core.Errorf(core.Unavailable, "hsds.List", prefix, "%w", err)
		}
		if err := visit(core.ObjectInfo{URL: n}); err != nil {
			return err
		}
	}
	return nil
}
