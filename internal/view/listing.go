package view

import (
	"context"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/store"
	"github.com/englacial/zagg/internal/stored"
)

// longestListing is the longest page of a folder that is read, in bytes.
const longestListing = 64 << 20

// listRecords is what there is of records, by the labels of their shards, each with what tells whether it has changed. A web server has no lists of objects:
// then its page of the folder is read, or, where it has none, the records of planned shards are looked for one by one.
func (s *scene) listRecords(ctx context.Context) (map[string]string, error) {
	listed, err := s.listAll(ctx)
	if err != nil {
		return nil, err
	}
	out := make(map[string]string, len(listed))
	ever := map[string]bool{}
	for record, changed := range listed {
		if label, ok := s.store.ShardLabel(record); ok {
			out[label] = changed
		}
		if shard, _ := stored.CutWindow(record); s.window != "" {
			ever[shard] = true
		}
	}
	s.mu.Lock()
	s.ever = slices.Sorted(maps.Keys(ever))
	s.mu.Unlock()
	return out, nil
}

// listAll is what there is of records, by their own labels.
func (s *scene) listAll(ctx context.Context) (map[string]string, error) {
	prefix := store.At(s.store.URL).Records()
	out := map[string]string{}
	if scheme := objstore.Scheme(prefix); scheme == "http" || scheme == "https" {
		return s.listPage(ctx, prefix)
	}
	err := s.store.Objects.List(ctx, prefix, func(o core.ObjectInfo) error {
		if label, ok := strings.CutSuffix(strings.TrimPrefix(o.URL, prefix), ".json"); ok {
			out[label] = changeOf(o)
		}
		return nil
	})
	return out, err
}

// changeOf tells versions of an object apart.
func changeOf(o core.ObjectInfo) string {
	return o.ETag + "/" + strconv.FormatInt(o.Size, 10) + "/" + o.Modified.UTC().Format(time.RFC3339Nano)
}

// listPage reads the page that a web server makes of a folder.
func (s *scene) listPage(ctx context.Context, folder string) (map[string]string, error) {
	if len(s.o.Planned) > 0 {
		return s.findPlanned(ctx)
	}
	page, err := objstore.ReadAll(ctx, s.store.Objects, folder, longestListing)
	if err != nil {
		return nil, core.Wrapf(err, "view", folder, "the server shows no page of this folder, by which records could be found; name the run's shards with --shardmap: %w", err)
	}
	out := map[string]string{}
	for _, label := range linksOf(page) {
		out[label] = "listed"
	}
	if len(out) == 0 {
		return nil, core.Errorf(core.NotFound, "view", folder, "the server's page of this folder names no record; name the run's shards with --shardmap")
	}
	return out, nil
}

// linksOf are the names without ".json" of the files of a folder that its page links to.
func linksOf(page []byte) []string {
	var out []string
	for _, m := range regexp.MustCompile(`(?i)href\s*=\s*["']?([^"'\s>]+)`).FindAllSubmatch(page, -1) {
		name, err := url.PathUnescape(strings.ReplaceAll(string(m[1]), "&amp;", "&"))
		if err != nil {
			continue
		}
		if label, ok := strings.CutSuffix(path.Base(name), ".json"); ok {
			out = append(out, label)
		}
	}
	return out
}

// findPlanned looks for the records of planned shards.
func (s *scene) findPlanned(ctx context.Context) (map[string]string, error) {
	var labels []string
	for _, t := range s.all() {
		labels = append(labels, s.store.RecordLabel(t.Label))
	}
	found := make([]string, len(labels))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(recordsAtOnce)
	for i, label := range labels {
		g.Go(func() error {
			o, err := s.store.Objects.Stat(gctx, store.At(s.store.URL).Record(label))
			if err != nil && !core.Is(err, core.NotFound) {
				return err
			}
			if err == nil {
				found[i] = changeOf(o)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	out := map[string]string{}
	for i, label := range labels {
		if found[i] != "" {
			out[label] = found[i]
		}
	}
	return out, nil
}
