// Package geoparquet reads and writes catalogs as stac-geoparquet files (version 1.0.0, GeoParquet 1.1): one row per
// granule, columns id, assets, geometry (WKB), bbox, datetime, start_datetime, end_datetime, and what more there is.
//
// Beside what the format has, files of zagg hold the catalog's Meta as JSON under the key zagg:catalog_meta, and columns
// footprint_cells and footprint_cells_order (packed words that cover the footprint), footprint_margin (metres),
// footprint_planar and, for footprints with edges of both kinds, footprint_straight (a 0 or 1 for each ring) where some
// granule needs them.
//
// Both directions stream: reading holds a page of each column, writing a row group and, on disk, the granules until the
// columns of all assets are known.
package geoparquet
