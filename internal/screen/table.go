package screen

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"

	"github.com/englacial/zagg/internal/quantity"
)

// A Table is a row for each of some functions.
type Table struct {
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

// Wait ends when all rows have come to an end.
func (t *Table) Wait() { t.pool.Wait() }

// NewTable is nil where there is no terminal to draw it on.
func NewTable(w io.Writer, functions []string) *Table {
	screen := terminal(w)
	if screen == nil {
		return nil
	}
	t := &Table{pool: mpb.New(mpb.WithOutput(screen), mpb.WithRefreshRate(200*time.Millisecond)), rows: map[string]*row{}}
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

func (t *Table) line(name string, width int) string {
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

// Say notes what a function is at; its last state begins with "failed" or "has".
func (t *Table) Say(name, state string) {
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
