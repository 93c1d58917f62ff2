// Package proj has map projections on WGS84: coordinate reference systems by EPSG code, each with its formulas in both directions, its
// WKT and its CF grid mapping; and planes by grid mappings that others wrote.
//
// They are polar stereographic (variants A and B of IOGP Guidance Note 7-2, EPSG methods 9810 and 9829), transverse Mercator
// (9807), and of planes also Lambert's equal-area ones. A further system is a line in the table of codes, a further method a
// type with the three methods of system.
//
// Angles are degrees, the plane's units those of the system: metres, or degrees where it is geographic. x always runs
// east and y north, whatever order of axes the EPSG registry gives.
package proj
