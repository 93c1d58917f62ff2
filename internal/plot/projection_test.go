package plot

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
)

// Reference coordinates in km are PROJ's for EPSG:3031 and EPSG:3413.
func TestStereographic(t *testing.T) {
	for _, c := range []struct {
		south          bool
		lon, lat, x, y float64
	}{
		{true, 0, -90, 0, 0}, {true, 0, -71, 0, 2082.760109}, {true, 90, -71, 2082.760109, 0},
		{true, -120, -87.3, -254.103717, -146.706849}, {true, 179.9, -56.25, 6.584393, -3772.575696},
		{false, -45, 70, 0, -2187.927649}, {false, 0, 90, 0, 0}, {false, 30, 83.5, 680.835915, -182.429434},
		{false, -150, 55.5, -3718.718985, 996.427749},
	} {
		p := newStereographic(c.south)
		x, y := p.forward(c.lon, c.lat)
		require.InDelta(t, c.x, x, 1e-6)
		require.InDelta(t, c.y, y, 1e-6)
		lon, lat := p.inverse(c.x, c.y)
		require.InDelta(t, c.lat, lat, 1e-7)
		if math.Abs(c.lat) < 90 {
			require.InDelta(t, c.lon, lon, 1e-6)
			k, _ := p.stretch(c.lat)
			_, y2 := p.forward(c.lon, c.lat+1e-6)
			x2, _ := p.forward(c.lon, c.lat+1e-6)
			meridian := majorKM * (1 - eccentricity*eccentricity) / math.Pow(1-math.Pow(eccentricity*math.Sin(c.lat*degree), 2), 1.5)
			require.InEpsilon(t, math.Hypot(x2-x, y2-y)/(1e-6*degree*meridian), k, 1e-5, "scale")
		}
	}
}

func TestChooseProjection(t *testing.T) {
	require.Equal(t, newStereographic(true), chooseProjection([]float64{0, 180}, []float64{-60, -89}))
	require.Equal(t, newStereographic(false), chooseProjection([]float64{0}, []float64{56}))
	require.Equal(t, plate{center: 10, parallel: 50}, chooseProjection([]float64{9.95, 10}, []float64{40, 60}))
	fiji := chooseProjection([]float64{175, -175.1}, []float64{-20, -16}).(plate)
	require.Equal(t, 180.0, math.Abs(fiji.center))
	require.Equal(t, -18.0, fiji.parallel)
	x1, _ := fiji.forward(179, -18)
	x2, _ := fiji.forward(-179, -18)
	require.InDelta(t, 2*degreeKM*math.Cos(18*degree), x2-x1, 1e-6)
	var globe []float64
	for lon := -180.0; lon < 180; lon += 10 {
		globe = append(globe, lon)
	}
	require.Equal(t, plate{}, chooseProjection(globe, make([]float64, len(globe))))
	require.Zero(t, chooseProjection([]float64{0, 100}, []float64{50, -50}).(plate).parallel)
}

func TestWords(t *testing.T) {
	at, digits := ticks(0, 1, 8, false)
	require.InDeltaSlice(t, []float64{0, 0.2, 0.4, 0.6, 0.8, 1}, at, 1e-12)
	require.Equal(t, 1, digits)
	at, digits = ticks(2739.5, 2768.7, 8, false)
	require.Equal(t, []float64{2740, 2745, 2750, 2755, 2760, 2765}, at)
	require.Zero(t, digits)
	at, _ = ticks(0.5, 1.5, 8, true)
	require.Equal(t, []float64{1}, at)
	at, _ = ticks(1e20, 1e20+20000, 8, false)
	require.LessOrEqual(t, len(at), 8)
	at, _ = round(-80, 80, 7, []float64{30, 60})
	require.Equal(t, []float64{-60, -30, 0, 30, 60}, at)

	require.Equal(t, "−1.50", number(-1.5, 2))
	require.Equal(t, "0.0", number(-0.001, 1))
	require.Equal(t, "⁻¹²", superscript(-12))
	require.Equal(t, []string{"1", "999", "1,000", "1,234,567"}, []string{thousands(1), thousands(999), thousands(1000), thousands(1234567)})
	require.Equal(t, []string{"87.5°S", "0°", "60°N"}, []string{latitude(-87.5, 1), latitude(0, 0), latitude(60, 0)})
	require.Equal(t, []string{"180°", "180°", "170°W", "10°E"}, []string{longitude(180, 0), longitude(-180, 0), longitude(190, 0), longitude(370, 0)})
}

func TestWithin(t *testing.T) {
	for _, c := range [][5]float64{{-5, 5, 10, -5, 5}, {-12, -2, 10, -10, 0}, {4, 14, 10, 0, 10}, {-30, 30, 10, -10, 10}} {
		low, high := within(c[0], c[1], c[2])
		require.Equal(t, []float64{c[3], c[4]}, []float64{low, high}, "%v", c)
	}
}

// A longitude that rounds to the prime meridian from the west has a place too.
func TestWidestGapAtTheMeridian(t *testing.T) {
	gap, center := widestGap([]float64{-1e-15, 10})
	require.InDelta(t, 350, gap, 0.2)
	require.InDelta(t, 5, center, 0.2)
}
