package fleet

// Signs of life: small objects that workers rewrite while they are at work, so that a dead one is noticed before its
// time-out.

import (
	"fmt"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
)

// neverStarted is the end of an event that Lambda accepted and that no worker began.
const neverStarted = "no worker has begun with it"

// SignLasts is how long after its last sign of life a worker counts as being at work.
const SignLasts = missedSigns * job.SignEvery

// missedSigns is how many signs of life may be missing before a worker counts as dead.
const missedSigns = 4

// startPatience is how long, in signs, an event may take to show its first sign beyond the age at which Lambda drops
// it.
const startPatience = 3 // signs

// accepted notes that Lambda has accepted an event, under which id.
func (r *results) accepted(label, request string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if w := r.waiting[label]; w != nil {
		w.accepted, w.request = time.Now(), request
	}
}

// noteSign notes a sign of life. Its ETag and time are only compared with the last ones, because clocks differ. A
// listing has a finer time than the answer about a single object. r.mu is held.
func (r *results) noteSign(label string, o core.ObjectInfo) {
	w := r.waiting[label]
	if w == nil {
		return
	}
	if sign := o.ETag + o.Modified.UTC().Format(time.RFC3339); sign != w.sign {
		w.sign, w.changed = sign, time.Now()
	}
}

// giveUpSilent ends the wait for workers that no longer show signs of life, and for events that no worker has begun.
// It is called after a listing that succeeded.
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
