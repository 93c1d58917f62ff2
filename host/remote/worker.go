package remote

import (
	"context"
	"sync/atomic"

	"github.com/englacial/zagg/core"
)

// A worker is one of a plugin's processes, from one start to the next.
type worker struct {
	plugin  *Plugin
	current atomic.Pointer[session] // to be asked how much it has to do

	gate    chan struct{} // held while the fields below are used
	session *session      // nil or dead: the next call starts one
	crashes int           // in a row, without an answer between
	last    error         // of the last crash
	closed  bool
}

func newWorker(p *Plugin) *worker { return &worker{plugin: p, gate: make(chan struct{}, 1)} }

// calls is how many it has to do.
func (w *worker) calls() int32 {
	if s := w.current.Load(); s != nil {
		return s.calls.Load()
	}
	return 0
}

// acquire is the living session; it starts one if there is none.
func (w *worker) acquire(ctx context.Context) (*session, error) {
	select {
	case w.gate <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-w.gate }()
	name := w.plugin.options.Name
	if w.closed {
		return nil, core.Errorf(core.Unavailable, "plugin", name, "it has been ended")
	}
	if s := w.session; s != nil {
		err := s.endError()
		if err == nil {
			return s, nil
		}
		w.session = nil
		if w.crashes++; s.answered.Load() {
			w.crashes = 1
		}
		w.last = err
		s.close()
	}
	if w.crashes >= maxCrashes {
		return nil, core.Errorf(core.Unavailable, "", "", "%w (it died %d times in a row and is not started again)", w.last, w.crashes)
	}
	s, err := w.plugin.connect(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		w.crashes++
		w.last = err
		return nil, err
	}
	w.session = s
	w.current.Store(s)
	return s, nil
}

func (w *worker) close() {
	w.gate <- struct{}{}
	defer func() { <-w.gate }()
	w.closed = true
	if w.session != nil {
		w.session.close()
	}
}

// peak tells a counter the most memory that the process has had.
func (w *worker) peak(c *counter) {
	w.gate <- struct{}{}
	defer func() { <-w.gate }()
	if s := w.session; s != nil && s.process != nil {
		if proc := s.process.started.Load(); proc != nil {
			c.peak(peakMemory(proc.Pid))
		}
	}
}
