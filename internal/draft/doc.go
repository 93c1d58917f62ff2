// Package draft drafts a run configuration for an HDF5 file of unknown layout: it finds the observations, their positions and the
// datasets that belong to them, and explains its choices in comments.
package draft
