// Package rectilinear is the grid of rows and columns in a map projection, or in longitude and latitude.
//
// The grid begins at xmin and ymax of its bounds, row 0 at the top, and is made larger to the right and downwards until it
// is whole shards. Cells are half-open: a cell holds its left and its upper border, not its right and lower one, so a
// point on a border between two cells belongs to the right and to the lower of them, and one on the right or lower border
// of the grid to none. Which side of a border a point is on is decided by exact arithmetic on its projected coordinates,
// which are off by some nanometres; longitudes and latitudes are not changed by a bit on their way. The south pole, where
// it is the lower border of a row, belongs to that row, and a longitude is first moved by whole turns to be in
// [xmin, xmin+360), so that a grid once around has every place of its latitudes.
//
// A shard is chunk_shape rows and columns. Its key is its number, row by row from the upper left, in decimal, and its
// label the same; "row/column" is understood too.
//
// Cells that lie outside what the projection can show (beyond a pole, more than once around, at the far end of the Earth)
// are void.
package rectilinear
