// Package core defines zagg's interfaces and data types: the three interfaces that a plugin implements (Grid, ProductReader,
// Statistic), the columns that travel between them, the object store they read from, and the errors they return.
//
// It contains no algorithms and imports only the standard library. Coordinates are WGS84 geodetic degrees everywhere; how a
// grid treats latitudes is its own decision and part of its signature.
//
// The packages below core are libraries for plugins: sphere (geometry), reduce (numpy's reductions), h5 (HDF5 by byte
// ranges), objstore (files, S3, HTTPS) and coretest (the contracts of this package as test suites).
package core
