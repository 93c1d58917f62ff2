package plot

import (
	"math"
	"strconv"
)

// A crossing is where a line leaves the map: pixels, and the side ('b', 'l', 't' or 'r').
type crossing struct {
	x, y float64
	side byte
}

// graticule draws meridians and parallels, and their labels around the map.
func (f *figure) graticule(p *pen) {
	b := f.bounds()
	parallels, latDigits := round(b.south, b.north, 6, []float64{10, 15, 20, 30})
	most := 7
	if b.pole {
		most = 12
	}
	meridians, lonDigits := round(b.west, b.east, most, []float64{10, 15, 20, 30, 45, 60, 90})
	bends := 240 // a circle's chords are within a tenth of a pixel of it
	if _, straight := f.cells.proj.(plate); straight {
		bends = 1
	}
	var taken []box
	for _, lat := range parallels {
		if math.Abs(lat) >= 90 {
			continue
		}
		crossings := f.curve(p, bends, func(t float64) (float64, float64) { return b.west + t*(b.east-b.west), lat })
		label := latitude(lat, latDigits)
		if len(crossings) == 0 && b.pole {
			taken = f.inside(p, lat, label, taken)
		} else {
			taken = f.outside(p, crossings, "lrbt", label, taken)
		}
	}
	for i, lon := range meridians {
		if b.pole && i > 0 && meridians[i]-meridians[0] >= 360 {
			break
		}
		from, to := b.south, b.north
		if b.pole && math.Mod(lon, 90) != 0 && len(parallels) > 0 { // only four meet at the pole
			from, to = fromPole(b.south, parallels), toPole(b.north, parallels)
		}
		crossings := f.curve(p, 1, func(t float64) (float64, float64) { return lon, from + t*(to-from) })
		taken = f.outside(p, crossings, "btlr", longitude(lon, lonDigits), taken)
	}
}

// fromPole is the first parallel off the south pole if the map holds that, else the map's southern limit; toPole is its
// mirror image.
func fromPole(south float64, parallels []float64) float64 {
	for _, lat := range parallels {
		if south <= -90 && lat > -90 {
			return lat
		}
	}
	return south
}

func toPole(north float64, parallels []float64) float64 {
	for i := len(parallels) - 1; i >= 0; i-- {
		if north >= 90 && parallels[i] < 90 {
			return parallels[i]
		}
	}
	return north
}

// bounds of the map in degrees; with a pole inside, all longitudes.
type bounds struct {
	west, east, south, north float64
	pole                     bool
}

func (f *figure) bounds() bounds {
	v := f.view
	proj := f.cells.proj
	x1, y0 := v.x0+float64(v.w)/v.scale, v.y1-float64(v.h)/v.scale
	lon0, _ := proj.inverse((v.x0+x1)/2, (v.y1+y0)/2)
	b := bounds{west: math.Inf(1), east: math.Inf(-1), south: math.Inf(1), north: math.Inf(-1)}
	const n = 60
	for i := range n + 1 {
		for j := range n + 1 {
			lon, lat := proj.inverse(v.x0+(x1-v.x0)*float64(i)/n, y0+(v.y1-y0)*float64(j)/n)
			if _, isPlate := proj.(plate); !isPlate {
				lon = wrap(lon, lon0)
			}
			b.west, b.east, b.south, b.north = min(b.west, lon), max(b.east, lon), min(b.south, lat), max(b.north, lat)
		}
	}
	a, polar := proj.(around)
	if b.pole = polar && v.x0 < 0 && x1 > 0 && y0 < 0 && v.y1 > 0; !b.pole {
		return b
	}
	s := a.middle()
	b.west, b.east = s.lon0-180, s.lon0+180
	if s.south {
		b.south = -90
	} else {
		b.north = 90
	}
	return b
}

// round lists the multiples of a round step in [low, high], at most n; steps from 10 up are those given. digits is how
// many decimals they need.
func round(low, high float64, n int, steps []float64) (at []float64, digits int) {
	if span := high - low; span/float64(n) > 5 {
		step := steps[len(steps)-1]
		for i := len(steps) - 1; i >= 0 && span/steps[i] <= float64(n); i-- {
			step = steps[i]
		}
		for k := math.Ceil(low / step); k*step <= high; k++ {
			at = append(at, k*step)
		}
		return at, 0
	}
	return ticks(low, high, n, false)
}

// curve draws a line given in degrees for t in [0, 1], as far as it lies in the map, and returns where it leaves that.
// A straight line is one segment, a curve is n.
func (f *figure) curve(p *pen, n int, at func(t float64) (lon, lat float64)) []crossing {
	x0, y0, _, _ := f.frame()
	var found []crossing
	var run [][2]float64
	flush := func() {
		p.line(2.4, f.palette.halo, run...)
		p.line(1, f.palette.grid, run...)
		run = nil
	}
	var ax, ay float64
	for i := range n + 1 {
		x, y := f.forward(at(float64(i) / float64(n)))
		bx, by := f.view.pixel(x, y)
		if i > 0 {
			if t0, t1, ok := f.clip(ax, ay, bx, by); ok {
				from := [2]float64{x0 + ax + t0*(bx-ax), y0 + ay + t0*(by-ay)}
				to := [2]float64{x0 + ax + t1*(bx-ax), y0 + ay + t1*(by-ay)}
				if len(run) == 0 {
					run = append(run, from)
				}
				run = append(run, to)
				if t0 > 0 || i == 1 {
					found = f.cross(found, from)
				}
				if t1 < 1 || i == n {
					found = f.cross(found, to)
				}
				if t1 < 1 {
					flush()
				}
			}
		}
		ax, ay = bx, by
	}
	flush()
	return found
}

// forward projects a point of the graticule: on a plate without a seam.
func (f *figure) forward(lon, lat float64) (x, y float64) {
	if p, ok := f.cells.proj.(plate); ok {
		return (lon - p.center) * degreeKM * math.Cos(p.parallel*degree), lat * degreeKM
	}
	return f.cells.proj.forward(lon, lat)
}

// clip is the part of a segment that lies in the map (Liang and Barsky 1984).
func (f *figure) clip(ax, ay, bx, by float64) (t0, t1 float64, ok bool) {
	t0, t1 = 0, 1
	w, h := float64(f.view.w), float64(f.view.h)
	for _, e := range [][2]float64{{ax - bx, ax}, {bx - ax, w - ax}, {ay - by, ay}, {by - ay, h - ay}} {
		switch t := e[1] / e[0]; {
		case e[0] == 0 && e[1] < 0:
			return 0, 0, false
		case e[0] < 0:
			t0 = max(t0, t)
		case e[0] > 0:
			t1 = min(t1, t)
		}
	}
	return t0, t1, t0 <= t1
}

// cross notes a point if it is on a side of the map.
func (f *figure) cross(found []crossing, at [2]float64) []crossing {
	x0, y0, x1, y1 := f.frame()
	const near = 0.75
	switch {
	case math.Abs(at[1]-y1) < near:
		return append(found, crossing{at[0], at[1], 'b'})
	case math.Abs(at[0]-x0) < near:
		return append(found, crossing{at[0], at[1], 'l'})
	case math.Abs(at[1]-y0) < near:
		return append(found, crossing{at[0], at[1], 't'})
	case math.Abs(at[0]-x1) < near:
		return append(found, crossing{at[0], at[1], 'r'})
	}
	return found
}

// A box is where a label is.
type box struct{ x0, y0, x1, y1 float64 }

func (b box) meets(all []box) bool {
	for _, o := range all {
		if b.x0 < o.x1 && o.x0 < b.x1 && b.y0 < o.y1 && o.y0 < b.y1 {
			return true
		}
	}
	return false
}

// outside labels a line at the first of its crossings, by the order of sides, where there is room.
func (f *figure) outside(p *pen, crossings []crossing, sides, label string, taken []box) []box {
	s := style{size: 20, color: f.palette.ink}
	for i := range len(sides) {
		for _, c := range crossings {
			if c.side != sides[i] {
				continue
			}
			x, y := c.x, c.y
			switch c.side {
			case 'b':
				y, s.align = y+20, 0.5
			case 't':
				y, s.align = y-19, 0.5
			case 'l':
				x, s.align = x-10, 1
			case 'r':
				x, s.align = x+10, 0
			}
			w := p.width(label, s)
			b := box{x - s.align*w - 8, y - 12, x + (1-s.align)*w + 8, y + 12}
			if b.meets(taken) {
				continue
			}
			p.text(x, y, label, s)
			return append(taken, b)
		}
	}
	return taken
}

// inside labels a parallel that does not leave the map, on the line.
func (f *figure) inside(p *pen, lat float64, label string, taken []box) []box {
	proj := f.cells.proj
	a, ok := proj.(around)
	if !ok {
		return taken
	}
	x0, y0, _, _ := f.frame()
	px, py := f.view.pixel(proj.forward(a.middle().lon0+165, lat))
	s := style{size: 18, color: f.palette.ink, align: 0.5, halo: f.palette.ground}
	w := p.width(label, s)
	b := box{x0 + px - w/2, y0 + py - 10, x0 + px + w/2, y0 + py + 10}
	if b.meets(taken) {
		return taken
	}
	p.text(x0+px, y0+py, label, s)
	return append(taken, b)
}

func latitude(lat float64, digits int) string {
	return hemisphere(lat, digits, "N", "S")
}

func longitude(lon float64, digits int) string {
	lon = wrap(lon, 0)
	if math.Abs(lon) > 180-1e-9 {
		return "180°"
	}
	return hemisphere(lon, digits, "E", "W")
}

func hemisphere(v float64, digits int, positive, negative string) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', digits, 64) + "°"
	switch {
	case math.Abs(v) < 1e-9:
		return s
	case v < 0:
		return s + negative
	}
	return s + positive
}
