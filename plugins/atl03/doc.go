// Package atl03 is the reader of ICESat-2 ATL03, geolocated photons along six beams. Photons hang off segments of 20 m: what a
// segment has, such as a tide or the height of a DEM, each of its photons has.
//
// Paths and units are those of the ATL03 Algorithm Theoretical Basis Document and data dictionary, release 006 and 007. A run's
// data_source may add variables or rename them; without any it has the columns of this layout. A filter on a segment's dataset by
// its path names the level: segments.
package atl03
