package atl06

import (
	"github.com/englacial/zagg/core"
	"github.com/englacial/zagg/core/h5/levels"
)

// Plugin offers the reader "atl06".
func Plugin() core.Plugin {
	const doc = "ICESat-2 ATL06 land-ice heights; columns such as h_li, h_li_sigma, atl06_quality_summary."
	return core.Plugin{
		Name: "atl06", Version: "1.0.0",
		Readers: []core.Maker[core.ProductReader]{levels.Maker("atl06", doc, layout())},
	}
}

// layout is where ATL06 keeps what people grid. Segments are 40 m long and 20 m apart.
func layout() levels.Layout {
	const segments = "/{group}/land_ice_segments/"
	column := func(name, path, units string) levels.Column {
		return levels.Column{Name: name, Path: segments + path, Element: -1, Units: units}
	}
	return levels.Layout{
		Product: "ATL06", Version: "007",
		Groups:    []string{"gt1l", "gt1r", "gt2l", "gt2r", "gt3l", "gt3r"},
		Latitude:  segments + "latitude",
		Longitude: segments + "longitude",
		Columns: []levels.Column{
			column("h_li", "h_li", "m"),
			column("h_li_sigma", "h_li_sigma", "m"),
			column("sigma_geo_h", "sigma_geo_h", "m"),
			column("atl06_quality_summary", "atl06_quality_summary", "1"),
			column("delta_time", "delta_time", "seconds since 2018-01-01"),
			column("segment_id", "segment_id", "1"),
			column("dh_fit_dx", "fit_statistics/dh_fit_dx", "1"),
			column("dh_fit_dx_sigma", "fit_statistics/dh_fit_dx_sigma", "1"),
			column("h_robust_sprd", "fit_statistics/h_robust_sprd", "m"),
			column("n_fit_photons", "fit_statistics/n_fit_photons", "1"),
			column("snr", "fit_statistics/snr", "1"),
			column("w_surface_window_final", "fit_statistics/w_surface_window_final", "m"),
			column("x_atc", "ground_track/x_atc", "m"),
			column("y_atc", "ground_track/y_atc", "m"),
			column("ref_azimuth", "ground_track/ref_azimuth", "degree"),
			column("dem_h", "dem/dem_h", "m"),
			column("geoid_h", "dem/geoid_h", "m"),
			column("tide_ocean", "geophysical/tide_ocean", "m"),
			column("dac", "geophysical/dac", "m"),
			column("tide_load", "geophysical/tide_load", "m"),
			column("bsnow_conf", "geophysical/bsnow_conf", "1"),
			column("cloud_flg_asr", "geophysical/cloud_flg_asr", "1"),
		},
	}
}
