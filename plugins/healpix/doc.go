// Package healpix is the HEALPix grid (Górski et al. 2005, ApJ 622, 759) in nested order, with shards and cells that are
// HEALPix cells of two orders.
//
// Latitudes are WGS84 geodetic; before the projection they become authalic ("authalic-wgs84", cells of equal area on
// the ellipsoid) or are taken as they are ("geodetic-spherical", the convention of stores of old). Longitude is never
// changed. The two conventions give different cells, so the second is part of the signature.
//
// A cell of order k is the nested id n in [0, 12·4^k): base cell n >> 2k, then two bits per order, the even bits x
// (towards north-east) and the odd ones y (towards north-west) of its place in the base cell. It has two more names:
//
//   - the packed word of the morton-dggs convention, a uint64: bits 63…60 base cell + 1, bits 59…6 two bits per order from
//     the coarsest, bits 5…0 the order up to 27 and above it 28 + 5·t28 (+ 1 + t29 for order 29), where t are the bits
//     of the orders beyond 27. Unsigned order of words is depth first;
//   - the decimal string: sign and digit of the base cell ("1"…"6" for 0…5, "-1"…"-6" for 6…11), then a digit 1…4 per
//     order. The sign says nothing of the hemisphere.
//
// A shard's key is the decimal spelling of its packed word, its label the decimal string.
//
// # Reading a store with xarray and xdggs
//
// In the compact layout every row is a cell of a planned shard:
//
//	ds = xarray.open_zarr(store, group="12").pipe(xdggs.decode)
//
// In the fullsphere layout most rows were never written and have the id 0, which no index can hold. Take the blocks of
// the shards first, by position (isel, not where: that would read all), then decode; block and first row follow from a
// shard's key w (a Python int, parent_order 6, child_order 12):
//
//	block = lambda w: ((w >> 60) - 1 << 2*6) | (w >> 60 - 2*6 & 4**6 - 1)
//	rows  = numpy.concatenate([numpy.arange(4096) + 4096*block(w) for w in keys])
//	ds    = xarray.open_zarr(store, group="12").isel(cells=rows).pipe(xdggs.decode)
package healpix
