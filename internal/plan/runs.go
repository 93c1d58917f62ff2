package plan

import (
	"context"
	"math"
	"sync/atomic"

	"github.com/englacial/zagg/core"
)

// scanRows is how many consecutive observations are looked up together at most. Along a track of 20 m segments 256 rows
// are 5 km: far below the size of a shard, so that most lookups have one candidate, and few enough lookups to be cheap.
const scanRows = 256

// scanReach is the radius in metres beyond which a run of observations is cut in two, whatever the shards' size. Rows that
// jump about, as those of an unordered table, would otherwise have every shard of the Earth as a candidate.
const scanReach = 50e3

// earthRadius is the mean radius in metres; caps are a hundredth wider, more than any latitude convention moves a
// distance (0.4 %).
const earthRadius = 6371008.8

// coverRuns is how many runs are covered by one call: each may have some hundred shards near it.
const coverRuns = 64

// A Near finds the shards near points. Safe for concurrent use.
type Near struct {
	Grid core.Grid

	reach atomic.Uint64 // bits of the radius in metres beyond which runs are cut; 0: not known yet
	known shardSet      // where rows in no order were found
}

// Each visits runs of points, all that are near a valid one and in order, with the shards that can own one of them. It gives the
// number of the others.
func (n *Near) Each(ctx context.Context, lon, lat []float64, visit func(from, to int, keys []core.ShardKey) error) (invalid int64, err error) {
	reach, err := n.runReach(ctx, lon, lat)
	if err != nil {
		return 0, err
	}
	runs := runs{reach: reach}
	for at := 0; at < len(lon); at += scanRows {
		runs.add(lon, lat, at, min(at+scanRows, len(lon)))
	}
	candidates, err := n.candidates(ctx, lon, lat, &runs)
	if err != nil {
		return 0, err
	}
	for i, keys := range candidates {
		if err := visit(runs.rows[i][0], runs.rows[i][1], keys); err != nil {
			return 0, err
		}
	}
	return runs.invalid, nil
}

// runReach is how large a run may be: about a shard, so that few shards are near it, however fine the grid. It is found
// from the shard of the first valid point, once.
func (n *Near) runReach(ctx context.Context, lon, lat []float64) (float64, error) {
	if bits := n.reach.Load(); bits != 0 {
		return math.Float64frombits(bits), nil
	}
	for i := range lon {
		if !core.Usable(lon[i], lat[i]) {
			continue
		}
		point := core.Region{Polygons: []core.Polygon{{{{Lon: lon[i], Lat: lat[i]}}}}}
		covers, err := n.Grid.Cover(ctx, []core.Region{point})
		if err != nil || len(covers[0]) == 0 {
			return scanReach, err
		}
		shards, err := n.Grid.Shards(ctx, covers[0][:1])
		if err != nil {
			return 0, err
		}
		reach := min(scanReach, math.Sqrt(shards[0].AreaKM2)*1e3)
		n.reach.Store(math.Float64bits(reach))
		return reach, nil
	}
	return scanReach, nil
}

// runs are rows of a batch that lie close together, each with a cap that holds its valid points.
type runs struct {
	reach   float64 // metres
	regions []core.Region
	rows    [][2]int // first and one after the last
	invalid int64    // rows in no run: there is no valid one near them
}

// add adds the rows from…to of a batch, cut until each run is small or one row.
func (r *runs) add(lon, lat []float64, from, to int) {
	centre, angle, ok := capOf(lon[from:to], lat[from:to])
	switch {
	case !ok:
		r.invalid += int64(to - from)
	case angle*earthRadius > r.reach && to-from > 1:
		middle := from + (to-from)/2
		r.add(lon, lat, from, middle)
		r.add(lon, lat, middle, to)
	default:
		r.regions = append(r.regions, core.Region{Polygons: []core.Polygon{{{centre}}}, Margin: angle*earthRadius*1.01 + 10})
		r.rows = append(r.rows, [2]int{from, to})
	}
}

// capOf is a cap that holds all valid points, its radius as an angle; false when there is none.
func capOf(lon, lat []float64) (centre core.LonLat, angle float64, ok bool) {
	var sum [3]float64
	vecs := make([][3]float64, 0, len(lon))
	for i := range lon {
		if !core.Usable(lon[i], lat[i]) {
			continue
		}
		sl, cl := math.Sincos(math.Mod(lon[i], 360) * math.Pi / 180)
		sb, cb := math.Sincos(lat[i] * math.Pi / 180)
		v := [3]float64{cb * cl, cb * sl, sb}
		vecs = append(vecs, v)
		for k := range sum {
			sum[k] += v[k]
		}
	}
	if len(vecs) == 0 {
		return core.LonLat{}, 0, false
	}
	norm := math.Sqrt(sum[0]*sum[0] + sum[1]*sum[1] + sum[2]*sum[2])
	if norm < 1e-3*float64(len(vecs)) { // points all around the globe: no centre is better than another
		return core.LonLat{Lat: 90}, math.Pi, true
	}
	chord := 0.0
	for _, v := range vecs {
		d := 0.0
		for k := range v {
			d += (v[k] - sum[k]/norm) * (v[k] - sum[k]/norm)
		}
		chord = max(chord, d)
	}
	centre.Lon = math.Atan2(sum[1], sum[0]) * 180 / math.Pi
	centre.Lat = math.Atan2(sum[2], math.Hypot(sum[0], sum[1])) * 180 / math.Pi
	return centre, 2 * math.Asin(min(1, math.Sqrt(chord)/2)), true
}
