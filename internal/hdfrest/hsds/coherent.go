package hsds

import (
	"context"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/hdfrest"
)

// A request that reads several objects sees all that were changed together before or after the change: an object that shows a
// change is proof for those it was made with. Those that do not show it are asked whether they are still the same.

// Coherence is what was read by a request. It is looked at in turn, so that each pair of an object and a change is once.
type coherence struct {
	objects []version[*objectMeta] // in the order of reading
	looked  int                    // at so many of objects
	joints  map[string]joint
}

// names reports an object that had a part in a change, as far as is known.
func (j *joint) names(id hdfrest.ID) bool {
	return len(j.objects) == 0 || slices.Contains(j.objects, id.String())
}

func (o *objectMeta) shows(token string) bool {
	return slices.ContainsFunc(o.joints, func(j joint) bool { return j.token == token }) || hasToken(o.members, token)
}

// doubtful are the objects that were read and do not show changes that others show.
func (c *coherence) doubtful() []version[*objectMeta] {
	fresh := c.objects[c.looked:]
	var changes []joint
	for _, v := range fresh {
		for _, j := range v.meta.joints {
			if _, ok := c.joints[j.token]; !ok && now()-j.at < jointAge {
				if c.joints == nil {
					c.joints = map[string]joint{}
				}
				c.joints[j.token] = j
				changes = append(changes, j)
			}
		}
	}
	var out []version[*objectMeta]
	doubt := func(v version[*objectMeta], j joint) bool { return j.names(v.meta.id) && !v.meta.shows(j.token) }
	for i, v := range c.objects {
		found := slices.ContainsFunc(changes, func(j joint) bool { return doubt(v, j) })
		if i >= c.looked && !found {
			for _, j := range c.joints {
				found = found || doubt(v, j)
			}
		}
		if found {
			out = append(out, v)
		}
	}
	c.looked = len(c.objects)
	return out
}

// coherent is an error (ErrReplaced) of objects that were not read of one moment.
func (d *domain) coherent(ctx context.Context) error {
	d.mu.Lock()
	var doubtful []version[*objectMeta]
	if len(d.seen.objects) > 1 && !d.changed.Load() {
		doubtful = d.seen.doubtful()
	}
	d.mu.Unlock()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(d.s.options.Concurrency)
	for _, v := range doubtful {
		g.Go(func() error {
			is, err := d.fresh(gctx, v.meta.id)
			if err == nil && is.etag == v.etag && is.made == v.made {
				return nil
			}
			if err != nil && !core.Is(err, core.NotFound) {
				return err
			}
			return core.Errorf(core.Unavailable, "hsds", v.meta.id.String(), "%w", hdfrest.ErrReplaced)
		})
	}
	return g.Wait()
}
