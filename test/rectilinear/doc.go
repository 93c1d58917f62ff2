// Package rectilinear compares the grid of projected cells with pyproj and xarray, linked in and through the plugin protocol.
package rectilinear
