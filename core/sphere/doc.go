// Package sphere is geometry on the unit sphere for grids and readers: unit vectors, great-circle arcs, caps, and
// regions of polygons with holes and margins.
//
// Angles between points are radians; longitudes and latitudes are degrees, as everywhere in zagg. A Region is compiled
// once from a core.Region and then asked two questions: does it contain this point, and how does it lie to this cap
// (Piece.Clip, made for descending a tree of cells). Answers about caps are conservative: Apart is only said when it is
// certain. A Box is the cheap latitude and longitude bounds with which a reader prunes rows.
//
// Edges are great circles of the sphere to which the caller maps geodetic latitudes (Authalic, or the identity),
// unless the region is Planar.
package sphere
