// Package screen shows progress: bars and tables on terminals, plain lines elsewhere. It is tested through the commands.
package screen

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/printed"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/run"
)

// File is the file that is written to; nil if it is none.
func File(w io.Writer) *os.File {
	if p, ok := w.(*printed.Writer); ok {
		w = p.Unwrap()
	}
	f, _ := w.(*os.File)
	return f
}

// terminal is the terminal that is written to; nil if it is none, or one that draws nothing.
func terminal(w io.Writer) *os.File {
	if f := File(w); f != nil && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		return f
	}
	return nil
}

// A counter shows how far a long step is: a bar on a terminal, plain lines elsewhere.
type counter struct {
	w     io.Writer
	total int
	start time.Time
	done  int
	mu    sync.Mutex
	pool  *mpb.Progress
	bar   *mpb.Bar
	note  string
	unit  string
	quiet bool
}

// newCounter counts to total; unit is what is counted, in the plural.
func newCounter(w io.Writer, total int, unit string, quiet bool) *counter {
	p := &counter{w: w, total: total, unit: unit, start: time.Now(), quiet: quiet}
	if screen := terminal(w); !quiet && screen != nil {
		p.pool = mpb.New(mpb.WithOutput(screen), mpb.WithWidth(40), mpb.WithRefreshRate(200*time.Millisecond))
		p.bar = p.pool.AddBar(int64(total),
			mpb.PrependDecorators(decor.CountersNoUnit("%d/%d ")),
			mpb.AppendDecorators(decor.Percentage(), decor.Any(func(decor.Statistics) string { return p.tail() })))
	}
	return p
}

// A Reporter shows how a run goes.
type Reporter struct {
	w     io.Writer
	quiet bool

	mu  sync.Mutex
	bar *counter // nil: nothing is counted yet
}

var _ run.Progress = (*Reporter)(nil)

// NewReporter shows only warnings where quiet is set.
func NewReporter(w io.Writer, quiet bool) *Reporter { return &Reporter{w: w, quiet: quiet} }

// Step shows that a step begins.
func (r *Reporter) Step(s run.Step, text string) {
	if !r.quiet {
		r.print(fmt.Sprintf("[%d/%d] %s", s, run.Steps, text))
	}
}

// Note shows a line about it.
func (r *Reporter) Note(text string) {
	if !r.quiet {
		r.print("      " + text)
	}
}

// Warn shows a line in any case.
func (r *Reporter) Warn(text string) { r.print(text) }

// print prints a line, above the bar if there is one.
func (r *Reporter) print(line string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.bar != nil {
		r.bar.print(line)
		return
	}
	fmt.Fprintln(r.w, line)
}

// Count shows how far a long step is.
func (r *Reporter) Count(total int, unit string) run.Counter {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.bar = newCounter(r.w, total, unit, r.quiet)
	return r.bar
}

// Step counts one more and shows text about it.
func (p *counter) Step(text string) {
	p.mu.Lock()
	p.done++
	p.note = text
	done := p.done
	p.mu.Unlock()
	switch {
	case p.quiet:
	case p.bar != nil:
		p.bar.Increment()
	default:
		fmt.Fprintf(p.w, "[%*d/%d] %s | %s\n", max(4, len(strconv.Itoa(p.total))), done, p.total, text, p.rate())
	}
}

// Say prints a line that stays, unless no progress is wanted.
func (p *counter) Say(line string) {
	if !p.quiet {
		p.print(line)
	}
}

// print prints a line that stays, above the bar while there is one.
func (p *counter) print(line string) {
	if p.pool != nil {
		if _, err := fmt.Fprintln(p.pool, core.Shown(line)); err == nil {
			return
		}
	}
	fmt.Fprintln(p.w, line)
}

func (p *counter) tail() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.done == 0 {
		return ""
	}
	return "  " + p.rate() + "  " + core.Shown(p.note)
}

func (p *counter) rate() string {
	elapsed := time.Since(p.start).Seconds()
	if p.done == 0 || elapsed <= 0 {
		return "-"
	}
	perSecond := float64(p.done) / elapsed
	return fmt.Sprintf("%.1f %s/s, ETA %s", perSecond, p.unit, quantity.Seconds(float64(p.total-p.done)/perSecond))
}

// Finish leaves the screen as it is; a bar that did not reach its end is kept where it stood.
func (p *counter) Finish() {
	if p.bar == nil {
		return
	}
	if !p.bar.Completed() {
		p.bar.Abort(false)
	}
	p.pool.Wait()
}
