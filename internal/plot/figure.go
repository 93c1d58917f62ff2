package plot

import (
	"cmp"
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/plot/coast"
)

// The figure's measures in pixels: the map's largest size and the margins around it.
const (
	panelWidth                         = 1250
	leastWidth, mostWidth              = 300, 8000
	marginLeft, marginRight, marginTop = 100, 250, 120
	marginBottom                       = 110
	histogramWidth                     = 66 // beside the colour bar, where there is one
)

// inks are the colours of what is not data.
type inks struct{ ground, ink, faint, grid, halo color.RGBA }

func newInks() inks {
	return inks{
		ground: color.RGBA{232, 234, 237, 255}, ink: color.RGBA{32, 36, 42, 255}, faint: color.RGBA{98, 104, 112, 255},
		grid: color.RGBA{30, 34, 40, 128}, halo: color.RGBA{60, 60, 60, 60}, // premultiplied: half black, a quarter white
	}
}

// A figure is a picture's plan.
type figure struct {
	data          *Data
	cells         *cells
	view          view
	scale         scale
	palette       inks
	coast         [][]core.LonLat
	left, top     int // of the map
	width, height int
	oversample    int // pixels of the raster for one of the map, along each side
}

func newFigure(d *Data, c *cells) (*figure, error) {
	colors, err := colorsOf(d.Colors)
	if err != nil {
		return nil, err
	}
	f := &figure{data: d, cells: c, view: newView(d, c), scale: newScale(c.value, d.Range, colors), palette: newInks(), left: marginLeft, top: marginTop,
		oversample: 1}
	if d.Coast {
		if f.coast, err = coast.Lines(); err != nil {
			return nil, err
		}
	}
	// A size that does not go with so many cells would cost time and show nothing.
	c.size = min(c.size, math.Sqrt(20*float64(f.view.w)*float64(f.view.h)/float64(len(c.value)))/f.view.scale)
	f.width, f.height = f.view.w+marginLeft+marginRight, f.view.h+marginTop+marginBottom
	if d.Histogram {
		f.width += histogramWidth
	}
	if c.size*f.view.scale >= 4 {
		f.oversample = 2 // smooth edges; a cell of few pixels would lose its colour instead
	}
	return f, nil
}

// newView is the part of the plane that holds all cells and a margin; its sides are not too unlike.
func newView(d *Data, c *cells) view {
	x0, x1, y0, y1 := math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)
	for i := range c.x {
		sx, sy := c.proj.stretch(c.lat[i])
		rx, ry := c.size*sx, c.size*sy
		x0, x1, y0, y1 = min(x0, c.x[i]-rx), max(x1, c.x[i]+rx), min(y0, c.y[i]-ry), max(y1, c.y[i]+ry)
	}
	margin := 0.06 * max(x1-x0, y1-y0)
	x0, x1, y0, y1 = x0-margin, x1+margin, y0-margin, y1+margin
	width, height := widen(x1-x0, y1-y0)
	x0, x1 = (x0+x1-width)/2, (x0+x1+width)/2
	y0, y1 = (y0+y1-height)/2, (y0+y1+height)/2
	if p, ok := c.proj.(plate); ok {
		half := 180 * degreeKM * math.Cos(p.parallel*degree)
		x0, x1 = within(x0, x1, half)
		y0, y1 = within(y0, y1, 90*degreeKM)
		if x1-x0 > 1.8*half {
			x0, x1 = -half, half
		}
		if y1-y0 > 1.6*90*degreeKM {
			y0, y1 = -90*degreeKM, 90*degreeKM
		}
	}
	wide := float64(cmp.Or(d.Width, panelWidth))
	high := wide * 980 / 1250
	v := view{x0: x0, y1: y1, scale: min(wide/(x1-x0), high/(y1-y0))}
	v.w, v.h = int(math.Round((x1-x0)*v.scale)), int(math.Round((y1-y0)*v.scale))
	return v
}

// widen makes a map at most twice as wide as high, and at most a quarter higher than wide.
func widen(width, height float64) (w, h float64) {
	return max(width, 0.8*height), max(height, width/2)
}

// within shifts and then cuts an interval to [-half, half].
func within(low, high, half float64) (l, h float64) {
	if low < -half {
		low, high = -half, high-half-low
	}
	if high > half {
		low, high = low-high+half, half
	}
	return max(low, -half), high
}

func (f *figure) raster() *image.RGBA {
	return paint(f.data, f.cells, f.view, f.oversample, &f.scale, f.palette.ground)
}

// draw draws everything but the raster.
func (f *figure) draw(c vg.Canvas) {
	p := newPen(c, f.height)
	f.coastlines(p)
	f.graticule(p)
	f.scaleBar(p)
	x0, y0, x1, y1 := f.frame()
	p.line(1.6, f.palette.ink, append(corners(x0, y0, x1, y1), corners(x0, y0, x1, y1)[:2]...)...)
	f.colorBar(p)
	f.words(p)
}

// frame is the map's rectangle.
func (f *figure) frame() (x0, y0, x1, y1 float64) {
	return float64(f.left), float64(f.top), float64(f.left + f.view.w), float64(f.top + f.view.h)
}

// words writes title and small print.
func (f *figure) words(p *pen) {
	title := f.data.Title
	if title == "" {
		title = f.data.Name
	}
	s := style{size: 34, color: f.palette.ink, bold: true}
	wide := float64(f.width - f.left - 40)
	p.text(float64(f.left), 46, p.fit(title, wide, s), s)
	n := len(f.cells.value)
	parts := []string{thousands(n) + " cells", f.cells.proj.name()}
	if n == 1 {
		parts[0] = "1 cell"
	}
	if f.data.Source != "" {
		parts = append(parts, f.data.Source)
	}
	s = style{size: 19, color: f.palette.faint}
	p.text(float64(f.left), float64(f.height)-36, p.fit(strings.Join(parts, "  ·  "), wide, s), s)
}

// scaleBar draws a bar of a round length in the corner that has the least data.
func (f *figure) scaleBar(p *pen) {
	v := f.view
	_, lat := f.cells.proj.inverse(v.x0+float64(v.w)/2/v.scale, v.y1-float64(v.h)/2/v.scale)
	where := ""
	if flat, ok := f.cells.proj.(plate); ok {
		if lat = flat.parallel; float64(v.h)/v.scale > 8*degreeKM {
			where = " at " + latitude(lat, 0)
			if lat == 0 {
				where = " at the equator"
			}
		}
	}
	sx, _ := f.cells.proj.stretch(lat)
	perKM := sx * v.scale
	longest := 0.24 * float64(v.w) / perKM
	km := math.Pow(10, math.Floor(math.Log10(longest)))
	for _, m := range []float64{5, 2} {
		if m*km <= longest {
			km *= m
			break
		}
	}
	label := number(km, 0) + " km" + where
	if km < 1 {
		label = number(1000*km, int(max(0, -math.Floor(math.Log10(1000*km))))) + " m" + where
	}
	s := style{size: 20, color: f.palette.ink, align: 0.5}
	bar := km * perKM
	w, h := max(bar, p.width(label, s))+36, 62.0
	x, y := f.emptyCorner(w, h)
	p.area(color.NRGBA{255, 255, 255, 215}, corners(x, y, x+w, y+h)...)
	left := x + (w-bar)/2
	p.text(x+w/2, y+20, label, s)
	p.area(f.palette.ink, corners(left, y+39, left+bar, y+48)...)
	for i := range 2 { // four parts, dark and light
		from := left + bar*float64(2*i+1)/4
		p.area(color.White, corners(from, y+40.5, from+bar/4-1.5, y+46.5)...)
	}
}

// emptyCorner is the place in the map for a box of the given size: the corner with the least data, the lower left one
// if that does not decide.
func (f *figure) emptyCorner(w, h float64) (x, y float64) {
	x0, y0, x1, y1 := f.frame()
	const gap = 16
	places := [][2]float64{{x0 + gap, y1 - gap - h}, {x1 - gap - w, y1 - gap - h}, {x0 + gap, y0 + gap}, {x1 - gap - w, y0 + gap}}
	var under [4]int
	for i := range f.cells.x {
		px, py := f.view.pixel(f.cells.x[i], f.cells.y[i])
		px, py = px+x0, py+y0
		for j, at := range places {
			if px > at[0]-gap && px < at[0]+w+gap && py > at[1]-gap && py < at[1]+h+gap {
				under[j]++
			}
		}
	}
	best := places[slices.Index(under[:], slices.Min(under[:]))]
	return best[0], best[1]
}

// colorBar draws the colours with their values; an arrow says that there are values beyond an end.
func (f *figure) colorBar(p *pen) {
	_, y0, x1, y1 := f.frame()
	const width, arrow = 30, 30
	height := min(y1-y0, 760)
	left, top := x1+86, (y0+y1-height)/2+arrow
	if f.data.Histogram {
		left += histogramWidth
	}
	bottom := top + height - 2*arrow
	n := len(f.scale.colors)
	step := (bottom - top) / float64(n)
	for i, c := range f.scale.colors { // each reaches under the next, so that no seam shows
		low := bottom - float64(i)*step
		p.area(c, corners(left, max(low-2*step, top), left+width, low)...)
	}
	outline := [][2]float64{{left, bottom}, {left, top}}
	if f.scale.over {
		p.area(f.scale.colors[n-1], [2]float64{left, top + 0.5}, [2]float64{left + width/2, top - arrow}, [2]float64{left + width, top + 0.5})
		outline = append(outline, [2]float64{left + width/2, top - arrow})
	}
	outline = append(outline, [2]float64{left + width, top}, [2]float64{left + width, bottom})
	if f.scale.under {
		p.area(f.scale.colors[0], [2]float64{left, bottom - 0.5}, [2]float64{left + width/2, bottom + arrow}, [2]float64{left + width, bottom - 0.5})
		outline = append(outline, [2]float64{left + width/2, bottom + arrow})
	}
	p.line(1.4, f.palette.ink, append(outline, outline[0], outline[1])...)
	if f.data.Histogram {
		f.histogram(p, left, top, bottom)
	}
	widest := f.barTicks(p, left+width, top, bottom)
	s := style{size: 24, color: f.palette.ink}
	label := f.data.Name
	if f.data.Units != "" {
		label += " (" + f.data.Units + ")"
	}
	p.upwards(left+width+20+widest+30, (top+bottom)/2, p.fit(label, height, s), s)
}

// histogram draws how many cells have the values beside the colour bar, as bars to its left; those beyond its ends are left out.
func (f *figure) histogram(p *pen, x, top, bottom float64) {
	const bins, longest, gap = 48, histogramWidth - 4, 5
	var count [bins]int
	for _, v := range f.cells.value {
		if t := (v - f.scale.low) / (f.scale.high - f.scale.low); t >= 0 && t <= 1 {
			count[min(int(t*bins), bins-1)]++
		}
	}
	most := slices.Max(count[:])
	step := (bottom - top) / bins
	for i, n := range count {
		if n == 0 {
			continue
		}
		y := bottom - float64(i)*step
		size := max(1, longest*float64(n)/float64(most))
		p.area(f.palette.faint, corners(x-gap-size, y-step+0.5, x-gap, y-0.5)...)
	}
}

// barTicks draws the ticks of the colour bar at its right side and returns the widest label's width.
func (f *figure) barTicks(p *pen, x, top, bottom float64) float64 {
	low, high := f.scale.low, f.scale.high
	exponent := 0
	if most := max(math.Abs(low), math.Abs(high)); most >= 1e5 || most < 1e-2 {
		exponent = int(math.Floor(math.Log10(most)))
	}
	factor := math.Pow(10, float64(exponent))
	low, high = low/factor, high/factor
	s := style{size: 21, color: f.palette.ink}
	widest := 0.0
	at, digits := ticks(low, high, 8, f.scale.whole && exponent == 0)
	for _, v := range at {
		y := bottom - (v-low)/(high-low)*(bottom-top)
		label := number(v, digits)
		p.line(1.4, f.palette.ink, [2]float64{x, y}, [2]float64{x + 8, y})
		p.text(x+15, y, label, s)
		widest = max(widest, p.width(label, s))
	}
	if exponent != 0 {
		p.text(x-15, top-52, fmt.Sprintf("× 10%s", superscript(exponent)), s)
	}
	return widest
}
