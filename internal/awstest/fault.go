package awstest

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/englacial/zagg/internal/emulator"
)

// FaultRates are chances between 0 and 1, each for itself.
type FaultRates struct {
	Throttle, Unavailable, Lose, Twice, Kill, Cut float64
	KillWithin                                    time.Duration // a sandbox that is killed lives at most so long; a second
	MaxDelay                                      time.Duration // of events
}

// RandomFaults draws faults from a seed: the same calls in the same order meet the same faults.
func RandomFaults(seed uint64, rates FaultRates) func(emulator.Call) emulator.Fault {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	within := rates.KillWithin
	if within <= 0 {
		within = time.Second
	}
	return func(emulator.Call) emulator.Fault {
		mu.Lock()
		defer mu.Unlock()
		hit := func(rate float64) bool { return random.Float64() < rate }
		f := emulator.Fault{Throttle: hit(rates.Throttle), Unavailable: hit(rates.Unavailable), Lose: hit(rates.Lose), Twice: hit(rates.Twice), Cut: hit(rates.Cut)}
		if kill, after := hit(rates.Kill), 1+random.Int64N(int64(within)); kill {
			f.Kill = time.Duration(after)
		}
		if rates.MaxDelay > 0 {
			f.Delay = time.Duration(random.Int64N(int64(rates.MaxDelay)))
		}
		return f
	}
}
