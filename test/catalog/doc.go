// Package catalog holds zagg's stac-geoparquet files against pyarrow, geopandas and stac-geoparquet. It needs ZAGG_PYTHON,
// an interpreter with the packages of test/requirements.txt.
package catalog
