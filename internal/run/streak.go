package run

// Ending a run early when shard after shard fails for a reason that trying more shards does not change.

import (
	"errors"
	"fmt"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
)

// enoughAlike is how many shards in a row must fail alike before no more are tried: expired keys, or a full disk,
// fail all.
const enoughAlike = 8

// errAlike ends a run whose shards all fail for one reason.
var errAlike = errors.New("shards fail alike")

// A streak is a run of shards that failed one after the other with the same such code.
type streak struct {
	code core.Code
	n    int
	last error
}

// add counts how a shard ended. It returns true once enough have failed alike.
func (s *streak) add(err error) bool {
	code := core.CodeOf(err)
	switch {
	case err == nil || code != core.Denied && code != core.Invalid:
		*s = streak{}
	case code != s.code:
		*s = streak{code, 1, err}
	default:
		s.n, s.last = s.n+1, err
	}
	return s.n >= enoughAlike
}

// failRemaining counts the shards that were not begun as failed, and says so once.
func (r *Run) failRemaining(groups [][]*job.Job, begun map[string]bool, s *streak) {
	why := core.Errorf(s.code, "", "", "not tried, because %d shards before it failed for the same reason; the last: %w", s.n, s.last)
	n := 0
	for _, group := range groups {
		for i := range group {
			if !begun[group[i].Label] {
				r.total.add(group[i].Label, Result{}, why)
				n++
			}
		}
	}
	r.progress.Warn(fmt.Sprintf("%d shards in a row failed with code %q: the other %d are not tried. The same command goes on once the cause is gone: %v", s.n, s.code, n, s.last))
}
