package view

import (
	"context"
	"math"
	"time"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
	"github.com/englacial/zagg/internal/plot"
)

const (
	// tileSide is the pixels of a tile along each side.
	tileSide = 256
	// worldKM is half of the side of the one tile of zoom 0, whose middle is the origin of the plane.
	worldKM = 20480.0
	// mostZoom has pixels of 1 cm.
	mostZoom = 24
	// outlineFrom is the size in pixels from which cells are drawn by their outlines; smaller ones by their centres.
	outlineFrom = 1.4
	// mostCells bounds the cells of a tile.
	mostCells = 16 << 20
)

// An address is which tile of which plane.
type address struct {
	Plane   string
	Z, X, Y int
}

// scale is pixels to a km.
func (a *address) scale() float64 { return tileSide * math.Ldexp(1, a.Z) / (2 * worldKM) }

// corner is the upper left corner.
func (a *address) corner() (x0, y1 float64) {
	side := 2 * worldKM / math.Ldexp(1, a.Z)
	return -worldKM + side*float64(a.X), worldKM - side*float64(a.Y)
}

// check refuses a tile that there is not.
func (a *address) check(planes map[string]plot.Plane) error {
	if _, ok := planes[a.Plane]; !ok {
		return core.Errorf(core.NotFound, "tile", a.Plane, "no such projection")
	}
	if a.Z < 0 || a.Z > mostZoom || a.X < 0 || a.Y < 0 || a.X >= 1<<a.Z || a.Y >= 1<<a.Z {
		return core.Errorf(core.NotFound, "tile", a.Plane, "no tile %d/%d/%d", a.Z, a.X, a.Y)
	}
	return nil
}

// A tile is a picture as numbers.
type tile struct {
	Values  []float32 // tileSide², row by row from the upper left; NaN: nothing; nil: nothing in all of it
	Pending int       // shards that are still being read
	TooMany int64     // cells, where they are too many to be drawn
	Failed  error     // of one of the shards
}

// tile paints a tile of a variable.
func (s *scene) tile(ctx context.Context, variable int, a address) (*tile, error) {
	if err := a.check(s.planes); err != nil {
		return nil, err
	}
	if variable < 0 || variable >= len(s.variables) {
		return nil, core.Errorf(core.NotFound, "tile", "", "no variable %d", variable)
	}
	v, plane := s.variables[variable], s.planes[a.Plane]
	x0, y1 := a.corner()
	w := plot.NewWindow(plane, x0, y1, a.scale(), tileSide)
	if v.shard != nil {
		return s.shardTile(w, v, plane, a), nil
	}
	n := s.choose(ctx, v, a.scale())
	l := s.levels[n]
	shards, _ := s.shardsOf(ctx, l)
	shards = touching(shards, a.cap(plane))
	t := &tile{}
	if t.TooMany = tooMany(shards); t.TooMany > 0 {
		return t, nil
	}
	loads := make([]*load, len(shards))
	for i, sh := range shards {
		loads[i] = s.part(l, n, variable, a.Plane, sh)
	}
	there := s.arrivals(ctx, loads, t)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	s.painting <- struct{}{}
	defer func() { <-s.painting }()
	p := &painter{Window: w, level: l, plane: plane, size: l.cellKM, outlines: l.cellKM*a.scale() >= outlineFrom}
	for _, i := range there {
		if err := p.paint(ctx, shards[i], loads[i].part); err != nil {
			return nil, err
		}
	}
	if p.painted {
		t.Values = w.Values()
	}
	return t, ctx.Err()
}

// arrivals waits for parts, not longer than the scene's patience, and says which are there. What is not is noted in the tile.
func (s *scene) arrivals(ctx context.Context, loads []*load, t *tile) (there []int) {
	wait := time.NewTimer(s.o.Patience)
	defer wait.Stop()
	for i, load := range loads {
		switch {
		case !arrived(ctx, load, wait):
			t.Pending++
		case load.err != nil:
			t.Failed = load.err
		default:
			there = append(there, i)
		}
	}
	return there
}

// arrived waits for a part until the time is over, and then not at all.
func arrived(ctx context.Context, l *load, wait *time.Timer) bool {
	select {
	case <-l.done:
		return true
	default:
	}
	select {
	case <-l.done:
		return true
	case <-wait.C:
		wait.Reset(0)
	case <-ctx.Done():
	}
	return false
}

// cap is a cap that holds all of a tile that is on the Earth.
func (a *address) cap(plane plot.Plane) sphere.Cap {
	if a.Z < 3 {
		return sphere.Full()
	}
	x0, y1 := a.corner()
	side := 2 * worldKM / math.Ldexp(1, a.Z)
	const n = 8
	var points []sphere.Vec
	for i := range n + 1 {
		for j := range n + 1 {
			points = append(points, sphere.FromLonLat(plane.Inverse(x0+side*float64(i)/n, y1-side*float64(j)/n)))
		}
	}
	c := sphere.CapAround(points...)
	return c.Grow(0.15*c.Radius + 1e-6)
}

// touching are the shards that may have something in a cap.
func touching(shards []*shard, c sphere.Cap) []*shard {
	var out []*shard
	for _, t := range shards {
		if c.Radius+t.cap.Radius >= math.Pi || c.Grow(t.cap.Radius).Contains(t.cap.Center) {
			out = append(out, t)
		}
	}
	return out
}

// tooMany is how many cells shards have, if that is too many.
func tooMany(shards []*shard) int64 {
	n := 0.0
	for _, t := range shards {
		if t.cells == t.cells {
			n += t.cells
		}
	}
	if n > mostCells {
		return int64(n)
	}
	return 0
}

// part reads what is drawn of a shard, or has been.
func (s *scene) part(l *level, n, variable int, planeName string, t *shard) *load {
	key := partKey{level: n, variable: variable, plane: planeName, label: t.Label, window: s.window, changed: t.changed}
	selected, plane := s.variables[variable].selected[n], s.planes[planeName]
	return s.cache.get(key, func(ctx context.Context) (*part, error) {
		values, err := selected.Read(ctx, &l.frame, t.block)
		if err != nil {
			return nil, err
		}
		cells, err := l.grid.Cells(ctx, t.Key)
		if err != nil {
			return nil, err
		}
		lon, lat := core.View[float64](cells[0].Data), core.View[float64](cells[1].Data)
		if len(lon) != len(values) {
			return nil, core.Errorf(core.Internal, "view", t.Label, "%d cells and %d values", len(lon), len(values))
		}
		p := &part{}
		for i, v := range values {
			if v != v || math.Abs(v) > math.MaxFloat32 || lon[i] != lon[i] {
				continue
			}
			x, y := plane.Forward(lon[i], lat[i])
			p.slots, p.values = append(p.slots, int32(i)), append(p.values, float32(v)) //nolint:gosec // slots of a shard fit
			p.x, p.y = append(p.x, x), append(p.y, y)
		}
		return p, nil
	})
}

// A painter paints shards into a window.
type painter struct {
	*plot.Window
	level    *level
	plane    plot.Plane
	size     float64 // of a cell on the ground, km
	outlines bool
	painted  bool
}

func (p *painter) paint(ctx context.Context, t *shard, cells *part) error {
	if !p.outlines {
		p.painted = p.painted || len(cells.values) > 0
		p.Centres(cells.x, cells.y, cells.values)
		return nil
	}
	_, lat := t.cap.Center.LonLat()
	reach := 1.5 * p.size * max(1, p.plane.Stretch(lat)) * p.plane.Widest(lat)
	var slots []int32
	var at []int
	for i := range cells.values {
		if p.Holds(cells.x[i], cells.y[i], reach) {
			slots, at = append(slots, cells.slots[i]), append(at, i)
		}
	}
	if len(slots) == 0 {
		return nil
	}
	p.painted = true
	outliner, ok := p.level.grid.(core.Outliner)
	if !ok {
		for _, i := range at {
			p.Square(cells.x[i], cells.y[i], p.size, cells.values[i])
		}
		return nil
	}
	rings, err := outliner.Outlines(ctx, t.Key, slots)
	if err != nil {
		return err
	}
	for k, i := range at {
		p.Outline(rings[k], cells.x[i], cells.y[i], cells.values[i])
	}
	return nil
}

// shardTile paints shards as if they were cells.
func (s *scene) shardTile(w *plot.Window, v *variable, plane plot.Plane, a address) *tile {
	t := &tile{}
	painted := false
	for _, sh := range touching(s.all(), a.cap(plane)) {
		value := v.shard(sh)
		if value != value {
			continue
		}
		painted = true
		for _, p := range sh.Outline.Polygons {
			x, y := plane.Forward(middleOf(p[0]))
			w.Outline(dense(p[0], sh.Outline.Planar, 8), x, y, float32(value))
		}
	}
	if painted {
		t.Values = w.Values()
	}
	return t
}

// middleOf is a place in the middle of a ring.
func middleOf(ring []core.LonLat) (lon, lat float64) {
	var sum sphere.Vec
	for _, c := range ring {
		sum = sum.Add(sphere.FromLonLat(c.Lon, c.Lat))
	}
	return sum.Unit().LonLat()
}

// dense is a ring with up to n points for each of four sides, so that straight lines between them are as good as its edges.
func dense(ring []core.LonLat, planar bool, n int) []core.LonLat {
	var out []core.LonLat
	if step := len(ring) / (4 * n); step > 1 {
		for i := 0; i < len(ring); i += step {
			out = append(out, ring[i])
		}
		return out
	}
	n = max(1, 4*n/len(ring))
	for i, a := range ring {
		b := ring[(i+1)%len(ring)]
		for k := range n {
			out = append(out, between(a, b, float64(k)/float64(n), planar))
		}
	}
	return out
}

// between is a point of an edge.
func between(a, b core.LonLat, f float64, planar bool) core.LonLat {
	if planar {
		return core.LonLat{Lon: a.Lon + f*(b.Lon-a.Lon), Lat: a.Lat + f*(b.Lat-a.Lat)}
	}
	var c core.LonLat
	v := sphere.FromLonLat(a.Lon, a.Lat).Mul(1 - f).Add(sphere.FromLonLat(b.Lon, b.Lat).Mul(f))
	c.Lon, c.Lat = v.Unit().LonLat()
	return c
}
