package fleet

import (
	"fmt"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
)

// neverStarted is what became of an event that Lambda took and that no worker began.
const neverStarted = "no worker has begun with it"

// SignLasts is how long after its last sign of life a worker is taken to be at work.
const SignLasts = missedSigns * job.SignEvery

// missedSigns is how many signs of life may be missing before a worker is taken for dead.
const missedSigns = 4

// startPatience is how long beyond the age at which Lambda drops it an event may take to show its first sign.
const startPatience = 3 // signs

// accepted notes that Lambda has taken an event.
func (r *results) accepted(label, request string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.waiting[label]; w != nil {
		w.accepted, w.request = time.Now(), request
	}
}

// noteSign notes a sign of life. How it looks is compared, not its time: clocks differ. Of the time a listing tells
// more than the answer to a question for the object does. r.mu is held.
func (r *results) noteSign(label string, o core.ObjectInfo) {
	w := r.waiting[label]
	if w == nil {
		return
	}
	if sign := o.ETag + o.Modified.UTC().Format(time.RFC3339); sign != w.sign {
		w.sign, w.changed = sign, time.Now()
	}
}

// giveUpSilent ends the wait for workers that show no sign of life any more, and for events that none has begun with. It is
// called after a listing that went well.
func (r *results) giveUpSilent(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for label, w := range r.waiting {
		switch {
		case !w.signs || w.accepted.IsZero():
		case w.sign != "" && now.Sub(w.changed) > missedSigns*r.signEvery:
			r.deliver(label, arrival{lost: fmt.Sprintf("its worker has shown no sign of life for %s", now.Sub(w.changed).Round(time.Second))})
		case w.sign == "" && now.Sub(w.accepted) > r.maxAge+startPatience*r.signEvery:
			r.deliver(label, arrival{lost: neverStarted})
		}
	}
}
