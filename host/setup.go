package host

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/engine"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
	"github.com/englacial/zagg/internal/zarr"
)

// maxDocument is the largest metadata document that is read.
const maxDocument = 64 << 20

// Setup makes the store ready for jobs of a plan: it writes the template into a new store, accepts one that already is
// what this run would write, and refuses any other unless overwrite is set; then what was there is deleted first,
// records before data. A store that fits is not deleted for the sake of a few selected shards. It returns whether the
// store is new.
func (t *Template) Setup(ctx context.Context, store core.ObjectStore, url string, p *plan.Plan, overwrite, selected bool) (fresh bool, err error) {
	old, err := t.Recipe.existing(ctx, store, url)
	if err != nil {
		return false, err
	}
	if old == nil {
		return true, t.create(ctx, store, url, p)
	}
	fits, err := t.fits(ctx, store, url, old)
	switch {
	case err != nil:
		return false, err
	case overwrite && !(selected && fits):
		if err := clearStore(ctx, store, url, old.group, t.pipeline.Group); err != nil {
			return false, err
		}
		return true, t.create(ctx, store, url, p)
	case !fits:
		return false, core.Errorf(core.Invalid, "set up", url, "%s: choose another --store, or --overwrite to delete what is there", t.difference(old))
	}
	return false, nil
}

// create writes a new store. A marker beside it comes first and goes last: what set-up left half-way is known by it, and
// without it nothing that lies at the address is taken for zagg's own.
func (t *Template) create(ctx context.Context, store core.ObjectStore, url string, p *plan.Plan) error {
	if err := putJSON(ctx, store, markerURL(url), []byte(`{"zagg_setup":"`+t.pipeline.Group+`"}`)); err != nil {
		return err
	}
	// Someone may have deleted a store and not its records, which would have its shards skipped.
	if err := clearRecords(ctx, store, url); err != nil {
		return err
	}
	if err := t.write(ctx, store, url, p); err != nil {
		return err
	}
	return store.Delete(ctx, markerURL(url))
}

// markerURL is the address of the marker of a set-up under way.
func markerURL(url string) string { return strings.TrimRight(url, "/") + ".status/setup.json" }

// CheckStore refuses an address that holds what zagg did not write: before work is done for it.
func (r *Recipe) CheckStore(ctx context.Context, store core.ObjectStore, url string) error {
	_, err := r.existing(ctx, store, url)
	return err
}

// A found is the group that a store holds.
type found struct {
	group string
	doc   []byte
}

// existing reads what the store holds: nil when there is nothing at the address, an error when there is something that
// zagg did not write, which is never deleted.
func (r *Recipe) existing(ctx context.Context, store core.ObjectStore, url string) (*found, error) {
	root, err := objstore.ReadAll(ctx, store, engine.Join(url, "zarr.json"), maxDocument)
	if core.CodeOf(err) == core.NotFound {
		return nil, r.debris(ctx, store, url)
	}
	if err != nil {
		return nil, err
	}
	var doc struct {
		Attributes json.RawMessage `json:"attributes"`
	}
	if err := json.Unmarshal(root, &doc); err != nil {
		doc.Attributes = nil
	}
	name, ok := GroupOf(doc.Attributes)
	if !ok {
		return nil, core.Errorf(core.Invalid, "set up", url, "there is a Zarr store that zagg did not write: choose another --store")
	}
	group, err := objstore.ReadAll(ctx, store, engine.Join(url, name, "zarr.json"), maxDocument)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return nil, err
	}
	return &found{group: name, doc: group}, nil
}

// GroupOf is the path of the group of a store that zagg wrote, by the attributes of the store's root; false for any other.
func GroupOf(rootAttrs json.RawMessage) (string, bool) {
	var attrs struct {
		Zagg struct {
			Group string `json:"group"`
		} `json:"zagg"`
	}
	if json.Unmarshal(rootAttrs, &attrs) != nil || !plainName(attrs.Zagg.Group) {
		return "", false
	}
	return attrs.Zagg.Group, true
}

// debris looks at an address without a root document. Objects of this group may lie there if set-up was under way, as
// its marker tells; nothing else may.
func (r *Recipe) debris(ctx context.Context, store core.ObjectStore, url string) error {
	own := ""
	marker, err := objstore.ReadAll(ctx, store, markerURL(url), maxDocument)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	var doc struct {
		Group string `json:"zagg_setup"`
	}
	prefix := strings.TrimRight(url, "/") + "/"
	if err == nil && json.Unmarshal(marker, &doc) == nil && plainName(doc.Group) {
		own = prefix + doc.Group + "/"
	}
	err = store.List(ctx, prefix, func(o core.ObjectInfo) error {
		if own != "" && strings.HasPrefix(o.URL, own) {
			return nil
		}
		return core.Errorf(core.Invalid, "set up", url, "the folder holds %s and is no store that zagg wrote: choose another --store", strings.TrimPrefix(o.URL, prefix))
	})
	if core.CodeOf(err) == core.NotFound {
		return nil
	}
	return err
}

// fits reports whether a store's metadata is what this run would write. Without consolidated metadata the group's says
// nothing of the arrays, and theirs are compared too.
func (t *Template) fits(ctx context.Context, store core.ObjectStore, url string, old *found) (bool, error) {
	if !sameGroup(old.doc, t.group) {
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

// sameGroup compares two documents of groups. How the grid's settings are spelled does not count: what they mean is in
// the grid's signature and in the metadata of the arrays.
func sameGroup(a, b []byte) bool {
	if bytes.Equal(a, b) {
		return true
	}
	x, okA := withoutSpelling(a)
	y, okB := withoutSpelling(b)
	return okA && okB && bytes.Equal(x, y)
}

func withoutSpelling(doc []byte) (canonical []byte, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(doc))
	dec.UseNumber()
	var group map[string]any
	if dec.Decode(&group) != nil {
		return nil, false
	}
	attrs, _ := group["attributes"].(map[string]any)
	origin, ok := attrs["zagg"].(map[string]any)
	if !ok {
		return nil, false
	}
	delete(origin, "grid_config")
	canonical, err := json.Marshal(group)
	return canonical, err == nil
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
			Zagg Origin `json:"zagg"`
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

// Prune removes what the store holds of shards that are not in the plan: their records first, then every object in a block
// of the arrays that is no planned shard's, whether a record names it or a killed run left it. It returns the labels of
// the records.
func (t *Template) Prune(ctx context.Context, store core.ObjectStore, url string, p *plan.Plan) ([]string, error) {
	stale, err := Stale(ctx, store, url, p)
	if err != nil {
		return nil, err
	}
	records := make([]string, len(stale))
	for i, label := range stale {
		records[i] = job.RecordURL(url, label)
	}
	if err := deleteAll(ctx, store, records); err != nil {
		return nil, err
	}
	if t.compact { // its only blocks are the plan's
		return stale, nil
	}
	planned := make(map[string]bool, len(p.Shards))
	for i := range p.Shards {
		planned[blockName(p.Shards[i].Block)] = true
	}
	var orphans []string
	for _, array := range t.shardArrays() {
		prefix := engine.Join(url, t.pipeline.Group, array.Name, "c") + "/"
		err := store.List(ctx, prefix, func(o core.ObjectInfo) error {
			parts := strings.Split(strings.TrimPrefix(o.URL, prefix), "/")
			if !planned[strings.Join(parts[:min(len(parts), len(t.pipeline.Dims))], "/")] {
				orphans = append(orphans, o.URL)
			}
			return nil
		})
		if err != nil && core.CodeOf(err) != core.NotFound {
			return nil, err
		}
	}
	return stale, deleteAll(ctx, store, orphans)
}

// shardArrays are the arrays that jobs write.
func (t *Template) shardArrays() []*zarr.Array {
	arrays := slices.Clone(t.pipeline.Coords)
	for _, v := range t.pipeline.Vars {
		arrays = append(arrays, v.Arrays...)
	}
	return arrays
}

// blockName is a block as object keys spell it: "3/14".
func blockName(block []int64) string {
	parts := make([]string, len(block))
	for i, n := range block {
		parts[i] = strconv.FormatInt(n, 10)
	}
	return strings.Join(parts, "/")
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
