package plot

import (
	"bytes"
	"encoding/xml"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"gonum.org/v1/plot/vg/recorder"

	"github.com/englacial/zagg/core"
)

// square is a field of n×n cells of 1 km, with a value in those that keep accepts.
func square(n int, lon, lat float64, keep func(i, j int) bool) Data {
	d := Data{CellKM: 1, Name: "h", Units: "m"}
	for i := range n {
		for j := range n {
			d.Lon = append(d.Lon, lon+float64(i)/degreeKM/math.Cos(lat*degree))
			d.Lat = append(d.Lat, lat+float64(j)/degreeKM)
			v := math.NaN()
			if keep(i, j) {
				v = float64(i * j)
			}
			d.Values = append(d.Values, v)
		}
	}
	return d
}

func all(int, int) bool { return true }

// owners paints a field and gives the raster's decisions.
func owners(t *testing.T, d Data) (*canvas, *cells) {
	t.Helper()
	require.NoError(t, d.check())
	c, err := newCells(&d)
	require.NoError(t, err)
	f, err := newFigure(&d, c)
	require.NoError(t, err)
	p := &canvas{view: f.view, owner: make([]int32, f.view.w*f.view.h)}
	repeat(p.owner, []int32{nobody})
	if d.Corners != nil {
		p.polygons(&d, c)
	} else {
		p.nearest(c, newLattice(c))
	}
	return p, c
}

func (p *canvas) painted() (n int) {
	for _, o := range p.owner {
		if o >= 0 {
			n++
		}
	}
	return n
}

func TestMap(t *testing.T) {
	for name, d := range map[string]Data{
		"shard":  square(20, 12, 40, all),
		"south":  square(20, 100, -80, func(i, j int) bool { return i != j }),
		"one":    {Lon: []float64{400}, Lat: []float64{5}, Values: []float64{3}, CellKM: 10, Name: "n"},
		"coarse": {Lon: []float64{-170, 10, 170}, Lat: []float64{-80, 0, 89}, Values: []float64{1e6, 2e6, -3e6}, CellKM: 900, Name: "n"},
		"fine":   {Lon: []float64{1, 2}, Lat: []float64{1, 2}, Values: []float64{1e-9, 2e-9}, CellKM: 1e-4, Name: "n", Title: "A title that is far too long to fit above a map of this width and so loses its end somewhere about here"},
		"pole":   {Lon: []float64{0, 120, 240}, Lat: []float64{80, 80, 90}, Values: []float64{1, 1, 1}, CellKM: 50},
	} {
		t.Run(name, func(t *testing.T) {
			var first, again, svg bytes.Buffer
			require.NoError(t, Map(&first, "png", d))
			if name == "one" {
				require.NoError(t, Map(&again, "png", d))
				require.True(t, bytes.Equal(first.Bytes(), again.Bytes()), "same data, same bytes")
			}
			img, err := png.Decode(&first)
			require.NoError(t, err)
			require.LessOrEqual(t, img.Bounds().Dx(), 1600)
			require.LessOrEqual(t, img.Bounds().Dy(), 1210)
			require.GreaterOrEqual(t, img.Bounds().Dx(), 1000)
			if name != "fine" && name != "pole" {
				return
			}
			require.NoError(t, Map(&svg, "svg", d))
			dec := xml.NewDecoder(&svg)
			for err = nil; err == nil; {
				_, err = dec.Token()
			}
			require.ErrorIs(t, err, io.EOF)
		})
	}
}

func TestMapRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Data)
		format string
	}{
		"format":   {func(*Data) {}, "pdf"},
		"lengths":  {func(d *Data) { d.Lon = d.Lon[1:] }, "png"},
		"corners":  {func(d *Data) { d.Corners = make([]core.LonLat, 9) }, "png"},
		"corners2": {func(d *Data) { d.Corners = make([]core.LonLat, 8) }, "png"},
		"size":     {func(d *Data) { d.CellKM = 0 }, "png"},
		"NaN size": {func(d *Data) { d.CellKM = math.NaN() }, "png"},
		"empty":    {func(d *Data) { *d = Data{CellKM: 1} }, "png"},
		"all NaN":  {func(d *Data) { d.Values = []float64{math.NaN(), math.Inf(1), math.NaN(), -1e305} }, "png"},
		"nowhere":  {func(d *Data) { d.Lat = []float64{91, math.NaN(), -91, math.Inf(1)} }, "png"},
	} {
		t.Run(name, func(t *testing.T) {
			d := square(2, 0, 0, all)
			c.change(&d)
			require.Equal(t, core.Invalid, core.CodeOf(Map(io.Discard, c.format, d)))
		})
	}
}

// Whatever the coordinates and values are, a map is drawn or refused.
func FuzzMap(f *testing.F) {
	f.Add(uint64(1), 0.0, 0.0, 10.0, 5.0, 1.0)
	f.Add(uint64(2), 1e300, -90.0, 400.0, 1e20, 1e3)
	f.Add(uint64(3), 180.0, 90.0, 1e-7, 1e-20, 1e-4)
	f.Add(uint64(4), 0.0, 0.0, 180.0, 1e299, 2e4)
	f.Fuzz(func(t *testing.T, seed uint64, lon, lat, width, height, size float64) {
		rng := rand.New(rand.NewPCG(seed, 0))
		d := Data{CellKM: size, Name: "x"}
		for range 1 + rng.IntN(40) {
			d.Lon = append(d.Lon, lon+width*rng.NormFloat64())
			d.Lat = append(d.Lat, lat+width*rng.NormFloat64())
			d.Values = append(d.Values, height*rng.NormFloat64())
		}
		if d.check() != nil {
			return
		}
		c, err := newCells(&d)
		if err != nil {
			require.Equal(t, core.Invalid, core.CodeOf(err), "%v", err)
			return
		}
		fig, err := newFigure(&d, c)
		require.NoError(t, err)
		fig.draw(new(recorder.Canvas))
		small := fig.view
		small.w, small.h, small.scale = small.w/10, small.h/10, small.scale/10
		paint(&d, c, small, 1, &fig.scale, color.RGBA{})
	})
}

func TestCellsNeitherGapNorOverlap(t *testing.T) {
	const n = 30
	for name, d := range map[string]Data{
		"plate":     square(n, 12, 40, all),
		"plate far": square(n, 359.9, 40, all),
		"seam":      square(n, 179.9, 10, all),
		"south":     square(n, 100, -70, all),
		"equator":   square(n, 0, 0, all),
	} {
		t.Run(name, func(t *testing.T) {
			p, c := owners(t, d)
			k, ky := c.proj.stretch(c.lat[0])
			cell := k * ky * p.scale * p.scale
			require.InEpsilon(t, n*n*cell, p.painted(), 0.02)
			per := map[int32]int{}
			for _, o := range p.owner {
				per[o]++
			}
			for i := range int32(n * n) {
				require.InEpsilon(t, cell, per[i], 0.2, "cell %d", i)
			}
		})
	}
}

func TestHolesStayHoles(t *testing.T) {
	d := square(30, 12, 40, func(i, j int) bool { return (i+2*j)%5 != 0 })
	p, c := owners(t, d)
	require.InEpsilon(t, float64(len(c.value))*p.scale*p.scale, p.painted(), 0.03)
	alone := square(30, 12, 40, func(i, j int) bool { return i%10 == 0 && j%10 == 0 })
	p, c = owners(t, alone)
	require.InEpsilon(t, float64(len(c.value))*p.scale*p.scale, p.painted(), 0.03, "an isolated cell is a disc of its area")
}

func TestCorners(t *testing.T) {
	d := square(20, -180.05, 40, all)
	for i := range d.Lon {
		dx, dy := 0.5/degreeKM/math.Cos(40*degree), 0.5/degreeKM
		for _, s := range [][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
			d.Corners = append(d.Corners, core.LonLat{Lon: wrap(d.Lon[i]+s[0]*dx, 0), Lat: d.Lat[i] + s[1]*dy})
		}
	}
	p, c := owners(t, d)
	require.InEpsilon(t, float64(len(c.value))*p.scale*p.scale, p.painted(), 0.01)
	d.Corners = d.Corners[:0:0]
	for i := range d.Lon { // a triangle is half a square
		dx, dy := 0.5/degreeKM/math.Cos(40*degree), 0.5/degreeKM
		for _, s := range [][2]float64{{-1, -1}, {1, -1}, {-1, 1}} {
			d.Corners = append(d.Corners, core.LonLat{Lon: d.Lon[i] + s[0]*dx, Lat: d.Lat[i] + s[1]*dy})
		}
	}
	p, c = owners(t, d)
	require.InEpsilon(t, float64(len(c.value))*p.scale*p.scale/2, p.painted(), 0.02)
}

func TestMeanInPixels(t *testing.T) {
	d := Data{Lon: []float64{10, 10, 10, 60}, Lat: []float64{0, 0, 0, 5}, Values: []float64{1, 2, 6, 100}, CellKM: 1}
	c, err := newCells(&d)
	require.NoError(t, err)
	f, err := newFigure(&d, c)
	require.NoError(t, err)
	p := &canvas{view: f.view, owner: make([]int32, f.view.w*f.view.h)}
	p.bin(c)
	x, y := p.pixel(c.x[0], c.y[0])
	at := int(y)*p.w + int(x)
	require.EqualValues(t, 3, p.count[at])
	require.Equal(t, 9.0, p.sum[at])
}

func TestScale(t *testing.T) {
	values := make([]float64, 1001)
	for i := range values {
		values[i] = float64(i) / 1000
	}
	values[0], values[1000] = -50, 1e6
	s := newScale(values, nil, colorTable())
	require.InDelta(t, 0.02, s.low, 1e-12)
	require.InDelta(t, 0.98, s.high, 1e-12)
	require.True(t, s.under && s.over && !s.whole)
	require.Equal(t, s.colors[0], s.color(-1))
	require.Equal(t, s.colors[255], s.color(1e9))
	s = newScale([]float64{7, 7, 7}, nil, colorTable())
	require.Equal(t, []float64{6.5, 7.5}, []float64{s.low, s.high})
	require.True(t, s.whole && !s.under && !s.over)
	s = newScale([]float64{1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 9}, nil, colorTable())
	require.Equal(t, 9.0, s.high, "when the middle is one value, all of them")
}

// Equal steps of value are equal steps of lightness, and nearly equal steps of colour.
func TestColorTable(t *testing.T) {
	table := colorTable()
	require.Len(t, table, 256)
	seen := map[color.RGBA]bool{}
	for i, c := range table {
		require.False(t, seen[c], "colour %d repeats", i)
		seen[c] = true
		if i > 0 {
			require.Greater(t, luminance(c), luminance(table[i-1]), "colour %d", i)
		}
	}
	require.Less(t, luminance(table[0]), 0.03)
	require.Greater(t, luminance(table[255]), 0.8)
}

func luminance(c color.RGBA) float64 {
	linear := func(v uint8) float64 { return math.Pow((float64(v)/255+0.055)/1.055, 2.4) }
	return 0.2126*linear(c.R) + 0.7152*linear(c.G) + 0.0722*linear(c.B)
}

func TestShrink(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 4, 2))
	for i := range img.Pix {
		img.Pix[i] = uint8(i)
	}
	got := shrink(img, 2)
	require.Equal(t, image.Rect(0, 0, 2, 1), got.Rect)
	require.Equal(t, uint8((0+4+16+20+2)/4), got.Pix[0])
	require.Same(t, img, shrink(img, 1))
}

func BenchmarkMap(b *testing.B) {
	d := square(64, 100, -80, func(i, j int) bool { return (i+j)%7 != 0 })
	for b.Loop() {
		if err := Map(io.Discard, "png", d); err != nil {
			b.Fatal(err)
		}
	}
}
