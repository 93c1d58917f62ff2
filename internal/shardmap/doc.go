// Package shardmap reads and writes shard maps: which granules each shard of a grid must read.
//
// The file is one JSON object: metadata, grid_signature, shard_keys (exact integers or strings), granules (for each
// shard a list of {id, s3, https, …}) and, if an area of interest was masked, aoi_mask. Members it does not know are
// kept. Files of earlier releases are read, and written again byte for byte.
package shardmap
