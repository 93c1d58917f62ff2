// Package zarr writes and reads Zarr v3: metadata documents, chunk objects and sharding_indexed shard objects.
//
// The writer makes what the Zarr v3 core specification calls a regular chunk grid with the codecs bytes (little
// endian) and, if wanted, zstd; where a stored object holds several inner chunks it is a shard (codec
// sharding_indexed, index at the end). Metadata has the members, the order and the layout that zarr-python 3 gives
// it, with consolidated metadata inline. Same input, same bytes.
//
// A shard object, all integers little endian, offsets from the object's start:
//
//	┌─────────┬─────────┬───┬──────────────────────────────────────────┬─────────┐
//	│ chunk   │ chunk   │ … │ index: offset u64, length u64 per inner  │ crc32c  │
//	│ encoded │ encoded │   │ chunk in C order; 2⁶⁴−1 twice: absent    │ u32     │
//	└─────────┴─────────┴───┴──────────────────────────────────────────┴─────────┘
//
// An inner chunk that holds the fill value only is absent, and an object without any chunk is not stored.
//
// The reader understands what the writer makes and also big-endian bytes, gzip, crc32c, an index at the start and the
// v2 chunk key encoding. What it does not know (Zarr v2, other codecs, types or chunk grids) it refuses by name. All
// of a store's bytes are treated as hostile: errors name the object and offset, and no size is allocated that the
// metadata and the object's own length do not justify.
//
// Sources: Zarr core specification 3.0; the specifications of its codecs bytes, crc32c, gzip, sharding_indexed, zstd;
// the consolidated metadata of zarr-python 3.1.
package zarr
