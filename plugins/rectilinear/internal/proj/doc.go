// Package proj has the projections of the grid: coordinate reference systems on WGS84, by EPSG code, each with its formulas
// in both directions, its WKT and its CF grid mapping.
//
// Polar stereographic coordinates (variants A and B of IOGP Guidance Note 7-2, EPSG methods 9810 and 9829) are computed
// here; transverse Mercator ones (method 9807) by github.com/wroge/wgs84. A further system is a line in the table of
// codes, a further method a type with the three methods of system.
//
// Angles are degrees, the plane's units those of the system: metres, or degrees where it is geographic. x always runs
// east and y north, whatever order of axes the EPSG registry gives.
package proj
