package host

import (
	"time"

	"github.com/englacial/zagg/core/h5/levels"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/engine"
)

// WorkerBudget bounds what a function of so many MB of memory holds of granules, rows and shards: half of it. The rest is for the
// program, for what the garbage collector has yet to find, and for what the system keeps for sockets and files.
func WorkerBudget(memoryMB int) *budget.Budget { return budget.New(int64(memoryMB) << 20 / 2) }

// ReadsWhole reports whether a function of so many MB reads a granule at url, of size bytes, whole, where the first request to the
// service that has it takes latency. It is what the HDF5 readers themselves go by.
func ReadsWhole(memoryMB int, url string, size int64, latency time.Duration) bool {
	s := NewStores(nil, nil, url)
	if s.Request == 0 { // files answer at once
		latency = 0
	}
	return levels.Opening(engine.ReadMemory(WorkerBudget(memoryMB), size), s.Request).ReadsWhole(size, latency)
}
