// Package levels reads tables out of HDF5 granules as a layout says: which groups, where the coordinates are, which
// datasets are columns. Readers of products are layouts for it.
//
// A read is planned so that few bytes travel. Latitudes come first; rows whose latitude cannot be in the region's box
// are done with. Longitudes are read for what is left, and the filters and columns only for the rows inside the box, in
// one round of requests for all groups of the granule. Without a region everything is read in one round.
//
// There is one level of rows now: every column has one row per observation.
package levels
