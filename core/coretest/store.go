package coretest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// StoreOptions are the options of Store.
type StoreOptions struct {
	Options
	// Unconditional says that the store cannot put on a condition (core.PutOptions).
	Unconditional bool
	// NoBucket is a URL in a bucket that does not exist; "": the store has no buckets.
	NoBucket string
}

// Store tests the stores that open gives, which share their objects, under URLs that begin with prefix. Nothing else may
// be under prefix, which ends in "/".
func Store[S Tester[S]](t S, open func() core.ObjectStore, prefix string, opt StoreOptions) {
	t.Helper()
	tests := []storeTest{
		{"Ranges", storeRanges}, {"Missing", storeMissing}, {"Stat", storeStat}, {"PutReplaces", putReplaces}, {"PutWhole", putWhole},
		{"PutSizes", putSizes}, {"PutWhileRead", putWhileRead},
		{"Delete", storeDelete}, {"List", storeList}, {"ListWhileWritten", listWhileWritten}, {"Names", storeNames}, {"Cancelled", storeCancelled},
		{"Concurrent", storeConcurrent}, {"Bytes", putBytes}, {"State", storeState},
	}
	if opt.Unconditional {
		tests = append(tests, storeTest{"Unconditional", putUnconditional})
	} else {
		tests = append(tests, storeTest{"PutNew", putNew}, storeTest{"PutIfMatch", putIfMatch}, storeTest{"PutInTurn", putInTurn})
	}
	if opt.NoBucket != "" {
		tests = append(tests, storeTest{"NoBucket", func(s *storeCheck) { noBucket(s, opt.NoBucket) }})
	}
	for _, test := range tests {
		run(t, opt.Options, step{name: test.name, run: func(c *check) {
			test.run(&storeCheck{check: c, store: open(), open: open, prefix: prefix + strings.ToLower(test.name) + "/"})
		}})
	}
}

type storeTest struct {
	name string
	run  func(*storeCheck)
}

// A storeCheck is one test of a store, in a folder of its own.
type storeCheck struct {
	*check
	store  core.ObjectStore
	open   func() core.ObjectStore
	prefix string
}

func (s *storeCheck) put(name string, data []byte) string {
	s.Helper()
	url := s.prefix + name
	s.must(objstore.PutBytes(s.ctx, s.store, url, data, core.PutOptions{}), "put "+name)
	return url
}

func (s *storeCheck) get(url string) string {
	s.Helper()
	data, err := objstore.ReadAll(s.ctx, s.store, url, 1<<30)
	s.must(err, "read "+url)
	return string(data)
}

// holds wants an object's bytes.
func (s *storeCheck) holds(url, want string) {
	s.Helper()
	if got := s.get(url); got != want {
		s.fatalf("%s holds %d bytes %.60q, want %d bytes %.60q", url, len(got), got, len(want), want)
	}
}

func (s *storeCheck) stat(url string) core.ObjectInfo {
	s.Helper()
	info, err := s.store.Stat(s.ctx, url)
	s.must(err, "stat "+url)
	return info
}

func (s *storeCheck) list(prefix string) (urls []string) {
	s.Helper()
	s.must(s.store.List(s.ctx, prefix, func(o core.ObjectInfo) error {
		urls = append(urls, strings.TrimPrefix(o.URL, s.prefix))
		return nil
	}), "list "+prefix)
	return urls
}

// lists wants the names under a prefix, in order.
func (s *storeCheck) lists(prefix string, want ...string) {
	s.Helper()
	if got := s.list(prefix); !slices.Equal(got, want) {
		s.fatalf("list of %s is %q, want %q", prefix, got, want)
	}
}

// cancelled wants the error of a cancelled context in the chain.
func (s *storeCheck) cancelled(err error, what string) {
	s.Helper()
	s.check.cancelled(err, what)
	s.that(errors.Is(err, context.Canceled), "%s: context.Canceled is not in the chain of: %v", what, err)
}

// unmet wants the error of a Put whose condition does not hold.
func (s *storeCheck) unmet(err error, what string) {
	s.Helper()
	s.refused(err, what, core.Invalid)
	s.that(errors.Is(err, objstore.ErrPrecondition), "%s: objstore.ErrPrecondition is not in the chain of: %v", what, err)
}

func storeMissing(s *storeCheck) {
	s.put("there/is", []byte("one"))
	for _, name := range []string{"no", "no/such/object", "there", "there/is/not"} {
		_, err := s.store.ReadRanges(s.ctx, s.prefix+name, []core.Range{{Length: 1}, {Offset: 1, Length: 1}})
		s.refused(err, "reading what does not exist", core.NotFound)
		s.that(strings.Contains(err.Error(), s.prefix+name), "the error does not name the object: %v", err)
		_, err = s.store.Stat(s.ctx, s.prefix+name)
		s.refused(err, "Stat of what does not exist", core.NotFound)
	}
}

func storeStat(s *storeCheck) {
	url := s.put("object", []byte("abc"))
	info := s.stat(url)
	s.that(info.URL == url, "URL is %q, want %q", info.URL, url)
	s.that(info.Size == 3, "size is %d, want 3", info.Size)
	s.that(info.ETag != "", "there is no ETag")
	s.that(!info.Modified.IsZero(), "there is no time of the last change")
	s.that(s.stat(url).ETag == info.ETag, "the ETag changes though the object does not")
	for i := range 5 { // within one tick of a clock, too
		s.put("object", []byte(fmt.Sprintf("%03d", i)))
		next := s.stat(url)
		s.that(next.ETag != info.ETag, "the ETag %q stays though the object changes", next.ETag)
		info = next
	}
	s.that(s.stat(s.put("empty", nil)).Size == 0, "an empty object has a size")
}

func storeDelete(s *storeCheck) {
	a, b, c := s.put("a", nil), s.put("f/b", []byte("b")), s.put("f/c", []byte("c"))
	s.must(s.store.Delete(s.ctx), "delete nothing")
	s.must(s.store.Delete(s.ctx, s.prefix+"none", s.prefix+"no/such/folder", s.prefix+"a/b", s.prefix+"f"), "delete what does not exist")
	s.lists(s.prefix, "a", "f/b", "f/c")
	s.must(s.store.Delete(s.ctx, a, s.prefix+"none", c, c), "delete")
	s.must(s.store.Delete(s.ctx, a), "delete again")
	s.lists(s.prefix, "f/b")
	s.holds(b, "b")
	_, err := s.store.Stat(s.ctx, a)
	s.refused(err, "Stat of a deleted object", core.NotFound)
}

func storeList(s *storeCheck) {
	all := []string{"a", "b-b", "b.txt", "b/1", "b/2/x", "b/2/y", "b/20", "b0", "c/deep/er/still", "d d/1", "ä"}
	for _, name := range slices.Backward(all) {
		s.put(name, []byte(name))
	}
	slices.Sort(all)
	s.lists(s.prefix, all...)
	for _, prefix := range []string{"a", "b", "b/", "b/2", "b/2/", "b0", "c/d", "d", "ä", "e", "e/e"} {
		var want []string
		for _, name := range all {
			if strings.HasPrefix(name, prefix) {
				want = append(want, name)
			}
		}
		s.lists(s.prefix+prefix, want...)
	}
	seen := 0
	enough := errors.New("enough")
	err := s.store.List(s.ctx, s.prefix, func(o core.ObjectInfo) error {
		stat := s.stat(o.URL)
		s.that(stat.Size == o.Size && stat.ETag == o.ETag, "List says %+v, Stat %+v", o, stat)
		if seen++; seen == 3 {
			return enough
		}
		return nil
	})
	s.that(errors.Is(err, enough), "List gives %v, want the error of visit", err)
	s.that(seen == 3, "List goes on after an error of visit: %d visits", seen)
}

func storeNames(s *storeCheck) {
	for _, name := range []string{
		"space in it", "per%20cent", "100%", "plus+plus", "que?ry=1&b", "frag#ment", "semi;colon:comma,", "eq=ual@at", "tilde~", "quote'\"",
		"(brackets)[x]{y}", "ünïcödé/日本", "-5111123", ".zmetadata", "c/0/0", "$dollar!*",
	} {
		url := s.put(name, []byte(name))
		s.holds(url, name)
		s.that(s.stat(url).Size == int64(len(name)), "Stat of %q gives another size", name)
		s.lists(url, name)
		s.must(s.store.Delete(s.ctx, url), "delete "+name)
	}
	s.lists(s.prefix)
}

func storeCancelled(s *storeCheck) {
	url := s.put("object", []byte("abc"))
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, err := s.store.ReadRanges(ctx, url, []core.Range{{Length: 1}, {Length: 2}})
	s.cancelled(err, "ReadRanges")
	_, err = s.store.Stat(ctx, url)
	s.cancelled(err, "Stat")
	s.cancelled(objstore.PutBytes(ctx, s.store, url, []byte("other"), core.PutOptions{}), "Put")
	s.cancelled(s.store.Delete(ctx, url), "Delete")
	s.cancelled(s.store.List(ctx, s.prefix, func(core.ObjectInfo) error { return nil }), "List")
	s.holds(url, "abc")
}

// storeConcurrent: writers of different objects, each in a store of its own, do not see each other.
func storeConcurrent(s *storeCheck) {
	var wait sync.WaitGroup
	for worker := range 8 {
		store := s.open()
		wait.Go(func() {
			for i := range s.few(10) {
				url, want := fmt.Sprintf("%s%d/%d", s.prefix, worker, i), bytes.Repeat([]byte{byte(worker), byte(i)}, 500)
				err := objstore.PutBytes(s.ctx, store, url, want, core.PutOptions{})
				var got [][]byte
				if err == nil {
					got, err = store.ReadRanges(s.ctx, url, []core.Range{{Offset: 100, Length: 1000}})
				}
				if err != nil || !bytes.Equal(got[0], want[100:]) {
					s.Errorf("worker %d of 8 does not read what it wrote: %v", worker, err)
					return
				}
				if i%2 == 0 {
					err = store.Delete(s.ctx, url)
				}
				if err != nil {
					s.Errorf("delete: %v", err)
				}
			}
		})
	}
	wait.Wait()
	if got, want := len(s.list(s.prefix)), 8*(s.few(10)/2); got != want {
		s.fatalf("%d objects are left, want %d", got, want)
	}
}

func putBytes(s *storeCheck) {
	url := s.put("object", []byte("0123456789"))
	_, err := objstore.ReadAll(s.ctx, s.store, url, 9)
	s.refused(err, "ReadAll with a limit below the size", core.Invalid)
	data, err := objstore.ReadAll(s.ctx, s.store, url, 10)
	s.must(err, "ReadAll with a limit of the size")
	s.that(bytes.Equal(data, []byte("0123456789")), "ReadAll gives %q", data)
}
