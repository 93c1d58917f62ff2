package atl03

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/levels"
)

// Plugin offers the reader "atl03".
func Plugin() core.Plugin {
	const doc = "ICESat-2 ATL03 photons and their segments; columns such as h_ph, signal_conf_land, quality_ph, dem_h."
	return core.Plugin{
		Name: "atl03", Version: "1.0.0",
		Readers: []core.Maker[core.ProductReader]{levels.Maker("atl03", doc, layout())},
	}
}

// layout is where ATL03 keeps what people grid. The first photon of a beam is number 1; a segment without photons begins at 0.
func layout() levels.Layout {
	const segments = "segments"
	const heights, geolocation = "/{group}/heights/", "/{group}/geolocation/"
	photon := func(name, units string) levels.Column {
		return levels.Column{Name: name, Path: heights + name, Element: -1, Units: units}
	}
	confidence := func(surface string, element int) levels.Column {
		return levels.Column{Name: "signal_conf_" + surface, Path: heights + "signal_conf_ph", Element: element, Units: "1"}
	}
	segment := func(name, path, units string) levels.Column {
		return levels.Column{Name: name, Path: "/{group}/" + path, Element: -1, Units: units, Level: segments}
	}
	return levels.Layout{
		Product: "ATL03", Version: "007",
		Groups:    []string{"gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"},
		Latitude:  heights + "lat_ph",
		Longitude: heights + "lon_ph",
		Base:      "photons",
		Levels: []levels.Level{{
			Name: segments, Latitude: geolocation + "reference_photon_lat", Longitude: geolocation + "reference_photon_lon",
			Begin: geolocation + "ph_index_beg", Count: geolocation + "segment_ph_cnt", Base: 1,
		}},
		Plan: levels.DefaultPlan(segments),
		Columns: []levels.Column{
			photon("h_ph", "m"),
			photon("delta_time", "seconds since 2018-01-01"),
			photon("dist_ph_along", "m"),
			photon("dist_ph_across", "m"),
			photon("quality_ph", "1"),
			photon("signal_class_ph", "1"),
			photon("weight_ph", "1"),
			photon("pce_mframe_cnt", "1"),
			photon("ph_id_channel", "1"),
			photon("ph_id_pulse", "1"),
			photon("ph_id_count", "1"),
			confidence("land", 0),
			confidence("ocean", 1),
			confidence("sea_ice", 2),
			confidence("land_ice", 3),
			confidence("inland_water", 4),
			segment("segment_id", "geolocation/segment_id", "1"),
			segment("segment_dist_x", "geolocation/segment_dist_x", "m"),
			segment("segment_length", "geolocation/segment_length", "m"),
			segment("segment_ph_cnt", "geolocation/segment_ph_cnt", "1"),
			segment("ref_azimuth", "geolocation/ref_azimuth", "radian"),
			segment("ref_elev", "geolocation/ref_elev", "radian"),
			segment("solar_elevation", "geolocation/solar_elevation", "degree"),
			segment("sigma_h", "geolocation/sigma_h", "m"),
			segment("podppd_flag", "geolocation/podppd_flag", "1"),
			segment("full_sat_fract", "geolocation/full_sat_fract", "1"),
			segment("dem_h", "geophys_corr/dem_h", "m"),
			segment("geoid", "geophys_corr/geoid", "m"),
			segment("dac", "geophys_corr/dac", "m"),
			segment("tide_earth", "geophys_corr/tide_earth", "m"),
			segment("tide_load", "geophys_corr/tide_load", "m"),
			segment("tide_ocean", "geophys_corr/tide_ocean", "m"),
		},
	}
}
