// Package sphere is geometry on the unit sphere for grids and readers: unit vectors, great-circle arcs, caps, and
// regions of polygons with holes and margins.
//
// Angles between points are in radians; longitudes and latitudes are in degrees, as everywhere in zagg. A Region is compiled
// once from a core.Region. It then tells whether it contains a point, and its relation to a cap or cell. A Box is a latitude and
// longitude bound with which readers prune rows cheaply.
//
// Edges are great circles of the sphere to which the caller maps geodetic latitudes (Authalic, or the identity),
// unless the region is Planar. A polygon's inside is where an odd number of its rings say so; several polygons are a
// union, also where they overlap. The inside of a ring is its smaller side, unless the region is Oriented. A ring of one
// vertex is a point, of two an arc, and a ring that runs back over itself is its edges; what can be none of these is
// refused. Border and margin belong to the region.
//
// # Cells
//
// A grid finds the cells that meet a region by descending a tree of cells with Pieces: those edges that come near a cell,
// clipped from its parent's. Relations to caps (Piece.Clip) are conservative: Apart and Covers are only said when they
// are certain. For cells with four corners the answer becomes exact in three steps, each for what the one before left
// open: a disc around the cell and one within it (ClipDisc, Touch), the corners and by how much sides bulge (Meets), and
// the same for smaller cells inside, down to less than a millimetre. In a cell so small that places are affine in
// its coordinates a Flat compares squares with edges by a few multiplications.
//
// Whether a cell that no edge enters is inside of a polygon is known from its parent: the edges between two middles are
// counted.
package sphere
