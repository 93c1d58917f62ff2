// Package geometry reads and writes places as catalogs and people spell them: GeoJSON (RFC 7946), well-known binary and
// well-known text (OGC 06-103r4, ISO 13249-3, and PostGIS's extended forms), and boxes.
//
// All come out as polygons of core.Region: a line becomes arcs (rings of two vertices), a point a ring of one. Heights
// and measures are dropped. Coordinates are longitude, latitude in WGS84 degrees; another reference system is refused.
// What cannot be used is an error that names its place; nothing is left out.
package geometry
