package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/fleet"
	"github.com/englacial/zagg/internal/job"
)

// A runNote says what a run has sent; it lies in the run's folder beside the store.
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
	Version  string    `json:"zagg_version"`
}

// note writes down what is about to be sent.
func (b *lambdaBackend) note(ctx context.Context, jobs []job.Job) error {
	fn := b.fleet.Function()
	data, err := json.MarshalIndent(runNote{
		RunID: b.r.runID, Store: b.r.store, Function: fn.Name, Region: b.r.o.region, Sent: time.Now().UTC(), MemoryMB: fn.MemoryMB, TmpMB: fn.TmpMB, AMD64: fn.AMD64,
		Timeout: fn.Timeout.Seconds(), Workers: b.workers, Labels: labelsOf(jobs), Version: Version,
	}, "", " ")
	if err != nil {
		return err
	}
	return b.r.metered().Put(ctx, b.runs+"/run.json", strings.NewReader(string(data)), core.PutOptions{Size: int64(len(data)), ContentType: "application/json"})
}

// decodeManifest reads the manifest of a ping's answer.
func decodeManifest(data json.RawMessage, m *host.Manifest) error {
	if err := json.Unmarshal(data, m); err != nil {
		return core.Errorf(core.Unsupported, "ping", "", "the function does not say what it can do; deploy a bundle of this release: %w", err)
	}
	return nil
}

// attachOptions are the flags of `zagg attach`.
type attachOptions struct {
	region, outputCreds string
	json, quiet         bool
}

func (a *app) attachCommand() *cobra.Command {
	var o attachOptions
	c := &cobra.Command{
		Use:   "attach RUN",
		Short: "Follow a run on AWS Lambda that another zagg has started",
		Long: `Wait for the results of a run whose events were sent by another process, which was stopped or is elsewhere, and print its
summary. RUN is the address that "zagg run" printed, or a store: then its latest run. Shards that were never sent, because
the run was stopped, are computed by the same "zagg run" again.`,
		Example: "  zagg attach s3://bucket/heights.zarr\n  zagg attach s3://bucket/heights.zarr.status/20261121T170000.000Z",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.attach(cmd.Context(), args[0], o)
		},
	}
	c.Flags().StringVar(&o.region, "region", "", "AWS region of the store")
	c.Flags().StringVar(&o.outputCreds, "output-creds", "", "JSON file with the keys to read the store with")
	c.Flags().BoolVar(&o.json, "json", false, "print the summary as JSON")
	c.Flags().BoolVarP(&o.quiet, "quiet", "q", false, "no progress")
	return c
}

func (a *app) attach(ctx context.Context, address string, o attachOptions) error {
	address, err := storeURL(address, "")
	if err != nil {
		return err
	}
	keys, err := withKeys(storeOptions{region: o.region}, o.outputCreds)
	if err != nil {
		return err
	}
	plain, err := drivers(ctx, keys, address)
	if err != nil {
		return err
	}
	store := objstore.Retry(plain, objstore.Policy{})
	note, folder, err := findRun(ctx, store, address)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "Run %s of %s: %d shards sent at %s\n", note.RunID, note.Function, len(note.Labels), note.Sent.Format(time.RFC3339))
	start := time.Now()
	total := newSummary(note.Store, 0, len(note.Labels))
	total.ranOn(note.Function, note.MemoryMB, note.TmpMB, note.AMD64)
	bar := newProgress(a.stderr, len(note.Labels), "cells", o.quiet)
	got := func(label string, done *job.Done, err error) {
		out := outcomeOf(done)
		total.add(label, out, err, secondsOf(out))
		if err != nil {
			bar.step("ERROR " + label)
			return
		}
		bar.step(outcomeText(out))
	}
	late, err := fleet.Follow(ctx, store, folder, note.Labels, note.deadline(), got)
	if err == nil {
		err = lateShards(ctx, store, note, late, got)
	}
	bar.finish()
	if err != nil {
		return err
	}
	total.WallSeconds = time.Since(start).Seconds()
	if err := total.print(a.stdout, o.json, false); err != nil {
		return err
	}
	if total.Shards.Errors > 0 {
		fmt.Fprintf(a.stderr, "zagg: %d of %d shards failed or were not sent; the same `zagg run` computes them\n", total.Shards.Errors, total.Shards.Total)
		return errSilent
	}
	return total.complete(a.stderr)
}

// deadline is when no result can come any more: as many rounds of the time-out as the workers need for all shards, the
// age at which Lambda drops events, and some patience.
func (n *runNote) deadline() time.Time {
	rounds := 1 + (len(n.Labels)-1)/max(n.Workers, 1)
	return n.Sent.Add(time.Duration(rounds)*time.Duration(n.Timeout*float64(time.Second)) + fleet.MaxAge + 90*time.Second)
}

// lateShards looks at the records of shards without a result: one that the run wrote is done all the same.
func lateShards(ctx context.Context, store core.ObjectReader, note *runNote, late []string, got func(string, *job.Done, error)) error {
	for _, label := range late {
		rec, err := job.LoadRecord(ctx, store, note.Store, label)
		switch {
		case err == nil && rec.RunID == note.RunID:
			got(label, &job.Done{Label: label, Status: rec.Status, Receipt: &rec.Receipt}, nil)
		case err == nil || core.CodeOf(err) == core.NotFound:
			got(label, nil, core.Errorf(core.Unavailable, "shard", label, "no result has come, and none can any more"))
		default:
			return err
		}
	}
	return nil
}

// findRun reads the note of a run, or of a store's latest.
func findRun(ctx context.Context, store core.ObjectStore, address string) (*runNote, string, error) {
	folder := address
	if !strings.Contains(address, ".status/") {
		folder = ""
		prefix := address + ".status/"
		err := store.List(ctx, prefix, func(o core.ObjectInfo) error {
			if dir, ok := strings.CutSuffix(o.URL, "/run.json"); ok && dir > folder {
				folder = dir
			}
			return nil
		})
		if err != nil {
			return nil, "", err
		}
		if folder == "" {
			return nil, "", core.Errorf(core.NotFound, "attach", address, "no run on Lambda has left a note beside this store")
		}
	}
	data, err := objstore.ReadAll(ctx, store, folder+"/run.json", 64<<20)
	if err != nil {
		return nil, "", err
	}
	var n runNote
	if err := json.Unmarshal(data, &n); err != nil {
		return nil, "", core.Errorf(core.Corrupt, "attach", folder+"/run.json", "%w", err)
	}
	return &n, folder, nil
}

// secondsOf is what a worker took; 0 if it is not known.
func secondsOf(o *host.Outcome) float64 {
	if o == nil || o.Record == nil || o.Skipped {
		return 0
	}
	return o.Record.Receipt.Seconds
}
