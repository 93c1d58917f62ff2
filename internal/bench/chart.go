package bench

import (
	"fmt"
	"image/color"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/englacial/zagg/core"
)

// A chart is a picture of the series: a panel a target, merges in time order, dollars on the left axis, seconds on the right.
type chart struct {
	Name  string // of its files: cost_per_shard
	Title string
	Axis  string
	value func(*Record) float64
}

// charts are those of the index page.
func charts() []chart {
	return []chart{
		{Name: "cost_per_shard", Title: "Cost of a shard", Axis: "US dollars a shard", value: func(r *Record) float64 { return r.Cost }},
		{Name: "cost_per_100km2", Title: "Cost of 100 km²", Axis: "US dollars for 100 km²", value: func(r *Record) float64 { return r.CostPerArea }},
	}
}

// Sizes of a picture.
const (
	panelWidth  = 20 * vg.Centimeter
	panelHeight = 8 * vg.Centimeter
	panelGap    = 2 * vg.Millimeter
	rightMargin = 1.9 * vg.Centimeter
	maxLabels   = 8 // of merges below a panel
)

// Blue and orange of the Okabe-Ito palette, which colour-blind people tell apart; seconds are dashed beside.
func costColor() color.Color { return color.RGBA{0, 114, 178, 255} }
func timeColor() color.Color { return color.RGBA{213, 94, 0, 255} }

// Draw writes the picture as "png" or "svg". An empty series gives a picture that says so.
func (c chart) Draw(w io.Writer, format string, series []Record) error {
	byTarget := map[string][]Record{}
	for _, r := range series {
		byTarget[r.Target] = append(byTarget[r.Target], r)
	}
	names := slices.Sorted(maps.Keys(byTarget))
	height := panelHeight * vg.Length(max(len(names), 1))
	var canvas interface {
		vg.CanvasSizer
		io.WriterTo
	}
	switch format {
	case "png":
		canvas = vgimg.PngCanvas{Canvas: vgimg.NewWith(vgimg.UseWH(panelWidth, height), vgimg.UseDPI(120))}
	case "svg":
		canvas = vgsvg.New(panelWidth, height)
	default:
		return core.Errorf(core.Invalid, "draw chart", c.Name, "png or svg is expected, not %q", format)
	}
	whole := draw.New(canvas)
	if len(names) == 0 {
		p := plot.New()
		p.Title.Text = c.Title + ": no merge has been measured yet"
		p.HideAxes()
		p.Draw(whole)
	}
	for i, name := range names {
		top := height - panelHeight*vg.Length(i)
		area := draw.Crop(whole, 0, 0, 0, 0)
		area.Min.Y, area.Max.Y = top-panelHeight+panelGap, top-panelGap
		if err := c.panel(area, name, byTarget[name]); err != nil {
			return err
		}
	}
	if _, err := canvas.WriteTo(w); err != nil {
		return core.Wrap(err, "draw chart", c.Name)
	}
	return nil
}

// panel draws one target.
func (c chart) panel(area draw.Canvas, name string, rows []Record) error {
	dollars, seconds := make(plotter.XYs, 0, len(rows)), make(plotter.XYs, 0, len(rows))
	for i := range rows {
		if v := c.value(&rows[i]); !math.IsNaN(v) {
			dollars = append(dollars, plotter.XY{X: float64(i), Y: v})
		}
		if v := rows[i].Runtime; !math.IsNaN(v) {
			seconds = append(seconds, plotter.XY{X: float64(i), Y: v})
		}
	}
	p := plot.New()
	p.Title.Text = c.Title + ", " + name
	p.Title.Padding = vg.Points(6)
	p.Y.Label.Text, p.Y.Label.TextStyle.Color = c.Axis, costColor()
	for _, style := range []*text.Style{&p.Title.TextStyle, &p.Y.Label.TextStyle, &p.X.Tick.Label, &p.Y.Tick.Label} {
		style.Font.Variant = "Sans"
	}
	p.X.Tick.Marker = plot.ConstantTicks(commitTicks(rows))
	p.X.Min, p.X.Max = -0.5, float64(len(rows))-0.5
	p.Y.Min, p.Y.Max = 0, top(dollars, 1.15)
	p.Add(plotter.NewGrid())
	// Dollars are seconds times a price: on axes of one height, the one line would hide the other.
	right := top(seconds, 1.6)
	scaled := slices.Clone(seconds)
	for i := range scaled {
		scaled[i].Y *= p.Y.Max / right
	}
	if err := addLine(p, scaled, timeColor(), []vg.Length{vg.Points(4), vg.Points(3)}); err != nil {
		return core.Errorf(core.Internal, "draw chart", name, "%w", err)
	}
	if err := addLine(p, dollars, costColor(), nil); err != nil {
		return core.Errorf(core.Internal, "draw chart", name, "%w", err)
	}
	left := draw.Crop(area, 0, -rightMargin, 0, 0)
	p.Draw(left)
	c.rightAxis(p, left, right)
	return nil
}

// addLine adds points joined by a line.
func addLine(p *plot.Plot, xy plotter.XYs, c color.Color, dashes []vg.Length) error {
	if len(xy) == 0 {
		return nil
	}
	line, points, err := plotter.NewLinePoints(xy)
	if err != nil {
		return err
	}
	line.Color, line.Width, line.Dashes = c, vg.Points(1.5), dashes
	points.Color, points.Shape, points.Radius = c, draw.CircleGlyph{}, vg.Points(2.5)
	p.Add(line, points)
	return nil
}

// rightAxis draws seconds along the panel's right side: 0 at the bottom, limit at the top.
func (c chart) rightAxis(p *plot.Plot, area draw.Canvas, limit float64) {
	data := p.DataCanvas(area)
	style := text.Style{Font: p.Y.Tick.Label.Font, Color: timeColor(), Handler: p.TextHandler, XAlign: draw.XLeft, YAlign: draw.YCenter}
	stroke := draw.LineStyle{Color: timeColor(), Width: vg.Points(0.5)}
	x := data.Max.X
	area.StrokeLine2(stroke, x, data.Min.Y, x, data.Max.Y)
	for _, tick := range (plot.DefaultTicks{}).Ticks(0, limit) {
		if tick.Value < 0 || tick.Value > limit {
			continue
		}
		y := data.Min.Y + vg.Length(tick.Value/limit)*(data.Max.Y-data.Min.Y)
		length := vg.Points(4)
		if tick.IsMinor() {
			length = vg.Points(2)
		}
		area.StrokeLine2(stroke, x, y, x+length, y)
		if !tick.IsMinor() {
			area.FillText(style, vg.Point{X: x + vg.Points(6), Y: y}, strconv.FormatFloat(tick.Value, 'g', 6, 64))
		}
	}
	style.Font = p.Y.Label.TextStyle.Font
	style.Rotation, style.XAlign, style.YAlign = math.Pi/2, draw.XCenter, draw.YTop
	area.FillText(style, vg.Point{X: x + rightMargin - vg.Points(18), Y: (data.Min.Y + data.Max.Y) / 2}, "seconds of the worker, dashed")
}

// top is where an axis from 0 ends: room times its largest value.
func top(xy plotter.XYs, room float64) float64 {
	m := 0.0
	for _, p := range xy {
		m = max(m, p.Y)
	}
	if m == 0 || math.IsInf(m, 0) {
		return 1
	}
	return room * m
}

// commitTicks names merges by commit, not more than fit.
func commitTicks(rows []Record) []plot.Tick {
	step := (len(rows) + maxLabels - 1) / maxLabels
	ticks := make([]plot.Tick, len(rows))
	for i := range rows {
		ticks[i] = plot.Tick{Value: float64(i)}
		if (len(rows)-1-i)%step == 0 {
			ticks[i].Label = short(rows[i].Commit)
		}
	}
	return ticks
}

// index writes the page that shows the charts and the last record of every target.
func index(w io.Writer, series []Record) error {
	last := map[string]Record{}
	for _, r := range series {
		last[r.Target] = r
	}
	var rows []Record
	for _, name := range slices.Sorted(maps.Keys(last)) {
		rows = append(rows, last[name])
	}
	t, err := indexPage()
	if err != nil {
		return err
	}
	err = t.Execute(w, map[string]any{"Charts": charts(), "Last": rows, "Merges": len(series)})
	if err != nil {
		return fmt.Errorf("write index page: %w", err)
	}
	return nil
}
