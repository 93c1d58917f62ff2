package awstest

import (
	"math/rand/v2"
	"sync"
	"time"
)

// A Call is one delivery of a request to a function.
type Call struct {
	Function  string
	RequestID string
	Event     bool // an event invocation; else synchronous
	Attempt   int  // 0; more when an event runs again
	Number    int64
	Payload   []byte // not to be changed
}

// A Fault is what goes wrong with a Call. The zero Fault is nothing.
type Fault struct {
	Throttle    bool          // the answer is 429 TooManyRequestsException
	Unavailable bool          // the answer is 500 ServiceException
	Lose        bool          // an event is accepted and never runs
	Twice       bool          // an event runs a second time, at the same time
	Delay       time.Duration // an event waits so long before it runs
	Kill        time.Duration // more than 0: the sandbox is killed so long after the function began
	TimeOut     time.Duration // more than 0: as if this were the function's time-out
	Cut         bool          // the connection of a synchronous call is cut while the function goes on
}

// FaultRates are chances between 0 and 1, each for itself.
type FaultRates struct {
	Throttle, Unavailable, Lose, Twice, Kill, Cut float64
	KillWithin                                    time.Duration // a sandbox that is killed lives at most so long; a second
	MaxDelay                                      time.Duration // of events
}

// RandomFaults draws faults from a seed: the same calls in the same order meet the same faults.
func RandomFaults(seed uint64, rates FaultRates) func(Call) Fault {
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(seed, 0))
	within := rates.KillWithin
	if within <= 0 {
		within = time.Second
	}
	return func(Call) Fault {
		mu.Lock()
		defer mu.Unlock()
		hit := func(rate float64) bool { return random.Float64() < rate }
		f := Fault{Throttle: hit(rates.Throttle), Unavailable: hit(rates.Unavailable), Lose: hit(rates.Lose), Twice: hit(rates.Twice), Cut: hit(rates.Cut)}
		if kill, after := hit(rates.Kill), 1+random.Int64N(int64(within)); kill {
			f.Kill = time.Duration(after)
		}
		if rates.MaxDelay > 0 {
			f.Delay = time.Duration(random.Int64N(int64(rates.MaxDelay)))
		}
		return f
	}
}
