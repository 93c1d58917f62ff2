package coretest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

func storeRanges(s *storeCheck) {
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
	s.must(err, "ReadRanges")
	s.that(len(got) == len(asked), "%d answers to %d ranges", len(got), len(asked))
	for i, r := range asked {
		from := min(r.Offset, n)
		want := data[from : from+min(r.Length, n-from)]
		s.that(bytes.Equal(want, got[i]), "range %d, %+v of an object of %d bytes: %d bytes, want %d, or others", i, r, n, len(got[i]), len(want))
		s.that(got[i] != nil, "range %d, %+v: nil", i, r)
	}
	got, err = s.store.ReadRanges(s.ctx, url, nil)
	s.must(err, "no ranges")
	s.that(len(got) == 0, "%d answers to no ranges", len(got))
	for _, bad := range []core.Range{{Offset: -1, Length: 1}, {Offset: 0, Length: -1}} {
		_, err = s.store.ReadRanges(s.ctx, url, []core.Range{{Length: 1}, bad})
		s.refused(err, fmt.Sprintf("range %+v", bad), core.Invalid)
	}
	empty := s.put("empty", nil)
	got, err = s.store.ReadRanges(s.ctx, empty, []core.Range{{Length: 10}, {Offset: 5, Length: 1}})
	s.must(err, "ranges of an empty object")
	s.that(len(got) == 2 && len(got[0]) == 0 && len(got[1]) == 0, "ranges of an empty object: %q", got)
}

func putReplaces(s *storeCheck) {
	url := s.put("a", []byte("a long first version"))
	s.put("a", []byte("short"))
	s.holds(url, "short")
	s.put("a", nil)
	s.holds(url, "")
}

// putWhole: an object whose source breaks, or whose writer is cancelled, is not there, nor half there.
func putWhole(s *storeCheck) {
	url := s.put("kept", []byte("old"))
	for _, size := range []int64{-1, 100, 1 << 20} {
		for _, target := range []string{url, s.prefix + "never"} {
			broken := core.Errorf(core.Denied, "test", "source", "broke")
			body := io.MultiReader(strings.NewReader("half of it"), readerFunc(func([]byte) (int, error) { return 0, broken }))
			err := s.store.Put(s.ctx, target, body, core.PutOptions{Size: size})
			s.refused(err, "Put of a source that breaks", core.Denied)
			s.that(errors.Is(err, broken), "the source's error is not in the chain of: %v", err)

			ctx, cancel := context.WithCancel(s.ctx)
			body = io.MultiReader(strings.NewReader("half"), idle(cancel), strings.NewReader("of it"))
			err = s.store.Put(ctx, target, body, core.PutOptions{Size: size})
			s.refused(err, "Put that is cancelled", core.Unavailable)
			s.cancelled(err, "Put")
			cancel()
		}
	}
	s.holds(url, "old")
	s.lists(s.prefix, "kept")
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

// idle calls a function, gives nothing for a while, then ends.
func idle(f func()) io.Reader {
	calls := 0
	return readerFunc(func([]byte) (int, error) {
		f()
		if calls++; calls > 1000 {
			return 0, io.EOF
		}
		return 0, nil
	})
}

// oneByteReader gives one byte at a time, and no other way to read.
func oneByteReader(r io.Reader) io.Reader {
	return readerFunc(func(p []byte) (int, error) { return r.Read(p[:min(len(p), 1)]) })
}

// onlyReader gives no other way to read than Read.
func onlyReader(r io.Reader) io.Reader { return readerFunc(r.Read) }

func putSizes(s *storeCheck) {
	url := s.put("kept", []byte("old"))
	for _, body := range []string{"", "short", "much too long for it"} {
		for _, target := range []string{url, s.prefix + "never"} {
			for _, r := range []io.Reader{strings.NewReader(body), onlyReader(strings.NewReader(body))} {
				err := s.store.Put(s.ctx, target, r, core.PutOptions{Size: 10})
				s.refused(err, fmt.Sprintf("Put of %d bytes that are said to be 10", len(body)), core.Invalid)
			}
		}
	}
	s.holds(url, "old")
	s.lists(s.prefix, "kept")
	for _, n := range []int{0, 1, 5000, 300_000} {
		want := strings.Repeat("x", n)
		for _, size := range []int64{-1, int64(n)} {
			body := oneByteReader(strings.NewReader(want))
			if n > 5000 {
				body = onlyReader(strings.NewReader(want))
			}
			name := fmt.Sprintf("%d of %d", n, size)
			s.must(s.store.Put(s.ctx, s.prefix+name, body, core.PutOptions{Size: size, ContentType: "text/plain"}), "put "+name)
			s.holds(s.prefix+name, want)
		}
	}
	// A body that does not stand at its beginning is written from where it stands.
	body := strings.NewReader("not this, this")
	_, err := body.Seek(10, io.SeekStart)
	s.must(err, "seek")
	s.must(s.store.Put(s.ctx, url, body, core.PutOptions{Size: 4}), "put the rest of a reader")
	s.holds(url, "this")
}

func putNew(s *storeCheck) {
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
			} else if !core.Is(err, core.Unavailable) && !errors.Is(err, objstore.ErrPrecondition) {
				s.Errorf("not a failed condition: %v", err)
			}
		})
	}
	wg.Wait()
	s.that(len(won) == 1, "%d of 8 concurrent writers made the same new object", len(won))
	s.holds(url, won[0])
	s.unmet(objstore.PutBytes(s.ctx, s.store, url, []byte("late"), opt), "Put of a new object that exists")
	s.holds(url, won[0])
	s.lists(s.prefix, "folder/one")
	s.must(s.store.Delete(s.ctx, url), "delete")
	s.must(objstore.PutBytes(s.ctx, s.store, url, []byte("again"), opt), "put what was deleted")
}

func putIfMatch(s *storeCheck) {
	url := s.put("object", []byte("one"))
	first := s.stat(url)
	s.must(objstore.PutBytes(s.ctx, s.store, url, []byte("two"), core.PutOptions{IfMatch: first.ETag}), "put over the state it is in")
	s.unmet(objstore.PutBytes(s.ctx, s.store, url, []byte("six"), core.PutOptions{IfMatch: first.ETag}), "Put over an earlier state")
	s.holds(url, "two")
	err := objstore.PutBytes(s.ctx, s.store, s.prefix+"none", nil, core.PutOptions{IfMatch: first.ETag})
	s.refused(err, "Put over an object that does not exist")
	s.lists(s.prefix, "object")
}

// putWhileRead: who reads while others write sees one writer's object whole.
func putWhileRead(s *storeCheck) {
	const n = 200_000
	url := s.put("object", bytes.Repeat([]byte{'a'}, n))
	var wg sync.WaitGroup
	defer wg.Wait()
	for _, letter := range "bc" {
		store := s.open()
		wg.Go(func() {
			for range 10 {
				if err := objstore.PutBytes(s.ctx, store, url, bytes.Repeat([]byte{byte(letter)}, n), core.PutOptions{}); err != nil {
					s.Errorf("put: %v", err)
				}
			}
		})
	}
	for range 20 {
		got := s.get(url)
		s.that(len(got) == n && strings.Count(got, got[:1]) == n, "a reader sees an object of %d bytes of which %d are of one writer", len(got), strings.Count(got, got[:min(1, len(got))]))
	}
}
