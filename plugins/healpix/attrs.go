package healpix

import (
	"encoding/json"

	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/sphere"
)

// The attributes speak to two readers. Those of the morton-dggs convention find the group attribute dggs, which names
// the coordinate morton. xdggs (0.6) looks at nothing but the attributes of the variable cell_ids and refuses any that
// is not a parameter of its grid: so that variable has these four and can have no units or long name.

// An ellipsoid as both readers spell it: WGS84, or a sphere.
type ellipsoid struct {
	Name              string      `json:"name"`
	SemimajorAxis     json.Number `json:"semimajor_axis,omitempty"`
	InverseFlattening json.Number `json:"inverse_flattening,omitempty"`
	Radius            json.Number `json:"radius,omitempty"`
}

var wgs84 = ellipsoid{Name: "WGS84", SemimajorAxis: "6378137.0", InverseFlattening: "298.257223563"}

// coords are the coordinate variables, one value per cell.
func coords(c Config) []core.Field {
	fields := []core.Field{{Name: "morton", Type: core.Uint64, Width: 1, Fill: json.RawMessage("0")}}
	if !c.EmitCellIDs {
		return fields
	}
	// An ellipsoid makes xdggs map latitudes through the authalic one, a sphere makes it leave them alone.
	latitudes := wgs84
	if c.Latitude == sphere.GeodeticSpherical {
		latitudes = ellipsoid{Name: "sphere", Radius: "6371008.8"}
	}
	return append(fields, core.Field{Name: "cell_ids", Type: core.Uint64, Width: 1, Fill: json.RawMessage("0"), Attrs: object(struct {
		GridName       string    `json:"grid_name"`
		Level          int       `json:"level"`
		IndexingScheme string    `json:"indexing_scheme"`
		Ellipsoid      ellipsoid `json:"ellipsoid"`
	}{"healpix", c.ChildOrder, "nested", latitudes})})
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
		names += " cell_ids"
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

// object is JSON of a value that cannot fail to have any.
func object(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}
