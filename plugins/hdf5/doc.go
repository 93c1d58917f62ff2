// Package hdf5 is the reader of any product kept as tables in HDF5 files: the layout comes from the run's configuration
// (data_source.groups, coordinates, variables).
package hdf5
