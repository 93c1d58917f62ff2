// Package h3 is Uber's H3 grid (Sahr 2003, Cartography and Geographic Information Science 30, 121; https://h3geo.org),
// by the C library in github.com/uber/h3-go: with cgo off the package is empty, and plugins/all leaves it out.
//
// Cells are those of one resolution, shards those of a coarser one. A point is in the shard that is the parent of its
// cell, by the digits of the cell's index. That is not the shard's hexagon: the seven children of a cell are hexagons
// that cover another shape of the same area, so 6 to 7 in a hundred points lie outside the hexagon of their shard. What
// is said about places (Cover, Outline) is about the shape that the cells of a shard make together; what it is based on
// is in bounds.go.
//
// H3 takes WGS84 geodetic latitudes as those of a sphere. So do the edges of regions here: they are great circles of the
// sphere on which latitude is geodetic.
//
// # Names of cells
//
// A cell is a 64-bit index: its resolution, one of 122 base cells, and a digit 0…6 per resolution, 0 being the child in
// the middle. A shard's key is the decimal spelling of its index, its label the hexadecimal one that H3 uses. Spellings
// of keys that are read: decimal, and hexadecimal of either case, with or without 0x and leading zeros. No text is both.
//
// # Slots
//
// All arrays are over one dimension "cells", in which a cell with base cell b and digits d₁…dₖ is at
// ((b·7 + d₁)·7 + d₂)·7 + … + dₖ. A shard is then one block of 7^(child − parent) slots and a chunk a part of it.
// Twelve cells of each resolution are pentagons with six children: there is none with digit 1. In the shards that are
// pentagons, slots whose first digit other than 0 is 1 are void: no cell is there. They have no centre, hold fill
// values, and their cell id is the one of slot 0, the shard's middle cell.
//
// # Reading a store with xarray and xdggs
//
// In the compact layout every row is a cell of a planned shard:
//
//	ds = xarray.open_zarr(store, group="9").pipe(xdggs.decode)
//
// Where a shard is a pentagon (their middles are all at sea), rows of void slots repeat an id, and an index that is asked
// for labels wants them unique. Keep the first row of each id, which is the cell itself:
//
//	ds = xarray.open_zarr(store, group="9")
//	ds = ds.isel(cells=numpy.sort(numpy.unique(ds.cell_ids, return_index=True)[1])).pipe(xdggs.decode)
package h3
