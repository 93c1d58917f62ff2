// Package plot draws one variable of a store as a map: cells in colour, a graticule, a scale bar and a colour bar, as
// PNG or SVG, with the coast where it is asked for. It is for a first look and for a paper.
//
// A map is made in three steps: a projection is chosen from where the cells are; the cells are painted into a raster,
// each pixel in the colour of the cell it lies in, so that neighbours neither overlap nor leave gaps; lines and text
// are drawn around and over it. The same data gives the same bytes.
//
// Sources: J. P. Snyder, Map Projections: A Working Manual, USGS Professional Paper 1395 (1987), for the polar
// stereographic projection of the ellipsoid; B. Ottosson, A perceptual color space for image processing (2020), for
// OKLab.
package plot
