// Package h3 compares runs on H3 cells with an independent computation in Python (h3, numpy) and opens their stores with
// xarray and xdggs.
package h3
