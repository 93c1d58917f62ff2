package gridkit

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/englacial/zagg/core"
)

// Cover shares regions out among the processors and gives the shards of each, in order. worker is called once for each
// processor; what it gives covers one region at a time and may keep memory from one to the next. After an error no further region
// is begun; op and the number of the first region that failed are named.
func Cover(op string, regions []core.Region, worker func() func(core.Region) ([]core.ShardKey, error)) ([][]core.ShardKey, error) {
	covers, errs := make([][]core.ShardKey, len(regions)), make([]error, len(regions))
	var next atomic.Int64
	var wait sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(regions)) {
		wait.Go(func() {
			cover := worker()
			for i := next.Add(1) - 1; i < int64(len(regions)); i = next.Add(1) - 1 {
				if covers[i], errs[i] = cover(regions[i]); errs[i] != nil {
					next.Store(int64(len(regions)))
				}
			}
		})
	}
	wait.Wait()
	for i, err := range errs {
		if err != nil {
			return nil, core.Wrap(err, op, fmt.Sprintf("region %d", i))
		}
	}
	return covers, nil
}
