package objstore

// Trying again. Only core.Unavailable is worth it: every other code would fail the same way a second time.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/englacial/zagg/core"
)

// A Policy says how often and how soon a request is tried again. Zero fields have the defaults given.
type Policy struct {
	Attempts  int           // most tries of one request, the first included; 6
	Base, Max time.Duration // the wait before try n+1 is random in [0, min(Max, Base·2ⁿ⁻¹)): "full jitter"; 200 ms, 20 s
	// OnRetry is told of each failure that is tried again, before the wait. It may be called from many goroutines.
	OnRetry func(err error, wait time.Duration)
}

// Retry tries again what fails with core.Unavailable, and nothing else.
//
// Of a ReadRanges it asks again only for the ranges that are missing, and a try that read some of them does not count:
// the service is slow, not dead. A Put is tried again only if its body is an io.Seeker, which is wound back to where it
// stood; other bodies are the driver's affair (s3store repeats each of their parts from a buffer). A List goes on after
// the last object visited.
func Retry(store core.ObjectStore, p Policy) core.ObjectStore {
	return retryStore{retryReader{store, p}, store}
}

// RetryReader is Retry for what can only be read.
func RetryReader(r core.ObjectReader, p Policy) core.ObjectReader { return retryReader{r, p} }

var _ core.ObjectStore = retryStore{}

type retryReader struct {
	reader core.ObjectReader
	policy Policy
}

func (r retryReader) Expect(v core.ObjectInfo) bool { return core.Expect(r.reader, v) }

func (r retryReader) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	var data [][]byte
	err := r.policy.do(ctx, func() (progress bool, err error) {
		missing, place := ranges, []int(nil)
		if data != nil {
			missing, place = stillMissing(ranges, data)
		}
		got, err := r.reader.ReadRanges(ctx, url, missing)
		switch {
		case data == nil && len(got) == len(ranges):
			data = got
		case data != nil && len(got) == len(missing):
			for i, b := range got {
				data[place[i]] = b
			}
		}
		return slices.ContainsFunc(got, func(b []byte) bool { return b != nil }), err
	})
	return data, err
}

// stillMissing are the ranges that have no data yet and their places among all.
func stillMissing(ranges []core.Range, data [][]byte) (missing []core.Range, place []int) {
	for i, b := range data {
		if b == nil {
			missing, place = append(missing, ranges[i]), append(place, i)
		}
	}
	return missing, place
}

func (r retryReader) Stat(ctx context.Context, url string) (info core.ObjectInfo, err error) {
	err = r.policy.Do(ctx, func() error {
		info, err = r.reader.Stat(ctx, url)
		return err
	})
	return info, err
}

type retryStore struct {
	retryReader
	store core.ObjectStore
}

func (s retryStore) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	seeker, ok := body.(io.Seeker)
	if !ok {
		return s.store.Put(ctx, url, body, opt)
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	if err != nil { // a pipe that calls itself a file
		return s.store.Put(ctx, url, body, opt)
	}
	failed := false
	return s.policy.Do(ctx, func() error {
		if _, err := seeker.Seek(start, io.SeekStart); err != nil {
			return core.Errorf(core.Internal, "objstore.Put", url, "winding the body back: %w", err)
		}
		err := s.store.Put(ctx, url, body, opt)
		if failed && errors.Is(err, ErrPrecondition) {
			return core.Wrapf(err, "", "", "%w; an earlier try whose answer was lost may have written it", err)
		}
		failed = err != nil
		return err
	})
}

func (s retryStore) Delete(ctx context.Context, urls ...string) error {
	return s.policy.Do(ctx, func() error { return s.store.Delete(ctx, urls...) })
}

func (s retryStore) List(ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	var last string
	var begun bool
	var stop error
	err := s.policy.Do(ctx, func() error {
		err := s.store.List(ctx, prefix, func(o core.ObjectInfo) error {
			if begun && o.URL <= last {
				return nil
			}
			last, begun = o.URL, true
			stop = visit(o)
			return stop
		})
		if stop != nil {
			return nil // the caller's own wish, not a failure to try again
		}
		return err
	})
	if stop != nil {
		return stop
	}
	return err
}

// Do calls call until it succeeds, fails with another code than core.Unavailable, or the policy or ctx ends the tries.
func (p Policy) Do(ctx context.Context, call func() error) error {
	return p.do(ctx, func() (bool, error) { return false, call() })
}

// do is Do for a call that can get on although it fails; the tries are counted from the last that did.
func (p Policy) do(ctx context.Context, call func() (progress bool, err error)) error {
	attempts := p.Attempts
	if attempts <= 0 {
		attempts = 6
	}
	asked := time.Duration(0)
	for try := 1; ; try++ {
		progress, err := call()
		if progress {
			try = 1
		}
		if err == nil || !core.Is(err, core.Unavailable) || ctx.Err() != nil {
			return err
		}
		wait := p.wait(try)
		if told, after := waitAsked(err); told && attempts > 1 {
			wait += min(after, mostAsked)
			if asked += wait; asked <= mostAskedInAll { // the server is there, and knows better
				try--
			}
		}
		if try >= attempts {
			return givenUp(err, try)
		}
		if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= wait {
			return err // it would only turn a telling error into "deadline exceeded"
		}
		if p.OnRetry != nil {
			p.OnRetry(err, wait)
		}
		timer := time.NewTimer(wait)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return err
		}
	}
}

// What servers may ask for with Retry-After: at a time, and of one request in all. Beyond it tries count as any other.
const (
	mostAsked      = time.Minute
	mostAskedInAll = 5 * time.Minute
)

// waitAsked reports that a server said when to ask again.
func waitAsked(err error) (told bool, after time.Duration) {
	if _, tired := errors.AsType[*givenUpError](err); tired {
		return false, 0
	}
	var later interface{ RetryAfter() time.Duration }
	if !errors.As(err, &later) {
		return false, 0
	}
	return true, later.RetryAfter()
}

// A givenUpError is the last failure of a request that was tried several times.
type givenUpError struct {
	error
	tries int
}

func (e *givenUpError) Error() string {
	return fmt.Sprintf("%v (given up after %d tries)", e.error, e.tries)
}
func (e *givenUpError) Unwrap() error { return e.error }

// givenUp says once how often a request was tried: not of one try, nor around what says so.
func givenUp(err error, tries int) error {
	if _, said := errors.AsType[*givenUpError](err); said || tries < 2 {
		return err
	}
	return &givenUpError{err, tries}
}

// wait is a random time before the try that follows try number try. Random, because many workers that failed at the
// same moment would otherwise come back at the same moment ("full jitter").
func (p Policy) wait(try int) time.Duration {
	base, most := p.Base, p.Max
	if base <= 0 {
		base = 200 * time.Millisecond
	}
	if most <= 0 {
		most = 20 * time.Second
	}
	if try < 32 && base<<(try-1) > 0 { // beyond, it overflows
		most = min(most, base<<(try-1))
	}
	return rand.N(most)
}
