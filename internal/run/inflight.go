package run

// Shards that are still at work for an earlier run, after its process ended: they are waited for, not sent again.

import (
	"context"
	"encoding/json"
	"errors"
	"path"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/fleet"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

// inFlight are the addresses of the signs of life of workers that earlier runs have started, by the labels of the
// shards that they compute. A worker is at work if its sign is fresh by the clock of the store, which has just
// written the time now.
func (b *cloud) inFlight(ctx context.Context, now time.Time) (map[string]string, error) {
	objects := b.r.metered()
	var signs []string
	err := objects.List(ctx, store.At(b.r.store).Status(), func(o core.ObjectInfo) error {
		if strings.HasSuffix(o.URL, store.StartedSuffix) && now.Sub(o.Modified) <= fleet.SignLasts {
			signs = append(signs, o.URL)
		}
		return nil
	})
	if errors.Is(err, objstore.ErrUnlisted) || core.Is(err, core.Denied) {
		return nil, nil
	}
	at := map[string]string{}
	notes := map[store.RunFolder]*runNote{}
	for _, sign := range signs {
		folder := store.RunFolder(strings.TrimSuffix(sign, "/"+path.Base(sign)))
		label := strings.TrimSuffix(path.Base(sign), store.StartedSuffix)
		if notes[folder] == nil {
			notes[folder] = &runNote{}
			if data, e := objstore.ReadAll(ctx, objects, folder.Note(), maxNote); e == nil {
				json.Unmarshal(data, notes[folder]) //nolint:errcheck // then the label is the shard's
			}
		}
		at[label] = sign
		for _, shard := range notes[folder].Many[label] {
			at[shard] = sign
		}
	}
	return at, err
}

// maxNote is the length of the longest note of a run that is read, in bytes.
const maxNote = 64 << 20

// noteFlights notes which of the jobs' shards are at work for earlier runs, and returns how many they are.
func (b *cloud) noteFlights(ctx context.Context, groups [][]*job.Job) (n int, err error) {
	info, err := b.r.metered().Stat(ctx, b.runs.Note())
	if err != nil {
		return 0, err
	}
	if b.flights, err = b.inFlight(ctx, info.Modified); err != nil {
		return 0, err
	}
	for _, group := range groups {
		for i := range group {
			if b.flights[group[i].Label] != "" {
				n++
			}
		}
	}
	return n, nil
}

// signPoll is the pause between two looks at a sign of life.
const signPoll = time.Second

// landed waits until no worker of an earlier run is at work on the jobs' shards, and returns the records of those
// that are done.
func (b *cloud) landed(ctx context.Context, jobs []*job.Job) []*store.Record {
	records := make([]*store.Record, len(jobs))
	for i := range jobs {
		sign := b.flights[jobs[i].Label]
		if sign == "" {
			continue
		}
		b.awaitSilence(ctx, sign)
		// An error is met again by who computes the shard.
		records[i], _ = b.r.template.Finished(ctx, b.r.metered(), jobs[i], nil, nil)
	}
	return records
}

// awaitSilence returns when a sign of life is gone or no longer changes.
func (b *cloud) awaitSilence(ctx context.Context, sign string) {
	last, changed := "", time.Now()
	for {
		o, err := b.r.metered().Stat(ctx, sign)
		if err != nil {
			return
		}
		if looks := o.ETag + o.Modified.String(); looks != last {
			last, changed = looks, time.Now()
		} else if time.Since(changed) > fleet.SignLasts {
			return
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(signPoll):
		}
	}
}

// Compute does jobs by one invocation, except those that a worker of an earlier run has done meanwhile. Once its
// event is sent, the invocation is waited for even when the run is stopped, because the function goes on anyway.
func (b *cloud) Compute(_ context.Context, jobs []*job.Job) ([]Result, []error) {
	results, errs := make([]Result, len(jobs)), make([]error, len(jobs))
	var rest []*job.Job
	var places []int
	for i, rec := range b.landed(b.waiting, jobs) {
		if rec != nil {
			results[i] = Result{Outcome: &host.Outcome{Record: rec, Skipped: true}}
			continue
		}
		rest, places = append(rest, jobs[i]), append(places, i)
	}
	if len(rest) == 0 {
		return results, errs
	}
	some, failed := b.invoke(rest)
	for k, i := range places {
		results[i], errs[i] = some[k], failed[k]
	}
	return results, errs
}
