package serve

import (
	"context"
	"sync"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// A hostReader is the host's objects as a reader in this process sees them: it asks over the stream of a conversation.
type hostReader struct {
	stream readStream
	cancel context.CancelCauseFunc // of the reader's context

	sending sync.Mutex
	mu      sync.Mutex
	last    uint32
	asks    map[uint32]*ask
	ended   error // why no more answers come
}

var _ core.ObjectReader = (*hostReader)(nil)

// An ask waits for its answer.
type ask struct {
	lengths []int64
	total   int64    // of lengths
	parts   [][]byte // what has come, one after another
	came    int64
	object  *zaggv1.ObjectInfo
	err     error
	done    chan struct{}
}

func newHostReader(stream readStream, cancel context.CancelCauseFunc) *hostReader {
	return &hostReader{stream: stream, cancel: cancel, asks: map[uint32]*ask{}}
}

// send is the stream's Send for several goroutines.
func (h *hostReader) send(m *zaggv1.ReadToHost) error {
	h.sending.Lock()
	defer h.sending.Unlock()
	return h.stream.Send(m)
}

// emit sends a batch. When it returns the batch is the reader's again.
func (h *hostReader) emit(b *core.Batch, columns int) error {
	if len(b.Columns) != columns || len(b.Lat) != len(b.Lon) || len(b.RefusedLat) != len(b.RefusedLon) {
		return core.Errorf(core.Internal, "plugin", b.Group, "the reader emitted %d columns where %d were asked, %d longitudes, %d latitudes, and %d and %d of refused rows",
			len(b.Columns), columns, len(b.Lon), len(b.Lat), len(b.RefusedLon), len(b.RefusedLat))
	}
	head := &zaggv1.Batch{Group: b.Group, Rows: uint64(len(b.Lon)), Refused: uint64(len(b.RefusedLon))}
	if err := h.send(&zaggv1.ReadToHost{Message: &zaggv1.ReadToHost_Batch{Batch: head}}); err != nil {
		return err
	}
	cols := make([]core.Column, 0, columns+4)
	cols = append(cols, core.ColumnOf("lon", b.Lon), core.ColumnOf("lat", b.Lat))
	cols = append(cols, b.Columns...)
	if head.Refused > 0 {
		cols = append(cols, core.ColumnOf("refused_lon", b.RefusedLon), core.ColumnOf("refused_lat", b.RefusedLat))
	}
	return wire.SendColumns(cols, func(f *zaggv1.ColumnFrame) error {
		return h.send(&zaggv1.ReadToHost{Message: &zaggv1.ReadToHost_Frame{Frame: f}})
	})
}

// receive takes the host's answers until the conversation ends.
func (h *hostReader) receive() {
	for {
		m, err := h.stream.Recv()
		if err != nil {
			h.end(err)
			return
		}
		if a := m.GetAnswer(); a != nil {
			h.take(a)
		}
	}
}

// end fails what waits for answers.
func (h *hostReader) end(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ended = core.Errorf(core.Unavailable, "plugin", "", "the host ended the conversation: %w", err)
	for n, a := range h.asks {
		a.err = h.ended
		close(a.done)
		delete(h.asks, n)
	}
	h.cancel(h.ended)
}

// take adds some of an answer to the ask that it is for.
func (h *hostReader) take(m *zaggv1.Answer) {
	h.mu.Lock()
	a := h.asks[m.Ask]
	h.mu.Unlock()
	if a == nil { // given up
		return
	}
	if m.Error != nil {
		a.err = &wire.Refusal{Number: m.Refused, Err: wire.ErrorFromProto(m.Error)}
	} else {
		a.add(m)
	}
	if m.Last || a.err != nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		if h.asks[m.Ask] == a {
			delete(h.asks, m.Ask)
			close(a.done)
		}
	}
}

func (a *ask) add(m *zaggv1.Answer) {
	if m.Object != nil {
		a.object = m.Object
	}
	if len(m.Lengths) > 0 {
		a.lengths, a.total = m.Lengths, 0
		for _, n := range m.Lengths {
			if n < 0 || n > wire.MaxAsk {
				a.err = core.Errorf(core.Internal, "plugin", "", "the host answers with a range of %d bytes", n)
				return
			}
			a.total += n
		}
	}
	if len(m.Data) == 0 {
		return
	}
	if a.came += int64(len(m.Data)); a.came > a.total {
		a.err = core.Errorf(core.Internal, "plugin", "", "the host answers more than the %d bytes it announced", a.total)
		return
	}
	a.parts = append(a.parts, m.Data)
}

// ranges cuts what came. A range that came in one part is not copied.
func (a *ask) ranges() [][]byte {
	out := make([][]byte, len(a.lengths))
	var rest []byte
	next := 0
	for i, length := range a.lengths {
		n := int(length)
		if len(rest) == 0 && n > 0 {
			rest, next = a.parts[next], next+1
		}
		if n <= len(rest) {
			out[i], rest = rest[:n:n], rest[n:]
			continue
		}
		whole := make([]byte, 0, n)
		for {
			k := min(n-len(whole), len(rest))
			whole, rest = append(whole, rest[:k]...), rest[k:]
			if len(whole) == n {
				break
			}
			rest, next = a.parts[next], next+1
		}
		out[i] = whole
	}
	return out
}

// ask sends an ask and waits for the whole answer.
func (h *hostReader) ask(ctx context.Context, m *zaggv1.Ask) (*ask, error) {
	a := &ask{done: make(chan struct{})}
	h.mu.Lock()
	if h.ended != nil {
		h.mu.Unlock()
		return nil, h.ended
	}
	for h.last++; h.last == 0 || h.asks[h.last] != nil; h.last++ {
	}
	m.Ask = h.last
	h.asks[m.Ask] = a
	h.mu.Unlock()
	if err := h.send(&zaggv1.ReadToHost{Message: &zaggv1.ReadToHost_Ask{Ask: m}}); err != nil {
		return nil, err
	}
	select {
	case <-a.done:
		return a, a.err
	case <-ctx.Done():
		h.mu.Lock()
		delete(h.asks, m.Ask)
		h.mu.Unlock()
		return nil, ctx.Err()
	}
}

// Stat asks the host what an object is.
func (h *hostReader) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	a, err := h.ask(ctx, &zaggv1.Ask{Url: url, Stat: true})
	if err != nil {
		return core.ObjectInfo{}, err
	}
	return wire.ObjectInfoFromProto(a.object)
}

// ReadRanges asks the host for bytes, in as few asks as their size allows.
func (h *hostReader) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	out := make([][]byte, 0, len(ranges))
	for len(ranges) > 0 {
		n, total := 1, ranges[0].Length
		for n < len(ranges) && ranges[n].Length <= wire.MaxAsk-total {
			total += ranges[n].Length
			n++
		}
		if total > wire.MaxAsk {
			b, err := h.readLong(ctx, url, ranges[0])
			if err != nil {
				return nil, err
			}
			out = append(out, b)
		} else {
			part, err := h.readShort(ctx, url, ranges[:n])
			if err != nil {
				return nil, err
			}
			out = append(out, part...)
		}
		ranges = ranges[n:]
	}
	return out, nil
}

// readShort asks for ranges of at most MaxAsk bytes together.
func (h *hostReader) readShort(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	a, err := h.ask(ctx, &zaggv1.Ask{Url: url, Ranges: wire.RangesToProto(ranges)})
	if err != nil {
		return nil, err
	}
	if len(a.lengths) != len(ranges) || a.came != a.total {
		return nil, core.Errorf(core.Internal, "plugin", url, "the host answers %d of %d ranges with %d of %d bytes", len(a.lengths), len(ranges), a.came, a.total)
	}
	return a.ranges(), nil
}

// longPart is how much of a range longer than MaxAsk is asked for at once: such ranges mean "to the end".
const longPart = 64 << 20

// readLong reads a range in parts until the object ends.
func (h *hostReader) readLong(ctx context.Context, url string, r core.Range) ([]byte, error) {
	var out []byte
	for r.Length > 0 {
		part := core.Range{Offset: r.Offset, Length: min(r.Length, longPart)}
		got, err := h.readShort(ctx, url, []core.Range{part})
		if err != nil {
			return nil, err
		}
		out = append(out, got[0]...)
		if int64(len(got[0])) < part.Length {
			return out, nil
		}
		r.Offset, r.Length = r.Offset+part.Length, r.Length-part.Length
	}
	return out, nil
}
