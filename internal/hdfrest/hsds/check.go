package hsds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/hdfrest"
)

// A Finding is something in a domain's storage that belongs to nothing, or is damaged.
type Finding struct {
	Key    string
	What   string
	Size   int64
	Remove bool // it is of no use, and Fix removes it; else it is only reported
}

// A Check says what of a domain's storage is looked for.
type Check struct {
	Age time.Duration // of what may be under way still, and is left alone
	Fix bool          // remove what is of no use, and make changes that were given up
}

// old reports whether nothing that is under way has to do with an object.
func (how Check) old(o core.ObjectInfo, now time.Time) bool { return now.Sub(o.Modified) >= how.Age }

// Check looks through all that is stored of a domain: objects that no link leads to, chunks of no dataset or beyond its extent,
// changes that were given up, links that lead nowhere, and metadata that cannot be read.
func (s *Store) Check(ctx context.Context, n hdfrest.Name, how Check) ([]Finding, error) {
	b, v, err := s.lookUp(ctx, n)
	if core.Is(err, core.NotFound) && b != nil {
		found, err2 := s.traces(ctx, b, n, hdfrest.ID{}, how)
		if err2 != nil || len(found) > 0 {
			return found, errors.Join(err2, s.fix(ctx, b, found, how))
		}
	}
	if err != nil {
		return nil, err
	}
	if v.meta.folder || v.meta.root.Old {
		return nil, core.Errorf(core.Unsupported, "hsds.Check", n.Path, "only domains of schema 2 can be checked: the keys of others have no common beginning")
	}
	d := s.domain(b, n, v)
	c := &checking{d: d, w: &writer{d}, how: how, now: time.Now(), metas: map[hdfrest.ID]*objectMeta{}, young: map[hdfrest.ID]bool{}}
	if err := c.journals(ctx); err != nil {
		return nil, err
	}
	if err := c.list(ctx); err != nil {
		return nil, err
	}
	c.unlinked()
	c.chunksOf()
	left, err := s.traces(ctx, b, n, v.meta.root, how)
	if err != nil {
		return nil, err
	}
	c.found = append(c.found, left...)
	return c.found, s.fix(ctx, b, c.found, how)
}

// fix removes what is of no use, traces last.
func (s *Store) fix(ctx context.Context, b *Bucket, found []Finding, how Check) error {
	slices.SortFunc(found, func(a, b Finding) int { return strings.Compare(a.Key, b.Key) })
	var gone, traces []string
	for _, f := range found {
		switch {
		case !f.Remove || !how.Fix:
		case strings.HasPrefix(f.Key, tracesFolder):
			traces = append(traces, b.url(f.Key))
		default:
			gone = append(gone, b.url(f.Key))
		}
	}
	for _, keys := range [][]string{gone, traces} {
		for batch := range slices.Chunk(keys, 1000) {
			if err := s.over(b.Source).Delete(ctx, batch...); err != nil {
				return err
			}
		}
	}
	return nil
}

type checking struct {
	d      *domain
	w      *writer
	how    Check
	now    time.Time
	metas  map[hdfrest.ID]*objectMeta
	young  map[hdfrest.ID]bool // made so lately that a link may come yet
	chunks []core.ObjectInfo
	found  []Finding
}

func (c *checking) report(key, what string, size int64, remove bool) {
	c.found = append(c.found, Finding{key, what, size, remove})
}

// journals finds changes that were given up, and what they left.
func (c *checking) journals(ctx context.Context) error {
	folder := journalFolder + half(c.d.v.meta.root) + "/"
	prefix := c.d.b.url(folder)
	var found []core.ObjectInfo
	if err := c.d.source.List(ctx, prefix, func(o core.ObjectInfo) error {
		found = append(found, o)
		return nil
	}); err != nil {
		return err
	}
	for _, o := range found {
		name := o.URL[len(prefix):]
		var err error
		switch {
		case strings.HasSuffix(name, ".write"):
			err = c.journal(ctx, strings.TrimSuffix(name, ".write"), o)
		case strings.HasSuffix(name, intentSuffix):
			err = c.intent(ctx, strings.TrimSuffix(name, intentSuffix))
		case strings.HasSuffix(name, valuesSuffix) && c.how.old(o, c.now):
			err = c.values(ctx, folder, name, o.Size)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// journal finds a change of a dataset's values that was given up.
func (c *checking) journal(ctx context.Context, name string, o core.ObjectInfo) error {
	id, ok := hdfrest.ParseID("d-" + half(c.d.v.meta.root) + "-" + name)
	if !ok {
		return nil
	}
	j, err := c.d.journal(ctx, id)
	if err == nil && j == nil && c.how.old(o, c.now) {
		if _, err = c.d.raw(ctx, id); core.Is(err, core.NotFound) {
			c.report(journalKey(id), "is the journal of a dataset that was removed", o.Size, true)
			return nil
		}
	}
	if err != nil || j == nil || c.now.Before(j.Until) {
		return err // it is under way, or done
	}
	c.report(journalKey(id), "a change that its maker gave up", 0, false)
	if !c.how.Fix {
		return nil
	}
	return c.w.finish(ctx, id, j)
}

// intent finds a change of several objects that was given up.
func (c *checking) intent(ctx context.Context, token string) error {
	n, err := c.d.intent(ctx, token)
	if err != nil || n.State == intentGone || c.now.Before(n.Until) {
		return err
	}
	c.report(intentKey(c.d.v.meta.root, token), "a change of several objects that its maker gave up", 0, false)
	if !c.how.Fix {
		return nil
	}
	return c.w.settle(ctx, token)
}

// values finds what was to be written by a change that is not there.
func (c *checking) values(ctx context.Context, folder, name string, size int64) error {
	id, ok := hdfrest.ParseID("d-" + half(c.d.v.meta.root) + "-" + name[:strings.IndexByte(name, '.')])
	if !ok {
		return nil
	}
	if j, err := c.d.journal(ctx, id); err != nil || j != nil && j.Apart == folder+name {
		return err
	}
	c.report(folder+name, "are values of a change that is done or was never made", size, true)
	return nil
}

// list reads all metadata and notes the chunks.
func (c *checking) list(ctx context.Context) error {
	prefix := c.d.b.url(tree(c.d.v.meta.root))
	var objects []core.ObjectInfo
	err := c.d.source.List(ctx, prefix, func(o core.ObjectInfo) error {
		key := o.URL[len(prefix):]
		switch name := key[strings.LastIndexByte(key, '/')+1:]; name {
		case ".group.json", ".dataset.json", ".datatype.json":
			objects = append(objects, o)
		case ".info.json", summaryName:
		default:
			c.chunks = append(c.chunks, o)
		}
		return nil
	})
	if err != nil {
		return err
	}
	texts := make([][]byte, len(objects))
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(c.d.s.options.Concurrency)
	for i, o := range objects {
		g.Go(func() (err error) {
			texts[i], _, err = objstore.Get(gctx, c.d.source, o.URL, "", maxMeta)
			if core.Is(err, core.NotFound) {
				return nil
			}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for i, o := range objects {
		if err := c.object(ctx, o, o.URL[len(c.d.b.Base):], texts[i]); err != nil {
			return err
		}
	}
	return nil
}

// object decodes the metadata of a key.
func (c *checking) object(ctx context.Context, o core.ObjectInfo, key string, text []byte) error {
	if text == nil {
		return nil
	}
	id, ok := idOfKey(key, c.d.v.meta.root)
	if !ok {
		c.report(key, "is not an object of this domain", o.Size, false)
		return nil
	}
	meta, err := parseObject(id, text)
	if err != nil {
		c.report(key, "cannot be read: "+err.Error(), o.Size, false)
		return nil
	}
	if meta.pending != nil {
		v, _, err := c.d.decided(ctx, version[*objectMeta]{url: o.URL, etag: o.ETag, meta: meta})
		if err != nil {
			return err
		}
		meta = v.meta
	}
	c.metas[id] = meta
	c.young[id] = !c.how.old(o, c.now)
	return nil
}

// idOfKey is the id of the object that a key describes.
func idOfKey(key string, root hdfrest.ID) (hdfrest.ID, bool) {
	if key == objectKey(root) {
		return root, true
	}
	parts := strings.Split(key, "/")
	if len(parts) != 5 || len(parts[2]) != 1 {
		return hdfrest.ID{}, false
	}
	id, ok := hdfrest.ParseID(parts[2] + "-" + parts[1] + "-" + parts[3])
	return id, ok && objectKey(id) == key
}

// unlinked finds objects that nothing leads to from the root, and links that lead nowhere.
func (c *checking) unlinked() {
	reached := map[hdfrest.ID]bool{}
	todo := []hdfrest.ID{c.d.v.meta.root}
	for len(todo) > 0 {
		id := todo[0]
		todo = todo[1:]
		m := c.metas[id]
		if reached[id] || m == nil {
			continue
		}
		reached[id] = true
		for _, l := range m.links {
			if l.Kind != hdfrest.HardLink {
				continue
			}
			if c.metas[l.Target] == nil {
				c.report(objectKey(id), fmt.Sprintf("its link %q leads to %s, which is not there", l.Name, l.Target), 0, false)
			}
			todo = append(todo, l.Target)
		}
		if m.dataset != nil && m.dataset.linked != nil {
			todo = append(todo, m.dataset.linked.table)
		}
		if m.t != nil && m.t.Committed != (hdfrest.ID{}) {
			todo = append(todo, m.t.Committed)
		}
	}
	for id := range c.metas {
		if !reached[id] && !c.young[id] {
			c.report(objectKey(id), "no link leads to it", 0, true)
			delete(c.metas, id)
		}
	}
}

// chunksOf finds chunks that belong to no dataset, or are beyond its extent.
func (c *checking) chunksOf() {
	for _, o := range c.chunks {
		key := o.URL[len(c.d.b.Base):]
		at := strings.LastIndexByte(key, '/')
		id, ok := idOfKey(key[:at]+"/.dataset.json", c.d.v.meta.root)
		if !ok {
			c.report(key, "is nothing of a domain", o.Size, false)
			continue
		}
		m := c.metas[id]
		if m == nil || m.dataset == nil {
			if c.how.old(o, c.now) {
				c.report(key, "is a chunk of no dataset", o.Size, true)
			}
			continue
		}
		index, ok := parseChunk(key[at+1:], len(m.dataset.grid))
		if !ok {
			c.report(key, "is not a chunk of its dataset", o.Size, false)
			continue
		}
		for i, k := range index {
			if k*m.dataset.grid[i] >= m.dataset.shape.Dims[i] && c.how.old(o, c.now) {
				c.report(key, "is a chunk beyond the extent", o.Size, true)
				break
			}
		}
	}
}
