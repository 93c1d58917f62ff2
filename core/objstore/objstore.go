package objstore

// What drivers and their callers share.

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/englacial/zagg/core"
)

// ErrPrecondition is in the chain of the error of a Put or a read whose condition does not hold (code Invalid): the object exists
// already, or is not the one with that ETag.
var ErrPrecondition = errors.New("the condition does not hold")

// MustNotExist is the value of PutOptions.IfMatch for an object that must be new. It is no ETag of any service.
const MustNotExist = "*none"

// Scheme is what stands before "://" in a URL, in lower case; "" for a plain path.
func Scheme(url string) string {
	scheme, _, ok := strings.Cut(url, "://")
	if !ok || scheme == "" {
		return ""
	}
	for _, c := range scheme {
		if !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("+-.", c)) {
			return ""
		}
	}
	return strings.ToLower(scheme)
}

// ReadAll reads an object whole with one request. An object longer than limit bytes is an error (Invalid) and costs no
// more than limit+1 bytes.
func ReadAll(ctx context.Context, r core.ObjectReader, url string, limit int64) ([]byte, error) {
	if limit < 0 || limit == math.MaxInt64 {
		limit = math.MaxInt64 - 1
	}
	data, err := r.ReadRanges(ctx, url, []core.Range{{Length: limit + 1}})
	if err != nil {
		return nil, err
	}
	if int64(len(data[0])) > limit {
		return nil, core.Errorf(core.Invalid, "objstore.ReadAll", url, "is longer than the %d bytes allowed here", limit)
	}
	return data[0], nil
}

// PutBytes writes data as one object. opt.Size is set here; the other options hold.
func PutBytes(ctx context.Context, s core.ObjectStore, url string, data []byte, opt core.PutOptions) error {
	opt.Size = int64(len(data))
	return s.Put(ctx, url, bytes.NewReader(data), opt)
}

// CheckRanges is the error (Invalid) of ranges that no object can have: a negative offset or length. For drivers.
func CheckRanges(op, url string, ranges []core.Range) error {
	for i, r := range ranges {
		if r.Offset < 0 || r.Length < 0 {
			return core.Errorf(core.Invalid, op, url, "range %d is not valid: offset %d, length %d", i, r.Offset, r.Length)
		}
	}
	return nil
}

// within is the part of r that an object of size bytes has, as its first byte and one past its last.
func within(r core.Range, size int64) (from, to int64) {
	from = min(r.Offset, size)
	return from, from + min(r.Length, size-from)
}

// each calls do(0) … do(n-1) from at most limit goroutines. After a failure no further call begins; the error is that
// of the lowest i that failed.
func each(n, limit int, do func(i int) error) error {
	if n == 1 || limit <= 1 {
		for i := range n {
			if err := do(i); err != nil {
				return err
			}
		}
		return nil
	}
	var next atomic.Int64
	var failed atomic.Bool
	errs := make([]error, n)
	var wg sync.WaitGroup
	for range min(n, limit) {
		wg.Go(func() {
			for i := int(next.Add(1)) - 1; i < n && !failed.Load(); i = int(next.Add(1)) - 1 {
				if errs[i] = do(i); errs[i] != nil {
					failed.Store(true)
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}
