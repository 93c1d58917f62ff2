package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/config"
	"github.com/englacial/zagg/internal/job"
)

// maxDocument is the largest metadata document that is read.
const maxDocument = 64 << 20

// CheckAddress refuses an address at which no store can be, or that holds what zagg did not write: before work is done for it.
func CheckAddress(ctx context.Context, objects core.ObjectStore, url string) error {
	if err := checkPlace(ctx, objects, url); err != nil {
		return err
	}
	_, err := existing(ctx, objects, url)
	return err
}

// Check refuses a store that set-up has not made ready for this template.
func (t *Template) Check(ctx context.Context, objects core.ObjectStore, url string) error {
	old, err := existing(ctx, objects, url)
	if err != nil {
		return err
	}
	if old == nil {
		return core.Errorf(core.NotFound, "store", url, "there is no store yet: it must be set up before its shards are computed")
	}
	if old.bare {
		return core.Errorf(core.Corrupt, "store", url, "it is damaged: its %s is lost or not what was written; the same run again makes it anew", document)
	}
	fits, err := t.fits(ctx, objects, url, old)
	if err == nil && !fits {
		err = core.Errorf(core.Invalid, "store", url, "the job is not for this store: %s", t.difference(ctx, objects, url, old))
	}
	return err
}

// A found is the group that a store holds.
type found struct {
	group  string
	levels []string // all groups
	doc    []byte
	made   *made // the record of its set-up; nil: there is none
	bare   bool  // its root document is lost or damaged
}

// existing reads what the store holds: nil when there is nothing at the address, an error when there is something that
// zagg did not write, which is never deleted.
func existing(ctx context.Context, objects core.ObjectStore, url string) (*found, error) {
	root, err := objstore.ReadAll(ctx, objects, At(url).Metadata(), maxDocument)
	if err != nil && !core.Is(err, core.NotFound) {
		return nil, err
	}
	made, e := loadMade(ctx, objects, url)
	if e != nil {
		return nil, e
	}
	if err != nil {
		if f, e := rootless(ctx, objects, url, made); f != nil || e != nil {
			return f, e
		}
		err := checkUnused(ctx, objects, url)
		if _, e := objects.Stat(ctx, At(url).Metadata()); err != nil && e == nil {
			return nil, core.Errorf(core.Invalid, "set up", url, "another run is at work on it and has just made it: run again to see whether it is for this configuration")
		}
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
		if f, err := rootless(ctx, objects, url, made); f != nil || err != nil {
			return f, err
		}
		return nil, core.Errorf(core.Invalid, "set up", url, "there is a Zarr store that zagg did not write: choose another --store")
	}
	group, err := objstore.ReadAll(ctx, objects, At(url).Metadata(name), maxDocument)
	if err != nil && !core.Is(err, core.NotFound) {
		return nil, err
	}
	return &found{group: name, levels: LevelsOf(doc.Attributes), doc: group, made: made}, nil
}

// rootless is the store whose root document is lost or damaged, by the record of its set-up and the group's document, which is as
// it was; nil where that is not so.
func rootless(ctx context.Context, objects core.ObjectStore, url string, made *made) (*found, error) {
	if made == nil {
		return nil, nil
	}
	if _, err := objects.Stat(ctx, At(url).Marker()); !core.Is(err, core.NotFound) {
		return nil, err // a set-up was under way: it begins again
	}
	group, err := objstore.ReadAll(ctx, objects, At(url).Metadata(made.Group), maxDocument)
	if err != nil && !core.Is(err, core.NotFound) {
		return nil, err
	}
	if err != nil || !made.is(made.Group+"/"+document, group) {
		return nil, nil
	}
	return &found{group: made.Group, levels: []string{made.Group}, doc: group, made: made, bare: true}, nil
}

// checkUnused looks at an address without a root document. Objects of this group may lie there if set-up was under way, as
// its marker tells; nothing else may.
func checkUnused(ctx context.Context, objects core.ObjectStore, url string) error {
	own := ""
	marker, err := objstore.ReadAll(ctx, objects, At(url).Marker(), maxDocument)
	if err != nil && !core.Is(err, core.NotFound) {
		return err
	}
	var doc struct {
		Group string `json:"zagg_setup"`
	}
	prefix := At(url).Below()
	if err == nil && json.Unmarshal(marker, &doc) == nil && plainName(doc.Group) {
		own = At(url).Below(doc.Group)
	}
	err = objects.List(ctx, prefix, func(o core.ObjectInfo) error {
		if own != "" && strings.HasPrefix(o.URL, own) {
			return nil
		}
		return core.Errorf(core.Invalid, "set up", url, "the folder holds %s and is not a store that zagg wrote: choose another --store", strings.TrimPrefix(o.URL, prefix))
	})
	if errors.Is(err, objstore.ErrUnlisted) { // what else lies there cannot be told
		return nil
	}
	if core.Is(err, core.Invalid) {
		if labels, e := ListRecords(ctx, objects, url); e == nil && len(labels) > 0 {
			return core.Errorf(core.Corrupt, "set up", url, "the store is damaged: its %s is gone, and beside it are records of %d shards; put it back, or delete %s and %s and run again",
				document, len(labels), At(url).Below(), At(url).Status())
		}
	}
	return err
}

// fits reports whether a store's metadata is what this run would write. Without consolidated metadata the group's says
// nothing of the arrays, and theirs are compared too.
func (t *Template) fits(ctx context.Context, objects core.ObjectStore, url string, old *found) (bool, error) {
	if !sameGroup(old.doc, t.group) {
		return false, nil
	}
	if t.spec.Config.Output.Consolidate {
		return true, nil
	}
	for _, key := range t.Arrays() {
		doc, err := objstore.ReadAll(ctx, objects, At(url).Object(key), maxDocument)
		if err != nil && !core.Is(err, core.NotFound) {
			return false, err
		}
		if !bytes.Equal(doc, t.docs[key]) {
			return false, nil
		}
	}
	return true, nil
}

// ownsDamaged reports whether a store is this run's, although its group's document is not what set-up wrote.
func (t *Template) ownsDamaged(old *found) bool {
	return old.made != nil && old.made.Identity == t.identity() && !old.made.is(old.group+"/"+document, old.doc)
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
	text, ok := attrs["zagg"].(string)
	var origin map[string]json.RawMessage
	if !ok || json.Unmarshal([]byte(text), &origin) != nil {
		return nil, false
	}
	delete(origin, "grid_config")
	delete(attrs, "coarser_group") // a later link to what was made of the group
	for _, name := range described() {
		delete(attrs, name)
	}
	attrs["zagg"] = origin
	canonical, err := json.Marshal(group)
	return canonical, err == nil
}

// changedKeys says in which keys the configuration that the store was made from is another than this run's; "" where it is not kept.
func (t *Template) changedKeys(ctx context.Context, objects core.ObjectReader, url string, made *Origin) string {
	text, err := SavedConfig(ctx, objects, url)
	if err != nil {
		return ""
	}
	was, _, err := config.Parse(At(url).Config(), text)
	if err != nil || job.WithPlugins(was.SemanticHash(), made.Plugins) != made.ConfigHash {
		return ""
	}
	return ": " + strings.Join(config.Differences(was, t.spec.Config), "; ")
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
func (t *Template) difference(ctx context.Context, objects core.ObjectReader, url string, old *found) string {
	if old.group != t.Group() {
		return "the store holds group " + old.group + ", this run makes group " + t.Group()
	}
	if old.doc == nil {
		return "the store was not deleted to its end"
	}
	a, errA := originIn(old.doc)
	b, errB := originIn(t.group)
	if errA != nil || errB != nil {
		return "the store's metadata cannot be read"
	}
	switch {
	case a.Grid != b.Grid || !bytes.Equal(a.GridSignature, b.GridSignature):
		return "the store has another grid: " + compact(a.GridSignature) + ", this run " + compact(b.GridSignature)
	case a.Layout != b.Layout:
		return "the store's layout is " + a.Layout + ", this run's " + b.Layout
	case job.PluginsDiffer(a.Plugins, b.Plugins) != "":
		return "the store was made with other plugins: " + job.PluginsDiffer(a.Plugins, b.Plugins)
	case a.ConfigHash != b.ConfigHash:
		return "the store was made from another configuration (" + a.ConfigHash[:min(12, len(a.ConfigHash))] + ", now " + b.ConfigHash[:12] + ")" + t.changedKeys(ctx, objects, url, &a)
	case a.Plan != b.Plan:
		return "the store was made for another set of shards"
	}
	return "the store's arrays are stored otherwise (types, fill values, chunks, compression or attributes)"
}

// compact is JSON on one line.
func compact(raw json.RawMessage) string {
	var b bytes.Buffer
	if json.Compact(&b, raw) != nil {
		return string(raw)
	}
	return b.String()
}

// originIn reads what a group was made from, by its document.
func originIn(doc []byte) (Origin, error) {
	var group struct {
		Attributes json.RawMessage `json:"attributes"`
	}
	if err := json.Unmarshal(doc, &group); err != nil {
		return Origin{}, err
	}
	return OriginOf(group.Attributes)
}
