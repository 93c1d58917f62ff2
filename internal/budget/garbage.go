package budget

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
)

// Least is what one granule at a time takes, bytes.
const Least = 32 << 20

// LimitProcess makes the garbage collector keep the process near its budget: a tenth more, what the program itself takes, and held bytes
// that no budget makes fewer. GOMEMLIMIT wins.
func LimitProcess(bytes, held int64) {
	if bytes > 0 && os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(bytes + bytes/10 + Least + held)
	}
}

// Held is what is in use now beyond what a program takes in any case: the plan of very many shards. A collector that is asked to make
// room there works all the time and finds nothing.
func Held() int64 {
	var m runtime.MemStats
	if runtime.ReadMemStats(&m); m.HeapAlloc > Least {
		runtime.GC()
		runtime.ReadMemStats(&m)
	}
	return max(int64(m.HeapAlloc)-Least, 0)
}

// Few is how much garbage there may be, in percent of what is in use, where nearly all memory is bytes without pointers: these cost
// a garbage collection nothing, so that many of them are cheaper than the memory that few of them need.
const Few = 20

// freeGarbage is the garbage that there may be in any case, bytes: of a small heap few percent would be collected all the time.
const freeGarbage = 20 << 20

// Garbage is how much of it the collector of this process leaves.
type Garbage struct {
	percent atomic.Int64
	free    uint64 // bytes
}

// NewGarbage is for a run with a budget of so many bytes; 0: the default.
func NewGarbage(budget int64) *Garbage {
	g := &Garbage{free: freeGarbage}
	if budget > 0 {
		g.free = min(g.free, uint64(budget)/8)
	}
	return g
}

// Limit has the collector leave no more than so much percent of what is in use, or what is free. GOGC wins.
func (g *Garbage) Limit(percent int) {
	if g.percent.Swap(int64(percent)) == 0 && os.Getenv("GOGC") == "" {
		g.keep()
	}
}

// keep sets the percentage for the heap as the last collection left it, and again after each of those to come, which is when the
// finalizer of an object runs that nobody has.
func (g *Garbage) keep() {
	live := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(live)
	const most = 1000 // what it is before the first collection
	free := min(g.free*100/max(live[0].Value.Uint64(), 1), most)
	debug.SetGCPercent(int(max(g.percent.Load(), int64(free))))
	runtime.SetFinalizer(&struct{ _ *int }{}, func(any) { g.keep() })
}
