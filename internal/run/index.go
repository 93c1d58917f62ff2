package run

// Writing sidecars of granules: indexes that make later reads cheaper.

import (
	"context"
	"fmt"

	"github.com/dustin/go-humanize"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/objstore"
	"github.com/englacial/zagg/host"
	"github.com/englacial/zagg/internal/dispatch"
	"github.com/englacial/zagg/internal/drivers"
	"github.com/englacial/zagg/internal/job"
)

// Indexes counts the sidecars of some granules by what became of them.
type Indexes struct {
	Made, Fitted, Failed int
	Bytes, Granules      int64          // of those made: theirs, and their granules'
	Read                 objstore.Usage // of the granules
}

// An indexed is one granule's sidecar: the bytes that were written, 0 if it was there and fits, and the granule's
// size.
type indexed struct{ size, granule int64 }

// Index writes a sidecar for each of o's granules, with cells also one of its cells, to a folder or below a prefix.
// Those that fit are left as they are unless o.Overwrite is set. Granules that fail are counted and shown; the others
// are indexed all the same.
func Index(ctx context.Context, o Options, out string, cells bool) (*Indexes, error) {
	r := begin(o)
	r.config.DataSource.Index.Store, r.config.DataSource.Index.Cells = out, cells
	var err error
	if r.recipe, err = o.Compile(ctx, r.config); err != nil {
		return nil, err
	}
	if cells {
		if err := r.recipe.LocatesRows(); err != nil {
			return nil, err
		}
	}
	if err := r.findKeys(); err != nil {
		return nil, err
	}
	lister, err := drivers.Open(ctx, r.sourceAccess(), o.Granules...)
	if err != nil {
		return nil, err
	}
	granules, err := Granules(ctx, objstore.Retry(lister, objstore.Policy{}), o.Granules)
	if err == nil {
		granules, err = r.withSiblings(ctx, granules)
	}
	if err != nil {
		return nil, err
	}
	if _, err := job.Identify(ctx, r.recipe.Reader, granules); err != nil {
		return nil, err
	}
	src, err := r.openGranules(ctx, granules)
	if err != nil {
		return nil, err
	}
	stores := host.NewStores(src.reader, src.reader, src.url)
	reader := stores.Reader(&src.used)
	sum := &Indexes{}
	count := r.progress.Count(len(granules), "granules")
	err = dispatch.Each(ctx, dispatch.RealTime{}, granules, o.Workers, func(ctx context.Context, g core.Granule) (indexed, error) {
		return r.buildIndex(ctx, reader, src.reader, g)
	}, func(d dispatch.Ended[core.Granule, indexed]) { sum.ended(d, r.progress, count) })
	count.Finish()
	sum.Read = src.used.Usage()
	return sum, err
}

func (s *Indexes) ended(d dispatch.Ended[core.Granule, indexed], progress Progress, count Counter) {
	switch {
	case d.Err != nil:
		s.Failed++
		progress.Warn(fmt.Sprintf("ERROR %s: %v", d.Job.ID, d.Err))
		count.Step("ERROR " + d.Job.ID)
	case d.Result.size == 0:
		s.Fitted++
		count.Step(d.Job.ID + " fits")
	default:
		s.Made++
		s.Bytes += d.Result.size
		s.Granules += d.Result.granule
		count.Step(fmt.Sprintf("%s %s bytes (%.2f %%)", d.Job.ID, humanize.Comma(d.Result.size), 100*float64(d.Result.size)/float64(max(d.Result.granule, 1))))
	}
}

// nowhere is a region without observations: reading it opens a granule and fetches no values.
func nowhere() core.Region {
	return core.Region{Polygons: []core.Polygon{{{{Lon: 0.123456789, Lat: 89.999999}}}}}
}

func (r *Run) buildIndex(ctx context.Context, src core.ObjectReader, to core.ObjectStore, g core.Granule) (indexed, error) {
	g = r.recipe.WithIndex(g)
	size, err := r.sidecar(ctx, to, g.Assets["index"], func() bool { return r.recipe.IndexFits(ctx, src, g, nowhere()) },
		func() ([]byte, error) { return r.recipe.Index(ctx, src, g) })
	if err == nil && r.config.DataSource.Index.Cells {
		var n int64
		n, err = r.sidecar(ctx, to, r.recipe.CellsURL(g), func() bool { return r.recipe.CellsFit(ctx, src, g) },
			func() ([]byte, error) { return r.recipe.Cells(ctx, src, g) })
		size += n
	}
	if err != nil || size == 0 {
		return indexed{}, err
	}
	info, err := to.Stat(ctx, g.URL())
	return indexed{size, info.Size}, err
}

// sidecar writes one sidecar and returns its size; 0 if there is one that fits.
func (r *Run) sidecar(ctx context.Context, to core.ObjectStore, url string, fits func() bool, content func() ([]byte, error)) (int64, error) {
	if !r.o.Overwrite {
		if _, err := to.Stat(ctx, url); err == nil && fits() {
			return 0, nil
		}
	}
	data, err := content()
	if err != nil {
		return 0, err
	}
	return int64(len(data)), objstore.PutBytes(ctx, objstore.Retry(to, objstore.Policy{}), url, data, core.PutOptions{})
}
