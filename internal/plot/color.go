package plot

import (
	"image/color"
	"math"
	"strings"

	"gonum.org/v1/plot/palette"
	"gonum.org/v1/plot/palette/moreland"

	"github.com/englacial/zagg/core"
)

// An oklab is a colour in OKLab: lightness in [0, 1], and green-red and blue-yellow.
type oklab struct{ l, a, b float64 }

// controls gives the colours the table passes through, evenly spaced in lightness: lightness, chroma and hue (degrees).
// From a dark violet over blue, teal and green to a light yellow: readable in grey and with the common forms of
// colour blindness, since lightness alone tells the order.
func controls() [6][3]float64 {
	return [...][3]float64{
		{0.24, 0.100, 300}, {0.38, 0.125, 281}, {0.52, 0.110, 245},
		{0.66, 0.105, 196}, {0.80, 0.150, 152}, {0.94, 0.170, 108},
	}
}

// ColorNames are what Data.Colors may be. The first is zagg's own; the others are of K. Moreland, Diverging Color Maps for
// Scientific Visualization (2009), and from black over red and yellow to white.
func ColorNames() []string { return []string{"depth", "diverging", "kindlmann", "blackbody", "gray"} }

// colorsOf is the colour table of a name, least value first.
func colorsOf(name string) ([]color.RGBA, error) {
	var m palette.ColorMap
	switch name {
	case "", "depth":
		return colorTable(), nil
	case "gray":
		table := make([]color.RGBA, 256)
		for i := range table {
			table[i] = oklab{l: 0.15 + 0.8*float64(i)/255}.rgb()
		}
		return table, nil
	case "diverging":
		m = moreland.SmoothBlueRed()
	case "kindlmann":
		m = moreland.Kindlmann()
	case "blackbody":
		m = moreland.BlackBody()
	default:
		return nil, core.Errorf(core.Invalid, "plot.Map", name, "no such colours; have %s", strings.Join(ColorNames(), ", "))
	}
	m.SetMin(0)
	m.SetMax(1)
	var table []color.RGBA
	for _, c := range m.Palette(256).Colors() {
		r, g, b, _ := c.RGBA()
		table = append(table, color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), 255}) //nolint:gosec // 16 bits
	}
	return table, nil
}

// colorTable is 256 colours at even perceptual distances along a smooth curve through the controls.
func colorTable() []color.RGBA {
	const fine = 4096
	var curve [fine + 1]oklab
	var length [fine + 1]float64
	for i := range curve {
		curve[i] = between(float64(i) / fine)
		if i > 0 {
			length[i] = length[i-1] + curve[i].distance(curve[i-1])
		}
	}
	table := make([]color.RGBA, 256)
	at := 0
	for i := range table {
		for at < fine && length[at] < length[fine]*float64(i)/255 {
			at++
		}
		table[i] = curve[at].rgb()
	}
	return table
}

// between is the colour at t in [0, 1] of a Catmull-Rom spline through the controls.
func between(t float64) oklab {
	controls := controls()
	last := len(controls) - 1
	i := min(int(t*float64(last)), last-1)
	u := t*float64(last) - float64(i)
	var p [4]oklab
	for j := range p {
		c := controls[max(0, min(i-1+j, last))]
		sin, cos := math.Sincos(c[2] * degree)
		p[j] = oklab{c[0], c[1] * cos, c[1] * sin}
	}
	spline := func(a, b, c, d float64) float64 {
		return b + u/2*(c-a+u*(2*a-5*b+4*c-d+u*(3*(b-c)+d-a)))
	}
	lightness := controls[0][0] + t*(controls[last][0]-controls[0][0])
	return oklab{lightness, spline(p[0].a, p[1].a, p[2].a, p[3].a), spline(p[0].b, p[1].b, p[2].b, p[3].b)}
}

func (c oklab) distance(d oklab) float64 {
	return math.Sqrt((c.l-d.l)*(c.l-d.l) + (c.a-d.a)*(c.a-d.a) + (c.b-d.b)*(c.b-d.b))
}

// rgb is the colour in sRGB; one outside its gamut loses chroma, not lightness.
func (c oklab) rgb() color.RGBA {
	for {
		r, g, b := c.linear()
		if inGamut(r) && inGamut(g) && inGamut(b) {
			return color.RGBA{encode(r), encode(g), encode(b), 255}
		}
		c.a, c.b = c.a*0.99, c.b*0.99
	}
}

func inGamut(v float64) bool { return v >= -0.0005 && v <= 1.0005 }

// linear is the colour in linear sRGB (Ottosson's matrices).
func (c oklab) linear() (r, g, b float64) {
	l := c.l + 0.3963377774*c.a + 0.2158037573*c.b
	m := c.l - 0.1055613458*c.a - 0.0638541728*c.b
	s := c.l - 0.0894841775*c.a - 1.2914855480*c.b
	l, m, s = l*l*l, m*m*m, s*s*s
	return 4.0767416621*l - 3.3077115913*m + 0.2309699292*s,
		-1.2684380046*l + 2.6097574011*m - 0.3413193965*s,
		-0.0041960863*l - 0.7034186147*m + 1.7076147010*s
}

// encode applies sRGB's transfer curve.
func encode(v float64) uint8 {
	v = max(0, min(v, 1))
	if v <= 0.0031308 {
		v *= 12.92
	} else {
		v = 1.055*math.Pow(v, 1/2.4) - 0.055
	}
	return uint8(math.Round(255 * v))
}
