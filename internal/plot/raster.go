package plot

import (
	"encoding/binary"
	"image"
	"image/color"
	"math"
)

// A view is the part of the plane that the map shows, and its size in pixels.
type view struct {
	x0, y1 float64 // the upper left corner, km
	scale  float64 // pixels per km
	w, h   int     // pixels
}

// pixel is where a point of the plane lies: pixels to the right of and below the upper left corner.
func (v *view) pixel(x, y float64) (px, py float64) {
	return (x - v.x0) * v.scale, (v.y1 - y) * v.scale
}

// owners of pixels beside the cells.
const (
	nobody = -1 // no cell is near
	absent = -2 // the place of a cell that has no value
)

// leastDot is the side of the smallest cell that is drawn, in pixels of the picture.
const leastDot = 2

// A canvas decides for each pixel to which cell it belongs.
type canvas struct {
	view
	dot   float64 // the least side of a cell, pixels
	owner []int32
	near  []float32 // squared distance from the owner's centre, in units of the cell's size
	sum   []float64 // of the values whose centre lies in the pixel; nil: cells are larger than pixels
	count []int32
}

// paint draws the cells as an image of the view, with n×n pixels for each of the view's.
func paint(d *Data, c *cells, v view, n int, s *scale, background color.RGBA) *image.RGBA {
	v.scale, v.w, v.h = v.scale*float64(n), v.w*n, v.h*n
	p := &canvas{view: v, owner: make([]int32, v.w*v.h), dot: leastDot * float64(n)}
	repeat(p.owner, []int32{nobody})
	switch cellPixels := c.size * v.scale; {
	case d.Corners != nil && cellPixels >= 1:
		p.polygons(d, c)
		p.dots(c)
	case cellPixels >= 3:
		p.nearest(c, newLattice(c))
	default:
		p.bin(c)
		p.nearest(c, nil)
	}
	img := image.NewRGBA(image.Rect(0, 0, v.w, v.h))
	repeat(img.Pix, []byte{background.R, background.G, background.B, background.A})
	for i, o := range p.owner {
		switch {
		case p.count != nil && p.count[i] > 0:
			set(img, i, s.color(p.sum[i]/float64(p.count[i])))
		case o >= 0:
			set(img, i, s.color(c.value[o]))
		}
	}
	return img
}

func set(img *image.RGBA, i int, c color.RGBA) {
	binary.LittleEndian.PutUint32(img.Pix[4*i:], uint32(c.R)|uint32(c.G)<<8|uint32(c.B)<<16|uint32(c.A)<<24)
}

// repeat fills s with copies of its beginning.
func repeat[T any](s, beginning []T) {
	for n := copy(s, beginning); n < len(s); {
		n += copy(s[n:], s[:n])
	}
}

// bin takes the mean in each pixel of the cells whose centre it holds.
func (p *canvas) bin(c *cells) {
	p.sum, p.count = make([]float64, len(p.owner)), make([]int32, len(p.owner))
	for i := range c.value {
		px, py := p.pixel(c.x[i], c.y[i])
		if x, y := int(math.Floor(px)), int(math.Floor(py)); x >= 0 && x < p.w && y >= 0 && y < p.h {
			p.sum[y*p.w+x] += c.value[i]
			p.count[y*p.w+x]++
		}
	}
}

// nearest gives each pixel to the nearest centre, measured on the ground, if that is no farther than the cell reaches.
func (p *canvas) nearest(c *cells, l *lattice) {
	p.near = make([]float32, len(p.owner))
	repeat(p.near, []float32{math.MaxFloat32})
	claim := p.claimer(c)
	for i := range c.value {
		// To the corner of a square and, as most cells are not quite squares, not a pixel farther.
		// A cell smaller than a pixel is drawn as a dot that can be seen.
		reach := max(math.Sqrt2/2+min(0.5, 0.8/(c.size*p.scale)), p.dot/2/(c.size*p.scale))
		if l != nil {
			reach = l.reach[i]
		}
		claim(c.lon[i], c.lat[i], reach, int32(i))
	}
	if l == nil {
		return
	}
	for _, g := range l.ghosts {
		lon, lat := g.degrees()
		claim(lon, lat, 1, absent)
	}
}

// A claimer takes the pixels that are nearer to a point than to any before it and within reach of it, in units of the
// cells' size.
type claimer func(lon, lat, reach float64, owner int32)

func (p *canvas) claimer(c *cells) claimer {
	if flat, ok := c.proj.(plate); ok {
		g := &globe{canvas: p, flat: flat, size: c.size / earthKM, perDegree: p.scale * degreeKM * math.Cos(flat.parallel*degree)}
		return g.claim
	}
	return func(lon, lat, reach float64, owner int32) {
		px, py := p.pixel(c.proj.forward(lon, lat))
		k, _ := c.proj.stretch(lat)
		p.disc(px, py, c.size*k*p.scale, reach, owner)
	}
}

// full reports whether every pixel of a rectangle has a mean already, so that nobody need claim it.
func (p *canvas) full(x0, x1, y0, y1 int) bool {
	for y := y0; y <= y1; y++ {
		for x := x0; x <= x1; x++ {
			if p.count == nil || p.count[y*p.w+x] == 0 {
				return false
			}
		}
	}
	return true
}

// disc is a claim on a conformal plane; size is that of a cell in pixels.
func (p *canvas) disc(px, py, size, reach float64, owner int32) {
	r := reach * size
	x0, x1 := max(0, int(px-r)), min(p.w-1, int(px+r))
	y0, y1 := max(0, int(py-r)), min(p.h-1, int(py+r))
	if p.full(x0, x1, y0, y1) {
		return
	}
	limit := float32(reach * reach)
	for y := y0; y <= y1; y++ {
		dy := (float64(y) + 0.5 - py) / size
		for x := x0; x <= x1; x++ {
			dx := (float64(x) + 0.5 - px) / size
			if d, i := float32(dx*dx+dy*dy), y*p.w+x; d <= limit && d < p.near[i] {
				p.near[i], p.owner[i] = d, owner
			}
		}
	}
}

// A globe makes claims on a plate, where distances are those on the sphere: there is no seam, and a cell at the pole
// is as wide as the map.
type globe struct {
	*canvas
	flat      plate
	size      float64   // of a cell, radians
	perDegree float64   // pixels per degree of longitude
	east      []float64 // scratch
}

func (g *globe) claim(lon, lat, reach float64, owner int32) {
	px, py := g.pixel(g.flat.forward(lon, lat))
	r := reach * g.size / degree
	wide := 180.0
	if math.Abs(lat)+r < 90 {
		wide = min(180, math.Asin(min(1, math.Sin(r*degree)/math.Cos(lat*degree)))/degree)
	}
	y0, y1 := max(0, int(py-r*degreeKM*g.scale)), min(g.h-1, int(py+r*degreeKM*g.scale))
	for _, turn := range []float64{-360, 0, 360} { // across the seam
		left, right := px+(turn-wide)*g.perDegree, px+(turn+wide)*g.perDegree
		if right >= 0 && left < float64(g.w) {
			g.rows(lon, lat, max(0, int(left)), min(g.w-1, int(right)), y0, y1, reach, owner)
		}
	}
}

// rows claims in a rectangle of pixels. The squared chord between two points is, by the haversine formula,
// 4 sin²(Δφ/2) + 4 cos φ₁ cos φ₂ sin²(Δλ/2).
func (g *globe) rows(lon, lat float64, x0, x1, y0, y1 int, reach float64, owner int32) {
	if g.full(x0, x1, y0, y1) {
		return
	}
	g.east = g.east[:0]
	for x := x0; x <= x1; x++ {
		there, _ := g.flat.inverse(g.x0+(float64(x)+0.5)/g.scale, 0)
		g.east = append(g.east, haversine(there-lon))
	}
	limit, unit := float32(reach*reach), 4/(g.size*g.size)
	for y := y0; y <= y1; y++ {
		_, there := g.flat.inverse(0, g.y1-(float64(y)+0.5)/g.scale)
		north, cos := unit*haversine(there-lat), unit*math.Cos(there*degree)*math.Cos(lat*degree)
		for x := x0; x <= x1; x++ {
			if d, i := float32(north+cos*g.east[x-x0]), y*g.w+x; d <= limit && d < g.near[i] {
				g.near[i], g.owner[i] = d, owner
			}
		}
	}
}

// haversine of an angle in degrees.
func haversine(angle float64) float64 {
	s := math.Sin(angle * degree / 2)
	return s * s
}

// polygons fills each cell's polygon: a pixel belongs to the cell that holds its centre.
func (p *canvas) polygons(d *Data, c *cells) {
	n := len(d.Corners) / len(d.Values)
	ring := make([][2]float64, n)
	turn := c.proj.circle()
	for i, at := range c.index {
		for j, corner := range d.Corners[at*n : (at+1)*n] {
			x, y := c.proj.forward(corner.Lon, corner.Lat)
			if turn > 0 { // a cell on the seam stays with its centre
				x -= turn * math.Round((x-c.x[i])/turn)
			}
			ring[j][0], ring[j][1] = p.pixel(x, y)
		}
		p.fill(ring, func(pixel int) { p.owner[pixel] = int32(i) })
	}
}

// dots gives small cells the pixels around their centres that nobody has, so that each can be seen.
func (p *canvas) dots(c *cells) {
	if c.size*p.scale >= p.dot {
		return
	}
	for i := range c.value {
		px, py := p.pixel(c.x[i], c.y[i])
		for y := max(0, int(py-p.dot/2+0.5)); y < min(p.h, int(py+p.dot/2+0.5)); y++ {
			for x := max(0, int(px-p.dot/2+0.5)); x < min(p.w, int(px+p.dot/2+0.5)); x++ {
				if p.owner[y*p.w+x] == nobody {
					p.owner[y*p.w+x] = int32(i)
				}
			}
		}
	}
}

// fill visits the pixels whose centre lies in a ring.
func (v *view) fill(ring [][2]float64, visit func(at int)) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range ring {
		low, high = min(low, c[1]), max(high, c[1])
	}
	for y := max(0, int(low-0.5)); y < v.h && float64(y)+0.5 <= high; y++ {
		left, right, odd := math.Inf(1), math.Inf(-1), false
		for j, a := range ring {
			b, at := ring[(j+1)%len(ring)], float64(y)+0.5
			if (a[1] <= at) != (b[1] <= at) {
				x := a[0] + (at-a[1])/(b[1]-a[1])*(b[0]-a[0])
				left, right, odd = min(left, x), max(right, x), true
			}
		}
		if !odd {
			continue
		}
		for x := max(0, int(math.Ceil(left-0.5))); x < v.w && float64(x)+0.5 < right; x++ {
			visit(y*v.w + x)
		}
	}
}

// shrink takes the mean of n×n pixels.
func shrink(img *image.RGBA, n int) *image.RGBA {
	if n == 1 {
		return img
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Rect.Dx()/n, img.Rect.Dy()/n))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			out.SetRGBA(x, y, mean(img, x*n, y*n, n))
		}
	}
	return out
}

func mean(img *image.RGBA, x, y, n int) color.RGBA {
	var r, g, b, a int
	for j := range n {
		for i := range n {
			c := img.RGBAAt(x+i, y+j)
			r, g, b, a = r+int(c.R), g+int(c.G), b+int(c.B), a+int(c.A)
		}
	}
	half := n * n / 2
	return color.RGBA{uint8((r + half) / (n * n)), uint8((g + half) / (n * n)), uint8((b + half) / (n * n)), uint8((a + half) / (n * n))}
}
