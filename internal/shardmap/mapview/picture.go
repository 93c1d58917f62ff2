package mapview

import (
	"math"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/internal/plot"
	"github.com/englacial/zagg/internal/shardmap"
)

// Picture is shards as cells with corners: as many for each as the longest outline has, some of them twice.
func Picture(m *shardmap.Map, shards []core.Shard) *plot.Data {
	d := &plot.Data{Name: "granules", Title: "Granules of each shard"}
	corners := 3
	area := 0.0
	simple := true
	for i := range shards {
		o := &shards[i].Outline
		area += shards[i].AreaKM2
		if simple = simple && len(o.Polygons) == 1; simple {
			corners = max(corners, len(o.Polygons[0][0]))
		}
	}
	d.CellKM = math.Sqrt(area / float64(len(shards)))
	for i := range shards {
		at := centreOf(&shards[i].Outline)
		d.Lon, d.Lat, d.Values = append(d.Lon, at.Lon), append(d.Lat, at.Lat), append(d.Values, float64(len(m.Granules[i])))
		if !simple {
			continue
		}
		ring := shards[i].Outline.Polygons[0][0]
		for k := range corners {
			d.Corners = append(d.Corners, ring[min(k, len(ring)-1)])
		}
	}
	return d
}
