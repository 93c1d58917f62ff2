package coretest

import (
	"context"
	"errors"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"runtime/debug"
	"sync/atomic"

	"github.com/englacial/zagg/core"
)

// A Tester runs named checks and takes what they find. *testing.T and *Recorder are Testers.
type Tester[S any] interface {
	report
	Context() context.Context
	Run(name string, check func(S)) bool
}

// report is the part of a Tester that a check needs.
type report interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
	FailNow()                         // ends the goroutine, as runtime.Goexit does
	Skipf(format string, args ...any) // ends it, too: the check is not made
}

// Options are those of all suites.
type Options struct {
	Seed  uint64 // of the random inputs; the same seed, the same inputs
	Short bool   // fewer and smaller inputs
}

// Make makes things of a maker with one config, as the suites want them.
func Make[T any](maker core.Maker[T], config string) func(context.Context) (T, error) {
	return func(ctx context.Context) (T, error) { return maker.New(ctx, core.Config(config)) }
}

// A check is one named part of a suite under way.
type check struct {
	report
	ctx  context.Context
	rand *rand.Rand
	Options
	held atomic.Int64 // how many times something was held against a promise
}

// A step is a check by name.
type step struct {
	name   string
	run    func(*check)
	needed bool   // the rest makes no sense without
	share  int    // about what part of the time of its suite it takes, in thousandths; 0: next to nothing
	use    string // what an optional power is used for; "": it is none
}

// run makes one check: it passes if it reports nothing. A panic is reported, too. What is needed is done even where the
// user has asked for other checks only (go test -run).
func run[S Tester[S]](t S, opt Options, s step) bool {
	t.Helper()
	var ran atomic.Bool
	ok := t.Run(s.name, func(t S) {
		t.Helper()
		ran.Store(true)
		s.do(t, t.Context(), opt)
	})
	if s.needed && !ran.Load() {
		s.do(t, t.Context(), opt)
	}
	return ok
}

// do makes a check with inputs of its own.
func (s *step) do(t report, ctx context.Context, opt Options) {
	t.Helper()
	h := fnv.New64a()
	h.Write([]byte(s.name))
	c := &check{report: t, ctx: ctx, rand: rand.New(rand.NewPCG(opt.Seed, h.Sum64())), Options: opt}
	defer func() {
		if p := recover(); p != nil {
			c.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	if u, ok := t.(interface{ Uses(string) }); ok && s.use != "" {
		u.Uses(s.use)
	}
	s.run(c)
	if c.held.Load() == 0 && !s.needed { // nothing was found because nothing was looked at
		c.absent("there is nothing for it to check")
	}
}

// runAll makes checks, until one fails that the rest needs.
func runAll[S Tester[S]](t S, opt Options, steps []step) {
	t.Helper()
	if w, ok := any(t).(interface{ Wants(string) bool }); ok { // nothing is needed after the last that is wanted
		for len(steps) > 0 && !w.Wants(steps[len(steps)-1].name) {
			steps = steps[:len(steps)-1]
		}
	}
	if e, ok := any(t).(interface{ Expect(map[string]int) }); ok {
		shares := map[string]int{}
		for _, s := range steps {
			shares[s.name] = max(1, s.share)
		}
		e.Expect(shares)
	}
	failed := "" // what the rest makes no sense without
	for _, s := range steps {
		if failed != "" {
			t.Run(s.name, func(t S) { t.Skipf("not made, because %s failed", failed) })
			continue
		}
		if !run(t, opt, s) && s.needed {
			failed = s.name
		}
	}
}

// closeAll closes things that can be closed.
func closeAll[T any](things []T) {
	for _, thing := range things {
		if closer, ok := any(thing).(io.Closer); ok {
			closer.Close()
		}
	}
}

// fatalf reports a failure and ends the check.
func (c *check) fatalf(format string, args ...any) {
	c.Helper()
	c.Errorf(format+" (seed %d)", append(args, c.Seed)...)
	c.FailNow()
}

// absent ends a check of what is not there: an optional power, or a kind of thing.
func (c *check) absent(format string, args ...any) {
	if r, ok := c.report.(interface{ Absentf(string, ...any) }); ok {
		r.Absentf(format, args...)
	}
	c.Skipf(format, args...)
}

// must ends the check on an error.
func (c *check) must(err error, what string) {
	c.Helper()
	c.held.Add(1)
	if err != nil {
		c.fatalf("%s: %v", what, err)
	}
}

// that ends the check where a condition does not hold.
func (c *check) that(holds bool, format string, args ...any) {
	c.Helper()
	c.held.Add(1)
	if !holds {
		c.fatalf(format, args...)
	}
}

// refused wants an error that says whose fault it is: one of the codes, or any but Internal where none is given.
func (c *check) refused(err error, what string, codes ...core.Code) {
	c.Helper()
	c.held.Add(1)
	if err == nil {
		c.fatalf("%s is no error; want one", what)
	}
	got := core.CodeOf(err)
	if _, coded := errors.AsType[*core.Error](err); !coded {
		c.fatalf("%s: the error has no code, make it with core.Errorf: %v", what, err)
	}
	if len(codes) == 0 {
		c.that(got != core.Internal, "%s: code %q would say that the plugin is broken: %v", what, got, err)
		return
	}
	for _, code := range codes {
		if got == code {
			return
		}
	}
	c.fatalf("%s: code %q, want one of %v: %v", what, got, codes, err)
}

// cancelled wants the error of a cancelled context.
func (c *check) cancelled(err error, what string) {
	c.Helper()
	if err == nil {
		c.fatalf("%s with a cancelled context is no error; look at ctx.Err() before and now and then during the work", what)
	}
	c.that(errors.Is(err, context.Canceled) || core.Is(err, core.Unavailable),
		"%s with a cancelled context: %v; want context.Canceled in the chain, or code unavailable", what, err)
}

// guard calls f, and reports a panic of it as a failure of what was asked.
func (c *check) guard(what string, f func() error) (err error) {
	c.Helper()
	defer func() {
		if p := recover(); p != nil {
			c.fatalf("%s panics: %v", what, p)
		}
	}()
	return f()
}

// few is n, or less with Short.
func (c *check) few(n int) int {
	if c.Short {
		return max(1, n/5)
	}
	return n
}
