package emulator

import "time"

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
