package healpix

import (
	"encoding/json"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// The attributes speak to three readers. Those of the morton-dggs convention find the group attribute dggs, which names
// the coordinate morton. xdggs (0.6) looks at nothing but the attributes of the variable cell_ids and refuses any that
// is not a parameter of its grid: so that variable has these four and can have no units or long name. Those of the CF
// conventions find the grid mapping crs by the attribute grid_mapping of every variable.

// An ellipsoid as the group's attribute dggs spells it; the numbers are texts so that they are written digit by
// digit.
type ellipsoid struct {
	Name              string      `json:"name"`
	SemimajorAxis     json.Number `json:"semimajor_axis"`
	InverseFlattening json.Number `json:"inverse_flattening"`
}

var wgs84 = ellipsoid{Name: "WGS84", SemimajorAxis: "6378137.0", InverseFlattening: "298.257223563"}

// coords are the coordinate variables, with one value for each cell.
func coords(c Config) []core.Field {
	fields := []core.Field{{Name: "morton", Type: core.Uint64, Width: 1, Fill: json.RawMessage("0")}}
	if !c.EmitCellIDs {
		return fields
	}
	return append(fields, core.Field{Name: "cell_ids", Type: core.Uint64, Width: 1, Fill: json.RawMessage("0"), Attrs: object(struct {
		GridName       string `json:"grid_name"`
		Level          int    `json:"level"`
		IndexingScheme string `json:"indexing_scheme"`
		Ellipsoid      string `json:"ellipsoid"`
	}{"healpix", c.ChildOrder, "nested", latitudes(c)})})
}

// latitudes is the body by which xdggs maps latitudes: with an ellipsoid it takes the authalic latitude, with the
// sphere the geodetic one unchanged. It is a name, because attributes in netCDF files have no parts.
func latitudes(c Config) string {
	if c.Latitude == sphere.GeodeticSpherical {
		return "sphere"
	}
	return "WGS84"
}

// mappingName is the name of the grid mapping variable.
const mappingName = "crs"

// mapping is the grid mapping of the CF conventions (1.13, appendix F, HEALPix) for cell_ids, and the attribute of
// variables that names it. The attribute ellipsoid is xdggs's own; xdggs refuses what CF has for the shape of the
// Earth.
func mapping(c Config) (scalars []core.Field, varAttrs json.RawMessage) {
	if !c.EmitCellIDs {
		return nil, nil
	}
	return []core.Field{{Name: mappingName, Type: core.Int32, Width: 1, Fill: json.RawMessage("0"), Attrs: object(struct {
		GridMappingName string `json:"grid_mapping_name"`
		RefinementLevel int    `json:"refinement_level"`
		IndexingScheme  string `json:"indexing_scheme"`
		Ellipsoid       string `json:"ellipsoid"`
	}{"healpix", c.ChildOrder, "nested", latitudes(c)})}}, object(map[string]string{"grid_mapping": mappingName})
}

// A convention is an entry of zarr_conventions.
type convention struct {
	SchemaURL   string `json:"schema_url"`
	SpecURL     string `json:"spec_url"`
	UUID        string `json:"uuid"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// dggs is the group attribute of the morton-dggs convention (mortie specification, "dggs attrs").
type dggs struct {
	Name             string    `json:"name"`
	RefinementLevel  int       `json:"refinement_level"`
	SpatialDimension string    `json:"spatial_dimension"`
	Ellipsoid        ellipsoid `json:"ellipsoid"`
	Compression      string    `json:"compression"`
	Coordinate       string    `json:"coordinate"`
	Latitude         string    `json:"latitude"`
}

// groupAttrs are the attributes of the group. coordinates makes xarray take the variables as coordinates (CF 1.11,
// section 5).
func groupAttrs(c Config) json.RawMessage {
	latitude, names := authalic, "morton"
	if c.Latitude == sphere.GeodeticSpherical {
		latitude = spherical
	}
	if c.EmitCellIDs {
		names += " cell_ids " + mappingName
	}
	return object(struct {
		Conventions []convention `json:"zarr_conventions"`
		DGGS        dggs         `json:"dggs"`
		Coordinates string       `json:"coordinates"`
	}{
		[]convention{{
			SchemaURL:   "https://raw.githubusercontent.com/zarr-conventions/dggs/refs/tags/v1/schema.json",
			SpecURL:     "https://github.com/zarr-conventions/dggs/blob/v1/README.md",
			UUID:        "7b255807-140c-42ca-97f6-7a1cfecdbc38",
			Name:        "dggs",
			Description: "Discrete Global Grid Systems convention for zarr",
		}, {
			SchemaURL:   "https://github.com/espg/mortie/blob/main/docs/specification.md#dggs-attrs",
			SpecURL:     "https://github.com/espg/mortie/blob/main/docs/specification.md",
			UUID:        "3e22156d-ea9e-4e01-95fe-e3809a4b41e7",
			Name:        "morton-dggs",
			Description: "Packed-u64 morton (HEALPix) DGGS convention",
		}},
		dggs{"morton", c.ChildOrder, "cells", wgs84, "none", "morton", latitude},
		names,
	})
}

// object is a value as JSON, for values that cannot fail to encode.
func object(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
