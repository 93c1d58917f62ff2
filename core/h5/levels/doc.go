// Package levels reads tables from HDF5 granules. A layout defines the groups, coordinates and column datasets; product readers
// are layouts for this package.
//
// A read is planned so that few bytes travel. Latitudes come first; rows whose latitude cannot be in the region's box
// are done with. Longitudes are read for what is left, and the filters and columns only for the rows inside the box, in
// one round of requests for all groups of the granule. Without a region everything is read in one round.
//
// A layout may have coarser levels, whose records own runs of observations: the segments that photons hang off. A value of a
// record is that of each of its rows, a filter of records drops their rows unread, and the places of records tell which rows can be
// in a region, so that the coordinates of few rows are read.
package levels
