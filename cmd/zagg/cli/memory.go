package cli

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"

	"github.com/englacial/zagg/internal/run"
)

// limitMemory makes the garbage collector keep the process near its budget: a tenth more, and what the program itself takes.
// GOMEMLIMIT wins.
func limitMemory(bytes int64) {
	if bytes > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(bytes + bytes/10 + leastMemory)
	}
}

// few is how much garbage there may be, in percent of what is in use, where nearly all memory is bytes without pointers: these cost
// a garbage collection nothing, so that many of them are cheaper than the memory that few of them need.
const few = 20

// freeGarbage is the garbage that there may be in any case, bytes: of a small heap few percent would be collected all the time.
const freeGarbage = 20 << 20

// garbage is how much of it the collector leaves.
type garbage struct {
	percent atomic.Int64
	free    uint64 // bytes
}

// newGarbage is for a run with a budget of so many bytes; 0: the default.
func newGarbage(budget int64) *garbage {
	g := &garbage{free: freeGarbage}
	if budget > 0 {
		g.free = min(g.free, uint64(budget)/8)
	}
	return g
}

// limit has the collector leave no more than so much percent of what is in use, or what is free. GOGC wins.
func (g *garbage) limit(percent int) {
	if g.percent.Swap(int64(percent)) == 0 && os.Getenv("GOGC") == "" {
		g.keep()
	}
}

// keep sets the percentage for the heap as the last collection left it, and again after each of those to come, which is when the
// finalizer of an object runs that nobody has.
func (g *garbage) keep() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	const most = 1000 // what it is before the first collection
	free := min(g.free*100/max(live[0].Value.Uint64(), 1), most)
	debug.SetGCPercent(int(max(g.percent.Load(), int64(free))))
	runtime.SetFinalizer(&struct{ _ *int }{}, func(any) { g.keep() })
}

// openLocal makes this process the backend of a run from a catalog: from here on memory is mostly bytes.
func (g *garbage) openLocal(ctx context.Context, r *run.Run) (run.Backend, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	g.limit(beside(m.HeapAlloc))
	return run.Local(ctx, r)
}

// beside is few beside a plan of so many bytes, which is full of pointers that each collection follows.
func beside(plan uint64) int { return int(min(few+plan>>22, 100)) }
