package cli

// Keeping the process of a local run within --memory.

import (
	"context"
	"runtime"

	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/run"
)

// openLocal makes this process the backend of a run from a catalog: from here on memory is mostly bytes, beside a plan that is full of
// pointers, which each collection follows and no budget makes smaller.
func openLocal(memory int64) run.Opener {
	g := budget.NewGarbage(memory)
	return func(ctx context.Context, r *run.Run) (run.Backend, error) {
		budget.LimitProcess(memory, budget.Held())
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		g.Limit(int(min(budget.Few+m.HeapAlloc>>22, 100)))
		return run.Local(ctx, r)
	}
}
