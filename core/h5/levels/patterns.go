package levels

// Learning where the metadata of a product's granules lie, from one granule to the next.

import (
	"fmt"
	"sync"

	"github.com/englacial/zagg/core/h5"
)

// patterns are where the last granule of each kind had its metadata. mu guards of.
type patterns struct {
	mu sync.Mutex
	of map[string]*h5.Pattern
}

// maxPatterns bounds them: a reader is asked for few combinations of columns and filters.
const maxPatterns = 64

// kind is what files have in common whose metadata lie alike: their release, what is read of them, and which sibling
// they are ("": the granule itself).
func (r *reading) kind(sibling string) string {
	return fmt.Sprint(sibling, r.release, r.paths([]string{placeholder}))
}

// opening adds to options what is known of the last file of a kind. Where requests have no price, as with local
// files, nothing is learned.
func (r *reading) opening(sibling string, o h5.Options) h5.Options {
	if o.Request > 0 {
		o.Learn, o.Like = true, r.learned.find(r.kind(sibling))
	}
	return o
}

// learn keeps where the metadata of a file lay, if the file was read by its own metadata and not by an index.
func (r *reading) learn(sibling string, f *h5.File) {
	found := f.Pattern()
	if found == nil {
		return
	}
	p := r.learned
	p.mu.Lock()
	defer p.mu.Unlock()
	// A kind more than that is a new set of columns each time: begin anew.
	if p.of == nil || len(p.of) >= maxPatterns {
		p.of = map[string]*h5.Pattern{}
	}
	p.of[r.kind(sibling)] = found
}

func (p *patterns) find(kind string) *h5.Pattern {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.of[kind]
}
