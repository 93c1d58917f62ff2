// Package planefit is a plugin for zagg that lives outside its repository: a plane fitted to the heights of each cell, and
// how far the heights scatter about it. On a slope the standard deviation of heights mostly measures the slope; this
// separates the two.
//
// The fit is iteratively reweighted least squares with Tukey's biweight (Beaton and Tukey 1974, Technometrics 16, 147),
// the scale of the residuals their normalised median absolute deviation, 1.4826 median|r| (Höhle and Höhle 2009, ISPRS
// Journal of Photogrammetry and Remote Sensing 64, 398).
package planefit

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"slices"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/reduce"
)

// Plugin is the statistic.
func Plugin() core.Plugin {
	return core.Plugin{Name: "planefit", Version: "1.0.0", Statistics: []core.Maker[core.Statistic]{{
		Name:   "plane_nmad",
		Doc:    "Robust scatter about a plane fitted over x and y, and the plane's slope.",
		Schema: json.RawMessage(schema),
		New: func(_ context.Context, config core.Config) (core.Statistic, error) {
			return newStatistic(config)
		},
	}}}
}

const schema = `{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","additionalProperties":false,"properties":{
"min_points":{"type":"integer","minimum":4,"default":10,"description":"cells with fewer finite observations get NaN"},
"cutoff":{"type":"number","exclusiveMinimum":0,"default":4.685,"description":"residuals beyond this many scales have no weight"},
"iterations":{"type":"integer","minimum":1,"maximum":100,"default":10},
"degrees":{"type":"boolean","default":false,"description":"x and y are longitude and latitude, not metres"}}}`

// options are the constants of the configuration.
type options struct {
	MinPoints  int     `json:"min_points"`
	Cutoff     float64 `json:"cutoff"`
	Iterations int     `json:"iterations"`
	Degrees    bool    `json:"degrees"`
}

type statistic struct{ options }

var _ core.Statistic = statistic{}

func newStatistic(config core.Config) (core.Statistic, error) {
	o := options{MinPoints: 10, Cutoff: 4.685, Iterations: 10}
	if len(config) > 0 {
		d := json.NewDecoder(bytes.NewReader(config))
		d.DisallowUnknownFields()
		if err := d.Decode(&o); err != nil {
			return nil, core.Errorf(core.Invalid, "plane_nmad", "params", "%w; have min_points, cutoff, iterations, degrees, and the columns x and y", err)
		}
	}
	if o.MinPoints < 4 || !(o.Cutoff > 0) || o.Iterations < 1 || o.Iterations > 100 {
		return nil, core.Errorf(core.Invalid, "plane_nmad", "params", "want min_points >= 4, cutoff > 0 and 1 to 100 iterations, not %+v", o)
	}
	return statistic{o}, nil
}

// Info implements core.Statistic. x and y are metres along two perpendicular directions, or degrees; the slope has no unit (a rise of
// the source's unit, metres, in a metre).
func (s statistic) Info() core.StatisticInfo {
	return core.StatisticInfo{
		Inputs: []core.Input{{Name: "source"}, {Name: "x"}, {Name: "y"}},
		Outputs: []core.Field{
			{Name: "", Type: core.Float64, Width: 1, Fill: json.RawMessage(`"NaN"`), Units: "{source}"},
			{Name: "_slope", Type: core.Float64, Width: 1, Fill: json.RawMessage(`"NaN"`), Units: "1"},
		},
	}
}

// Compute implements core.Statistic.
func (s statistic) Compute(ctx context.Context, groups *core.Groups) ([]core.Column, error) {
	var in [3][]float64
	for i, name := range []string{"source", "x", "y"} {
		j := slices.IndexFunc(groups.Rows, func(c core.Column) bool { return c.Name == name })
		if j < 0 {
			return nil, core.Errorf(core.Invalid, "plane_nmad", name, "this input is missing: name a column or an expression under params")
		}
		in[i] = reduce.Float64s(&groups.Rows[j])
		if len(groups.Offsets) == 0 || groups.Offsets[len(groups.Offsets)-1] > int64(len(in[i])) {
			return nil, core.Errorf(core.Invalid, "plane_nmad", name, "%d rows are fewer than the cells have", len(in[i]))
		}
	}
	scatter, slope := make([]float64, len(groups.Slots)), make([]float64, len(groups.Slots))
	var f fitter
	for i := range groups.Slots {
		if i%1024 == 0 && ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		a, b := groups.Offsets[i], groups.Offsets[i+1]
		scatter[i], slope[i] = f.fit(in[0][a:b], in[1][a:b], in[2][a:b], s.options)
	}
	return []core.Column{core.ColumnOf("", scatter), core.ColumnOf("_slope", slope)}, nil
}

// A fitter holds what one fit after the other needs.
type fitter struct {
	h, x, y, r, abs []float64
}

// fit gives the scatter about the plane and its slope, NaN where there are too few points or they lie on a line.
func (f *fitter) fit(h, x, y []float64, o options) (scatter, slope float64) {
	f.h, f.x, f.y = f.h[:0], f.x[:0], f.y[:0]
	for i := range h {
		if finite(h[i]) && finite(x[i]) && finite(y[i]) {
			f.h, f.x, f.y = append(f.h, h[i]), append(f.x, x[i]), append(f.y, y[i])
		}
	}
	n := len(f.h)
	if n < o.MinPoints {
		return math.NaN(), math.NaN()
	}
	if o.Degrees {
		f.toMetres()
	}
	center(f.h)
	center(f.x)
	center(f.y)
	f.r = append(f.r[:0], f.h...)
	weight := func(float64) float64 { return 1 }
	for range o.Iterations {
		p, ok := f.plane(weight)
		if !ok {
			return math.NaN(), math.NaN()
		}
		for i := range f.r {
			f.r[i] = f.h[i] - p[0] - p[1]*f.x[i] - p[2]*f.y[i]
		}
		scatter, slope = f.nmad(), math.Hypot(p[1], p[2])
		if scatter == 0 {
			break // the plane goes through most points exactly
		}
		scale := scatter * o.Cutoff
		weight = func(r float64) float64 {
			if u := r / scale; u > -1 && u < 1 {
				return (1 - u*u) * (1 - u*u)
			}
			return 0
		}
	}
	return scatter, slope
}

// perDegree is the length of a degree of latitude in metres, on the sphere of radius 6371.0088 km.
const perDegree = 111195.08

// toMetres makes of longitudes and latitudes metres east and north of the first point; a cell is small enough for that.
func (f *fitter) toMetres() {
	lon, lat := f.x[0], f.y[0]
	east := perDegree * math.Cos(lat*math.Pi/180)
	for i := range f.x {
		f.x[i] = math.Remainder(f.x[i]-lon, 360) * east
		f.y[i] = (f.y[i] - lat) * perDegree
	}
}

// plane is the weighted least-squares plane h = p0 + p1 x + p2 y, weights being a function of the residuals so far.
func (f *fitter) plane(weight func(float64) float64) (p [3]float64, ok bool) {
	var a [3][4]float64
	for i := range f.h {
		w := weight(f.r[i])
		row := [4]float64{1, f.x[i], f.y[i], f.h[i]}
		for j := range 3 {
			for k := j; k < 4; k++ {
				a[j][k] += w * row[j] * row[k]
			}
		}
	}
	a[1][0], a[2][0], a[2][1] = a[0][1], a[0][2], a[1][2]
	return solve(a)
}

// solve solves three equations by elimination with scaled pivots; ok is false where they are not independent.
func solve(a [3][4]float64) (p [3]float64, ok bool) {
	for j := range 3 {
		size := math.Abs(a[j][j])
		for i := j + 1; i < 3; i++ {
			if v := math.Abs(a[i][j]); v > size {
				a[i], a[j], size = a[j], a[i], v
			}
		}
		rest := math.Max(math.Abs(a[j][0]), math.Max(math.Abs(a[j][1]), math.Abs(a[j][2])))
		if !(size > 1e-12*rest) || size == 0 {
			return p, false
		}
		for i := j + 1; i < 3; i++ {
			m := a[i][j] / a[j][j]
			for k := j; k < 4; k++ {
				a[i][k] -= m * a[j][k]
			}
		}
	}
	for j := 2; j >= 0; j-- {
		p[j] = a[j][3]
		for k := j + 1; k < 3; k++ {
			p[j] -= a[j][k] * p[k]
		}
		p[j] /= a[j][j]
	}
	return p, true
}

// nmad is 1.4826 times the median of the absolute residuals.
func (f *fitter) nmad() float64 {
	f.abs = f.abs[:0]
	for _, r := range f.r {
		f.abs = append(f.abs, math.Abs(r))
	}
	slices.Sort(f.abs)
	n := len(f.abs)
	return 1.4826 * (f.abs[(n-1)/2] + f.abs[n/2]) / 2
}

func center(v []float64) {
	mean := 0.0
	for _, x := range v {
		mean += x / float64(len(v))
	}
	for i := range v {
		v[i] -= mean
	}
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
