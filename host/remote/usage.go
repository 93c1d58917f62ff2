package remote

import (
	"context"
	"strings"
	"sync"

	"google.golang.org/grpc/stats"
)

// Usage is what a plugin was asked for and took, over all its processes. Health checks do not count.
type Usage struct {
	Calls    int64
	Seconds  float64 // of calls, one after the other: those at once count twice
	Sent     int64   // bytes of messages to it
	Received int64
	Memory   int64 // the most bytes that a process of it had; 0: not known
}

// A counter counts the calls of a plugin.
type counter struct {
	mu sync.Mutex
	is Usage
}

var _ stats.Handler = (*counter)(nil)

type counted struct{}

// TagRPC marks calls that count.
func (c *counter) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return context.WithValue(ctx, counted{}, strings.HasPrefix(info.FullMethodName, "/zagg."))
}

// HandleRPC adds what a call did.
func (c *counter) HandleRPC(ctx context.Context, s stats.RPCStats) {
	if counts, _ := ctx.Value(counted{}).(bool); !counts {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	switch s := s.(type) {
	case *stats.OutPayload:
		c.is.Sent += int64(s.Length)
	case *stats.InPayload:
		c.is.Received += int64(s.Length)
	case *stats.End:
		c.is.Calls++
		c.is.Seconds += s.EndTime.Sub(s.BeginTime).Seconds()
	}
}

// TagConn and HandleConn count nothing.
func (c *counter) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn does nothing.
func (c *counter) HandleConn(context.Context, stats.ConnStats) {}

// peak takes the most memory of a process.
func (c *counter) peak(bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.is.Memory = max(c.is.Memory, bytes)
}

// Usage is what the plugin took until now.
func (p *Plugin) Usage() Usage {
	c := p.options.counter
	if c == nil {
		return Usage{}
	}
	for _, w := range p.workers {
		w.peak(c)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.is
}
