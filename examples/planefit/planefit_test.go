package planefit

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
)

func groups(h, x, y []float64, offsets ...int64) *core.Groups {
	slots := make([]int32, len(offsets)-1)
	for i := range slots {
		slots[i] = int32(i)
	}
	return &core.Groups{Slots: slots, Offsets: offsets, Rows: []core.Column{core.ColumnOf("source", h), core.ColumnOf("x", x), core.ColumnOf("y", y)}}
}

func compute(t *testing.T, config string, g *core.Groups) (scatter, slope []float64) {
	t.Helper()
	s, err := newStatistic(core.Config(config))
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Compute(t.Context(), g)
	if err != nil {
		t.Fatal(err)
	}
	return core.View[float64](out[0].Data), core.View[float64](out[1].Data)
}

// tilted gives n heights on a plane of the given slopes with normal noise, and a fifth of them as outliers.
func tilted(n int, b, c, noise, outlier float64) (h, x, y []float64) {
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		px, py := r.Float64()*3000, r.Float64()*3000
		v := 1200 + b*px + c*py + noise*r.NormFloat64()
		if i%5 == 0 {
			v += outlier
		}
		h, x, y = append(h, v), append(x, px), append(y, py)
	}
	return h, x, y
}

func TestPlaneWithNoise(t *testing.T) {
	h, x, y := tilted(5000, 0.03, -0.04, 0.5, 0)
	scatter, slope := compute(t, "", groups(h, x, y, 0, 5000))
	if math.Abs(scatter[0]-0.5) > 0.02 || math.Abs(slope[0]-0.05) > 1e-4 {
		t.Errorf("scatter %v, slope %v", scatter, slope)
	}
}

// A fifth of the heights are clouds, 300 m up: the plane stays.
func TestOutliersHaveNoWeight(t *testing.T) {
	h, x, y := tilted(5000, 0.03, -0.04, 0.5, 300)
	scatter, slope := compute(t, "", groups(h, x, y, 0, 5000))
	if scatter[0] > 0.8 || math.Abs(slope[0]-0.05) > 2e-4 {
		t.Errorf("scatter %v, slope %v", scatter, slope)
	}
}

func TestCellsWithoutAPlane(t *testing.T) {
	h, x, y := tilted(30, 0.1, 0, 0, 0)
	for i := 10; i < 20; i++ { // the second cell lies on a line
		y[i] = 2 * x[i]
	}
	for i := 20; i < 30; i++ { // the third has too few finite heights
		h[i] = math.NaN()
	}
	scatter, slope := compute(t, "{}", groups(h, x, y, 0, 10, 20, 30))
	if scatter[0] > 1e-9 || math.Abs(slope[0]-0.1) > 1e-9 {
		t.Errorf("an exact plane: scatter %v, slope %v", scatter[0], slope[0])
	}
	for i := 1; i < 3; i++ {
		if !math.IsNaN(scatter[i]) || !math.IsNaN(slope[i]) {
			t.Errorf("cell %d: scatter %v, slope %v", i, scatter[i], slope[i])
		}
	}
}

// Degrees across the antimeridian at 80° N are the metres they stand for.
func TestDegrees(t *testing.T) {
	h, x, y := tilted(500, 0.03, -0.04, 0, 0)
	for i := range x {
		x[i] = math.Mod(180+179.99+x[i]/(perDegree*math.Cos(80*math.Pi/180)), 360) - 180
		y[i] = 80 + y[i]/perDegree
	}
	_, slope := compute(t, `{"degrees":true}`, groups(h, x, y, 0, 500))
	if math.Abs(slope[0]-0.05) > 1e-4 {
		t.Error(slope)
	}
}

// The statistic keeps what every statistic promises.
func TestPromises(t *testing.T) {
	maker := Plugin().Statistics[0]
	coretest.Maker(t, maker, "", `{"min_points":4,"degrees":true}`)
	coretest.Statistic(t, coretest.Make(maker, `{"min_points":4}`), coretest.StatisticOptions{})
}

func TestRefuses(t *testing.T) {
	for _, config := range []string{`{"min_pints":3}`, `{"min_points":3}`, `{"cutoff":0}`, `{"iterations":0}`, `{"degrees":"yes"}`, `[]`, `{`} {
		if _, err := newStatistic(core.Config(config)); !core.Is(err, core.Invalid) {
			t.Errorf("%s: %v", config, err)
		}
	}
	s, _ := newStatistic(nil)
	if _, err := s.Compute(t.Context(), &core.Groups{Slots: []int32{1}, Offsets: []int64{0, 1}}); !core.Is(err, core.Invalid) {
		t.Error(err)
	}
}
