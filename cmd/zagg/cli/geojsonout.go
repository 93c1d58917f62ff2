package cli

import (
	"math"

	"github.com/englacial/zagg/core"
)

// outlineGeometry is an outline as GeoJSON has it (RFC 7946): counter-clockwise shells in longitudes of ±180, cut at the
// antimeridian, around a pole closed along it.
func outlineGeometry(outline *core.Region) any {
	var polygons [][][][2]float64
	for _, p := range outline.Polygons {
		for _, shift := range []float64{-360, 0, 360} {
			var rings [][][2]float64
			for _, r := range p {
				if cut := clipLon(unwrap(r), shift); len(cut) > 0 {
					rings = append(rings, append(cut, cut[0]))
				}
			}
			if len(rings) > 0 {
				polygons = append(polygons, rings)
			}
		}
	}
	if len(polygons) == 1 {
		return map[string]any{"type": "Polygon", "coordinates": polygons[0]}
	}
	return map[string]any{"type": "MultiPolygon", "coordinates": polygons}
}

// unwrap makes longitudes go on without jumps. A vertex at a pole is there at the longitudes of both its neighbours, and a
// ring around a pole is closed along it.
func unwrap(ring []core.LonLat) [][2]float64 {
	from := 0
	for from < len(ring)-1 && math.Abs(ring[from].Lat) == 90 {
		from++ // a pole has no longitude of its own
	}
	var out [][2]float64
	lon, north := math.Remainder(ring[from].Lon, 360), 0.0
	for i := range len(ring) + 1 {
		v := ring[(from+i)%len(ring)]
		north += v.Lat
		if math.Abs(v.Lat) == 90 {
			out = append(out, [2]float64{lon, v.Lat})
			continue
		}
		lon += math.Remainder(v.Lon-lon, 360)
		if n := len(out); n > 0 && math.Abs(out[n-1][1]) == 90 {
			out = append(out, [2]float64{lon, out[n-1][1]})
		}
		out = append(out, [2]float64{lon, v.Lat})
	}
	last := len(out) - 1
	if math.Abs(out[last][0]-out[0][0]) < 180 {
		return out[:last]
	}
	pole := math.Copysign(90, north)
	return append(out, [2]float64{out[last][0], pole}, [2]float64{out[0][0], pole})
}

// clipLon is the part of a ring, moved by shift, that lies within ±180 (Sutherland and Hodgman 1974).
func clipLon(ring [][2]float64, shift float64) [][2]float64 {
	moved := make([][2]float64, len(ring))
	for i, v := range ring {
		moved[i] = [2]float64{v[0] + shift, v[1]}
	}
	for _, side := range []float64{1, -1} { // lon ≤ 180, then -lon ≤ 180
		var out [][2]float64
		for i, a := range moved {
			b := moved[(i+1)%len(moved)]
			da, db := 180-side*a[0], 180-side*b[0]
			if da >= 0 {
				out = append(out, a)
			}
			if da > 0 && db < 0 || da < 0 && db > 0 {
				t := da / (da - db)
				out = append(out, [2]float64{side * 180, a[1] + t*(b[1]-a[1])})
			}
		}
		if moved = out; len(moved) == 0 {
			return nil
		}
	}
	if least, most := span(moved); most-least < 1e-9 {
		return nil // only touches
	}
	return moved
}

func span(ring [][2]float64) (least, most float64) {
	least, most = math.Inf(1), math.Inf(-1)
	for _, v := range ring {
		least, most = min(least, v[0]), max(most, v[0])
	}
	return least, most
}
