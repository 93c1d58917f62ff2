package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/quickdeploy"
)

// updateFunctions has all functions take the zip and shows how far each is: a table that changes on a terminal, else a line for
// each that has come to an end.
func (a *app) updateFunctions(ctx context.Context, s *quickdeploy.Session, done *quickdeploy.Report) {
	table := newTable(a.stderr, s.Functions)
	if table == nil {
		s.Update(ctx, done, nil)
	} else {
		s.Update(ctx, done, table.say)
		table.pool.Wait()
	}
	for _, r := range done.Functions {
		if table == nil || r.Err != nil { // a row has no room for the reason
			fmt.Fprintln(a.stderr, resultLine(r))
		}
	}
}

func resultLine(r quickdeploy.Result) string {
	if r.Err != nil {
		return fmt.Sprintf("%s failed after %s: %v", r.Function, quantity.Seconds(r.Seconds), r.Err)
	}
	return fmt.Sprintf("%s updated in %s, code %s", r.Function, quantity.Seconds(r.Seconds), r.SHA256)
}

// A table is a row for each function.
type table struct {
	pool *mpb.Progress
	mu   sync.Mutex
	rows map[string]*row
}

type row struct {
	bar   *mpb.Bar
	state string
	began time.Time
	ended time.Time
}

// newTable is nil where there is no terminal to draw it on.
func newTable(w io.Writer, functions []string) *table {
	screen := terminal(w)
	if screen == nil {
		return nil
	}
	t := &table{pool: mpb.New(mpb.WithOutput(screen), mpb.WithRefreshRate(200*time.Millisecond)), rows: map[string]*row{}}
	width := 0
	for _, name := range functions {
		width = max(width, len(name))
	}
	for _, name := range functions {
		r := &row{state: "waiting", began: time.Now()}
		r.bar = t.pool.New(1, mpb.NopStyle(), mpb.BarFillerTrim(), mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return t.line(name, width) })))
		t.rows[name] = r
	}
	return t
}

func (t *table) line(name string, width int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.rows[name]
	if r == nil {
		return name
	}
	end := r.ended
	if end.IsZero() {
		end = time.Now()
	}
	return fmt.Sprintf("%-*s %7s  %s", width, name, quantity.Seconds(end.Sub(r.began).Seconds()), r.state)
}

// say notes what a function is at; its last state begins with "failed" or "has".
func (t *table) say(name, state string) {
	t.mu.Lock()
	r := t.rows[name]
	r.state, _, _ = strings.Cut(state, ":")
	ended := strings.HasPrefix(state, "failed") || strings.HasPrefix(state, "has")
	if ended {
		r.ended = time.Now()
	}
	t.mu.Unlock()
	if ended {
		r.bar.Increment()
	}
}
