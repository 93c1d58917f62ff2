package view

import (
	"context"
	"math"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/store"
)

const (
	// recordsAtOnce bounds the records that are read at once: they are small, and each takes a round trip.
	recordsAtOnce = 64
	// lookEvery is how often records are looked for at most.
	lookEvery = 2 * time.Second
)

// Look sees which shards are done by now, unless that was done a moment ago. The records that are new are read; what is known of them is
// there as soon as each is.
func (s *scene) Look(ctx context.Context) error {
	if s.store == nil {
		return nil
	}
	s.reading.Lock()
	defer s.reading.Unlock()
	s.mu.Lock()
	fresh := time.Since(s.looked) < lookEvery
	s.mu.Unlock()
	if fresh {
		return nil
	}
	err := s.look(ctx)
	s.mu.Lock()
	s.fault, s.pending, s.looked = err, 0, time.Now()
	s.mu.Unlock()
	s.once.Do(func() { close(s.settled) })
	return err
}

// Settle waits until the records have been read, but no longer than the scene's patience.
func (s *scene) Settle(ctx context.Context) {
	if s.store == nil {
		return
	}
	wait := time.NewTimer(s.o.Patience)
	defer wait.Stop()
	select {
	case <-s.settled:
	case <-wait.C:
	case <-ctx.Done():
	}
}

func (s *scene) look(ctx context.Context) error {
	listed, err := s.listRecords(ctx)
	if err != nil {
		return err
	}
	known := map[string]*shard{}
	for _, t := range s.all() {
		known[t.Label] = t
	}
	var news []string
	gone := false
	for label, changed := range listed {
		if t := known[label]; t == nil || t.changed != changed {
			news = append(news, label)
		}
	}
	for label, t := range known {
		_, there := listed[label]
		gone = gone || t.changed != "" && !there
	}
	if gone {
		s.forget(ctx, listed)
	}
	s.mu.Lock()
	s.pending = len(news)
	s.mu.Unlock()
	return s.readRecords(ctx, news, listed)
}

// readRecords reads records in parts, so that what is known grows while others are read.
func (s *scene) readRecords(ctx context.Context, labels []string, listed map[string]string) error {
	const part = 4 * recordsAtOnce
	for len(labels) > 0 {
		now := labels[:min(part, len(labels))]
		labels = labels[len(now):]
		records := make([]*store.Record, len(now))
		g, gctx := errgroup.WithContext(ctx)
		g.SetLimit(recordsAtOnce)
		for i, label := range now {
			g.Go(func() (err error) {
				records[i], err = store.LoadRecord(gctx, s.store.Objects, s.store.URL, s.store.RecordLabel(label))
				if core.Is(err, core.NotFound) { // deleted since: its shard is being computed anew
					err = nil
				}
				return err
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		if err := s.learn(ctx, records, listed, len(labels)); err != nil {
			return err
		}
	}
	return nil
}

// learn takes records over.
func (s *scene) learn(ctx context.Context, records []*store.Record, listed map[string]string, pending int) error {
	var keys []core.ShardKey
	var read []*store.Record
	for _, r := range records {
		if r != nil {
			keys, read = append(keys, r.ShardKey), append(read, r)
		}
	}
	shards, err := s.grid.Shards(ctx, keys)
	if err != nil {
		return err
	}
	fresh := map[string]*shard{}
	for i, r := range read {
		t := newShard(shards[i])
		t.state, t.changed, t.block = string(r.Status), listed[shards[i].Label], shards[i].Block
		if r.Block != nil {
			t.block = []int64{*r.Block}
		}
		t.granules, t.cells, t.seconds = float64(r.Receipt.Granules), float64(r.Receipt.Cells), r.Receipt.Seconds
		t.observations = float64(r.Receipt.Observations.Kept)
		if r.Status == job.Empty {
			t.seconds, t.granules = math.NaN(), math.NaN()
		}
		fresh[t.Label] = t
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]*shard, 0, len(s.shards)+len(fresh))
	for _, t := range s.shards {
		if now := fresh[t.Label]; now != nil {
			t = now
			delete(fresh, t.Label)
		}
		all = append(all, t)
	}
	for _, t := range fresh {
		all = append(all, t)
	}
	sortShards(all)
	s.shards, s.pending = all, pending
	s.version++
	return nil
}

// forget puts shards whose record is gone back to planned, or out where no plan says that they shall be.
func (s *scene) forget(ctx context.Context, listed map[string]string) {
	planned := map[string]bool{}
	keys := make([]core.ShardKey, len(s.o.Planned))
	for i, p := range s.o.Planned {
		keys[i] = p.Key
	}
	if shards, err := s.grid.Shards(ctx, keys); err == nil {
		for _, t := range shards {
			planned[t.Label] = true
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*shard
	for _, t := range s.shards {
		_, there := listed[t.Label]
		switch {
		case there || t.changed == "":
			all = append(all, t)
		case planned[t.Label]:
			all = append(all, newShard(t.Shard))
		}
	}
	s.shards = all
	s.version++
}
