package emulator

import "time"

// accept queues an event.
func (l *Lambda) accept(f *function, call Call, fault Fault) {
	copies := 1
	l.count(func(s *Stats) {
		s.Events++
		switch {
		case fault.Lose:
			s.EventsLost++
			copies = 0
		case fault.Twice:
			s.EventsTwice++
			copies = 2
		}
	})
	for range copies {
		l.spawn(func() { l.deliver(f, call, fault) })
	}
}

// deliver runs an event until it succeeds, has failed too often or is too old. As a queue does, it waits longer each
// time that there is no room.
func (l *Lambda) deliver(f *function, call Call, fault Fault) {
	config := AsyncConfig{Retries: 2, MaxAge: 6 * time.Hour}
	if f.Async != nil {
		config = *f.Async
	}
	late := time.Now().Add(config.MaxAge)
	wait, backoff := fault.Delay, time.Second
	for {
		if !l.sleep(wait) {
			return
		}
		if time.Now().After(late) {
			break
		}
		s, reason := f.acquire()
		if reason != "" {
			wait, backoff = backoff, min(2*backoff, 5*time.Minute)
			continue
		}
		out := f.run(s, call, fault)
		if !out.failed {
			return
		}
		if call.Attempt++; call.Attempt > config.Retries {
			break
		}
		l.count(func(s *Stats) { s.EventRetries++ })
		call.Number = l.calls.Add(1)
		fault = (*l.fault.Load())(call)
		wait = l.o.RetryDelay << (call.Attempt - 1)
	}
	l.count(func(s *Stats) { s.EventsDropped++ })
}

// sleep waits; it is false if the service ends first.
func (l *Lambda) sleep(d time.Duration) bool {
	if d <= 0 {
		return l.ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-l.ctx.Done():
		return false
	}
}
