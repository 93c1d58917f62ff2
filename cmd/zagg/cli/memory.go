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

// openLocal makes this process the backend. From here on nearly all of its memory is bytes without pointers, which cost a
// garbage collection nothing, so that many of them are cheaper than the memory that few of them need. GOGC wins.
func openLocal(ctx context.Context, r *run.Run) (run.Backend, error) {
	if os.Getenv("GOGC") == "" {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		debug.SetGCPercent(garbage(m.HeapAlloc))
	}
	return run.Local(ctx, r)
}

// garbage is how much of it there may be, in percent of what is in use, beside a plan of so many bytes, which is full of pointers
// that each collection follows.
func garbage(plan uint64) int { return int(min(20+plan>>22, 100)) }
