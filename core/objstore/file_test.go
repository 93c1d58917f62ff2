package objstore_test

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/core/objstore"
)

func TestFilePromises(t *testing.T) {
	store := new(objstore.File)
	open := func() core.ObjectStore { return store }
	t.Run("path", func(t *testing.T) { coretest.Store(t, open, t.TempDir()+"/a b/", coretest.StoreOptions{}) })
	t.Run("url", func(t *testing.T) { coretest.Store(t, open, "file://"+t.TempDir()+"/", coretest.StoreOptions{}) })
	t.Run("relative", func(t *testing.T) {
		t.Chdir(t.TempDir())
		coretest.Store(t, open, "out/", coretest.StoreOptions{})
		coretest.Store(t, open, "file://else/", coretest.StoreOptions{})
		coretest.Store(t, open, "./", coretest.StoreOptions{})
	})
	t.Run("wrapped", func(t *testing.T) {
		coretest.Store(t, func() core.ObjectStore { return stack(store) }, t.TempDir()+"/", coretest.StoreOptions{})
	})
}

func TestMemPromises(t *testing.T) {
	store := new(objstore.Mem)
	coretest.Store(t, func() core.ObjectStore { return store }, "mem://bucket/", coretest.StoreOptions{})
}

// stack is all wrappers on one store.
func stack(store core.ObjectStore) core.ObjectStore {
	counter := new(objstore.Counter)
	store = objstore.Mux(map[string]core.ObjectReader{"file": store})
	store = objstore.Retry(objstore.Meter(store, counter), objstore.Policy{OnRetry: counter.Retried})
	return objstore.Coalesce(store, 1000, 1<<20).(core.ObjectStore)
}

func TestFileURLs(t *testing.T) {
	store := new(objstore.File)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "x"), []byte("x"), 0o666))
	for _, test := range []struct {
		url  string
		code core.Code
	}{
		{"", core.Invalid}, {"file://", core.Invalid}, {"s3://bucket/key", core.Invalid}, {dir, core.NotFound},
		{dir + "/x/", core.NotFound}, {dir + "/" + strings.Repeat("n", 300), core.Invalid}, {dir + "/\x00", core.Invalid},
		{os.DevNull, core.NotFound},
	} {
		_, err := store.Stat(t.Context(), test.url)
		require.Error(t, err, test.url)
		require.Equal(t, test.code, core.CodeOf(err), err.Error())
		_, err = store.ReadRanges(t.Context(), test.url, []core.Range{{Length: 1}})
		require.Equal(t, test.code, core.CodeOf(err), err)
	}
	for _, url := range []string{dir, dir + "/folder/", dir + "/.x.0.tmp", ""} {
		require.Equal(t, core.Invalid, core.CodeOf(objstore.PutBytes(t.Context(), store, url, nil, core.PutOptions{})), url)
	}
	require.NoError(t, store.Delete(t.Context(), dir), "a folder is no object")
	require.DirExists(t, dir)
}

func TestFileDenied(t *testing.T) {
	if os.Geteuid() == 0 {
		t.Skip("root may read and write everything")
	}
	store, dir := new(objstore.File), t.TempDir()
	require.NoError(t, os.WriteFile(dir+"/x", nil, 0))
	_, err := store.ReadRanges(t.Context(), dir+"/x", nil)
	require.Equal(t, core.Denied, core.CodeOf(err), err)
	require.NoError(t, os.Chmod(dir, 0o500))
	require.Equal(t, core.Denied, core.CodeOf(objstore.PutBytes(t.Context(), store, dir+"/y", nil, core.PutOptions{})))
}

// TestFileFull takes a body that fails as a full disk does for the disk's own failure.
func TestFileFull(t *testing.T) {
	store, dir := new(objstore.File), t.TempDir()
	full := &os.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}
	err := objstore.FileError("objstore.Put", dir+"/x", full)
	require.Equal(t, core.Invalid, core.CodeOf(err), "not Unavailable, which would be tried again")
	require.EqualError(t, err, dir+"/x: disk is full: free space and run the same command again to resume (no space left on device)")
	require.Error(t, store.Put(t.Context(), dir+"/x", io.MultiReader(strings.NewReader("half"), iotest.ErrReader(full)), core.PutOptions{Size: -1}))
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// TestFileReallyFull needs a device that is always full.
func TestFileReallyFull(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip("no /dev/full")
	}
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer f.Close()
	_, err = f.Write([]byte("x"))
	require.ErrorContains(t, objstore.FileError("objstore.Put", "x", err), "disk is full")
}

// TestFileLeftovers: what killed runs leave is neither listed nor kept, and a running Put is not disturbed.
func TestFileLeftovers(t *testing.T) {
	store, dir := new(objstore.File), t.TempDir()+"/"
	for _, name := range []string{".x.0.tmp", ".x.1.tmp", ".other.0.tmp"} {
		require.NoError(t, os.WriteFile(dir+name, []byte("left by a killed run"), 0o666))
	}
	begun, finish := make(chan struct{}), make(chan struct{})
	done := make(chan error)
	go func() {
		body := io.MultiReader(strings.NewReader("slow "), readerFunc(func([]byte) (int, error) {
			close(begun)
			<-finish
			return 0, io.EOF
		}), strings.NewReader("writer"))
		done <- store.Put(context.Background(), dir+"x", body, core.PutOptions{Size: -1})
	}()
	<-begun
	require.NoError(t, objstore.PutBytes(t.Context(), store, dir+"x", []byte("quick writer"), core.PutOptions{}))
	data, err := os.ReadFile(dir + "x")
	require.NoError(t, err)
	require.Equal(t, "quick writer", string(data))
	close(finish)
	require.NoError(t, <-done)
	data, err = os.ReadFile(dir + "x")
	require.NoError(t, err)
	require.Equal(t, "slow writer", string(data))
	var listed []string
	require.NoError(t, store.List(t.Context(), dir, func(o core.ObjectInfo) error { listed = append(listed, o.URL); return nil }))
	require.Equal(t, []string{dir + "x"}, listed)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Len(t, entries, 2, "only the other object's leftover stays: %v", entries)
}

// TestFileLeftoverLink: a run killed between the two steps of a "*none" Put leaves the object with a second name.
func TestFileLeftoverLink(t *testing.T) {
	store, dir := new(objstore.File), t.TempDir()+"/"
	require.NoError(t, os.WriteFile(dir+"x", []byte("whole"), 0o666))
	require.NoError(t, os.Link(dir+"x", dir+".x.0.tmp"))
	err := store.Put(t.Context(), dir+"x", iotest.ErrReader(io.ErrUnexpectedEOF), core.PutOptions{Size: -1})
	require.Error(t, err)
	data, err := os.ReadFile(dir + "x")
	require.NoError(t, err)
	require.Equal(t, "whole", string(data))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestFileSymlinks(t *testing.T) {
	store, dir := new(objstore.File), t.TempDir()+"/"
	require.NoError(t, os.Mkdir(dir+"real", 0o777))
	require.NoError(t, os.WriteFile(dir+"real/x", []byte("x"), 0o666))
	require.NoError(t, os.Symlink("real/x", dir+"link"))
	require.NoError(t, os.Symlink("real", dir+"loop"))
	require.NoError(t, os.Symlink("nowhere", dir+"broken"))
	var listed []string
	require.NoError(t, store.List(t.Context(), dir, func(o core.ObjectInfo) error {
		listed = append(listed, strings.TrimPrefix(o.URL, dir))
		return nil
	}))
	require.Equal(t, []string{"link", "real/x"}, listed)
}

func BenchmarkFileReadRanges(b *testing.B) {
	store, path := new(objstore.File), b.TempDir()+"/x"
	require.NoError(b, os.WriteFile(path, bytes.Repeat([]byte("0123456789abcdef"), 1<<20), 0o666))
	ranges := make([]core.Range, 64)
	for i := range ranges {
		ranges[i] = core.Range{Offset: int64(i) * 200_000, Length: 80_000}
	}
	b.SetBytes(64 * 80_000)
	for b.Loop() {
		if _, err := store.ReadRanges(context.Background(), path, ranges); err != nil {
			b.Fatal(err)
		}
	}
}
