package coretest

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"time"
)

var _ Tester[*Recorder] = (*Recorder)(nil)

// A Result is what became of one check.
type Result struct {
	Name     string // "Grid healpix/Cover"
	Failures []string
	Took     time.Duration
	Left     time.Duration // about what the rest of its suite will take, as far as the checks until here tell; 0: not known, or nothing is left
	// Skipped says why the check was not made, or not whole: then it is not passed, although it found nothing. Absent says what is not there to
	// be checked, such as an optional power.
	Skipped, Absent string
	Use             string // of an optional power: what runs and commands do with it
}

// Passed reports that the check found nothing; it may not have been made.
func (r *Result) Passed() bool { return len(r.Failures) == 0 }

// A Recorder is a Tester for programs that are no tests: it keeps the results.
type Recorder struct {
	ctx     context.Context
	limit   time.Duration
	Only    func(name string) bool // which checks are made; nil: all
	Each    func(Result)           // called with each result as it comes; nil: nobody
	name    string
	results *results

	mu       sync.Mutex
	failures []string
	skipped  string
	absent   string
	use      string
	parts    bool // it has run checks of its own
	began    time.Time
	shares   map[string]int // of parts to come, as a suite says; see Expect
	done     int            // shares of those that have ended
	failed   bool           // or one of its parts has
	over     bool           // nothing is taken any more
}

// results is the list that a Recorder and its parts share.
type results struct {
	mu   sync.Mutex
	list []Result
}

// NewRecorder makes one whose checks are given up after limit each, so that a plugin that hangs fails and does not hang
// the program; 0 is no limit.
func NewRecorder(ctx context.Context, limit time.Duration) *Recorder {
	return &Recorder{ctx: ctx, limit: limit, results: &results{}}
}

// Results are those of the checks so far, in the order in which they ended.
func (r *Recorder) Results() []Result {
	r.results.mu.Lock()
	defer r.results.mu.Unlock()
	return slices.Clone(r.results.list)
}

// Context is the one the check should work in: its deadline is the check's.
func (r *Recorder) Context() context.Context { return r.ctx }

// Helper does nothing.
func (r *Recorder) Helper() {}

// Logf does nothing: what a check has to say that is no failure is for tests with -v.
func (r *Recorder) Logf(string, ...any) {}

// Errorf keeps a failure.
func (r *Recorder) Errorf(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.over {
		r.failures = append(r.failures, fmt.Sprintf(format, args...))
	}
}

// Skipf ends the check, which is not made for a reason.
func (r *Recorder) Skipf(format string, args ...any) {
	r.mu.Lock()
	r.skipped = fmt.Sprintf(format, args...)
	r.mu.Unlock()
	runtime.Goexit()
}

// Absentf ends the check of what is not there.
func (r *Recorder) Absentf(format string, args ...any) {
	r.mu.Lock()
	r.absent = fmt.Sprintf(format, args...)
	r.mu.Unlock()
	runtime.Goexit()
}

// Uses says what an optional power is for, whether it is there or not.
func (r *Recorder) Uses(text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.use = text
}

// FailNow ends the check.
func (r *Recorder) FailNow() { runtime.Goexit() }

// Expect says which checks are to come and what part of their time each takes, in any unit: Results have estimates of what is left from it.
func (r *Recorder) Expect(shares map[string]int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.began, r.shares, r.done = time.Now(), map[string]int{}, 0
	for name, share := range shares {
		if r.Only == nil || r.Only(r.name+"/"+name) {
			r.shares[name] = share
		}
	}
}

// Wants reports whether a check of this name is to be made.
func (r *Recorder) Wants(name string) bool {
	if r.Only == nil || r.Only(r.name+"/"+name) {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.parts = true // it has some, although none is made: it is not itself a check that passed
	return false
}

// left is how long the checks that are expected after one may take, if all take as long for their shares as those before.
func (r *Recorder) left(ended string) time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.done += r.shares[ended]
	delete(r.shares, ended)
	rest := 0
	for _, share := range r.shares {
		rest += share
	}
	if r.done == 0 {
		return 0
	}
	return time.Since(r.began) / time.Duration(r.done) * time.Duration(rest)
}

// grace is how long a check may take to end once its time is over.
const grace = 2 * time.Second

// Run makes a check and waits for it; when its time is over its context is cancelled, and soon after it is given up. A
// check that has begun parts of its own has all the time they need.
func (r *Recorder) Run(name string, check func(*Recorder)) bool {
	short := name
	if r.name != "" {
		name = r.name + "/" + name
	}
	if r.name != "" && !r.Wants(short) {
		return true
	}
	ctx, cancel := context.WithCancel(r.ctx)
	defer cancel()
	part := &Recorder{ctx: ctx, limit: r.limit, Only: r.Only, Each: r.Each, name: name, results: r.results}
	r.mu.Lock()
	r.parts = true
	r.mu.Unlock()
	start := time.Now()
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() {
			if p := recover(); p != nil {
				part.Errorf("panic: %v\n%s", p, debug.Stack())
			}
		}()
		check(part)
	}()
	part.wait(done, cancel)
	ok := part.end(time.Since(start), r.left(short))
	if !ok {
		r.mu.Lock()
		r.failed = true
		r.mu.Unlock()
	}
	return ok
}

// wait waits for a check, or until its time is over.
func (r *Recorder) wait(done <-chan struct{}, cancel func()) {
	if r.limit > 0 {
		timer := time.NewTimer(r.limit)
		defer timer.Stop()
		select {
		case <-done:
			return
		case <-timer.C:
		}
		if !r.hasParts() {
			r.Errorf("not done after %v", r.limit)
			cancel()
			select {
			case <-done:
			case <-time.After(grace):
				r.Errorf("and does not end when its context is cancelled")
			}
			return
		}
	}
	<-done
}

func (r *Recorder) hasParts() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.parts
}

// end keeps the result, unless it is only that of parts; false if something failed.
func (r *Recorder) end(took, left time.Duration) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.over = true
	if !r.parts || len(r.failures) > 0 {
		r.results.mu.Lock()
		result := Result{Name: r.name, Failures: r.failures, Took: took, Left: left, Skipped: r.skipped, Absent: r.absent, Use: r.use}
		r.results.list = append(r.results.list, result)
		r.results.mu.Unlock()
		if r.Each != nil {
			r.Each(result)
		}
	}
	return len(r.failures) == 0 && !r.failed
}
