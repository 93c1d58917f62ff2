package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/internal/catalog"
	"github.com/englacial/zagg/internal/catalog/cmr"
	"github.com/englacial/zagg/internal/catalog/earthdata"
	"github.com/englacial/zagg/internal/catalog/geometry"
	"github.com/englacial/zagg/internal/catalog/geoparquet"
	"github.com/englacial/zagg/internal/catalog/stac"
	"github.com/englacial/zagg/internal/catalog/web"
	"github.com/englacial/zagg/internal/drivers"
)

// largestCatalog is the longest catalog that is read from S3 or HTTPS, or as JSON: it is held in memory.
const largestCatalog = 2 << 30

// open makes the source that the flags name.
func (r *cataloger) open(ctx context.Context) (catalog.Source, error) {
	o := &r.o
	rules := catalog.Rules{Thumbnails: o.thumbnails, Data: o.asset}
	anywhere := o.noFootprint == "earth"
	if r.offline() {
		return r.openFile(ctx, rules, anywhere)
	}
	client := &web.Client{UserAgent: "zagg/" + Version, OnRetry: func(err error, wait time.Duration) {
		r.say("      %v; again in %s", err, wait.Round(100*time.Millisecond))
	}}
	if o.source == "cmr" {
		return cmr.New(cmr.Options{URL: o.cmrURL, Client: client, Rules: rules, Anywhere: anywhere, Progress: r.fetched, Token: r.token(client)}), nil
	}
	options := stac.Options{URL: o.stacURL, Post: o.stacMethod == "post", Collections: o.collections, Query: []byte(o.stacQuery), Client: client, Progress: r.fetched,
		Items: stac.ItemOptions{Rules: rules, TimeKey: o.timeKey, Anywhere: anywhere, Edges: r.edges}}
	if o.source == "cmr-stac" {
		options.Post, options.Limit = false, 2000
		if options.URL == "" {
			options.URL = stac.CMRSearch(o.cmrURL, o.provider)
		}
	}
	return stac.New(options)
}

// token finds who one is when a collection is not found without.
func (r *cataloger) token(client *web.Client) func(context.Context) (string, error) {
	return func(ctx context.Context) (string, error) {
		login, err := earthdata.FromEnvironment(client)
		if err != nil {
			return "", err
		}
		bearer, err := login.Bearer(ctx)
		return bearer.Reveal(), err
	}
}

func (r *cataloger) fetched(done, total int) {
	if total > 0 {
		r.say("      %s of %s granules", thousands(int64(done)), thousands(int64(total)))
		return
	}
	r.say("      %s granules", thousands(int64(done)))
}

// A catalogTee hands granules on and keeps them for a catalog file. What a map does not need stays out of it.
type catalogTee struct {
	source   catalog.Source
	bbox     core.Region // that was asked for
	writer   *geoparquet.Writer
	cover    core.Grid // cells to note, a grid whose shards they are; nil: none
	order    int
	progress func(n int)

	pending  []*catalog.Granule // whose cells are not known yet
	count    int
	anywhere int
	doubtful int            // granules whose footprint was taken larger than it may be
	doubt    string         // of the first of them
	products map[string]int // granules of each, as their names or the catalog say
	meta     catalog.Meta
}

var _ catalog.Source = (*catalogTee)(nil)

// keep prepares for a catalog file.
func (t *catalogTee) keep(r *cataloger) (err error) {
	if r.indexed {
		t.order = r.o.indexOrder
		text := fmt.Sprintf(`{"type":"healpix","parent_order":%d,"child_order":%d}`, t.order, t.order)
		if t.cover, err = r.app.host.Grid(context.Background(), "healpix", core.Config(text)); err != nil {
			return err
		}
	}
	t.writer, err = geoparquet.NewWriter("")
	return err
}

// indexAtOnce is how many footprints are covered in one call.
const indexAtOnce = 1000

// Granules is the source's, in its order.
func (t *catalogTee) Granules(ctx context.Context, q catalog.Query, visit func(*catalog.Granule) error) (catalog.Meta, error) {
	meta, err := t.source.Granules(ctx, q, func(g *catalog.Granule) error {
		if t.cover == nil {
			return t.pass(g, visit)
		}
		if t.pending = append(t.pending, g); len(t.pending) < indexAtOnce {
			return nil
		}
		return t.index(ctx, visit)
	})
	if err == nil {
		err = t.index(ctx, visit)
	}
	b := geometry.Bounds(t.bbox.Polygons)
	meta.BBox = b[:]
	t.meta = meta
	return meta, err
}

// index notes the cells of the granules that wait for theirs, and passes them on.
func (t *catalogTee) index(ctx context.Context, visit func(*catalog.Granule) error) error {
	var regions []core.Region
	var of []*catalog.Granule
	for _, g := range t.pending {
		if len(g.Footprint.Polygons) > 0 && len(g.Cells) == 0 {
			regions, of = append(regions, g.Footprint), append(of, g)
		}
	}
	if len(of) > 0 {
		covers, err := t.cover.Cover(ctx, regions)
		if err != nil {
			return err
		}
		for i, g := range of {
			g.CellsOrder = t.order
			for _, key := range covers[i] {
				word, err := strconv.ParseUint(string(key), 10, 64)
				if err != nil {
					return core.Errorf(core.Internal, "--index-footprints", g.ID, "%s is no word", key)
				}
				g.Cells = append(g.Cells, word)
			}
		}
	}
	for _, g := range t.pending {
		if err := t.pass(g, visit); err != nil {
			return err
		}
	}
	t.pending = t.pending[:0]
	return nil
}

func (t *catalogTee) pass(g *catalog.Granule, visit func(*catalog.Granule) error) error {
	t.count++
	if g.Product != "" {
		t.products[g.Product]++
	}
	if len(g.Footprint.Polygons) == 0 && len(g.Cells) == 0 {
		t.anywhere++
	}
	if g.Doubt != "" {
		if t.doubtful++; t.doubtful == 1 {
			t.doubt = g.ID + ", " + g.Doubt
		}
	}
	if t.writer != nil {
		if err := t.writer.Add(g); err != nil {
			return err
		}
	}
	for name, a := range g.Assets {
		if !catalog.IsData(a.Any()) { // metadata and pictures are for the catalog
			delete(g.Assets, name)
		}
	}
	t.progress(t.count)
	return visit(g)
}

// progress tells how many granules of a file have been assigned.
func (r *cataloger) progress() func(int) {
	const every = 50_000
	return func(n int) {
		if n%every == 0 && r.offline() {
			r.say("      %s granules", thousands(int64(n)))
		}
	}
}

// putFile writes an object as it is made. If write fails, nothing is there: no store shows what is half written.
func putFile(ctx context.Context, url string, write func(io.Writer) error) error {
	store, err := drivers.Open(ctx, drivers.Environment(), url)
	if err != nil {
		return err
	}
	from, to := io.Pipe()
	done := make(chan error, 1)
	go func() {
		err := write(to)
		to.CloseWithError(err)
		done <- err
	}()
	err = objstore.Retry(store, objstore.Policy{}).Put(ctx, url, from, core.PutOptions{Size: -1})
	from.CloseWithError(io.ErrClosedPipe) // lets a writer go whose store has given up
	if failed := <-done; failed != nil && !errors.Is(failed, io.ErrClosedPipe) {
		return failed
	}
	return err
}
