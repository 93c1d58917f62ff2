package rectilinear

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/englacial/zagg/core"
)

// mappingName is the name of the grid mapping variable that rioxarray and GDAL expect.
const mappingName = "spatial_ref"

// frame is the two dimensions y and x, from the top and from the left, each with its coordinate.
func frame(c Config) core.Frame {
	return core.Frame{
		Group: "rectilinear",
		Dims: []core.Dim{
			{Name: "y", Size: c.Shape[0], Shard: c.Shard[0], Chunk: c.Chunk[0], Axis: &core.Axis{Field: axisField(c, "y"), Start: c.YMax - c.ResY/2, Step: -c.ResY}},
			{Name: "x", Size: c.Shape[1], Shard: c.Shard[1], Chunk: c.Chunk[1], Axis: &core.Axis{Field: axisField(c, "x"), Start: c.XMin + c.ResX/2, Step: c.ResX}},
		},
		Attrs: groupAttrs(c),
		Scalars: []core.Field{{
			Name: mappingName, Type: core.Int32, Width: 1, Fill: json.RawMessage("0"), Attrs: mappingAttrs(c),
		}},
		VarAttrs: object(map[string]string{"grid_mapping": mappingName}),
	}
}

// axisField is a coordinate with what CF says of it (CF conventions 1.11, sections 4.1, 4.2 and 5.6).
func axisField(c Config, name string) core.Field {
	attrs := map[string]string{"axis": "X", "units": "m", "standard_name": "projection_x_coordinate", "long_name": "x coordinate of projection"}
	switch {
	case c.CRS.Geographic && name == "x":
		attrs = map[string]string{"axis": "X", "units": "degrees_east", "standard_name": "longitude", "long_name": "longitude"}
	case c.CRS.Geographic:
		attrs = map[string]string{"axis": "Y", "units": "degrees_north", "standard_name": "latitude", "long_name": "latitude"}
	case name == "y":
		attrs = map[string]string{"axis": "Y", "units": "m", "standard_name": "projection_y_coordinate", "long_name": "y coordinate of projection"}
	}
	return core.Field{Name: name, Type: core.Float64, Width: 1, Units: attrs["units"], Attrs: object(attrs)}
}

// groupAttrs are the Python zagg's three attributes, and coordinates, by which xarray takes the grid mapping for a
// coordinate and so keeps it when a variable is taken out of the dataset.
func groupAttrs(c Config) json.RawMessage {
	r := c.rect(0, 0, c.Shape[0], c.Shape[1])
	return object(struct {
		CRS         string     `json:"crs"`
		Resolution  [2]float64 `json:"resolution"`
		Bounds      [4]float64 `json:"bounds"`
		Coordinates string     `json:"coordinates"`
	}{c.CRS.String(), [2]float64{c.ResX, c.ResY}, [4]float64{r.X0, r.Y0, r.X1, r.Y1}, mappingName})
}

// mappingAttrs are the system's parameters, and the place of the grid in it as GDAL writes it.
func mappingAttrs(c Config) json.RawMessage {
	attrs := c.CRS.GridMapping()
	number := func(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
	attrs["GeoTransform"] = fmt.Sprintf("%s %s 0 %s 0 %s", number(c.XMin), number(c.ResX), number(c.YMax), number(-c.ResY))
	return object(attrs)
}
