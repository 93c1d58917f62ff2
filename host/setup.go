package host

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/engine"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
)

// maxDocument is the largest metadata document that is read.
const maxDocument = 64 << 20

// Setup makes the store ready for jobs of a plan: it writes the template into a new store, accepts one that already is
// what this run would write, and refuses any other unless overwrite is set; then what was there is deleted first,
// records before data. A store that fits is not deleted for the sake of a few selected shards. It returns whether the
// store is new.
func (t *Template) Setup(ctx context.Context, store core.ObjectStore, url string, p *plan.Plan, overwrite, selected bool) (fresh bool, err error) {
	old, err := t.existing(ctx, store, url)
	if err != nil {
		return false, err
	}
	if old == nil {
		// Someone may have deleted the store and not its records, which would have its shards skipped.
		if err := clearRecords(ctx, store, url); err != nil {
			return false, err
		}
		return true, t.write(ctx, store, url, p)
	}
	fits, err := t.fits(ctx, store, url, old)
	switch {
	case err != nil:
		return false, err
	case overwrite && !(selected && fits):
		if err := clearStore(ctx, store, url, old.group, t.pipeline.Group); err != nil {
			return false, err
		}
		return true, t.write(ctx, store, url, p)
	case !fits:
		return false, core.Errorf(core.Invalid, "set up", url, "%s: choose another --store, or --overwrite to delete what is there", t.difference(old))
	}
	return false, nil
}

// A found is the group that a store holds.
type found struct {
	group string
	doc   []byte
}

// existing reads what the store holds: nil when there is nothing at the address, an error when there is something that
// zagg did not write, which is never deleted.
func (t *Template) existing(ctx context.Context, store core.ObjectStore, url string) (*found, error) {
	root, err := objstore.ReadAll(ctx, store, engine.Join(url, "zarr.json"), maxDocument)
	if core.CodeOf(err) == core.NotFound {
		return t.debris(ctx, store, url)
	}
	if err != nil {
		return nil, err
	}
	var doc struct {
		Attributes struct {
			Zagg struct {
				Group string `json:"group"`
			} `json:"zagg"`
		} `json:"attributes"`
	}
	if err := json.Unmarshal(root, &doc); err != nil || !plainName(doc.Attributes.Zagg.Group) {
		return nil, core.Errorf(core.Invalid, "set up", url, "there is a Zarr store that zagg did not write: choose another --store")
	}
	group, err := objstore.ReadAll(ctx, store, engine.Join(url, doc.Attributes.Zagg.Group, "zarr.json"), maxDocument)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return nil, err
	}
	return &found{group: doc.Attributes.Zagg.Group, doc: group}, nil
}

// debris looks at an address without a root document: set-up that did not finish left only objects of this group.
func (t *Template) debris(ctx context.Context, store core.ObjectStore, url string) (*found, error) {
	prefix := strings.TrimRight(url, "/") + "/"
	err := store.List(ctx, prefix, func(o core.ObjectInfo) error {
		if strings.HasPrefix(o.URL, prefix+t.pipeline.Group+"/") {
			return nil
		}
		return core.Errorf(core.Invalid, "set up", url, "the folder holds %s and is no store that zagg wrote: choose another --store", strings.TrimPrefix(o.URL, prefix))
	})
	if core.CodeOf(err) == core.NotFound {
		err = nil
	}
	return nil, err
}

// fits reports whether a store's metadata is what this run would write. Without consolidated metadata the group's says
// nothing of the arrays, and theirs are compared too.
func (t *Template) fits(ctx context.Context, store core.ObjectStore, url string, old *found) (bool, error) {
	if !bytes.Equal(old.doc, t.group) {
		return false, nil
	}
	if t.Recipe.Config.Output.Consolidate {
		return true, nil
	}
	for _, key := range t.Arrays() {
		doc, err := objstore.ReadAll(ctx, store, engine.Join(url, key), maxDocument)
		if err != nil && core.CodeOf(err) != core.NotFound {
			return false, err
		}
		if !bytes.Equal(doc, t.docs[key]) {
			return false, nil
		}
	}
	return true, nil
}

// plainName reports a path that cannot lead out of the store.
func plainName(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if part == "" || part == "." || part == ".." || strings.ContainsAny(part, `\:`) {
			return false
		}
	}
	return true
}

// difference says in what the store's group is another than this run's.
func (t *Template) difference(old *found) string {
	if old.group != t.pipeline.Group {
		return "the store holds group " + old.group + ", this run makes group " + t.pipeline.Group
	}
	if old.doc == nil {
		return "the store was not deleted to its end"
	}
	var theirs, ours struct {
		Attributes struct {
			Zagg made `json:"zagg"`
		} `json:"attributes"`
	}
	if json.Unmarshal(old.doc, &theirs) != nil || json.Unmarshal(t.group, &ours) != nil {
		return "the store's metadata cannot be read"
	}
	a, b := theirs.Attributes.Zagg, ours.Attributes.Zagg
	switch {
	case a.Grid != b.Grid || !bytes.Equal(a.GridSignature, b.GridSignature):
		return "the store has another grid: " + compact(a.GridSignature) + ", this run " + compact(b.GridSignature)
	case a.Layout != b.Layout:
		return "the store's layout is " + a.Layout + ", this run's " + b.Layout
	case a.ConfigHash != b.ConfigHash:
		return "the store was made from another configuration (" + a.ConfigHash[:min(12, len(a.ConfigHash))] + ", now " + b.ConfigHash[:12] + ")"
	case a.Plan != b.Plan:
		return "the store was made for another set of shards"
	}
	return "the store's arrays are stored otherwise (chunks, compression or attributes)"
}

// compact is JSON on one line.
func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// deleteBatch is how many objects are deleted by one request: S3's limit.
const deleteBatch = 1000

// clearStore deletes the records, then each group from its document on, and last the root's document: if this ends
// half-way, what is left is known as a store of zagg and never taken for a whole one.
func clearStore(ctx context.Context, store core.ObjectStore, url string, groups ...string) error {
	if err := clearRecords(ctx, store, url); err != nil {
		return err
	}
	for _, g := range groups {
		if err := store.Delete(ctx, engine.Join(url, g, "zarr.json")); err != nil {
			return err
		}
		if err := deletePrefix(ctx, store, engine.Join(url, g)+"/"); err != nil {
			return err
		}
	}
	return store.Delete(ctx, engine.Join(url, "zarr.json"))
}

func clearRecords(ctx context.Context, store core.ObjectStore, url string) error {
	labels, err := job.ListRecords(ctx, store, url)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	urls := make([]string, len(labels))
	for i, l := range labels {
		urls[i] = job.RecordURL(url, l)
	}
	return deleteAll(ctx, store, urls)
}

func deletePrefix(ctx context.Context, store core.ObjectStore, prefix string) error {
	var urls []string
	err := store.List(ctx, prefix, func(o core.ObjectInfo) error {
		urls = append(urls, o.URL)
		return nil
	})
	if err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	return deleteAll(ctx, store, urls)
}

func deleteAll(ctx context.Context, store core.ObjectStore, urls []string) error {
	for part := range slices.Chunk(urls, deleteBatch) {
		if err := store.Delete(ctx, part...); err != nil {
			return err
		}
	}
	return nil
}

// Prune removes the shards that have a record and are not in the plan: their objects, then the record. It returns their
// labels.
func Prune(ctx context.Context, store core.ObjectStore, url string, p *plan.Plan) ([]string, error) {
	stale, err := Stale(ctx, store, url, p)
	if err != nil {
		return nil, err
	}
	for _, label := range stale {
		r, err := job.LoadRecord(ctx, store, url, label)
		if err != nil {
			return nil, err
		}
		urls := make([]string, len(r.Objects))
		for i, o := range r.Objects {
			urls[i] = engine.Join(url, o.Path)
		}
		// The record goes last, so that another try knows what to delete; meanwhile it is of no granules, so that no run
		// takes the shard for done.
		r.Granules = ""
		if err := r.Save(ctx, store, url); err != nil {
			return nil, err
		}
		if err := deleteAll(ctx, store, urls); err != nil {
			return nil, err
		}
		if err := job.DeleteRecord(ctx, store, url, label); err != nil {
			return nil, err
		}
	}
	return stale, nil
}

// Stale lists the labels of shards that have a record and are not in the plan.
func Stale(ctx context.Context, store core.ObjectStore, url string, p *plan.Plan) ([]string, error) {
	labels, err := job.ListRecords(ctx, store, url)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return nil, err
	}
	planned := make(map[string]bool, len(p.Shards))
	for i := range p.Shards {
		planned[p.Shards[i].Label] = true
	}
	var stale []string
	for _, l := range labels {
		if !planned[l] {
			stale = append(stale, l)
		}
	}
	return stale, nil
}
