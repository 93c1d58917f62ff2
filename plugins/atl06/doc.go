// Package atl06 is the reader of ICESat-2 ATL06, land-ice heights along six beams in segments of 20 m.
//
// Paths and units are those of the ATL06 Algorithm Theoretical Basis Document and data dictionary, release 006 and 007.
// A run's data_source may add variables or rename them; without any it has the columns of this layout.
package atl06
