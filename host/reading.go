package host

// How workers read: rules that cost predictions share with the workers themselves.

import (
	"time"

	"github.com/englacial/zagg/core/h5/levels"
	"github.com/englacial/zagg/internal/budget"
	"github.com/englacial/zagg/internal/engine"
)

// WorkerBudget is the memory budget of a function with memoryMB of memory: half of it. The rest is for the program, uncollected
// garbage, and the system's buffers of sockets and files.
func WorkerBudget(memoryMB int) *budget.Budget { return budget.New(int64(memoryMB) << 20 / 2) }

// ReadsWhole reports whether a function with memoryMB of memory reads a granule of size bytes at url whole, given the latency of the
// service. The HDF5 readers use the same rule.
func ReadsWhole(memoryMB int, url string, size int64, latency time.Duration) bool {
	s := NewStores(nil, nil, url)
	if s.Request == 0 { // files answer at once
		latency = 0
	}
	return levels.Opening(engine.ReadMemory(WorkerBudget(memoryMB), size), s.Request).ReadsWhole(size, latency)
}
