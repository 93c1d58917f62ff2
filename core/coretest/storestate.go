package coretest

import (
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
)

// putInTurn: of writers that all add to one object, each on the condition that it is as it was read, nothing is lost.
func putInTurn(s *storeCheck) {
	const writers, each = 4, 6
	url := s.put("list", []byte("list"))
	var wg sync.WaitGroup
	for w := range writers {
		store := s.open()
		wg.Go(func() {
			for i := 0; i < each; {
				own := fmt.Sprintf(" %d-%d", w, i)
				data, info, err := objstore.ReadAllState(s.ctx, store, url, 1<<10)
				if err == nil && strings.Contains(string(data), own) { // by a try whose answer was lost
					i++
					continue
				}
				if err == nil {
					err = objstore.PutBytes(s.ctx, store, url, append(data, own...), core.PutOptions{IfMatch: info.ETag})
				}
				switch {
				case err == nil:
					i++
				case !errors.Is(err, objstore.ErrPrecondition) && !core.Is(err, core.Unavailable):
					s.Errorf("not a failed condition: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	got := s.get(url)
	s.that(len(strings.Fields(got)) == 1+writers*each, "of %d writes on a condition these stand: %s", writers*each, got)
	s.must(objstore.Conditions(s.ctx, s.store, url, []byte("other")), "Conditions")
	s.holds(url, got)
}

// putUnconditional: a store that cannot keep conditions says so, or is found out.
func putUnconditional(s *storeCheck) {
	url := s.put("object", []byte("one"))
	s.refused(objstore.Conditions(s.ctx, s.store, url, []byte("one")), "Conditions", core.Unsupported)
	s.holds(url, "one")
}

// listWhileWritten: what is there all the time is visited once and in order, whatever comes and goes.
func listWhileWritten(s *storeCheck) {
	var want []string
	for i := range s.few(40) {
		want = append(want, fmt.Sprintf("kept/%03d", i))
		s.put(want[i], nil)
	}
	var got []string
	last := ""
	s.must(s.store.List(s.ctx, s.prefix, func(o core.ObjectInfo) error {
		name := strings.TrimPrefix(o.URL, s.prefix)
		s.that(name > last, "%q is visited after %q", name, last)
		if last = name; strings.HasPrefix(name, "kept/") {
			got = append(got, name)
		}
		url := s.put(name+".new", []byte("x"))
		return s.store.Delete(s.ctx, url, s.put("kept/zzz", nil))
	}), "list")
	s.that(strings.Join(got, " ") == strings.Join(want, " "), "the list is %q, want %q", got, want)
	s.lists(s.prefix + "nothing/here/")
}

// noBucket: a bucket is not made, and nothing is found in it.
func noBucket(s *storeCheck, url string) {
	_, err := s.store.Stat(s.ctx, url)
	s.refused(err, "Stat in a bucket that does not exist", core.NotFound)
	s.refused(objstore.PutBytes(s.ctx, s.store, url, []byte("x"), core.PutOptions{}), "Put in a bucket that does not exist", core.NotFound)
	s.refused(s.store.List(s.ctx, url, func(core.ObjectInfo) error { return nil }), "List of a bucket that does not exist", core.NotFound)
}

// storeState: a StateReader says which version it reads, and reads no other than is asked for.
func storeState(s *storeCheck) {
	r, ok := s.store.(objstore.StateReader)
	if !ok {
		return
	}
	url := s.put("object", []byte("one"))
	first := s.stat(url)
	ranges := []core.Range{{Length: 2}, {Offset: 2, Length: 5}}
	data, info, err := r.ReadState(s.ctx, url, "", ranges)
	s.must(err, "ReadState")
	s.that(string(data[0])+string(data[1]) == "one", "ReadState gives %q", data)
	s.that(info.ETag == first.ETag && info.Size == 3, "ReadState says %+v, Stat %+v", info, first)
	s.put("object", []byte("two"))
	_, _, err = r.ReadState(s.ctx, url, first.ETag, ranges)
	s.unmet(err, "ReadState of an earlier version")
	_, info, err = r.ReadState(s.ctx, url, s.stat(url).ETag, ranges)
	s.must(err, "ReadState of the version that is there")
	s.that(info.ETag != first.ETag, "another version has the same ETag")
	steady := objstore.NewSteady(r)
	_, err = steady.ReadRanges(s.ctx, url, ranges)
	s.must(err, "Steady")
	s.put("object", []byte("six"))
	_, err = steady.ReadRanges(s.ctx, url, ranges)
	s.that(errors.Is(err, objstore.ErrChanged) && steady.Changed(url), "Steady reads another version: %v", err)
	_, err = steady.Stat(s.ctx, url)
	s.that(errors.Is(err, objstore.ErrChanged), "Stat of a Steady gives another version: %v", err)
	steady.Forget(url)
	s.that(!steady.Expect(first), "a Steady expects a version again that was not there")
	data, err = steady.ReadRanges(s.ctx, url, ranges[:1])
	s.must(err, "Steady that has forgotten")
	s.that(string(data[0]) == "si", "Steady gives %q", data)
	if first.ETag != "" {
		storeExpected(s, r, url, first)
	}
}

// storeExpected: a Steady reads the version that it is to expect, and no other.
func storeExpected(s *storeCheck, r objstore.StateReader, url string, gone core.ObjectInfo) {
	now := s.stat(url)
	steady := objstore.NewSteady(r)
	s.that(steady.Expect(now) && steady.Unseen(url), "a Steady does not expect %+v", now)
	s.that(!steady.Expect(gone), "a Steady expects two versions")
	_, err := steady.ReadRanges(s.ctx, url, []core.Range{{Length: 1}})
	s.must(err, "ReadRanges of the version that is expected")
	s.that(!steady.Unseen(url), "a Steady has not seen what it read")
	steady = objstore.NewSteady(r)
	s.that(steady.Expect(gone), "a Steady does not expect %+v", gone)
	_, err = steady.ReadRanges(s.ctx, url, []core.Range{{Length: 1}})
	s.that(errors.Is(err, objstore.ErrChanged) && steady.Changed(url), "a Steady reads another version than is expected: %v", err)
}
