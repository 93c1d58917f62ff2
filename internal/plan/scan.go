package plan

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/job"
	"github.com/englacial/zagg/internal/windows"
)

// A Scan finds the shards of granules by reading their coordinates.
type Scan struct {
	Grid        core.Grid
	Reader      core.ProductReader
	Source      core.ObjectReader
	Request     int64                                              // bytes that cost as much as a request to the source
	Workers     int                                                // granules read at once
	Columns     []string                                           // that Keep needs
	Keep        func(b *core.Batch, rows []int32) ([]int32, error) // the rows that are used, within rows; nil: all
	Windows     *windows.Schedule                                  // nil: there are none
	First, Last int                                                // numbers of the windows that are planned, from First to before Last
	Of          func(b *core.Batch, rows []int32) ([]int, error)   // the windows' numbers of rows; NoWindow of those in none
	Changed     func(core.Granule) error                           // why what was read of a granule does not count: it was replaced meanwhile; may be nil
	Report      func(done, total int, granule core.Granule)        // called from one goroutine at a time; may be nil

	near *Near
}

// A Found is what a scan saw.
type Found struct {
	Rows    int64 // observations looked at
	Invalid int64 // coordinates not finite or |lat| > 90
	Nowhere int64 // valid, but outside the grid's domain
	Unused  int64 // valid, but not kept
	Lon     Span  // of the valid coordinates
	Lat     Span
	Failed  map[string]error
}

// A Span is the least and the most of some numbers; of none Least is above Most.
type Span struct{ Least, Most float64 }

func noSpan() Span { return Span{math.Inf(1), math.Inf(-1)} }

func (s *Span) add(o Span) { s.Least, s.Most = min(s.Least, o.Least), max(s.Most, o.Most) }

// take adds places that have a position.
func (r *result) take(lon, lat []float64) {
	for i := range lon {
		if math.Abs(lat[i]) <= 90 && math.Abs(lon[i]) <= 540 {
			r.lon.add(Span{lon[i], lon[i]})
			r.lat.add(Span{lat[i], lat[i]})
		}
	}
}

// Run reads the coordinates of every granule and plans exactly the shards that own an observation, each with the
// granules that have one there, in the order given. A granule that has none in any shard, but rows without a position, is
// given to the first shard to be counted there. With allowMissing a granule that is missing (job.OfGranule) is left out, whole,
// and listed, here and in the first shard; otherwise it is an error, as it is when none can be read.
func (s *Scan) Run(ctx context.Context, granules []core.Granule, allowMissing bool) (*Plan, *Found, error) {
	s.near = &Near{Grid: s.Grid}
	results := make([]result, len(granules))
	var mu sync.Mutex
	done := 0
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(max(s.Workers, 1))
	for i := range granules {
		g.Go(func() error {
			r, err := s.granule(gctx, granules[i])
			if err != nil {
				err = core.Wrap(err, "read granule", granules[i].ID)
				if !allowMissing || gctx.Err() != nil || !job.OfGranule(err) {
					return err
				}
				r = result{err: err, lon: noSpan(), lat: noSpan()}
			}
			results[i] = r
			mu.Lock()
			defer mu.Unlock()
			done++
			if s.Report != nil {
				s.Report(done, len(granules), granules[i])
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, err
	}
	found := sum(granules, results)
	if len(granules) > 0 && len(found.Failed) == len(granules) {
		return nil, found, core.Wrapf(results[0].err, "plan", "", "every granule failed; the first: %w", results[0].err)
	}
	p, err := s.collect(ctx, granules, results)
	return p, found, err
}

func sum(granules []core.Granule, results []result) *Found {
	found := &Found{Failed: map[string]error{}, Lon: noSpan(), Lat: noSpan()}
	for i, r := range results {
		if r.err != nil {
			found.Failed[granules[i].ID] = r.err
		}
		found.Rows += r.rows
		found.Invalid += r.invalid
		found.Nowhere += r.nowhere
		found.Unused += r.unused
		found.Lon.add(r.lon)
		found.Lat.add(r.lat)
	}
	return found
}

func (s *Scan) collect(ctx context.Context, granules []core.Granule, results []result) (*Plan, error) {
	byKey := map[core.ShardKey][]core.Granule{}
	for i := range results {
		for k := range results[i].shards {
			byKey[k] = append(byKey[k], granules[i])
		}
	}
	at := make(map[string]int, len(granules))
	for i := range granules {
		at[granules[i].ID] = i
	}
	keys := slices.SortedFunc(maps.Keys(byKey), core.CompareKeys)
	if len(keys) == 0 {
		return Make(ctx, s.Grid, nil, nil)
	}
	lists := make([][]core.Granule, len(keys))
	for i, k := range keys {
		lists[i] = byKey[k]
	}
	var missing []job.ReadError
	for i, r := range results {
		switch {
		case r.err != nil:
			missing = append(missing, job.NewReadError(granules[i].ID, r.err))
		case len(r.shards) == 0 && r.invalid > 0:
			lists[0] = append(lists[0], granules[i])
		}
	}
	p, err := Make(ctx, s.Grid, keys, lists)
	if err != nil {
		return nil, err
	}
	if s.Windows != nil {
		p.Divide(s.Windows, s.First, s.Last, func(k core.ShardKey, g core.Granule) []int {
			return slices.AppendSeq([]int{}, slices.Values(slices.Sorted(maps.Keys(results[at[g.ID]].shards[k]))))
		})
		p.trim()
	}
	if len(p.Shards) > 0 {
		p.Shards[0].Missing = missing
	}
	return p, nil
}

// A result is what was seen of one granule.
type result struct {
	shards                 map[core.ShardKey]map[int]bool // that own an observation, and in which windows; 0 where there are none
	rows, invalid, nowhere int64
	unused                 int64
	lon, lat               Span
	err                    error
}

// granule finds the shards of one granule. Where something did not answer, such as a plugin's process that died, it is read once more.
func (s *Scan) granule(ctx context.Context, g core.Granule) (result, error) {
	r, err := s.readSame(ctx, g)
	if (core.Is(err, core.Unavailable) || errors.Is(err, errChanged)) && ctx.Err() == nil {
		r, err = s.readSame(ctx, g)
	}
	return r, err
}

// errChanged marks the error of a granule that was replaced while it was read.
var errChanged = errors.New("the granule is another")

// readSame is read of one version of a granule.
func (s *Scan) readSame(ctx context.Context, g core.Granule) (result, error) {
	r, err := s.read(ctx, g)
	if s.Changed != nil {
		if why := s.Changed(g); why != nil {
			return result{}, core.Wrapf(why, "", "", "%w: %w", errChanged, why)
		}
	}
	return r, err
}

func (s *Scan) read(ctx context.Context, g core.Granule) (result, error) {
	r := result{shards: map[core.ShardKey]map[int]bool{}, lon: noSpan(), lat: noSpan()}
	stats, err := s.Reader.Read(ctx, s.Source, g, core.Query{Columns: s.Columns, Rows: 1 << 16, CountInvalid: true, Request: s.Request}, func(b *core.Batch) error {
		if len(b.Lat) != len(b.Lon) {
			return core.Errorf(core.Internal, "plan", b.Group, "the reader emitted %d latitudes to %d longitudes", len(b.Lat), len(b.Lon))
		}
		r.take(b.Lon, b.Lat)
		parts, err := s.kept(b, &r)
		for i := range parts {
			if err == nil {
				err = s.batch(ctx, &parts[i], &r)
			}
		}
		if err != nil {
			return core.Wrapf(err, "", b.Group, "%w (%w)", err, job.ErrTaking)
		}
		return nil
	})
	r.rows = stats.Rows
	r.invalid += stats.Invalid
	return r, err
}

// NoWindow is the number of rows that are in no window.
const NoWindow = math.MinInt

// A windowed is rows of a batch that are in one window.
type windowed struct {
	core.Batch
	number int
}

// kept is a batch without the rows that are not used, window by window. Those without a position are counted.
func (s *Scan) kept(b *core.Batch, r *result) ([]windowed, error) {
	if s.Keep == nil {
		return []windowed{{Batch: *b}}, nil
	}
	var rows []int32
	for i := range b.Lon {
		if core.Usable(b.Lon[i], b.Lat[i]) {
			rows = append(rows, int32(i))
		} else {
			r.invalid++
		}
	}
	had := len(rows)
	rows, err := s.Keep(b, rows)
	if err != nil {
		return nil, err
	}
	numbers := make([]int, len(rows))
	if s.Windows != nil {
		if numbers, err = s.Of(b, rows); err != nil {
			return nil, err
		}
	}
	var parts []windowed
	used := 0
	for k, i := range rows {
		if numbers[k] == NoWindow {
			continue
		}
		if s.Windows == nil || numbers[k] >= s.First && numbers[k] < s.Last {
			used++
		}
		at := len(parts) - 1 // rows come in order of time, mostly
		if at < 0 || parts[at].number != numbers[k] {
			if at = slices.IndexFunc(parts, func(w windowed) bool { return w.number == numbers[k] }); at < 0 {
				at = len(parts)
				parts = append(parts, windowed{core.Batch{Group: b.Group}, numbers[k]})
			}
		}
		part := &parts[at]
		part.Lon, part.Lat = append(part.Lon, b.Lon[i]), append(part.Lat, b.Lat[i])
	}
	r.unused += int64(had - used)
	return parts, nil
}

// batch asks which of the shards near each run of observations are their own.
func (s *Scan) batch(ctx context.Context, part *windowed, r *result) error {
	b := &part.Batch
	slot := make([]int32, scanRows)
	invalid, err := s.near.Each(ctx, b.Lon, b.Lat, func(from, to int, keys []core.ShardKey) error {
		return s.locate(ctx, keys, b.Lon[from:to], b.Lat[from:to], slot[:to-from], part.number, r)
	})
	r.invalid += invalid
	return err
}

// locate asks each candidate shard which of the points are its own; every point has one owner at most.
func (s *Scan) locate(ctx context.Context, keys []core.ShardKey, lon, lat []float64, slot []int32, window int, r *result) error {
	left := len(lon)
	for i := range lon {
		if !core.Usable(lon[i], lat[i]) {
			r.invalid++
			left--
		}
	}
	for _, k := range keys {
		if left == 0 {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := s.Grid.Locate(ctx, k, lon, lat, slot); err != nil {
			return err
		}
		for _, x := range slot {
			if x >= 0 {
				if r.shards[k] == nil {
					r.shards[k] = map[int]bool{}
				}
				r.shards[k][window] = true
				left--
			}
		}
	}
	r.nowhere += int64(left)
	return nil
}
