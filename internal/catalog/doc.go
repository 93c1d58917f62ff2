// Package catalog finds the granules of a product: their addresses, and the part of the Earth that each may have observed.
//
// A Source streams Granules from a CMR search, a STAC API, a stac-geoparquet file or a list of files. It returns every granule that
// matches, or an error. Footprints may be too large, but never too small.
package catalog
