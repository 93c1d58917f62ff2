package rectilinear

import (
	"testing"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/coretest"
	"github.com/englacial/zagg/internal/sharedtest"
)

// The promises of a grid, for one of each projection and some odd ones.
func TestConformance(t *testing.T) {
	for name, c := range map[string]struct {
		config string
		opt    coretest.GridOptions
	}{
		"antarctica": {`{"crs":"EPSG:3031","resolution":50000,"bounds":[-3200000,-3200000,3200000,3200000],"chunk_shape":[16,32],"chunk_inner":[8,8]}`, coretest.GridOptions{Points: []core.LonLat{{Lon: 10, Lat: -80}, {Lon: 0, Lat: -90}, {Lon: 180, Lat: -75}}}},
		"arctic":     {`{"crs":"EPSG:3413","resolution":[40000,20000],"bounds":[-4000000,-4000000,3000000,2500000],"chunk_shape":[30,10]}`, coretest.GridOptions{Points: []core.LonLat{{Lon: 10, Lat: 80}}}},
		"glacier":    {`{"crs":"EPSG:32618","resolution":100,"bounds":[358300,4299600,370300,4311600],"chunk_shape":[30,30]}`, coretest.GridOptions{Points: []core.LonLat{{Lon: -76.55, Lat: 38.9}}}},
		"globe":      {`{"crs":"EPSG:4326","resolution":1,"bounds":[-180,-90,180,90],"chunk_shape":[20,20]}`, coretest.GridOptions{}},
		"padded":     {`{"crs":"EPSG:4326","resolution":[0.7,0.9],"bounds":[0,-90,360,90],"chunk_shape":[37,41]}`, coretest.GridOptions{}},
		"dateline":   {`{"crs":"EPSG:4326","resolution":0.25,"bounds":[170,-20,190,10],"chunk_shape":[10,10]}`, coretest.GridOptions{Points: []core.LonLat{{Lon: 179.9, Lat: -5}, {Lon: -179, Lat: 3}}}},
	} {
		t.Run(name, func(t *testing.T) {
			c.opt.Short = !sharedtest.Sweep() || name != "antarctica" && name != "globe"
			coretest.Grid(t, coretest.Make(Plugin().Grids[0], c.config), c.opt)
		})
	}
}
