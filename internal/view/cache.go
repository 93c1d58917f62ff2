package view

import (
	"container/list"
	"context"
	"runtime"
	"sync"
	"time"
)

// A part is what is drawn of a shard: its cells with a value.
type part struct {
	slots  []int32
	x, y   []float64 // centres in a plane, km
	values []float32
}

// bytes is what a part takes in memory, about.
func (p *part) bytes() int64 { return 24*int64(len(p.values)) + 200 }

// A partKey names a part.
type partKey struct {
	level, variable int
	plane, label    string
	window          string
	changed         string
}

// A load is a part that is being read, or was.
type load struct {
	done  chan struct{}
	part  *part
	err   error
	ended time.Time
	place *list.Element
}

// errorsLast is how long a failure is not tried again.
const errorsLast = 5 * time.Second

// A cache keeps parts up to a number of bytes, and reads each once. Reading goes on when who asked first has gone.
type cache struct {
	ctx   context.Context
	room  chan struct{} // bounds what is read at once
	limit int64

	mu    sync.Mutex
	bytes int64
	loads map[partKey]*load
	used  *list.List // of keys, the latest first
}

func newCache(ctx context.Context, limit int64) *cache {
	return &cache{ctx: ctx, room: make(chan struct{}, max(32, 4*runtime.NumCPU())), limit: limit, loads: map[partKey]*load{}, used: list.New()}
}

// get is a part, which read makes if it is not there.
func (c *cache) get(key partKey, read func(context.Context) (*part, error)) *load {
	c.mu.Lock()
	defer c.mu.Unlock()
	if l := c.loads[key]; l != nil {
		if l.ended.IsZero() || l.err == nil || time.Since(l.ended) < errorsLast {
			c.used.MoveToFront(l.place)
			return l
		}
		c.drop(key, l)
	}
	l := &load{done: make(chan struct{}), place: c.used.PushFront(key)}
	c.loads[key] = l
	go c.run(l, read)
	return l
}

func (c *cache) run(l *load, read func(context.Context) (*part, error)) {
	defer close(l.done)
	var p *part
	var err error
	select {
	case c.room <- struct{}{}:
		p, err = read(c.ctx)
		<-c.room
	case <-c.ctx.Done():
		err = c.ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	l.part, l.err, l.ended = p, err, time.Now()
	if err != nil {
		return
	}
	c.bytes += p.bytes()
	for at := c.used.Back(); c.bytes > c.limit && at != nil && at != l.place; {
		key := at.Value.(partKey)
		at = at.Prev()
		if old := c.loads[key]; !old.ended.IsZero() {
			c.drop(key, old)
		}
	}
}

// drop forgets a part that has been read.
func (c *cache) drop(key partKey, l *load) {
	if l.part != nil {
		c.bytes -= l.part.bytes()
	}
	c.used.Remove(l.place)
	delete(c.loads, key)
}
