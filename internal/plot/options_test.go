package plot

import (
	"bytes"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/englacial/zagg/core"
)

// Every projection and all colours draw what they can show, with and without the coast; the width is that asked for.
func TestOptions(t *testing.T) {
	draw := func(name, colors string, lat float64) error {
		d := square(4, 10, lat, all)
		d.Projection, d.Colors, d.Coast, d.Width, d.Histogram = name, colors, true, 300, colors == ""
		var b bytes.Buffer
		err := Map(&b, "png", d)
		if err == nil {
			img, err := png.Decode(&b)
			require.NoError(t, err)
			require.LessOrEqual(t, img.Bounds().Dx(), 300+marginLeft+marginRight+histogramWidth)
		}
		return err
	}
	for _, name := range append(ProjectionNames(), "") {
		for _, lat := range []float64{-75, 75} {
			err := draw(name, "", lat)
			if strings.HasSuffix(name, "north") && lat < 0 || strings.HasSuffix(name, "south") && lat > 0 {
				require.Equal(t, core.Invalid, core.CodeOf(err), "%s %v", name, lat)
				continue
			}
			require.NoError(t, err, "%s %v", name, lat)
		}
	}
	for _, colors := range ColorNames() {
		require.NoError(t, draw("", colors, 5), colors)
	}
}

func TestOptionsThatAreWrong(t *testing.T) {
	for want, change := range map[string]func(*Data){
		"no such projection": func(d *Data) { d.Projection = "mercator" },
		"no such colours":    func(d *Data) { d.Colors = "jet" },
		"want a smaller":     func(d *Data) { d.Range = &[2]float64{2, 1} },
		"must be 300 to":     func(d *Data) { d.Width = 10 },
	} {
		d := square(4, 10, 5, all)
		change(&d)
		err := Map(new(bytes.Buffer), "png", d)
		require.Equal(t, core.Invalid, core.CodeOf(err))
		require.True(t, strings.Contains(err.Error(), want), err)
	}
}

// A few small cells far apart are dots that can be seen, with corners and without.
func TestSmallCellsAreSeen(t *testing.T) {
	for _, corners := range []bool{false, true} {
		d := Data{Lon: []float64{0, 40, 80}, Lat: []float64{0, 10, -10}, Values: []float64{1, 2, 3}, CellKM: 0.5, Name: "v"}
		if corners {
			for i := range d.Lon {
				for _, c := range [][2]float64{{-1, -1}, {1, -1}, {1, 1}, {-1, 1}} {
					d.Corners = append(d.Corners, core.LonLat{Lon: d.Lon[i] + c[0]*0.002, Lat: d.Lat[i] + c[1]*0.002})
				}
			}
		}
		c, err := newCells(&d)
		require.NoError(t, err)
		f, err := newFigure(&d, c)
		require.NoError(t, err)
		img := paint(&d, c, f.view, 1, &f.scale, f.palette.ground)
		drawn := 0
		for i := 0; i < len(img.Pix); i += 4 {
			if img.Pix[i] != f.palette.ground.R || img.Pix[i+1] != f.palette.ground.G {
				drawn++
			}
		}
		require.GreaterOrEqual(t, drawn, 3*3, "corners %v", corners)
		require.LessOrEqual(t, drawn, 3*9, "corners %v", corners)
	}
}

// The planes are those of the EPSG codes that they are said to be of: places by pyproj.
func TestPlanes(t *testing.T) {
	for name, want := range map[string][2]float64{"north": {1868.270510, -397.113156}, "south": {1043.387476, 1606.675818}, "equal-north": {1060.117015, -1632.437049}, "equal-south": {1060.117015, 1632.437049}, "equal": {3184.047248, 6999.563447}, "plate": {}} {
		p, err := PlaneOf(name)
		require.NoError(t, err)
		lat := 72.5
		if strings.HasSuffix(name, "south") {
			lat = -72.5
		}
		x, y := p.Forward(33, lat)
		if name != "plate" {
			require.InDeltaSlice(t, want[:], []float64{x, y}, 1e-4, name)
		}
		lon, back := p.Inverse(x, y)
		require.InDelta(t, 33, lon, 1e-9, name)
		require.InDelta(t, lat, back, 1e-9, name)
	}
	require.Len(t, PlaneNames(), 6)
	_, err := PlaneOf("mercator")
	require.Equal(t, core.Invalid, core.CodeOf(err))
}
