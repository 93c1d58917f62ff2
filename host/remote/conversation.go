package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"google.golang.org/grpc"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/wire"
	zaggv1 "github.com/englacial/zagg/proto/zagg/v1"
)

// Bounds of a conversation.
const (
	batchesAhead = 2         // batches that are ready while one is being emitted
	asksAtOnce   = 8         // asks that are read at the same time
	asksOpen     = 1 << 10   // asks that a plugin may have open
	batchBytes   = 1 << 30   // of a batch
	indexBytes   = 256 << 20 // of an index
	scratchBytes = 64 << 10  // ranges smaller than this are put together before they are sent
)

// stream is Read or Index as the host's end sees it.
type stream = grpc.BidiStreamingClient[zaggv1.ReadToPlugin, zaggv1.ReadToHost]

// A conversation is one Read or Index. One goroutine listens, some answer asks, and the caller's emits.
type conversation struct {
	session  *session
	ctx      context.Context
	dog      *watchdog
	stream   stream
	source   core.ObjectReader
	query    core.Query
	indexing bool
	describe bool              // with indexing: what the granule says of its datasets is asked for
	urls     map[string]string // as the plugin knows them → as they are

	stats core.ReadStats
	index []byte

	sending   sync.Mutex
	answering sync.WaitGroup
	mu        sync.Mutex
	asks      map[uint32]bool // open
	turns     chan struct{}   // one for each ask that is being read
	refusals  []error
}

func isEnd(err error) bool { return errors.Is(err, io.EOF) }

// known is the granule as the plugin may know it: without what may be credentials in its URLs.
func (c *conversation) known(g core.Granule) *core.Granule {
	c.urls = map[string]string{}
	c.asks = map[uint32]bool{}
	c.turns = make(chan struct{}, asksAtOnce)
	assets := make(map[string]string, len(g.Assets))
	for name, url := range g.Assets {
		plain := plainURL(url)
		for n := 2; c.urls[plain] != "" && c.urls[plain] != url; n++ {
			plain = fmt.Sprintf("%s#%d", plainURL(url), n)
		}
		c.urls[plain] = url
		assets[name] = plain
	}
	g.Assets = assets
	return &g
}

func (c *conversation) send(m *zaggv1.ReadToPlugin) error {
	c.sending.Lock()
	defer c.sending.Unlock()
	return c.stream.Send(m)
}

// listen takes what the plugin says until it ends. Its error is the stream's, or a protocolError.
func (c *conversation) listen(batches chan<- *core.Batch) error {
	var open *incoming
	done := false
	for {
		m, err := c.stream.Recv()
		switch {
		case isEnd(err) && done:
			return nil
		case isEnd(err):
			return protocolErrorf("it ended without saying that it is done")
		case err != nil:
			return err
		case done:
			return protocolErrorf("it went on after it was done")
		}
		c.fed()
		if ask := m.GetAsk(); ask != nil {
			if err := c.begin(ask); err != nil {
				return err
			}
			continue
		}
		if open, done, err = c.take(m, open); err != nil {
			return err
		}
		if open != nil && open.complete() {
			b, err := open.batch(len(c.query.Columns))
			if err != nil {
				return err
			}
			open = nil
			c.dog.sleep() // it is our turn
			select {
			case batches <- b:
			case <-c.ctx.Done():
				return c.ctx.Err()
			}
			c.fed()
		}
	}
}

func protocolErrorf(format string, args ...any) error {
	return &protocolError{fmt.Errorf(format, args...)}
}

// take takes anything but an ask; open is the batch that is coming.
func (c *conversation) take(m *zaggv1.ReadToHost, open *incoming) (*incoming, bool, error) {
	switch m := m.Message.(type) {
	case *zaggv1.ReadToHost_Batch:
		if open != nil || c.indexing {
			return open, false, protocolErrorf("a batch comes where none can begin")
		}
		return newIncoming(m.Batch, len(c.query.Columns)), false, nil
	case *zaggv1.ReadToHost_Frame:
		if open == nil {
			return nil, false, protocolErrorf("columns come without a batch")
		}
		if err := open.columns.Add(m.Frame); err != nil {
			return open, false, &protocolError{err}
		}
		return open, false, nil
	case *zaggv1.ReadToHost_Index:
		if !c.indexing || len(c.index)+len(m.Index) > indexBytes {
			return open, false, protocolErrorf("%d bytes of an index come where none is wanted, or beyond %d", len(m.Index), indexBytes)
		}
		c.index = append(c.index, m.Index...)
		return open, false, nil
	case *zaggv1.ReadToHost_Done:
		if open != nil {
			return open, false, protocolErrorf("it is done in the middle of a batch")
		}
		var err error
		if c.stats, err = wire.ReadStatsFromProto(m.Done); err != nil {
			return nil, false, &protocolError{err}
		}
		return nil, true, nil
	}
	return open, false, nil // a message for later hosts
}

// fed notes that the plugin lives. While it waits for us, its silence means nothing.
func (c *conversation) fed() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.asks) > 0 {
		c.dog.sleep()
	} else {
		c.dog.feed()
	}
}

// begin has an ask answered.
func (c *conversation) begin(ask *zaggv1.Ask) error {
	c.mu.Lock()
	n := len(c.asks)
	taken := c.asks[ask.Ask]
	c.asks[ask.Ask] = true
	c.mu.Unlock()
	if taken || ask.Ask == 0 || n >= asksOpen {
		return protocolErrorf("it asks under number %d, which is taken or 0, or has %d asks open", ask.Ask, n)
	}
	c.answering.Go(func() {
		select {
		case c.turns <- struct{}{}:
		case <-c.ctx.Done():
			return
		}
		defer func() { <-c.turns }()
		c.answer(ask)
	})
	return nil
}

// answer reads what an ask is for and sends it. If sending fails the listener learns why.
func (c *conversation) answer(ask *zaggv1.Ask) {
	send := func(a *zaggv1.Answer) error {
		a.Ask = ask.Ask
		if a.Last || a.Error != nil {
			c.mu.Lock()
			delete(c.asks, ask.Ask)
			c.mu.Unlock()
			c.fed()
		}
		return c.send(&zaggv1.ReadToPlugin{Message: &zaggv1.ReadToPlugin_Answer{Answer: a}})
	}
	url, ok := c.urls[ask.Url]
	if !ok {
		c.refuse(send, ask.Url, "", core.Errorf(core.Denied, "plugin", ask.Url, "a plugin may ask for the assets of its granule alone"))
		return
	}
	if ask.Stat {
		info, err := c.source.Stat(c.ctx, url)
		if err != nil {
			c.refuse(send, ask.Url, url, err)
			return
		}
		info.URL = ask.Url
		_ = send(&zaggv1.Answer{Object: wire.ObjectInfoToProto(&info), Last: true})
		return
	}
	ranges, err := wire.RangesFromProto(ask.Ranges)
	var data [][]byte
	if err == nil {
		data, err = c.source.ReadRanges(c.ctx, url, ranges)
	}
	if err != nil {
		c.refuse(send, ask.Url, url, err)
		return
	}
	_ = sendRanges(data, send)
}

// refuse sends an error under a number by which it is known again.
func (c *conversation) refuse(send func(*zaggv1.Answer) error, plain, url string, err error) {
	c.mu.Lock()
	c.refusals = append(c.refusals, err)
	n := uint32(len(c.refusals))
	c.mu.Unlock()
	e := wire.ErrorToProto(err)
	for _, text := range []*string{&e.Op, &e.Subject, &e.Text} {
		if url != "" && url != plain {
			*text = strings.ReplaceAll(*text, url, plain)
		}
		*text = c.session.redact.text(*text)
	}
	_ = send(&zaggv1.Answer{Error: e, Refused: n, Last: true})
}

// refusal is the error that was sent under a number.
func (c *conversation) refusal(n uint32) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if n == 0 || int(n) > len(c.refusals) {
		return nil
	}
	return c.refusals[n-1]
}

// sendRanges sends the bytes of ranges, small ones together.
func sendRanges(data [][]byte, send func(*zaggv1.Answer) error) error {
	next := &zaggv1.Answer{Lengths: make([]int64, len(data))}
	for i, b := range data {
		next.Lengths[i] = int64(len(b))
	}
	flush := func(b []byte) error {
		next.Data = b
		err := send(next)
		next = &zaggv1.Answer{}
		return err
	}
	var scratch []byte
	for _, b := range data {
		for len(b) > 0 {
			if len(scratch) == 0 && len(b) >= scratchBytes {
				n := min(len(b), wire.AnswerBytes)
				if err := flush(b[:n]); err != nil {
					return err
				}
				b = b[n:]
				continue
			}
			if len(scratch)+len(b) > wire.FrameBytes { // whole ranges need no copy at the other end
				if err := flush(scratch); err != nil {
					return err
				}
				scratch = scratch[:0]
				continue
			}
			scratch = append(scratch, b...)
			b = nil
		}
	}
	next.Last = true
	return flush(scratch)
}
