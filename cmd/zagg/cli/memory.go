package cli

import (
	"context"
	"os"
	"runtime"
	"runtime/debug"

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

// limitGarbage has the collector leave no more than so much. GOGC wins.
func limitGarbage(percent int) {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(percent)
	}
}

// openLocal makes this process the backend of a run from a catalog: from here on memory is mostly bytes.
func openLocal(ctx context.Context, r *run.Run) (run.Backend, error) {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	limitGarbage(beside(m.HeapAlloc))
	return run.Local(ctx, r)
}

// beside is few beside a plan of so many bytes, which is full of pointers that each collection follows.
func beside(plan uint64) int { return int(min(few+plan>>22, 100)) }
