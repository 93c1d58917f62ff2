// Package core defines zagg's interfaces and data types: the three interfaces that a plugin implements (Grid, ProductReader,
// Statistic), the columns that travel between them, the object store they read from, and the errors they return.
//
// It has no algorithm and imports the standard library only. Coordinates are WGS84 geodetic
// degrees everywhere; what a grid does to latitude is its own decision and part of its signature.
//
// The folders below core are the kit a plugin author needs: sphere (geometry), reduce (numpy's reductions), h5 (HDF5
// from byte ranges), objstore (files, S3, HTTPS) and coretest (the promises as test suites).
package core
