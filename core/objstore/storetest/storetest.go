// Package storetest is the promise of core.ObjectStore as a test suite: every driver runs it.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// Run tests the stores that open gives, which share their objects, under URLs that begin with prefix. Nothing else may
// be under prefix, which ends in "/".
func Run(t *testing.T, open func() core.ObjectStore, prefix string) {
	tests := []struct {
		name string
		run  func(*suite)
	}{
		{"Ranges", ranges}, {"Missing", missing}, {"Stat", stat}, {"PutReplaces", putReplaces}, {"PutWhole", putWhole},
		{"PutSizes", putSizes}, {"PutNew", putNew}, {"PutIfMatch", putIfMatch}, {"PutWhileRead", putWhileRead},
		{"Delete", remove}, {"List", list}, {"Names", names}, {"Cancelled", cancelled}, {"Bytes", putBytes},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.run(&suite{t, t.Context(), open(), prefix + strings.ToLower(test.name) + "/"})
		})
	}
}

type suite struct {
	*testing.T
	ctx    context.Context
	store  core.ObjectStore
	prefix string
}

func (s *suite) put(name string, data []byte) string {
	s.Helper()
	url := s.prefix + name
	require.NoError(s, objstore.PutBytes(s.ctx, s.store, url, data, core.PutOptions{}))
	return url
}

func (s *suite) get(url string) string {
	s.Helper()
	data, err := objstore.ReadAll(s.ctx, s.store, url, 1<<30)
	require.NoError(s, err)
	return string(data)
}

func (s *suite) code(code core.Code, err error) {
	s.Helper()
	require.Error(s, err)
	require.Equal(s, code, core.CodeOf(err), err.Error())
}

func (s *suite) list(prefix string) (urls []string) {
	s.Helper()
	require.NoError(s, s.store.List(s.ctx, prefix, func(o core.ObjectInfo) error {
		urls = append(urls, strings.TrimPrefix(o.URL, s.prefix))
		return nil
	}))
	return urls
}

func ranges(s *suite) {
	data := make([]byte, 3<<20)
	for i := range data {
		data[i] = byte(i ^ i>>8 ^ i>>16)
	}
	n := int64(len(data))
	url := s.put("object", data)
	asked := []core.Range{
		{Offset: 500, Length: 8}, {Offset: 0, Length: 1}, {Offset: 500, Length: 8}, {Offset: 502, Length: 1 << 20}, // any order, twice, overlapping
		{Offset: 7, Length: 0}, {Offset: n - 3, Length: 3}, {Offset: n - 3, Length: 4}, {Offset: n - 1, Length: 1 << 40}, // up to and over the end
		{Offset: n, Length: 1}, {Offset: n + 1000, Length: 10}, {Offset: math.MaxInt64 - 5, Length: 10}, {Offset: n, Length: 0}, // beyond it
		{Offset: 1, Length: math.MaxInt64}, {Offset: 0, Length: math.MaxInt64},
	}
	for range 40 {
		asked = append(asked, core.Range{Offset: int64(len(asked)) * 1001, Length: 999})
	}
	got, err := s.store.ReadRanges(s.ctx, url, asked)
	require.NoError(s, err)
	require.Len(s, got, len(asked))
	for i, r := range asked {
		from := min(r.Offset, n)
		require.True(s, bytes.Equal(data[from:from+min(r.Length, n-from)], got[i]), "range %d of %v: %d bytes", i, r, len(got[i]))
		require.NotNil(s, got[i])
	}
	got, err = s.store.ReadRanges(s.ctx, url, nil)
	require.NoError(s, err)
	require.Empty(s, got)
	for _, bad := range []core.Range{{Offset: -1, Length: 1}, {Offset: 0, Length: -1}} {
		_, err = s.store.ReadRanges(s.ctx, url, []core.Range{{Length: 1}, bad})
		s.code(core.Invalid, err)
	}
	empty := s.put("empty", nil)
	got, err = s.store.ReadRanges(s.ctx, empty, []core.Range{{Length: 10}, {Offset: 5, Length: 1}})
	require.NoError(s, err)
	require.Equal(s, [][]byte{{}, {}}, got)
}

func missing(s *suite) {
	s.put("there/is", []byte("one"))
	for _, name := range []string{"no", "no/such/object", "there", "there/is/not"} {
		_, err := s.store.ReadRanges(s.ctx, s.prefix+name, []core.Range{{Length: 1}, {Offset: 1, Length: 1}})
		s.code(core.NotFound, err)
		require.ErrorContains(s, err, s.prefix+name)
		_, err = s.store.Stat(s.ctx, s.prefix+name)
		s.code(core.NotFound, err)
	}
}

func stat(s *suite) {
	url := s.put("object", []byte("abc"))
	info, err := s.store.Stat(s.ctx, url)
	require.NoError(s, err)
	require.Equal(s, url, info.URL)
	require.EqualValues(s, 3, info.Size)
	require.NotEmpty(s, info.ETag)
	require.False(s, info.Modified.IsZero())
	again, err := s.store.Stat(s.ctx, url)
	require.NoError(s, err)
	require.Equal(s, info.ETag, again.ETag)
	for i := range 5 { // within one tick of a clock, too
		s.put("object", []byte(fmt.Sprintf("%03d", i)))
		next, err := s.store.Stat(s.ctx, url)
		require.NoError(s, err)
		require.NotEqual(s, info.ETag, next.ETag)
		info = next
	}
	info, err = s.store.Stat(s.ctx, s.put("empty", nil))
	require.NoError(s, err)
	require.Zero(s, info.Size)
}

func putReplaces(s *suite) {
	url := s.put("a", []byte("a long first version"))
	s.put("a", []byte("short"))
	require.Equal(s, "short", s.get(url))
	s.put("a", nil)
	require.Equal(s, "", s.get(url))
}

func putWhole(s *suite) {
	url := s.put("kept", []byte("old"))
	for _, size := range []int64{-1, 100, 1 << 20} {
		for _, target := range []string{url, s.prefix + "never"} {
			broken := core.Errorf(core.Denied, "test", "source", "broke")
			body := io.MultiReader(strings.NewReader("half of it"), iotest.ErrReader(broken))
			err := s.store.Put(s.ctx, target, body, core.PutOptions{Size: size})
			s.code(core.Denied, err)
			require.ErrorIs(s, err, broken)

			ctx, cancel := context.WithCancel(s.ctx)
			body = io.MultiReader(strings.NewReader("half"), readerFunc(func([]byte) (int, error) { cancel(); return 0, nil }), strings.NewReader("of it"))
			err = s.store.Put(ctx, target, body, core.PutOptions{Size: size})
			s.code(core.Unavailable, err)
			require.ErrorIs(s, err, context.Canceled)
		}
	}
	require.Equal(s, "old", s.get(url))
	require.Equal(s, []string{"kept"}, s.list(s.prefix))
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func putSizes(s *suite) {
	url := s.put("kept", []byte("old"))
	for _, body := range []string{"", "short", "much too long for it"} {
		for _, wrap := range []func(io.Reader) io.Reader{
			func(r io.Reader) io.Reader { return r },
			func(r io.Reader) io.Reader { return struct{ io.Reader }{r} },
		} {
			for _, target := range []string{url, s.prefix + "never"} {
				err := s.store.Put(s.ctx, target, wrap(strings.NewReader(body)), core.PutOptions{Size: 10})
				s.code(core.Invalid, err)
			}
		}
	}
	require.Equal(s, "old", s.get(url))
	require.Equal(s, []string{"kept"}, s.list(s.prefix))
	for _, n := range []int{0, 1, 5000, 300_000} {
		want := strings.Repeat("x", n)
		for _, size := range []int64{-1, int64(n)} {
			body := iotest.OneByteReader(strings.NewReader(want))
			if n > 5000 {
				body = struct{ io.Reader }{strings.NewReader(want)}
			}
			name := fmt.Sprintf("%d of %d", n, size)
			require.NoError(s, s.store.Put(s.ctx, s.prefix+name, body, core.PutOptions{Size: size, ContentType: "text/plain"}))
			require.Equal(s, want, s.get(s.prefix+name))
		}
	}
	// A body that does not stand at its beginning is written from where it stands.
	body := strings.NewReader("not this, this")
	_, err := body.Seek(10, io.SeekStart)
	require.NoError(s, err)
	require.NoError(s, s.store.Put(s.ctx, url, body, core.PutOptions{Size: 4}))
	require.Equal(s, "this", s.get(url))
}

func putNew(s *suite) {
	url := s.prefix + "folder/one"
	opt := core.PutOptions{IfMatch: objstore.MustNotExist}
	var won []string
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			body := fmt.Sprintf("writer %d", i)
			err := objstore.PutBytes(s.ctx, s.store, url, []byte(body), opt)
			if err == nil {
				mu.Lock()
				defer mu.Unlock()
				won = append(won, body)
			} else if core.CodeOf(err) != core.Unavailable && !errors.Is(err, objstore.ErrPrecondition) {
				s.Errorf("not a failed condition: %v", err)
			}
		})
	}
	wg.Wait()
	require.Len(s, won, 1)
	require.Equal(s, won[0], s.get(url))
	err := objstore.PutBytes(s.ctx, s.store, url, []byte("late"), opt)
	s.code(core.Invalid, err)
	require.ErrorIs(s, err, objstore.ErrPrecondition)
	require.Equal(s, won[0], s.get(url))
	require.Equal(s, []string{"folder/one"}, s.list(s.prefix))
	require.NoError(s, s.store.Delete(s.ctx, url))
	require.NoError(s, objstore.PutBytes(s.ctx, s.store, url, []byte("again"), opt))
}

func putIfMatch(s *suite) {
	url := s.put("object", []byte("one"))
	first, err := s.store.Stat(s.ctx, url)
	require.NoError(s, err)
	require.NoError(s, objstore.PutBytes(s.ctx, s.store, url, []byte("two"), core.PutOptions{IfMatch: first.ETag}))
	err = objstore.PutBytes(s.ctx, s.store, url, []byte("six"), core.PutOptions{IfMatch: first.ETag})
	s.code(core.Invalid, err)
	require.ErrorIs(s, err, objstore.ErrPrecondition)
	require.Equal(s, "two", s.get(url))
	require.Error(s, objstore.PutBytes(s.ctx, s.store, s.prefix+"none", nil, core.PutOptions{IfMatch: first.ETag}))
	require.Equal(s, []string{"object"}, s.list(s.prefix))
}

func putWhileRead(s *suite) {
	const n = 200_000
	url := s.put("object", bytes.Repeat([]byte{'a'}, n))
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, c := range "bc" {
		wg.Go(func() {
			for range 10 {
				err := objstore.PutBytes(s.ctx, s.store, url, bytes.Repeat([]byte{byte(c)}, n), core.PutOptions{})
				if err != nil {
					s.Error(err)
				}
			}
		})
	}
	for range 20 {
		got := s.get(url)
		require.Len(s, got, n)
		require.Equal(s, n, strings.Count(got, got[:1]), "a reader sees half an object")
	}
}

func remove(s *suite) {
	a, b, c := s.put("a", nil), s.put("f/b", []byte("b")), s.put("f/c", []byte("c"))
	require.NoError(s, s.store.Delete(s.ctx))
	require.NoError(s, s.store.Delete(s.ctx, s.prefix+"none", s.prefix+"no/such/folder", s.prefix+"a/b", s.prefix+"f"))
	require.Equal(s, []string{"a", "f/b", "f/c"}, s.list(s.prefix))
	require.NoError(s, s.store.Delete(s.ctx, a, s.prefix+"none", c))
	require.NoError(s, s.store.Delete(s.ctx, a))
	require.Equal(s, []string{"f/b"}, s.list(s.prefix))
	require.Equal(s, "b", s.get(b))
}

func list(s *suite) {
	all := []string{"a", "b-b", "b.txt", "b/1", "b/2/x", "b/2/y", "b/20", "b0", "c/deep/er/still", "d d/1", "ä"}
	for _, name := range slices.Backward(all) {
		s.put(name, []byte(name))
	}
	slices.Sort(all)
	require.Equal(s, all, s.list(s.prefix))
	for _, prefix := range []string{"a", "b", "b/", "b/2", "b/2/", "b0", "c/d", "d", "ä", "e", "e/e"} {
		var want []string
		for _, name := range all {
			if strings.HasPrefix(name, prefix) {
				want = append(want, name)
			}
		}
		require.Equal(s, want, s.list(s.prefix+prefix), prefix)
	}
	var seen []string
	enough := errors.New("enough")
	err := s.store.List(s.ctx, s.prefix, func(o core.ObjectInfo) error {
		stat, err := s.store.Stat(s.ctx, o.URL)
		require.NoError(s, err)
		require.Equal(s, stat.Size, o.Size)
		require.Equal(s, stat.ETag, o.ETag)
		seen = append(seen, o.URL)
		if len(seen) == 3 {
			return enough
		}
		return nil
	})
	require.ErrorIs(s, err, enough)
	require.Len(s, seen, 3)
}

func names(s *suite) {
	for _, name := range []string{
		"space in it", "per%20cent", "100%", "plus+plus", "que?ry=1&b", "frag#ment", "semi;colon:comma,", "eq=ual@at", "tilde~", "quote'\"",
		"(brackets)[x]{y}", "ünïcödé/日本", "-5111123", ".zmetadata", "c/0/0", "$dollar!*",
	} {
		url := s.put(name, []byte(name))
		require.Equal(s, name, s.get(url))
		info, err := s.store.Stat(s.ctx, url)
		require.NoError(s, err)
		require.EqualValues(s, len(name), info.Size)
		require.Equal(s, []string{name}, s.list(url))
		require.NoError(s, s.store.Delete(s.ctx, url))
	}
	require.Empty(s, s.list(s.prefix))
}

func cancelled(s *suite) {
	url := s.put("object", []byte("abc"))
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, err := s.store.ReadRanges(ctx, url, []core.Range{{Length: 1}, {Length: 2}})
	require.ErrorIs(s, err, context.Canceled)
	_, err = s.store.Stat(ctx, url)
	require.ErrorIs(s, err, context.Canceled)
	require.ErrorIs(s, objstore.PutBytes(ctx, s.store, url, []byte("other"), core.PutOptions{}), context.Canceled)
	require.ErrorIs(s, s.store.Delete(ctx, url), context.Canceled)
	require.ErrorIs(s, s.store.List(ctx, s.prefix, func(core.ObjectInfo) error { return nil }), context.Canceled)
	require.Equal(s, "abc", s.get(url))
}

func putBytes(s *suite) {
	url := s.put("object", []byte("0123456789"))
	_, err := objstore.ReadAll(s.ctx, s.store, url, 9)
	s.code(core.Invalid, err)
	data, err := objstore.ReadAll(s.ctx, s.store, url, 10)
	require.NoError(s, err)
	require.Equal(s, "0123456789", string(data))
}
