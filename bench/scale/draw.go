package main

import (
	"image/color"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	vgdraw "gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
)

// A curve is what runs took along an axis.
type curve struct {
	title      string
	x, cpu, mb []float64
}

// draw writes a PNG: above CPU seconds, below memory, each axis in a column, all logarithmic.
func draw(path string, curves []curve) error {
	const side = 8 * vg.Centimeter
	canvas := vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(side*vg.Length(len(curves)), 2*side), vgimg.UseDPI(120))}
	plots := [][]*plot.Plot{{}, {}}
	for _, c := range curves {
		for row, values := range [][]float64{c.cpu, c.mb} {
			p, err := panel(c, values, []string{"CPU seconds", "memory, MB"}[row], row)
			if err != nil {
				return err
			}
			plots[row] = append(plots[row], p)
		}
	}
	tiles := vgdraw.Tiles{Rows: 2, Cols: len(curves), PadX: vg.Millimeter * 4, PadY: vg.Millimeter * 4, PadTop: vg.Millimeter * 2, PadRight: vg.Millimeter * 4}
	for row, areas := range plot.Align(plots, tiles, vgdraw.New(canvas)) {
		for column, area := range areas {
			plots[row][column].Draw(area)
		}
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	if _, err := canvas.WriteTo(f); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

func panel(c curve, values []float64, what string, row int) (*plot.Plot, error) {
	p := plot.New()
	if row == 0 {
		p.Title.Text, p.Y.Label.Text = c.title, what
	} else {
		p.Y.Label.Text = what
	}
	for _, a := range []*plot.Axis{&p.X, &p.Y} {
		a.Scale, a.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: 6}
		a.Tick.Label.Font.Variant, a.Label.TextStyle.Font.Variant = "Sans", "Sans"
	}
	p.Title.TextStyle.Font.Variant = "Sans"
	xy := make(plotter.XYs, len(c.x))
	least, most := values[0], values[0]
	for i := range xy {
		xy[i] = plotter.XY{X: c.x[i], Y: values[i]}
		least, most = min(least, values[i]), max(most, values[i])
	}
	line, points, err := plotter.NewLinePoints(xy)
	if err != nil {
		return nil, err
	}
	// Blue and orange of the Okabe-Ito palette, which colour-blind people tell apart.
	line.Color = []color.Color{color.RGBA{0, 114, 178, 255}, color.RGBA{213, 94, 0, 255}}[row]
	line.Width, points.Shape, points.Color = vg.Points(1.5), vgdraw.CircleGlyph{}, line.Color
	p.Add(plotter.NewGrid(), line, points)
	p.Y.Min, p.Y.Max = least/2, most*2
	return p, nil
}
