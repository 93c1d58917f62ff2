package host_test

import (
	"context"
	"io"
	"io/fs"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// A smallDisk is files on a disk that has room for so many bytes more.
type smallDisk struct {
	objstore.File
	room atomic.Int64
}

func (d *smallDisk) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	return d.File.Put(ctx, url, &untilFull{body, &d.room}, opt)
}

// untilFull is a body whose writing fails where the disk is full.
type untilFull struct {
	body io.Reader
	room *atomic.Int64
}

func (r *untilFull) Read(p []byte) (int, error) {
	n, err := r.body.Read(p[:min(len(p), 100)])
	if r.room.Add(-int64(n)) < 0 {
		return 0, &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	}
	return n, err
}

// Seek winds back, as a retry would.
func (r *untilFull) Seek(offset int64, whence int) (int64, error) {
	return r.body.(io.Seeker).Seek(offset, whence)
}

// A full disk is an error that says so; no object is there in part and there is no record. With room again the run goes
// on from there.
func TestDiskFull(t *testing.T) {
	in := &objstore.Mem{}
	s := planned(t, recipe(t, simple), two())
	inputs(t, s, in)
	s.url = filepath.Join(t.TempDir(), "whole.zarr")
	files := &objstore.File{}
	s.start(t, files)
	s.mustProcess(t, files, in, "-1111")
	want := folder(t, s.url)

	for room := int64(0); ; room += 150 {
		s.url = filepath.Join(t.TempDir(), "x.zarr")
		disk := &smallDisk{}
		disk.room.Store(1 << 40)
		s.start(t, disk)
		disk.room.Store(room)
		_, err := s.process(t, disk, in, "-1111")
		if err == nil {
			require.Greater(t, room, int64(300))
			break
		}
		require.ErrorIs(t, err, syscall.ENOSPC)
		left := folder(t, s.url)
		for key, body := range left {
			require.Equal(t, want[key], body, key)
		}
		require.Empty(t, keysOf(left, "records/"))
		s.mustProcess(t, files, in, "-1111")
		require.Equal(t, want, folder(t, s.url))
	}
}

// folder is what lies in a store and beside it, by path relative to the store; of a record only that it is there.
func folder(t testing.TB, url string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for path, body := range contents(t, inFolder{&objstore.File{}, filepath.Dir(url)}) {
		key := strings.TrimPrefix(strings.TrimPrefix(path, filepath.Dir(url)), "/")
		_, key, _ = strings.Cut(key, ".zarr")
		all[key] = body
	}
	return all
}

// inFolder lists one folder alone.
type inFolder struct {
	core.ObjectStore
	dir string
}

func (f inFolder) List(ctx context.Context, _ string, visit func(core.ObjectInfo) error) error {
	return f.ObjectStore.List(ctx, f.dir+"/", visit)
}
