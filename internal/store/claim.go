package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
)

// claimSpec names the format of a Claim.
const claimSpec = "zagg-claim/1"

// A Claim says which runs are at work on a store. It is replaced on the condition that it is as it was read (core.PutOptions), so
// that of runs that exclude each other one has the store. Runs of the same work share it.
type Claim struct {
	Spec    string   `json:"spec"`
	Work    string   `json:"work"`            // Template.Work: what all holders compute
	Alone   bool     `json:"alone,omitempty"` // the holder deletes what the store holds, and shares it with nobody
	Holders []Holder `json:"holders"`         // none: the store is free
	Runs    int      `json:"runs"`            // that have claimed the store
	// Ended is when a run last took itself off the claim; UTC, by that run's clock.
	Ended time.Time `json:"ended,omitzero"`
}

// A Holder is one run at work. Times are UTC.
type Holder struct {
	RunID   string    `json:"run_id"`
	Config  string    `json:"config_hash"`
	Host    string    `json:"host"`
	PID     int       `json:"pid"`
	Process string    `json:"process,omitempty"` // tells the process from all others of all machines; "": it may end before its work does
	Began   time.Time `json:"began"`
	Beat    time.Time `json:"heartbeat"`
	Expires time.Time `json:"expires"`
}

func (h Holder) String() string {
	text := fmt.Sprintf("run %s (process %d of %s, begun at %s, last heard of at %s)", h.RunID, h.PID, h.Host, h.Began.Format(time.RFC3339), h.Beat.Format(time.RFC3339))
	if !h.live(time.Now()) {
		text += ", which has ended without a word"
	}
	return text
}

// live reports whether a holder may be at work at a time.
func (h Holder) live(now time.Time) bool { return now.Before(h.Expires) && !hasEnded(h.Process) }

// ClaimLasts is how long a claim stands without a sign of life; a quarter of it is from one to the next.
const ClaimLasts = 2 * time.Minute

// maxClaim is the longest claim that is read.
const maxClaim = 4 << 20

// LoadClaim reads the claim of a store and its ETag: nil and "" where there is none.
func LoadClaim(ctx context.Context, from core.ObjectReader, url string) (*Claim, string, error) {
	at := At(url).Claim()
	data, info, err := objstore.ReadAllState(ctx, from, at, maxClaim)
	if core.Is(err, core.NotFound) {
		return nil, "", nil
	}
	if err != nil {
		return nil, "", err
	}
	var c Claim
	if err := json.Unmarshal(data, &c); err != nil {
		return nil, info.ETag, core.Errorf(core.Corrupt, "claim", at, "it cannot be read: %w; `zagg store unlock %s` makes it anew", err, url)
	}
	if c.Spec != claimSpec {
		return nil, info.ETag, core.Errorf(core.Unsupported, "claim", at, "its format is %q, and this version of zagg knows %q", c.Spec, claimSpec)
	}
	return &c, info.ETag, nil
}

// ClaimState is the ETag of a store's claim, whatever is in it; "" where there is none.
func ClaimState(ctx context.Context, from core.ObjectReader, url string) (string, error) {
	info, err := from.Stat(ctx, At(url).Claim())
	if core.Is(err, core.NotFound) {
		return "", nil
	}
	return info.ETag, err
}

// Live are the holders that may be at work.
func (c *Claim) Live() []Holder {
	if c == nil {
		return nil
	}
	now := time.Now()
	return slices.DeleteFunc(slices.Clone(c.Holders), func(h Holder) bool { return !h.live(now) })
}

// save replaces the claim with an ETag, or the one that is not there.
func (c *Claim) save(ctx context.Context, to core.ObjectStore, url, etag string, conditional bool) error {
	c.Spec = claimSpec
	if c.Holders == nil {
		c.Holders = []Holder{}
	}
	data, err := job.EncodeJSON(c)
	if err != nil {
		return core.Errorf(core.Internal, "claim", url, "%w", err)
	}
	opt := core.PutOptions{Size: int64(len(data)), ContentType: "application/json"}
	if conditional {
		if opt.IfMatch = etag; etag == "" {
			opt.IfMatch = objstore.MustNotExist
		}
	}
	return to.Put(ctx, At(url).Claim(), bytes.NewReader(data), opt)
}

// PutClaim writes what a run wants to have as the claim of a store, for one that may not write there itself. It must be a claim.
func PutClaim(ctx context.Context, to core.ObjectStore, url string, data []byte, ifMatch string) error {
	var c Claim
	if err := json.Unmarshal(data, &c); err != nil || c.Spec != claimSpec || len(data) > maxClaim {
		return core.Errorf(core.Invalid, "claim", url, "what is to be written is not a claim in format %s", claimSpec)
	}
	return to.Put(ctx, At(url).Claim(), bytes.NewReader(data), core.PutOptions{Size: int64(len(data)), ContentType: "application/json", IfMatch: ifMatch})
}

// triesOfClaim is how often a claim is read and written again that others change meanwhile.
const triesOfClaim = 100

// change reads the claim, has edit change it, and writes it, until nobody else has changed it in between. edit gets what is there,
// which may be nil, and may refuse. conditional says whether the store keeps conditions.
func change(ctx context.Context, objects core.ObjectStore, url string, conditional bool, edit func(c *Claim, etag string) (*Claim, error)) error {
	for try := range triesOfClaim {
		old, etag, err := LoadClaim(ctx, objects, url)
		if err != nil {
			return err
		}
		c, err := edit(old, etag)
		if c == nil || err != nil {
			return err
		}
		err = c.save(ctx, objects, url, etag, conditional)
		if !errors.Is(err, objstore.ErrPrecondition) && !(etag != "" && core.Is(err, core.NotFound)) {
			return err
		}
		select {
		case <-ctx.Done():
			return core.Errorf(core.Unavailable, "claim", url, "%w", ctx.Err())
		case <-time.After(rand.N(time.Duration(min(try, 20)+1) * 5 * time.Millisecond)):
		}
	}
	return core.Errorf(core.Unavailable, "claim", url, "other runs change the store's claim all the time")
}

// refused is the error of a store that others are at work on.
func refused(url string, live []Holder, why string) error {
	var who []string
	for _, h := range live {
		who = append(who, h.String())
	}
	return core.Errorf(core.Invalid, "store", url, "%s is at work on it, %s: wait for it, or choose another --store; if it is gone for good, `zagg store unlock %s`", strings.Join(who, " and "), why, url)
}

// Unlock frees a store from its claim, also from one that cannot be read.
func Unlock(ctx context.Context, objects core.ObjectStore, url string) error {
	_, etag, err := LoadClaim(ctx, objects, url)
	if core.Is(err, core.Corrupt) {
		return (&Claim{}).save(ctx, objects, url, etag, true)
	}
	return change(ctx, objects, url, true, func(c *Claim, _ string) (*Claim, error) {
		if c == nil || len(c.Holders) == 0 {
			return nil, nil
		}
		return &Claim{Work: c.Work, Runs: c.Runs, Ended: time.Now().UTC()}, nil
	})
}

// Leave takes one run off a store's claim: what it left at work has ended.
func Leave(ctx context.Context, objects core.ObjectStore, url, runID string) error {
	return change(ctx, objects, url, true, func(c *Claim, _ string) (*Claim, error) { return c.without(runID), nil })
}

// without is the claim without a run; nil where it does not have it.
func (c *Claim) without(runID string) *Claim {
	if c == nil || !slices.ContainsFunc(c.Holders, func(h Holder) bool { return h.RunID == runID }) {
		return nil
	}
	left := *c
	left.Holders = slices.DeleteFunc(slices.Clone(c.Holders), func(h Holder) bool { return h.RunID == runID })
	left.Alone, left.Ended = c.Alone && len(left.Holders) > 0, time.Now().UTC()
	return &left
}
