package plan

import (
	"context"
	"maps"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/englacial/zagg/core"
)

// scanRows is how many consecutive observations are looked up together. Along a track of 20 m segments 256 rows are
// 5 km: far below the size of a shard, so that most lookups have one candidate, and few enough lookups to be cheap.
const scanRows = 256

// A Scan finds the shards of granules by reading their coordinates.
type Scan struct {
	Grid    core.Grid
	Reader  core.ProductReader
	Source  core.ObjectReader
	Workers int                                         // granules read at once
	Report  func(done, total int, granule core.Granule) // called from one goroutine at a time; may be nil
}

// A Found is what a scan saw.
type Found struct {
	Rows    int64 // observations looked at
	Invalid int64 // coordinates not finite or |lat| > 90
	Nowhere int64 // valid, but outside the grid's domain
	Failed  map[string]error
}

// Run reads the coordinates of every granule and plans exactly the shards that own an observation, each with the
// granules that have one there, in the order given. With allowMissing a granule that cannot be read is left out and
// listed; otherwise it is an error.
func (s *Scan) Run(ctx context.Context, granules []core.Granule, allowMissing bool) (*Plan, *Found, error) {
	found := &Found{Failed: map[string]error{}}
	hits := make([]map[core.ShardKey]int64, len(granules))
	var mu sync.Mutex
	done := 0
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(max(s.Workers, 1))
	for i := range granules {
		g.Go(func() error {
			h, f, err := s.granule(gctx, granules[i])
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				if !allowMissing || gctx.Err() != nil {
					return core.Errorf(core.CodeOf(err), "read granule", granules[i].ID, "%w", err)
				}
				found.Failed[granules[i].ID] = err
			}
			hits[i] = h
			found.Rows += f.Rows
			found.Invalid += f.Invalid
			found.Nowhere += f.Nowhere
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
	p, err := s.collect(ctx, granules, hits)
	return p, found, err
}

func (s *Scan) collect(ctx context.Context, granules []core.Granule, hits []map[core.ShardKey]int64) (*Plan, error) {
	byKey := map[core.ShardKey][]core.Granule{}
	for i, h := range hits {
		for k := range h {
			byKey[k] = append(byKey[k], granules[i])
		}
	}
	keys := slices.SortedFunc(maps.Keys(byKey), core.CompareKeys)
	lists := make([][]core.Granule, len(keys))
	for i, k := range keys {
		lists[i] = byKey[k]
	}
	return Make(ctx, s.Grid, keys, lists)
}

// granule counts the observations of one granule in each shard.
func (s *Scan) granule(ctx context.Context, g core.Granule) (map[core.ShardKey]int64, Found, error) {
	hits := map[core.ShardKey]int64{}
	var f Found
	stats, err := s.Reader.Read(ctx, s.Source, g, core.Query{Rows: 1 << 16}, func(b *core.Batch) error {
		return s.batch(ctx, b, hits, &f)
	})
	f.Rows = stats.Rows
	f.Invalid += stats.Invalid
	return hits, f, err
}

func (s *Scan) batch(ctx context.Context, b *core.Batch, hits map[core.ShardKey]int64, f *Found) error {
	var regions []core.Region
	var starts []int
	for at := 0; at < len(b.Lon); at += scanRows {
		end := min(at+scanRows, len(b.Lon))
		if r, ok := capOf(b.Lon[at:end], b.Lat[at:end]); ok {
			regions = append(regions, r)
			starts = append(starts, at)
		} else {
			f.Invalid += int64(end - at)
		}
	}
	covers, err := s.Grid.Cover(ctx, regions)
	if err != nil {
		return err
	}
	slot := make([]int32, scanRows)
	for i, at := range starts {
		end := min(at+scanRows, len(b.Lon))
		if err := s.locate(ctx, covers[i], b.Lon[at:end], b.Lat[at:end], slot[:end-at], hits, f); err != nil {
			return err
		}
	}
	return nil
}

// locate asks each candidate shard which of the points are its own; every point has one owner at most.
func (s *Scan) locate(ctx context.Context, keys []core.ShardKey, lon, lat []float64, slot []int32, hits map[core.ShardKey]int64, f *Found) error {
	left := len(lon)
	for _, k := range keys {
		if err := s.Grid.Locate(ctx, k, lon, lat, slot); err != nil {
			return err
		}
		n := 0
		for _, x := range slot {
			if x >= 0 {
				n++
			}
		}
		if n > 0 {
			hits[k] += int64(n)
		}
		if left -= n; left == 0 {
			return nil
		}
	}
	for i := range lon {
		if !valid(lon[i], lat[i]) {
			f.Invalid++
			left--
		}
	}
	f.Nowhere += int64(left)
	return nil
}

func valid(lon, lat float64) bool {
	return !math.IsNaN(lon) && !math.IsInf(lon, 0) && lat >= -90 && lat <= 90
}

// earthRadius is the mean radius in metres; capOf widens by a hundredth, more than any latitude convention moves a
// distance (0.4 %).
const earthRadius = 6371008.8

// capOf is a cap that holds all valid points; false when there is none.
func capOf(lon, lat []float64) (core.Region, bool) {
	var sum [3]float64
	vecs := make([][3]float64, 0, len(lon))
	for i := range lon {
		if !valid(lon[i], lat[i]) {
			continue
		}
		sl, cl := math.Sincos(lon[i] * math.Pi / 180)
		sb, cb := math.Sincos(lat[i] * math.Pi / 180)
		v := [3]float64{cb * cl, cb * sl, sb}
		vecs = append(vecs, v)
		for k := range sum {
			sum[k] += v[k]
		}
	}
	if len(vecs) == 0 {
		return core.Region{}, false
	}
	norm := math.Sqrt(sum[0]*sum[0] + sum[1]*sum[1] + sum[2]*sum[2])
	if norm < 1e-3*float64(len(vecs)) { // points all around the globe: no centre is better than another
		return core.Region{Polygons: []core.Polygon{{{{Lon: 0, Lat: 90}}}}, Margin: earthRadius * 1.01 * math.Pi}, true
	}
	chord := 0.0
	for _, v := range vecs {
		d := 0.0
		for k := range v {
			d += (v[k] - sum[k]/norm) * (v[k] - sum[k]/norm)
		}
		chord = max(chord, d)
	}
	angle := 2 * math.Asin(min(1, math.Sqrt(chord)/2))
	centre := core.LonLat{
		Lon: math.Atan2(sum[1], sum[0]) * 180 / math.Pi,
		Lat: math.Atan2(sum[2], math.Hypot(sum[0], sum[1])) * 180 / math.Pi,
	}
	return core.Region{Polygons: []core.Polygon{{{centre}}}, Margin: angle*earthRadius*1.01 + 10}, true
}
