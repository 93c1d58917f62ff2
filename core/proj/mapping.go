package proj

// A mapping is the attributes of a CF grid mapping variable.
type mapping map[string]any

// GridMapping are the attributes of a grid mapping variable (CF conventions 1.11, appendix F), a new map for each call.
// The text of the system is there twice: as crs_wkt, which CF has, and as spatial_ref, where GDAL looks.
func (c *CRS) GridMapping() map[string]any {
	m := c.system.parameters()
	m["semi_major_axis"] = semimajor
	m["inverse_flattening"] = inverseFlattening
	m["reference_ellipsoid_name"] = "WGS 84"
	m["longitude_of_prime_meridian"] = 0.0
	m["prime_meridian_name"] = "Greenwich"
	m["horizontal_datum_name"] = "World Geodetic System 1984"
	m["geographic_crs_name"] = "WGS 84"
	if !c.Geographic {
		m["projected_crs_name"] = c.Name
	}
	m["crs_wkt"] = c.WKT()
	m["spatial_ref"] = m["crs_wkt"]
	return m
}

func (geographic) parameters() mapping { return mapping{"grid_mapping_name": "latitude_longitude"} }

func (p *polar) parameters() mapping {
	m := mapping{
		"grid_mapping_name":                     "polar_stereographic",
		"straight_vertical_longitude_from_pole": p.origin,
		"latitude_of_projection_origin":         90 * p.pole(),
		"false_easting":                         p.offset,
		"false_northing":                        p.offset,
	}
	if p.k != 0 {
		m["scale_factor_at_projection_origin"] = p.k
	} else {
		m["standard_parallel"] = p.parallel
	}
	return m
}

func (u utm) parameters() mapping {
	return mapping{
		"grid_mapping_name":                "transverse_mercator",
		"longitude_of_central_meridian":    u.middle(),
		"latitude_of_projection_origin":    0.0,
		"scale_factor_at_central_meridian": utmScale,
		"false_easting":                    utmEast,
		"false_northing":                   u.falseNorthing(),
	}
}
