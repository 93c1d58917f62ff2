package worker

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/quantity"
)

// early is how long before its deadline an invocation stops, so that it can still say so: a twentieth of what is left,
// but half a second to ten seconds.
func early(left time.Duration) time.Duration {
	return min(max(left/20, 500*time.Millisecond), 10*time.Second)
}

// A progress notes which granules have been opened.
type progress struct {
	core.ObjectReader
	mu     sync.Mutex
	opened map[string]bool
	last   string
	total  int
	want   map[string]bool
}

func watch(r core.ObjectReader, granules []core.Granule) *progress {
	p := &progress{ObjectReader: r, opened: map[string]bool{}, total: len(granules), want: make(map[string]bool, len(granules))}
	for _, g := range granules {
		p.want[g.URL()] = true
	}
	return p
}

func (p *progress) note(url string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.want[url] && !p.opened[url] {
		p.opened[url] = true
		p.last = url
	}
}

func (p *progress) ReadRanges(ctx context.Context, url string, ranges []core.Range) ([][]byte, error) {
	p.note(url)
	return p.ObjectReader.ReadRanges(ctx, url, ranges)
}

// ReadState tells what the reader below tells.
func (p *progress) ReadState(ctx context.Context, url, etag string, ranges []core.Range) ([][]byte, core.ObjectInfo, error) {
	p.note(url)
	return objstore.ReadState(ctx, p.ObjectReader, url, etag, ranges)
}

func (p *progress) Stat(ctx context.Context, url string) (core.ObjectInfo, error) {
	p.note(url)
	return p.ObjectReader.Stat(ctx, url)
}

// String tells how far a job came.
func (p *progress) describe(source, output objstore.Usage) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	text := fmt.Sprintf("%d of %d granules were opened", len(p.opened), p.total)
	if p.last != "" {
		text += ", " + job.BareName(p.last) + " last"
	}
	return fmt.Sprintf("%s, %.1f MB read in %s, %s written", text, megabytes(source.Down), quantity.Counted(source.Gets+source.Heads, "request"), quantity.Counted(output.Puts, "object"))
}

// stopped is the error of a job that had no more time.
func stopped(p *progress, source, output objstore.Usage, after, left time.Duration, err error) error {
	return core.Errorf(core.Unavailable, "", "", "stopped after %.1f s, %.1f s before the function's time-out: %s; give the function more time or memory, or make shards smaller (%w)",
		after.Seconds(), left.Seconds(), p.describe(source, output), err)
}
