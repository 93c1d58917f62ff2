package objstore

// Counting requests and bytes, for receipts, estimates of cost, and tests that hold a number of requests.

import (
	"context"
	"errors"
	"io"
	"math/bits"
	"sync/atomic"
	"time"

	"github.com/englacial/zagg/core"
)

// Usage is what was asked of a store. Each range is one Get; a Put is one, also where a driver sends a very long
// object in parts; 1,000 objects listed or deleted are one request, as S3 counts.
type Usage struct {
	Gets    int64 `json:"gets"`
	Heads   int64 `json:"heads"`
	Puts    int64 `json:"puts"`
	Lists   int64 `json:"lists"`
	Deletes int64 `json:"deletes"`
	Down    int64 `json:"down"` // bytes read
	Up      int64 `json:"up"`   // bytes written
	Errors  int64 `json:"errors"`
	Retries int64 `json:"retries"`
}

// Add is the sum of both.
func (u Usage) Add(v Usage) Usage {
	return Usage{u.Gets + v.Gets, u.Heads + v.Heads, u.Puts + v.Puts, u.Lists + v.Lists, u.Deletes + v.Deletes,
		u.Down + v.Down, u.Up + v.Up, u.Errors + v.Errors, u.Retries + v.Retries}
}

// Sub is what u has more than v, an earlier reading of the same counter.
func (u Usage) Sub(v Usage) Usage {
	return Usage{u.Gets - v.Gets, u.Heads - v.Heads, u.Puts - v.Puts, u.Lists - v.Lists, u.Deletes - v.Deletes,
		u.Down - v.Down, u.Up - v.Up, u.Errors - v.Errors, u.Retries - v.Retries}
}

// Part is the share of u that goes from before to after of total. It is for work done for several shards at once:
// shares that lie side by side add up to u exactly, because the rounding of one is made up for by the next.
func (u Usage) Part(before, after, total int64) Usage {
	part := func(n int64) int64 { return scale(n, after, total) - scale(n, before, total) }
	return Usage{part(u.Gets), part(u.Heads), part(u.Puts), part(u.Lists), part(u.Deletes),
		part(u.Down), part(u.Up), part(u.Errors), part(u.Retries)}
}

// scale is n·a/b, rounded down, for 0 ≤ a ≤ b and b > 0.
func scale(n, a, b int64) int64 {
	hi, lo := bits.Mul64(uint64(n), uint64(a))
	q, _ := bits.Div64(hi, lo, uint64(b))
	return int64(q)
}

// A Counter counts for any number of Meters. The zero Counter is ready to use, from any number of goroutines.
type Counter struct {
	gets, heads, puts, lists, deletes, down, up, errors, retries atomic.Int64
}

// Usage is the count so far.
func (c *Counter) Usage() Usage {
	return Usage{c.gets.Load(), c.heads.Load(), c.puts.Load(), c.lists.Load(), c.deletes.Load(),
		c.down.Load(), c.up.Load(), c.errors.Load(), c.retries.Load()}
}

// Retried counts one retry; it has the form of Policy.OnRetry.
func (c *Counter) Retried(error, time.Duration) { c.retries.Add(1) }

// failed counts err, if it is one, and returns it.
func (c *Counter) failed(err error) error {
	if err != nil && !core.Is(err, core.NotFound) && !errors.Is(err, ErrPrecondition) { // questions, not failures
		c.errors.Add(1)
	}
	return err
}

// Meter counts in c what is asked of the store.
func Meter(store core.ObjectStore, c *Counter) core.ObjectStore {
	return meterStore{meterReader{store, c}, store}
}

// MeterReader is Meter for what can only be read.
func MeterReader(r core.ObjectReader, c *Counter) core.ObjectReader { return meterReader{r, c} }

var _ core.ObjectStore = meterStore{}

type meterReader struct {
	reader core.ObjectReader
	c      *Counter
}

func (m meterReader) Expect(v core.ObjectInfo) bool { return core.Expect(m.reader, v) }

func (m meterReader) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	for _, r := range ranges {
		if r.Length > 0 { // drivers answer empty ranges themselves
			m.c.gets.Add(1)
		}
	}
	data, err := m.reader.ReadRanges(ctx, url, ranges)
	for _, b := range data {
		m.c.down.Add(int64(len(b)))
	}
	return data, m.c.failed(err)
}

func (m meterReader) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	m.c.heads.Add(1)
	info, err := m.reader.Stat(ctx, url)
	return info, m.c.failed(err)
}

type meterStore struct {
	meterReader
	store core.ObjectStore
}

func (m meterStore) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	m.c.puts.Add(1)
	if opt.Size < 0 {
		if n, ok := Remaining(body); ok {
			opt.Size = n
		} else {
			counted := &countingReader{Reader: body}
			err := m.store.Put(ctx, url, counted, opt)
			m.c.up.Add(counted.n)
			return m.c.failed(err)
		}
	}
	err := m.store.Put(ctx, url, body, opt)
	if err == nil {
		m.c.up.Add(opt.Size)
	}
	return m.c.failed(err)
}

type countingReader struct {
	io.Reader
	n int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.Reader.Read(p)
	r.n += int64(n)
	return n, err
}

// page is the most objects that one request of S3 lists or deletes.
const page = 1000

func (m meterStore) Delete(ctx context.Context, urls ...string) error {
	m.c.deletes.Add(int64((len(urls) + page - 1) / page))
	return m.c.failed(m.store.Delete(ctx, urls...))
}

func (m meterStore) List(ctx context.Context, prefix string, visit func(core.ObjectInfo) error) error {
	var n int64
	var stop error
	m.c.lists.Add(1)
	err := m.store.List(ctx, prefix, func(o core.ObjectInfo) error {
		if n++; n > page && n%page == 1 {
			m.c.lists.Add(1)
		}
		stop = visit(o)
		return stop
	})
	if stop != nil {
		return err // the caller's own wish, not an error of the store
	}
	return m.c.failed(err)
}
