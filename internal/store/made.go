package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/plan"
)

// madeSpec names the format of a made.
const madeSpec = "zagg-made/1"

// A made is the record of a set-up: every object that it wrote. Stores of earlier releases have none.
type made struct {
	Spec     string   `json:"spec"`
	Group    string   `json:"group"`
	Identity string   `json:"identity"` // of what the store is laid out for
	Objects  []Object `json:"objects"`  // in path order
	// Shards are those of a compact store with windows, in the order of their blocks.
	Shards []core.ShardKey `json:"shards,omitempty"`
}

// loadMade reads the record of a store's set-up; nil where there is none, or none that can be read.
func loadMade(ctx context.Context, from core.ObjectReader, url string) (*made, error) {
	data, err := objstore.ReadAll(ctx, from, At(url).Made(), maxRecord)
	if core.Is(err, core.NotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var m made
	if json.Unmarshal(data, &m) != nil || m.Spec != madeSpec || !plainName(m.Group) {
		return nil, nil
	}
	for _, o := range m.Objects {
		if !plainName(o.Path) {
			return nil, nil
		}
	}
	return &m, nil
}

// find is an object of the set-up.
func (m *made) find(path string) (Object, bool) {
	for _, o := range m.Objects {
		if o.Path == path {
			return o, true
		}
	}
	return Object{}, false
}

// is reports whether data is what set-up wrote under a path.
func (m *made) is(path string, data []byte) bool {
	o, ok := m.find(path)
	return ok && o.SHA256 == sumOf(data)
}

func sumOf(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

// A recorder notes what is written below a store. What is there already as it would be written is left alone.
type recorder struct {
	core.ObjectStore
	below string
	there map[string]Object // by path
	mu    sync.Mutex
	made  []Object
}

func (r *recorder) Put(ctx context.Context, url string, body io.Reader, opt core.PutOptions) error {
	data, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	o := Object{Path: strings.TrimPrefix(url, r.below), Size: int64(len(data)), SHA256: sumOf(data)}
	r.mu.Lock()
	r.made = append(r.made, o)
	r.mu.Unlock()
	if r.there[o.Path] == o {
		return nil
	}
	return r.ObjectStore.Put(ctx, url, bytes.NewReader(data), opt)
}

// make writes all that set-up writes, the record of it last but one and the root's document last: a store without that is no
// store, and set-up starts again. there is what an earlier set-up has written and stays as it is: what would be written the same, and
// coordinates of shards that this plan does not have.
func (t *Template) make(ctx context.Context, objects core.ObjectStore, url string, p *plan.Plan, there map[string]Object) error {
	r := &recorder{ObjectStore: objects, below: At(url).Below(), there: there}
	if err := t.write(ctx, r, At(url), p); err != nil {
		return err
	}
	written := map[string]bool{}
	for _, o := range r.made {
		written[o.Path] = true
	}
	for path, o := range there {
		if !written[path] && t.ofCells(path) {
			r.made = append(r.made, o)
		}
	}
	r.made = append(r.made, Object{Path: document, Size: int64(len(t.root)), SHA256: sumOf(t.root)})
	slices.SortFunc(r.made, func(a, b Object) int { return strings.Compare(a.Path, b.Path) })
	m := made{Spec: madeSpec, Group: t.Group(), Identity: t.identity(), Objects: r.made}
	if t.Compact && t.spec.Windows != nil {
		m.Shards = p.Keys()
	}
	data, err := job.EncodeJSON(m)
	if err != nil {
		return core.Errorf(core.Internal, "set up", url, "%w", err)
	}
	if err := putJSON(ctx, objects, At(url).Made(), data); err != nil {
		return err
	}
	return putJSON(ctx, objects, At(url).Metadata(), t.root)
}

// makeAgain makes what set-up writes of a store that is there, whose coarser groups stay its own.
func (t *Template) makeAgain(ctx context.Context, objects core.ObjectStore, url string, p *plan.Plan, there map[string]Object) error {
	old, err := readNode(ctx, objects, At(url).Metadata())
	if err != nil {
		old = &node{} // it is lost or damaged: what it said of coarser groups is gone with it
	}
	if err := t.make(ctx, objects, url, p, there); err != nil {
		return err
	}
	levels := LevelsOf(old.Attributes)
	if len(levels) < 2 || levels[0] != t.Group() {
		return nil
	}
	now, err := parseNode(At(url).Metadata(), t.root)
	if err != nil {
		return err
	}
	children := now.children()
	for path, doc := range old.children() {
		if group, _, _ := strings.Cut(path, "/"); children != nil && slices.Contains(levels[1:], group) {
			children[path] = doc
		}
	}
	if err := putRoot(ctx, objects, url, now.Attributes, levels, children); err != nil {
		return err
	}
	_, err = EndLevels(ctx, objects, url, nil, "")
	return err
}

// remake notes in the record of a set-up what was written in the place of its objects.
func remake(ctx context.Context, objects core.ObjectStore, url string, written []Object) error {
	m, err := loadMade(ctx, objects, url)
	if m == nil || err != nil {
		return err
	}
	for _, o := range written {
		if i := slices.IndexFunc(m.Objects, func(old Object) bool { return old.Path == o.Path }); i >= 0 {
			m.Objects[i] = o
		}
	}
	data, err := job.EncodeJSON(m)
	if err != nil {
		return core.Errorf(core.Internal, "set up", url, "%w", err)
	}
	return putJSON(ctx, objects, At(url).Made(), data)
}

// restoreSetUp makes anew what set-up wrote and is not there any more as it was: metadata by their content, all else by size.
func (t *Template) restoreSetUp(ctx context.Context, objects core.ObjectStore, url string, p *plan.Plan, m *made) error {
	if m == nil {
		return t.makeAgain(ctx, objects, url, p, nil)
	}
	faults, err := m.faults(ctx, objects, url, nil, false)
	if err != nil || len(faults) == 0 && t.hasCells(m, p) {
		return err
	}
	return t.makeAgain(ctx, objects, url, p, t.sound(m, faults))
}

// sound are the objects of a set-up without faults, by path. A store without windows is made as a whole.
func (t *Template) sound(m *made, faults []Fault) map[string]Object {
	if t.spec.Windows == nil {
		return nil
	}
	there := make(map[string]Object, len(m.Objects))
	for _, o := range m.Objects {
		there[o.Path] = o
	}
	for _, f := range faults {
		delete(there, f.Object)
	}
	return there
}

// faults are what is wrong with the objects that set-up wrote. sizes are the store's objects by path, nil: they are asked for. deep
// looks at the content of all objects, and not only of metadata.
func (m *made) faults(ctx context.Context, objects core.ObjectReader, url string, sizes map[string]int64, deep bool) ([]Fault, error) {
	reasons := make([]string, len(m.Objects))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(verifiedAtOnce)
	for i, o := range m.Objects {
		g.Go(func() (err error) {
			reasons[i], err = objectFault(gctx, objects, url, o, sizes, deep || strings.HasSuffix("/"+o.Path, "/"+document))
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	var all []Fault
	for i, reason := range reasons {
		if reason != "" {
			all = append(all, Fault{Object: m.Objects[i].Path, Reason: reason, SetUp: true})
		}
	}
	return all, nil
}

// MadeFaults are what is wrong with what set-up wrote, of a store whose metadata may be too damaged to open it.
func MadeFaults(ctx context.Context, objects core.ObjectReader, url string, deep bool) ([]Fault, error) {
	m, err := loadMade(ctx, objects, url)
	if m == nil || err != nil {
		return nil, err
	}
	return m.faults(ctx, objects, url, nil, deep)
}
