package run

// Following a run that another process has started on Lambda, by the note that it left beside the store.

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/fleet"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/quantity"
	"github.com/englacial/zagg/internal/store"
)

// A runNote says what a run has sent. It is written before the first event, to the run's folder beside the store, and
// once more with Unsent when the run was stopped. Notes of earlier releases lack the later fields.
type runNote struct {
	RunID    string    `json:"run_id"`
	Store    string    `json:"store"`
	Function string    `json:"function"`
	Region   string    `json:"region"`
	Sent     time.Time `json:"started"`
	MemoryMB int       `json:"memory_mb"`
	TmpMB    int       `json:"tmp_mb"`
	AMD64    bool      `json:"x86_64"`
	Timeout  float64   `json:"timeout_s"`
	Workers  int       `json:"workers"`
	Labels   []string  `json:"shards"`
	// Many are the shards of jobs of many, by the label that a job's result is under.
	Many    map[string][]string `json:"jobs,omitempty"`
	Unsent  []string            `json:"unsent,omitempty"` // of Labels, when the run was stopped
	Signs   bool                `json:"signs_of_life,omitempty"`
	Version string              `json:"zagg_version"`
}

// noteUnsent writes down which of a run's shards were not sent and will not be. It does so also after an interrupt,
// within 30 s.
func (b *cloud) noteUnsent(ctx context.Context, jobs [][]*job.Job, sent map[string]bool) error {
	if b.o.Sync {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 30*time.Second)
	defer cancel()
	var unsent []string
	for _, label := range labelsOf(jobs) {
		if !sent[label] {
			unsent = append(unsent, label)
		}
	}
	return b.writeNote(ctx, jobs, unsent)
}

// writeNote writes down what is about to be sent, or with unsent what was not.
func (b *cloud) writeNote(ctx context.Context, jobs [][]*job.Job, unsent []string) error {
	fn := b.fleet.Function()
	data, err := json.MarshalIndent(runNote{
		RunID: b.r.id, Store: b.r.store, Function: fn.Name, Region: b.r.o.Region, Sent: time.Now().UTC(), MemoryMB: fn.MemoryMB, TmpMB: fn.TmpMB, AMD64: fn.AMD64,
		Timeout: fn.Timeout.Seconds(), Workers: b.workers, Labels: labelsOf(jobs), Many: manyOf(jobs), Unsent: unsent, Signs: b.signs, Version: host.Version,
	}, "", " ")
	if err != nil {
		return err
	}
	return b.r.metered().Put(ctx, b.runs.Note(), strings.NewReader(string(data)), core.PutOptions{Size: int64(len(data)), ContentType: "application/json"})
}

// decodeManifest reads the manifest in the answer to a ping.
func decodeManifest(data json.RawMessage) (*host.Manifest, error) {
	var m host.Manifest
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, core.Errorf(core.Unsupported, "ping", "", "the function does not say what it can do; deploy a bundle of this release: %w", err)
	}
	return &m, nil
}

// AttachOptions name the run to follow and how to reach it.
type AttachOptions struct {
	Address    string // of the run's folder, or of a store: then its latest run
	Region     string
	OutputKeys string   // file with the keys to read the store with; "": the environment's
	Progress   Progress // nil: nothing is shown
}

// Attach waits for the results of a run whose events another process has sent. It returns the summary also beside a
// *FailedError, which counts shards that were never sent too, and a *MissingError.
func Attach(ctx context.Context, o AttachOptions) (*Summary, error) {
	progress := o.Progress
	if progress == nil {
		progress = silence{}
	}
	address, err := store.Address(o.Address, "")
	if err != nil {
		return nil, err
	}
	access := drivers.Environment()
	access.Region = o.Region
	if access, err = withKeys(access, o.OutputKeys); err != nil {
		return nil, err
	}
	plain, err := drivers.Open(ctx, access, address)
	if err != nil {
		return nil, err
	}
	from := objstore.Retry(store.Unlisted(plain, address), objstore.Policy{})
	note, folder, err := findRun(ctx, from, address)
	if err != nil {
		return nil, err
	}
	progress.Warn(fmt.Sprintf("Run %s of %s: %s sent at %s", note.RunID, note.Function, quantity.Counted(int64(len(note.Labels)), "shard"), note.Sent.Format(time.RFC3339)))
	return note.follow(ctx, from, folder, progress)
}

// follow waits for the results of a run's shards and sums them up. What has no result by the deadline is looked for
// in the records.
func (n *runNote) follow(ctx context.Context, from core.ObjectStore, folder store.RunFolder, progress Progress) (*Summary, error) {
	start := time.Now()
	total := newSummary(n.Store, 0, len(n.Labels))
	total.ranOn(n.Function, n.MemoryMB, n.TmpMB, n.AMD64)
	count := progress.Count(len(n.Labels), "cells")
	one := func(label string, done *job.Done, err error) {
		res := resultOf(done)
		total.add(label, res, err)
		if err != nil {
			count.Step("ERROR " + label)
			return
		}
		count.Step(outcomeText(res.Outcome))
	}
	got := func(label string, done *job.Done, err error) {
		switch {
		case done != nil && len(done.Shards) > 0:
			for i := range done.Shards {
				one(done.Shards[i].Label, &done.Shards[i], fleet.ErrorOf(&done.Shards[i]))
			}
		case len(n.Many[label]) > 0:
			for _, shard := range n.Many[label] {
				one(shard, nil, err)
			}
		default:
			one(label, done, err)
		}
	}
	jobs := n.jobs()
	total.jobs = len(jobs)
	late, err := fleet.Follow(ctx, from, folder, jobs, n.deadline(), n.abandoned(from), got)
	if err == nil {
		for _, label := range n.Unsent {
			one(label, nil, core.Errorf(core.Unavailable, "shard", label, "it was not sent: the run was stopped before"))
		}
		err = lateShards(ctx, from, n, n.shardsOf(late), one)
	}
	count.Finish()
	if err != nil {
		return nil, err
	}
	if len(late) == 0 { // nothing of the run is at work any more
		if err := store.Leave(ctx, from, n.Store, n.RunID); err != nil && !core.Is(err, core.Denied) {
			return nil, err
		}
	}
	total.WallSeconds = time.Since(start).Seconds()
	total.price()
	total.order()
	return total, total.end()
}

// jobs are the labels under which results appear: of a job of many shards, the label of its first.
func (n *runNote) jobs() []string {
	with := map[string]bool{}
	for first, all := range n.Many {
		for _, label := range all {
			with[label] = label != first
		}
	}
	var out []string
	unsent := map[string]bool{}
	for _, label := range n.Unsent {
		unsent[label] = true
	}
	for _, label := range n.Labels {
		if !with[label] && !unsent[label] {
			out = append(out, label)
		}
	}
	return out
}

// abandoned returns a function that reports whether the run's process ended so long ago that every event it sent has
// begun or was dropped: what shows no sign of life by then was not sent, or will never begin. It is nil where workers
// show no signs.
func (n *runNote) abandoned(from core.ObjectReader) func(ctx context.Context) bool {
	if !n.Signs {
		return nil
	}
	return func(ctx context.Context) bool {
		claim, _, err := store.LoadClaim(ctx, from, n.Store)
		if err != nil {
			return false
		}
		last := n.Sent
		if claim != nil {
			for _, h := range claim.Holders {
				if h.RunID == n.RunID && h.Beat.After(last) {
					last = h.Beat
				}
			}
		}
		return time.Since(last) > store.ClaimLasts+fleet.MaxAge+fleet.SignLasts
	}
}

// shardsOf are the shards of the jobs under some labels.
func (n *runNote) shardsOf(jobs []string) []string {
	var out []string
	for _, label := range jobs {
		if many := n.Many[label]; len(many) > 0 {
			out = append(out, many...)
		} else {
			out = append(out, label)
		}
	}
	return out
}

// deadline is when no result can come any more: as many time-outs as it takes the workers to go through all shards,
// the age at which Lambda drops events, and some patience.
func (n *runNote) deadline() time.Time {
	rounds := 1 + (len(n.Labels)-1)/max(n.Workers, 1)
	return n.Sent.Add(time.Duration(rounds)*time.Duration(n.Timeout*float64(time.Second)) + fleet.MaxAge + 90*time.Second)
}

// lateShards looks at the records of shards without a result: a shard whose record this run wrote is done all the
// same.
func lateShards(ctx context.Context, from core.ObjectReader, note *runNote, late []string, got func(string, *job.Done, error)) error {
	for _, label := range late {
		rec, err := store.LoadRecord(ctx, from, note.Store, label)
		switch {
		case err == nil && rec.RunID == note.RunID:
			got(label, &job.Done{Label: label, Status: rec.Status, Receipt: &rec.Receipt}, nil)
		case err == nil || core.Is(err, core.NotFound):
			got(label, nil, core.Errorf(core.Unavailable, "shard", label, "no result, and none can come any more: it was not sent, or failed (see the function's log)"))
		default:
			return err
		}
	}
	return nil
}

// findRun reads the note of a run, given its folder or its store: then of the latest run, as folders are named by
// time.
func findRun(ctx context.Context, from core.ObjectStore, address string) (*runNote, store.RunFolder, error) {
	folder := store.RunFolder(address)
	if !store.IsRun(address) {
		folder = ""
		err := from.List(ctx, store.At(address).Status(), func(o core.ObjectInfo) error {
			if dir, ok := store.RunOf(o.URL); ok && dir > folder {
				folder = dir
			}
			return nil
		})
		if errors.Is(err, objstore.ErrUnlisted) {
			return nil, "", core.Wrapf(err, "attach", address, "give the address of the run, as `zagg run` printed it, to who may not list the bucket: %w", err)
		}
		if err != nil {
			return nil, "", err
		}
		if folder == "" {
			return nil, "", core.Errorf(core.NotFound, "attach", address, "no run on Lambda has left a note beside this store")
		}
	}
	data, err := objstore.ReadAll(ctx, from, folder.Note(), 64<<20)
	if err != nil {
		return nil, "", err
	}
	var n runNote
	if err := json.Unmarshal(data, &n); err != nil {
		return nil, "", core.Errorf(core.Corrupt, "attach", folder.Note(), "%w", err)
	}
	return &n, folder, nil
}
