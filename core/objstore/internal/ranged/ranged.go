// Package ranged is what the stores over HTTP share: many ranged GETs at once, whose answers are checked to be just
// what was asked (RFC 9110 §14), and the meaning of a status.
package ranged

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/englacial/zagg/core"
)

// A Doer sends requests, as *http.Client does.
type Doer interface {
	Do(*http.Request) (*http.Response, error)
}

// A Getter reads ranges of objects.
type Getter struct {
	Client Doer
	Limit  chan struct{} // its capacity is the most requests in flight
	// Whole is the longest body read from a server that answers with all of the object instead of a range.
	Whole int64
	// Stall is how long an answer may bring next to nothing, less than 16 KiB and not its end, before it is given up.
	Stall time.Duration
	// Fail makes the error of an answer that is neither the bytes nor "beyond the end"; body is its first 64 KiB.
	Fail func(op, url string, resp *http.Response, body []byte) error
	// Refuse, if not nil, may refuse an answer with all of an object, which can also be a page that asks to log in.
	Refuse func(op, url string, resp *http.Response) error
}

// An Object is what is read: Request makes a GET of it with the Range header given; Answered, if not nil, sees the head
// of each answer that brings just the range; State, if not nil, holds answers against each other.
type Object struct {
	Op, URL  string
	Request  func(ctx context.Context, rangeHeader string) (*http.Request, error)
	Answered func(*http.Response)
	State    *State
}

// enoughFailures is how many ranges of a call may find the server unavailable before no more are begun: it needs rest.
const enoughFailures = 16

// A call is the state of one ReadRanges.
type call struct {
	mu       sync.Mutex
	data     [][]byte
	err      error // the first failure, a lasting one before one that may pass
	failures int
	whole    *wholeError
	stop     context.CancelFunc
}

// ReadRanges answers in the order asked. A lasting failure ends the call; one that may pass (core.Unavailable) lets the
// other ranges finish, and then the error comes with the ranges read: nil entries are those that failed.
func (g *Getter) ReadRanges(ctx context.Context, o Object, ranges []core.Range) ([][]byte, error) {
	outer := ctx
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	c := &call{data: make([][]byte, len(ranges)), stop: stop}
	var wg sync.WaitGroup
	for i, r := range ranges {
		if r.Length == 0 {
			c.data[i] = []byte{}
			continue
		}
		select {
		case <-ctx.Done():
			continue // its entry stays nil; why is noted, or is ctx's own affair
		case g.Limit <- struct{}{}:
		}
		wg.Go(func() {
			defer func() { <-g.Limit }()
			body, err := g.get(ctx, o, r)
			c.note(i, body, err)
		})
	}
	wg.Wait()
	if err := outer.Err(); err != nil {
		return nil, core.Errorf(core.Unavailable, o.Op, o.URL, "%w", err)
	}
	if c.whole != nil {
		return cut(c.whole.body, ranges), nil
	}
	if c.err != nil && !core.Is(c.err, core.Unavailable) {
		return nil, c.err
	}
	return c.data, c.err
}

func (c *call) note(i int, body []byte, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.data[i] = body
	if err == nil {
		return
	}
	if whole, ok := errors.AsType[*wholeError](err); ok {
		c.whole = whole
		c.stop()
		return
	}
	lasting := !core.Is(err, core.Unavailable)
	if c.err == nil || lasting && core.Is(c.err, core.Unavailable) {
		c.err = err
	}
	if c.failures++; lasting || c.failures >= enoughFailures {
		c.stop()
	}
}

// A wholeError brings all of the object where a part was asked.
type wholeError struct{ body []byte }

func (e *wholeError) Error() string { return "the server sent the whole object" }

func cut(whole []byte, ranges []core.Range) [][]byte {
	size := int64(len(whole))
	data := make([][]byte, len(ranges))
	for i, r := range ranges {
		from := min(r.Offset, size)
		to := from + min(r.Length, size-from)
		data[i] = whole[from:to:to]
	}
	return data
}

// Header is the Range header's value. The end is left open where it would be longer than servers are used to.
func Header(r core.Range) string {
	if r.Length > 1<<50 || r.Offset > math.MaxInt64-r.Length {
		return fmt.Sprintf("bytes=%d-", r.Offset)
	}
	return "bytes=" + strconv.FormatInt(r.Offset, 10) + "-" + strconv.FormatInt(r.Offset+r.Length-1, 10)
}

var errStalled = errors.New("the server sent next to nothing for too long")

// get reads one range.
func (g *Getter) get(ctx context.Context, o Object, r core.Range) ([]byte, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watch := time.AfterFunc(g.Stall, func() { cancel(errStalled) })
	defer watch.Stop()
	req, err := o.Request(ctx, Header(r))
	if err != nil {
		return nil, err
	}
	resp, err := g.Client.Do(req)
	if err != nil {
		return nil, g.transportError(ctx, o, err)
	}
	defer resp.Body.Close()
	watch.Reset(g.Stall)
	body := &watched{Reader: resp.Body, timer: watch, stall: g.Stall}
	data, err := g.answer(o, r, resp, body)
	if err, ok := errors.AsType[*bodyError](err); ok {
		return nil, g.transportError(ctx, o, err.err)
	}
	return data, err
}

// leastProgress is what an answer must bring, in as long as it may stall, for patience to begin anew: a trickle is a stall.
const leastProgress = 16 << 10

// A watched body puts off the end of patience when it gets on.
type watched struct {
	io.Reader
	timer *time.Timer
	stall time.Duration
	got   int // since the timer began
}

func (w *watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if w.got += n; w.got >= leastProgress {
		w.timer.Reset(w.stall)
		w.got = 0
	}
	return n, err
}

// A bodyError is a failure to read an answer's body.
type bodyError struct{ err error }

func (e *bodyError) Error() string { return e.err.Error() }

func (g *Getter) transportError(ctx context.Context, o Object, err error) error {
	if context.Cause(ctx) == errStalled {
		err = fmt.Errorf("%w (%v)", errStalled, g.Stall)
	}
	return TransportError(o.Op, o.URL, err)
}

// answer checks the head of an answer and reads its body.
func (g *Getter) answer(o Object, r core.Range, resp *http.Response, body io.Reader) ([]byte, error) {
	switch resp.StatusCode {
	case http.StatusPartialContent:
		if o.Answered != nil {
			o.Answered(resp)
		}
	case http.StatusOK:
	case http.StatusRequestedRangeNotSatisfiable:
		_, _, total, err := contentRange(resp.Header.Get("Content-Range"))
		if err == nil && total > r.Offset {
			return nil, core.Errorf(core.Unsupported, o.Op, o.URL, "the server refuses bytes %d… of an object of %d", r.Offset, total)
		}
		if err == nil && total >= 0 {
			return []byte{}, o.is(resp, total)
		}
		return []byte{}, nil
	default:
		text, _ := io.ReadAll(io.LimitReader(body, 64<<10))
		return nil, Later(resp, g.Fail(o.Op, o.URL, resp, text))
	}
	if resp.StatusCode == http.StatusOK {
		if g.Refuse != nil {
			if err := g.Refuse(o.Op, o.URL, resp); err != nil {
				return nil, err
			}
		}
		if err := o.is(resp, resp.ContentLength); err != nil {
			return nil, err
		}
		return nil, g.readWhole(o, r, resp, body)
	}
	first, last, total, err := contentRange(resp.Header.Get("Content-Range"))
	if err != nil || first != r.Offset || last < first || last-first >= r.Length {
		return nil, core.Errorf(core.Unsupported, o.Op, o.URL, "the server answered %q to %q", resp.Header.Get("Content-Range"), Header(r))
	}
	if err := o.is(resp, total); err != nil {
		return nil, err
	}
	n := last - first + 1
	if n < r.Length && last+1 != total {
		// RFC 9110 lets a server send less than was asked. Taken for the object's end it would corrupt what is read.
		return nil, core.Errorf(core.Unavailable, o.Op, o.URL, "the server sent %d bytes of the %d asked for", n, r.Length)
	}
	if resp.ContentLength >= 0 && resp.ContentLength != n {
		return nil, core.Errorf(core.Unavailable, o.Op, o.URL, "the answer has %d bytes where its head says %d", resp.ContentLength, n)
	}
	return readExactly(body, n, resp.ContentLength == n)
}

// mostBelieved is the longest buffer made because a head says so and no Content-Length confirms it.
const mostBelieved = 64 << 20

func readExactly(body io.Reader, n int64, confirmed bool) ([]byte, error) {
	if !confirmed && n > mostBelieved {
		data, err := io.ReadAll(io.LimitReader(body, n))
		if err == nil && int64(len(data)) < n {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return nil, &bodyError{err}
		}
		return data, nil
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(body, data); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, &bodyError{err}
	}
	return data, nil
}

// readWhole reads all of an object, which the server sent although a range was asked, if it is short or was asked for.
func (g *Getter) readWhole(o Object, r core.Range, resp *http.Response, body io.Reader) error {
	n := resp.ContentLength
	most := g.Whole
	if r.Offset == 0 { // what was asked is no surprise
		most = max(most, r.Length)
	}
	if n <= most {
		var data []byte
		var err error
		if n >= 0 {
			data, err = readExactly(body, n, true)
		} else if data, err = io.ReadAll(io.LimitReader(body, min(most, math.MaxInt64-1)+1)); err != nil {
			err = &bodyError{err}
		}
		if err != nil {
			return err
		}
		if int64(len(data)) <= most {
			return &wholeError{data}
		}
	}
	return core.Errorf(core.Unsupported, o.Op, o.URL,
		"the server does not honour ranges, and the object is longer than the %d MiB that are read whole: download it first", g.Whole>>20)
}

// contentRange takes "bytes 0-7/100" apart; total is -1 for "*", as are first and last of "bytes */100".
func contentRange(s string) (first, last, total int64, err error) {
	s, ok := strings.CutPrefix(s, "bytes ")
	part, size, ok2 := strings.Cut(s, "/")
	if !ok || !ok2 {
		return 0, 0, 0, errors.New("no byte range")
	}
	first, last, total = -1, -1, -1
	if size != "*" {
		if total, err = strconv.ParseInt(size, 10, 64); err != nil {
			return 0, 0, 0, err
		}
	}
	if part == "*" {
		return first, last, total, nil
	}
	a, b, _ := strings.Cut(part, "-")
	if first, err = strconv.ParseInt(a, 10, 64); err == nil {
		last, err = strconv.ParseInt(b, 10, 64)
	}
	return first, last, total, err
}
