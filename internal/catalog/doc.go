// Package catalog says which granules of a product exist, where they are and what part of the Earth each can have
// observed.
//
// A Source streams Granules: a search of CMR, a STAC API, a stac-geoparquet file or a list of files. Nothing is cut off
// silently: a source gives every granule that matches, or an error. Footprints may be too large, never too small.
package catalog
