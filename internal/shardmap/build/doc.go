// Package build makes shard maps: for each granule of a catalog the shards of a grid that its observations can lie in,
// Cover(footprint) ∩ Cover(area).
//
// # Margins
//
// Footprints in catalogs are outlines with few vertices. Two things can put an observation outside of one, and a margin
// around the footprint makes up for both:
//
//   - The ground track of a satellite is no great circle, because the Earth turns below the orbit: it bows off an edge of
//     length L by at most 2Ω/v · L²/8, with Ω the turn of the Earth and v the speed of the track. For ICESat-2 (92°, 1387
//     revolutions in 91 days) that is 2.6e-6 L²/km, most near ±88°: 0.65 km at 500 km, 2.6 km at 1000 km and 10.5 km at 2000
//     km. Tracks of real ATL06 granules bow by 2.4 to 2.9e-6 L²/km.
//   - The outline was simplified and the instrument steered. Of the 2,089 ATL03 version 7 outlines (strips 12.5 km wide
//     around beams 6.7 km apart) that were measured, edges of up to 1,617 km leave the track by 0.19 km in the middle, by
//     0.93 km in one of a hundred and by 3.9 km at most, bow included; taken as straight in longitude and latitude by up to
//     5.3 km. Version 5 outlines (36 km wide) have edges of 2,060 km that leave it by 13.3 km. Away from its pointing a
//     real track wanders by up to 0.13 km.
//
// The default is therefore 1 km plus 3e-6 L²/km for the longest edge of the footprint, which is more than the distances
// above before the width of the strip is counted. It is made for tracks of low orbits; a footprint_margin of the
// configuration replaces it.
package build
