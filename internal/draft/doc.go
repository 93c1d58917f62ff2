// Package draft writes the beginning of a run configuration for a file whose layout is not known: it finds the observations of an
// HDF5 file, where they lie, what belongs to them, and says in comments what it chose and what it left.
package draft
