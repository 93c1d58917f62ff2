package plot

import (
	"image/color"
	"math"

	"github.com/englacial/zagg/core"
)

// coastlines draws the coast as far as it lies in the map.
func (f *figure) coastlines(p *pen) {
	ink := color.RGBA{70, 76, 84, 255}
	for _, line := range f.coast {
		var run [][2]float64
		var a [2]float64
		known := false
		for _, at := range line {
			b, ok := f.place(at)
			if ok && known {
				run = f.extend(p, run, a, b, ink)
			} else {
				p.line(1.1, ink, run...)
				run = nil
			}
			a, known = b, ok
		}
		p.line(1.1, ink, run...)
	}
}

// place is where a point lies, in pixels; not ok: it is on the far side of a polar map.
func (f *figure) place(at core.LonLat) (px [2]float64, ok bool) {
	if a, polar := f.cells.proj.(around); polar && at.Lat*a.middle().sign() < -10 {
		return px, false
	}
	px[0], px[1] = f.view.pixel(f.cells.proj.forward(at.Lon, at.Lat))
	return px, true
}

// extend adds the part of a segment that lies in the map to a run of points, and draws the run where it is interrupted.
func (f *figure) extend(p *pen, run [][2]float64, a, b [2]float64, ink color.RGBA) [][2]float64 {
	x0, y0, _, _ := f.frame()
	t0, t1, ok := f.clip(a[0], a[1], b[0], b[1])
	if !ok || math.Abs(a[0]-b[0]) > float64(f.view.w)/2 { // across the seam of a plate
		p.line(1.1, ink, run...)
		return nil
	}
	along := func(t float64) [2]float64 { return [2]float64{x0 + a[0] + t*(b[0]-a[0]), y0 + a[1] + t*(b[1]-a[1])} }
	if len(run) == 0 || t0 > 0 {
		p.line(1.1, ink, run...)
		run = [][2]float64{along(t0)}
	}
	return append(run, along(t1))
}
