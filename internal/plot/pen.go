package plot

import (
	"image/color"
	"math"
	"strconv"
	"strings"

	xfont "golang.org/x/image/font"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/font/liberation"
	"gonum.org/v1/plot/vg"
)

// A pen draws on a vg canvas with pixels counted from the upper left corner.
type pen struct {
	vg.Canvas
	fonts  *font.Cache
	height float64
}

func newPen(c vg.Canvas, height int) *pen {
	return &pen{Canvas: c, fonts: font.NewCache(liberation.Collection()), height: float64(height)}
}

func (p *pen) point(x, y float64) vg.Point {
	return vg.Point{X: vg.Length(x), Y: vg.Length(p.height - y)}
}

// A style is how text looks: align is the part of its width left of the point (0, 0.5, 1).
type style struct {
	size  float64
	color color.Color
	align float64
	bold  bool
	halo  color.Color // nil: none
}

func (p *pen) face(s style) font.Face {
	f := font.Font{Typeface: "Liberation", Variant: "Sans"}
	if s.bold {
		f.Weight = xfont.WeightBold
	}
	return p.fonts.Lookup(f, vg.Length(s.size))
}

func (p *pen) width(text string, s style) float64 {
	face := p.face(s)
	return float64(face.Width(text))
}

// text writes with the middle of its capitals at y.
func (p *pen) text(x, y float64, text string, s style) {
	x -= s.align * p.width(text, s)
	y += 0.36 * s.size
	if s.halo != nil {
		p.SetColor(s.halo)
		for i := range 12 {
			sin, cos := math.Sincos(float64(i) * math.Pi / 6)
			p.FillString(p.face(s), p.point(x+2.2*cos, y+2.2*sin), text)
		}
	}
	p.SetColor(s.color)
	p.FillString(p.face(s), p.point(x, y), text)
}

// upwards writes text that reads from below to above, its middle at the point.
func (p *pen) upwards(x, y float64, text string, s style) {
	p.Push()
	p.Translate(p.point(x, y))
	p.Rotate(math.Pi / 2)
	p.SetColor(s.color)
	p.FillString(p.face(s), vg.Point{X: vg.Length(-p.width(text, s) / 2), Y: vg.Length(-0.36 * s.size)}, text)
	p.Pop()
}

// fit shortens text to a width.
func (p *pen) fit(text string, width float64, s style) string {
	if p.width(text, s) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && p.width(string(runes)+"…", s) > width {
		runes = runes[:len(runes)-1]
	}
	return strings.TrimRight(string(runes), " ,;·") + "…"
}

func (p *pen) line(width float64, c color.Color, points ...[2]float64) {
	if len(points) < 2 {
		return
	}
	p.SetColor(c)
	p.SetLineWidth(vg.Length(width))
	p.Stroke(p.path(points, false))
}

func (p *pen) area(c color.Color, points ...[2]float64) {
	p.SetColor(c)
	p.Fill(p.path(points, true))
}

func (p *pen) path(points [][2]float64, closed bool) vg.Path {
	var path vg.Path
	for i, q := range points {
		if i == 0 {
			path.Move(p.point(q[0], q[1]))
		} else {
			path.Line(p.point(q[0], q[1]))
		}
	}
	if closed {
		path.Close()
	}
	return path
}

// corners are those of a rectangle, around it.
func corners(x0, y0, x1, y1 float64) [][2]float64 {
	return [][2]float64{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}
}

// rectangle is one in vg's own coordinates.
func rectangle(x0, y0, x1, y1 float64) vg.Path {
	return (&pen{height: 0}).path([][2]float64{{x0, -y0}, {x1, -y0}, {x1, -y1}, {x0, -y1}}, true)
}

// ticks are the multiples of a round step in [low, high], at most n of them and at least about half as many. digits is how
// many decimals they need.
func ticks(low, high float64, n int, whole bool) (at []float64, digits int) {
	power := math.Floor(math.Log10((high - low) / float64(n)))
	if whole {
		power = max(power, 0)
	}
	for ; ; power++ {
		for _, m := range []float64{1, 2, 5} {
			step := m * math.Pow(10, power)
			first, last := math.Ceil(low/step-1e-9), math.Floor(high/step+1e-9)
			if last-first+1 > float64(n) {
				continue
			}
			for i := range int(last-first) + 1 {
				at = append(at, (first+float64(i))*step)
			}
			return at, int(max(0, -power))
		}
	}
}

// number writes v with a true minus sign.
func number(v float64, digits int) string {
	s := strconv.FormatFloat(math.Abs(v), 'f', digits, 64)
	if v < 0 && strings.Trim(s, "0.") != "" {
		return "−" + s
	}
	return s
}

// superscript writes a whole number as an exponent.
func superscript(n int) string {
	signs := []rune("⁰¹²³⁴⁵⁶⁷⁸⁹")
	var b strings.Builder
	for _, r := range strconv.Itoa(n) {
		if r == '-' {
			b.WriteRune('⁻')
		} else {
			b.WriteRune(signs[r-'0'])
		}
	}
	return b.String()
}
