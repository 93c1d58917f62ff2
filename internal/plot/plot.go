package plot

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/englacial/zagg/core"
)

// Data is what a map shows.
type Data struct {
	Lon, Lat []float64 // cell centres in WGS84 degrees, any longitude
	Values   []float64 // one per cell; NaN, infinities and what is beyond ±1e300: none
	CellKM   float64   // the side of a square as large as a cell, in km
	// Corners, if they are known: the same number for each cell, three or more, cell by cell and in order around it.
	// Without them a pixel belongs to the nearest centre, which gives the cells of regular grids back.
	Corners []core.LonLat

	// Range are the ends of the colour bar; nil: the middle 96 % of the values.
	Range *[2]float64
	// Colors are named by ColorNames; "": the first.
	Colors string
	// Projection is one of ProjectionNames; "": polar stereographic where all cells are near a pole, else plate carrée.
	Projection string
	Width      int // of the map in pixels; 0: 1250
	// Coast draws coastlines.
	Coast bool
	// Histogram draws how many cells have which values, beside the colour bar.
	Histogram bool

	Title  string // "": Name
	Name   string // of the variable
	Units  string // "": none
	Source string // small print: the store, the granules
}

// Map draws data and writes it in a format: "png" (about 1600 × 1200 pixels) or "svg" (text and lines as such, cells as
// an image). Cells without a value or with coordinates that are not finite are left out; when that is all of them it
// is Invalid.
func Map(w io.Writer, format string, data Data) error {
	if err := data.check(); err != nil {
		return err
	}
	c, err := newCells(&data)
	if err != nil {
		return err
	}
	f, err := newFigure(&data, c)
	if err != nil {
		return err
	}
	switch format {
	case "png":
		canvas := vgimg.NewWith(vgimg.UseWH(vg.Length(f.width), vg.Length(f.height)), vgimg.UseDPI(72))
		at := image.Rect(f.left, f.top, f.left+f.view.w, f.top+f.view.h)
		draw.Draw(canvas.Image(), at, shrink(f.raster(), f.oversample), image.Point{}, draw.Src)
		f.draw(canvas)
		return png.Encode(w, canvas.Image())
	case "svg":
		canvas := vgsvg.New(vg.Length(f.width), vg.Length(f.height))
		canvas.SetColor(color.White)
		canvas.Fill(rectangle(0, 0, float64(f.width), float64(f.height)))
		low := vg.Point{X: vg.Length(f.left), Y: vg.Length(f.height - f.top - f.view.h)}
		high := vg.Point{X: low.X + vg.Length(f.view.w), Y: low.Y + vg.Length(f.view.h)}
		canvas.DrawImage(vg.Rectangle{Min: low, Max: high}, f.raster())
		f.draw(canvas)
		return writeSVG(w, canvas)
	}
	return core.Errorf(core.Invalid, "plot.Map", format, "no such picture format; have png, svg")
}

// writeSVG corrects what vgsvg writes: the embedded image's type, and families of the same widths where a viewer does not
// have the font.
func writeSVG(w io.Writer, canvas io.WriterTo) error {
	var b bytes.Buffer
	if _, err := canvas.WriteTo(&b); err != nil {
		return err
	}
	_, err := strings.NewReplacer("data:image/jpg;", "data:image/png;",
		"font-family:Liberation Sans;", "font-family:'Liberation Sans',Arial,Helvetica,sans-serif;").WriteString(w, b.String())
	return err
}

func (d *Data) check() error {
	const op = "plot.Map"
	n := len(d.Values)
	switch {
	case len(d.Lon) != n || len(d.Lat) != n:
		return core.Errorf(core.Invalid, op, d.Name, "%d longitudes, %d latitudes, %d values", len(d.Lon), len(d.Lat), n)
	case d.Corners != nil && (len(d.Corners)%max(n, 1) != 0 || len(d.Corners) < 3*n):
		return core.Errorf(core.Invalid, op, d.Name, "%d corners for %d cells: must be the same number for each, at least 3", len(d.Corners), n)
	case !(d.CellKM >= 1e-4 && d.CellKM <= 2e4):
		return core.Errorf(core.Invalid, op, d.Name, "cells of %v km: must be between 10 cm and the Earth's half", d.CellKM)
	case d.Range != nil && !(finite(d.Range[0]) && finite(d.Range[1]) && d.Range[0] < d.Range[1]):
		return core.Errorf(core.Invalid, op, d.Name, "a range from %v to %v: want a smaller and a larger number", d.Range[0], d.Range[1])
	case d.Width != 0 && (d.Width < leastWidth || d.Width > mostWidth):
		return core.Errorf(core.Invalid, op, d.Name, "a map of %d pixels: must be %d to %d wide", d.Width, leastWidth, mostWidth)
	}
	return nil
}

// cells are the cells that have a value and a place.
type cells struct {
	index []int // in Data
	value []float64
	lon   []float64 // in (-360, 360)
	lat   []float64
	proj  projection
	x, y  []float64 // projected, km
	size  float64   // km
}

func newCells(d *Data) (*cells, error) {
	c := &cells{size: d.CellKM}
	for i, v := range d.Values {
		if finite(v) && finite(d.Lon[i]) && math.Abs(d.Lat[i]) <= 90 {
			c.index = append(c.index, i)
			c.value = append(c.value, v)
			c.lon = append(c.lon, math.Mod(d.Lon[i], 360))
			c.lat = append(c.lat, d.Lat[i])
		}
	}
	if len(c.value) == 0 {
		return nil, core.Errorf(core.Invalid, "plot.Map", d.Name, "nothing to draw: none of %d cells has a value that can be drawn: finite and below 1e300", len(d.Values))
	}
	var err error
	if c.proj, err = projectionOf(d.Projection, c.lon, c.lat); err != nil {
		return nil, err
	}
	c.x, c.y = make([]float64, len(c.lon)), make([]float64, len(c.lon))
	for i := range c.lon {
		c.x[i], c.y[i] = c.proj.forward(c.lon[i], c.lat[i])
	}
	return c, nil
}

// finite reports whether v is a number with which one can reckon: values near the largest are fill values.
func finite(v float64) bool { return math.Abs(v) < 1e300 }

// A scale maps values to colours.
type scale struct {
	low, high   float64 // the ends of the colour bar
	under, over bool    // there are values beyond
	whole       bool    // all values are whole numbers
	colors      []color.RGBA
}

// newScale spans the middle 96 % of the values: a few outliers must not take the colours from all others.
func newScale(values []float64, ends *[2]float64, colors []color.RGBA) scale {
	least, most := slices.Min(values), slices.Max(values)
	s := scale{low: least, high: most, whole: true, colors: colors}
	for _, v := range values {
		s.whole = s.whole && v == math.Trunc(v)
	}
	sorted := make([]float64, 0, min(len(values), 1<<21)+1)
	for i := 0; i < len(values); i += 1 + len(values)>>21 {
		sorted = append(sorted, values[i])
	}
	slices.Sort(sorted)
	if low, high := quantile(sorted, 0.02), quantile(sorted, 0.98); high > low {
		s.low, s.high = low, high
	}
	if ends != nil {
		s.low, s.high = ends[0], ends[1]
	}
	if s.high == s.low {
		half := max(math.Abs(s.low)*0.01, 0.5)
		s.low, s.high = s.low-half, s.high+half
	}
	s.under, s.over = least < s.low, most > s.high
	return s
}

// quantile interpolates linearly.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

// color is the colour of a value; beyond the ends it is that of the end.
func (s *scale) color(v float64) color.RGBA {
	t := (v - s.low) / (s.high - s.low) * float64(len(s.colors)-1)
	return s.colors[int(math.Round(max(0, min(t, float64(len(s.colors)-1)))))]
}

// thousands writes a count as people read it: 1,234,567.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
