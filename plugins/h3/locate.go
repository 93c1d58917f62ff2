//go:build cgo

package h3

// Locating points: from longitude and latitude to the slot of a shard.

import (
	"context"
	"math"

	uber "github.com/uber/h3-go/v4"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/gridkit"
	"github.com/englacial/zagg/core/sphere"
)

// A locator finds the slots of points in one shard. It is immutable.
type locator struct {
	bounds  gridkit.Bounds
	center  sphere.Vec
	chord2  float64 // squared chord from the centre that every point of the shard is within
	shard   cellID
	child   int
	lattice *lattice // nil for pentagons: H3 is asked for every point
}

// locator is the locator of a shard. The last one is kept, because a shard is asked for many batches.
func (g *grid) locator(shard cellID) (*locator, error) {
	if l := g.last.Load(); l != nil && l.shard == shard {
		return l, nil
	}
	l, err := g.newLocator(shard)
	if err == nil {
		g.last.Store(l)
	}
	return l, err
}

func (g *grid) newLocator(shard cellID) (*locator, error) {
	t, err := g.ico.tileOf(shard)
	if err != nil {
		return nil, err
	}
	l := &locator{center: t.center, shard: shard, child: g.config.ChildResolution, bounds: gridkit.Bounds{Width: 360}}
	radius := t.outer(l.child)
	chord := 2 * math.Sin(radius/2)
	l.chord2 = chord * chord
	const slack = 1e-9
	lon, lat := t.center.LonLat()
	reach := radius*degree + slack
	l.bounds.South, l.bounds.North = max(lat-reach, -90), min(lat+reach, 90)
	if s := math.Sin(radius) / math.Cos(lat/degree); s < 1 && math.Abs(lat)+reach < 90 {
		reach = math.Asin(s)*degree + slack
		l.bounds.West, l.bounds.Width = lon-reach, 2*reach
	}
	l.lattice, err = g.newLattice(&t)
	return l, err
}

const degree = 180 / math.Pi

// Locate implements core.Grid. Most of the points given may lie outside of the shard: they are first compared with
// its latitudes and longitudes, then with a cap. The others cost some 0.1 µs each without a call to C and without
// memory; in pentagons, and too close to a border of cells to tell, 1.2 µs and 24 bytes.
func (g *grid) Locate(ctx context.Context, key core.ShardKey, lon, lat []float64, slot []int32) error {
	if len(lon) != len(lat) || len(lon) != len(slot) {
		return core.Errorf(core.Invalid, "h3.Locate", string(key), "%d longitudes, %d latitudes, room for %d slots", len(lon), len(lat), len(slot))
	}
	shard, err := g.shardFromKey(key)
	if err != nil {
		return err
	}
	if len(lon) == 0 {
		return nil
	}
	l, err := g.locator(shard)
	if err != nil {
		return err
	}
	const run = 1 << 14
	for len(lon) > 0 {
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(run, len(lon))
		if err := l.locate(lon[:n], lat[:n], slot[:n]); err != nil {
			return err
		}
		lon, lat, slot = lon[n:], lat[n:], slot[n:]
	}
	return nil
}

// locate collects the points within the shard's bounds, and then finds the slots of those.
func (l *locator) locate(lon, lat []float64, slot []int32) error {
	var inside [gridkit.MostGathered]int32
	var err error
	for len(lon) > 0 {
		n := min(len(inside), len(lon))
		x, y, out := lon[:n], lat[:n], slot[:n]
		for _, i := range inside[:l.bounds.Gather(&inside, x, y, out)] {
			if out[i], err = l.slot(x[i], y[i]); err != nil {
				return err
			}
		}
		lon, lat, slot = lon[n:], lat[n:], slot[n:]
	}
	return nil
}

// slot is the slot of a point with a latitude within ±90; -1 outside of the shard.
func (l *locator) slot(lon, lat float64) (int32, error) {
	if lon-lon != 0 {
		return -1, nil
	}
	lon = turn(lon)
	p := sphere.FromLonLat(lon, lat)
	if p.Chord2(l.center) > l.chord2 {
		return -1, nil
	}
	if l.lattice != nil {
		if slot, sure := l.lattice.slot(p); sure {
			return slot, nil
		}
	}
	c, err := cellOf(lon, lat, l.child)
	if err != nil || c.parent(l.shard.resolution()) != l.shard {
		return -1, err
	}
	return int32(c.slot(l.shard.resolution())), nil
}

// turn is the same longitude in (-180, 180], without rounding.
func turn(lon float64) float64 {
	if lon > 180 || lon <= -180 {
		if lon = math.Remainder(lon, 360); lon == -180 {
			return 180
		}
	}
	return lon
}

// cellOf is the cell of a place with a longitude in (-180, 180], computed by H3. At a pole all longitudes are one
// place.
func cellOf(lon, lat float64, resolution int) (cellID, error) {
	if math.Abs(lat) == 90 {
		lon = 0
	}
	c, err := uber.LatLngToCell(uber.LatLng{Lat: lat, Lng: lon}, resolution)
	if err != nil {
		return 0, core.Errorf(core.Internal, "h3.LatLngToCell", "", "longitude %v, latitude %v: %w", lon, lat, err)
	}
	return cellID(c), nil
}
